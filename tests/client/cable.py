"""A cable between a client and a server that can be cut, and that can lose replies."""

import asyncio
from typing import Self

CHUNK_BYTES = 64 * 1024


class Cable:
    """Forwards a port of its own to a server's; runs in the test's event loop."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.lose_replies_to: dict[bytes, int] = {}
        """How many replies shall get lost, by a part of the request's path: the server has done its work then."""
        self.lost = 0
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End all connections, as a reset."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(up_writer)
        request = bytearray()

        async def upwards() -> None:
            while data := await reader.read(CHUNK_BYTES):
                request[:] = data if data.startswith((b"GET ", b"POST ")) else request
                up_writer.write(data)
                await up_writer.drain()

        async def downwards() -> None:
            while data := await up_reader.read(CHUNK_BYTES):
                path = bytes(request.split(b"\r\n", 1)[0])
                for part, count in self.lose_replies_to.items():
                    if count and part in path:
                        self.lose_replies_to[part] -= 1
                        self.lost += 1
                        return
                writer.write(data)
                await writer.drain()

        both = [asyncio.ensure_future(upwards()), asyncio.ensure_future(downwards())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for half in both:
            half.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        for end in (writer, up_writer):
            self._writers.discard(end)
            end.transport.abort()
