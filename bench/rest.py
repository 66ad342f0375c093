"""A client of REST that costs little itself: one connection that stays open, one request at a time."""

import asyncio

REPLY_S = 60.0


class Rest:
    """Use as an async context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    async def get(self, path: str) -> bytes:
        return await self._ask(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())

    async def post(self, path: str, body: bytes) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return await self._ask(head.encode() + body)

    async def _ask(self, request: bytes) -> bytes:
        """The reply's body. Raises `RuntimeError` when it is no success. A connection that was idle for too long for the
        server is opened again."""
        try:
            return await self._ask_once(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writer = None
            return await self._ask_once(request)

    async def _ask_once(self, request: bytes) -> bytes:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        async with asyncio.timeout(REPLY_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            if fields.get(b"transfer-encoding") == b"chunked":
                body = await self._chunks(self._reader)
            else:
                body = await self._reader.readexactly(int(fields[b"content-length"]))
        if fields.get(b"connection") == b"close":
            self._writer.close()
            self._writer = None
        if not head.startswith(b"http/1.1 2"):
            raise RuntimeError(f"the server answered {head[:80]!r} {body[:200]!r}")
        return body

    @staticmethod
    async def _chunks(reader: asyncio.StreamReader) -> bytes:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body
