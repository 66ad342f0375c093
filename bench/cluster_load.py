"""Requests as fast as the servers answer them, and sockets that note when each event came: raw bytes on asyncio, as an HTTP
library would need more of the processor than what it measures."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from tests.conftest import SUBSCRIBE


def request(url: str, path: str, account_id: str, body: object) -> bytes:
    """The bytes of a POST."""
    data = json.dumps(body).encode()
    head = (
        f"POST /api/v1{path}?account_id={account_id} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Caller:
    """One HTTP connection that is kept."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url)

    async def __aenter__(self) -> "Caller":
        self._reader, self._writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def call(self, data: bytes) -> None:
        """Send a request and read its reply. Raises `RuntimeError` when it is no 200."""
        self._writer.write(data)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        size = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(size.partition(b":")[2]))


async def saturate(urls: Sequence[str], callers: int, seconds: float, make: Callable[[int, str], bytes]) -> int:
    """Requests that were answered in this time, by callers that each wait for one reply before they ask again."""
    end = time.monotonic() + seconds
    answered = 0

    async def work(number: int) -> None:
        nonlocal answered
        url = urls[number % len(urls)]
        async with Caller(url) as caller:
            while time.monotonic() < end:
                await caller.call(make(number, url))
                answered += 1

    await asyncio.gather(*(work(number) for number in range(callers)))
    return answered


class Listener:
    """A plain socket that notes when each text came."""

    def __init__(self, url: str, account_id: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/stream?account_id={account_id}"
        self.came_s: dict[str, float] = {}
        self._ready = asyncio.Event()

    async def __aenter__(self) -> "Listener":
        self._task = asyncio.create_task(self._listen())
        await self._ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        async with connect(self._url, ping_interval=None, compression=None, proxy=None) as socket:
            await socket.send(SUBSCRIBE)
            async for text in socket:
                now_s = time.monotonic()
                frame = json.loads(text)
                if frame.get("type") == "confirm_subscription":
                    self._ready.set()
                elif "message" in frame and "type" not in frame:
                    self.came_s[frame["message"]["content"]["message"]] = now_s
