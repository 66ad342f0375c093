"""Everything at once, to try: a throw-away server, an account on it, and a simulated phone with a history and people who
answer.

    async with Demo(seed=1) as demo:
        print(demo.url, demo.username, demo.password)

The server is a process of its own, bound to this machine, with its data in a temporary folder; all of it is gone when the
block ends.
"""

import asyncio
import contextlib
import re
import socket
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from heartline.client import Client, HeartlineError, sign_up
from heartline.phone.agent import Phone
from heartline.phone.history import make_history, make_script
from heartline.phone.simulated import SimulatedRadio
from heartline.phone.store import Store

HOST = "127.0.0.1"
USUAL_PORT = 5050
STOP_S = 15.0
"""How long the server may take to end before it is ended."""

_LISTENS = re.compile(rb"http://127\.0\.0\.1:(\d+)/api/v1")


class DidNotStart(HeartlineError):
    status = 0
    code = "did_not_start"


class Demo:
    """Up and running within the block. Use `client` as the account's owner, `radio` as the world outside."""

    def __init__(
        self,
        *,
        port: int | None = None,
        seed: int = 1,
        username: str = "demo",
        password: str = "rainbow-kettle-42",
        now_ms: int | None = None,
    ) -> None:
        """`port` None takes 5050, or a free one when that is taken; 0 a free one. `now_ms` is the end of the history: with
        it and the seed, the history is the same to the last byte."""
        self._port = port
        self._seed = seed
        self.username = username
        self.password = password
        self._now_ms = now_ms or time.time_ns() // 1_000_000
        self._stack = AsyncExitStack()
        self.url = ""
        self.client: Client
        self.radio: SimulatedRadio
        self.phone: Phone

    async def __aenter__(self) -> Self:
        try:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="heartline-demo-")))
            await self._serve(folder)
            self.client = await self._stack.enter_async_context(
                sign_up(self.url, self.username, self.password, real_name="Demo Account", phone_number="+15550100000")
            )
            self._switch_on(folder)
            await self._until_ready()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def wait(self) -> None:
        """Until the phone ends, which it does only with an error."""
        await asyncio.shield(self._running)

    async def _serve(self, folder: Path) -> None:
        port = _usual_port() if self._port is None else self._port
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "heartline", "serve", f"--host={HOST}", f"--port={port}"),
            *(f"--data={folder / 'data'}", "--signup=first", "--log-level=error"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._stack.push_async_callback(_stop, server)
        assert server.stdout is not None
        said = b""
        async for line in server.stdout:
            said += line
            if found := _LISTENS.search(line):
                self.url = f"http://{HOST}:{int(found[1])}"
                break
        else:
            raise DidNotStart(f"the server did not start: {said.decode(errors='replace').strip()}")
        drained = asyncio.create_task(server.stdout.read())  # a full pipe would stop the server
        self._stack.callback(drained.cancel)

    def _switch_on(self, folder: Path) -> None:
        self.radio = SimulatedRadio(folder / "radio.db", make_script(self._seed))
        self._stack.callback(self.radio.close)
        store = Store(folder / "phone.db")
        self._stack.callback(store.close)
        history = make_history(self._seed, self._now_ms)
        self.phone = Phone(self.client, self.radio, store, name="Demo phone", history=lambda: history)
        self._running = asyncio.create_task(self.phone.run())
        self._stack.push_async_callback(_cancel, self._running)

    async def _until_ready(self) -> None:
        ready = asyncio.create_task(self.phone.ready.wait())
        await asyncio.wait([ready, self._running], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._running.done():
            self._running.result()


async def _stop(server: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        server.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _usual_port() -> int:
    """5050, or 0 when something listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT
