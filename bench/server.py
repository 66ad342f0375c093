"""`heartline serve` in a process of its own, which can be killed and started again on its port and data."""

import asyncio
import contextlib
import os
import re
import sys
import time
from pathlib import Path

import httpx
import msgspec

HOST = "127.0.0.1"
START_S = 20.0
STOP_S = 15.0
REPLY_S = 10.0


class Page(msgspec.Struct):
    """A reply of `GET /api/v1/events`."""

    cursor: str
    events: list["LoggedEvent"]


class Content(msgspec.Struct):
    message: str


class LoggedEvent(msgspec.Struct):
    offset: int
    content: Content


class Server:
    """Use as an async context manager: however the block ends, the process ends with it."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.killed_s: list[float] = []
        """When it was killed, by the monotonic clock."""

    async def __aenter__(self) -> "Server":
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/api/v1"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it said on its standard error, over all its starts."""
        return self._log_path.read_text() if self._log_path.exists() else ""

    async def kill_and_start(self) -> None:
        """End it as the kernel would when memory is short, and start it again at once."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self.killed_s.append(time.monotonic())
        await self._start()

    async def stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def sign_up(self) -> str:
        """Make the one account; its id."""
        account = {
            "name": "jitter@example.org",
            "password": "Correct horse 7!",
            "phone_number": "+15550001111",
            "real_name": "Pat",
        }
        async with httpx.AsyncClient(timeout=REPLY_S, trust_env=False) as http:
            reply = await http.post(f"{self.url}/accounts/signup", json=account)
        reply.raise_for_status()
        return str(reply.json()["account_id"])

    async def events(self, account_id: str, after: str = "") -> Page:
        """The log after a cursor, all of it; without a cursor nothing but the cursor of now."""
        page = Page(after, [])
        async with httpx.AsyncClient(timeout=REPLY_S, trust_env=False) as http:
            while True:
                parameters = {"account_id": account_id, "after": page.cursor}
                reply = await http.get(f"{self.url}/events", params=parameters)
                reply.raise_for_status()
                more = msgspec.json.decode(reply.content, type=Page)
                page = Page(more.cursor, page.events + more.events)
                if not more.events:
                    return page

    async def _start(self) -> None:
        with self._log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "heartline", "serve"),
                *(f"--data={self._folder / 'data'}", f"--host={HOST}", f"--port={self.port}", "--log-level=warning"),
                *self._settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={name: value for name, value in os.environ.items() if not name.startswith("HEARTLINE_")},
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(START_S):
            async for line in self._process.stdout:
                if found := re.search(rb"http://127\.0\.0\.1:(\d+)/api/v1", line):
                    self.port = int(found[1])
                    return
        raise RuntimeError(f"the server did not start: {self.log}")

    @property
    def _log_path(self) -> Path:
        return self._folder / "server.log"
