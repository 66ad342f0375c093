"""A real server process, accounts on it, and their notification streams."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.postgresql import PostgresqlServer, clear

IDENTIFIER = '{"channel":"NotificationsChannel"}'
SUBSCRIBE = json.dumps({"command": "subscribe", "identifier": IDENTIFIER})
WAIT_S = 60.0
"""Longest wait for anything that must happen; generous, as tests are never about how long it takes."""


ENGINES = ("sqlite", "postgresql")
BOTH = ("storage", "resources", "test_conformance.py", "test_crash.py", "test_traffic.py")
"""Tests of `tests/` that run on both engines; the others do on SQLite, or on the one that `--engine` names."""

LONG = ("cluster", "web", "cli", "phone", "server", "test_outage.py", "test_crash.py")
"""Places whose files take long: they come first, so that at the end no process is alone with one while the others idle."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=ENGINES, help="run every test on this database engine only")


def pytest_configure() -> None:
    """A run in the background may ignore Ctrl+C, and then so would every program that a test starts and interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests had to tell; they may have run in another process."""
    for report in (*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])):
        for name, text in report.user_properties:
            if name == "told":
                terminalreporter.write_line(text)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Puts a line into the summary of the run."""
    return lambda text: record_property("told", text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        both = _place(metafunc.definition.path) in BOTH
        engines = [chosen] if chosen else ENGINES if both else ENGINES[:1]
        metafunc.parametrize("engine", engines, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {place: rank for rank, place in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(_place(item.path), len(ranks)))


def _place(path: Path) -> str:
    """The folder or file of `tests/`."""
    return path.relative_to(Path(__file__).parent).parts[0]


class Engine:
    """Makes databases of one engine."""

    def __init__(self, name: str, server: Callable[[], PostgresqlServer]) -> None:
        self.name = name
        self._server = server
        self._shared = ""

    def new_database(self, folder: Path) -> str:
        """The URL of a new database; on SQLite its file is in the folder."""
        return f"sqlite:{folder / 'heartline.db'}" if self.name == "sqlite" else self._server().new_database()

    def cleared_database(self, folder: Path) -> str:
        """The same, but on PostgreSQL always the same one, without any rows."""
        if self.name == "sqlite":
            return self.new_database(folder)
        self._shared = self._shared or self.new_database(folder)
        with psycopg.connect(self._shared, autocommit=True) as connection:
            clear(connection)
        return self._shared


@pytest.fixture(scope="session")
def postgresql_servers() -> Iterator[list[PostgresqlServer]]:
    """None until the first one is asked for, then one for all tests."""
    servers: list[PostgresqlServer] = []
    yield servers
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, postgresql_servers: list[PostgresqlServer]) -> Engine:
    def server() -> PostgresqlServer:
        if not postgresql_servers:
            postgresql_servers.append(PostgresqlServer())
        return postgresql_servers[0]

    return Engine(request.param, server)


@pytest.fixture
def postgresql(postgresql_servers: list[PostgresqlServer]) -> PostgresqlServer:
    """The server itself, for tests that are about PostgreSQL."""
    if not postgresql_servers:
        postgresql_servers.append(PostgresqlServer())
    return postgresql_servers[0]


def query(url: str, text: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a database, from outside of the program; `?` for a value."""
    if url.startswith("sqlite:"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:"), isolation_level=None)) as database:
            return database.execute(text, values).fetchall()
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text.replace("?", "%s"), values)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


class Server:
    """`heartline serve` in a process of its own, on a free port."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.database = str(settings.get("database", f"sqlite:{data / 'heartline.db'}"))
        self.settings = {"host": "127.0.0.1", "port": 0, "signup": "open"} | settings
        self.start()

    def start(self) -> None:
        """Start the process, again after `stop` or `kill`, and wait until it says where it listens."""
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in self.settings.items()]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "heartline", "serve", f"--data={self.data}", *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={name: value for name, value in os.environ.items() if not name.startswith("HEARTLINE_")},
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"https?://127\.0\.0\.1:(\d+)/api/v1", line):
                self.port = int(found[1])
                break
        else:
            raise AssertionError(f"the server did not start: {self.log}")
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=WAIT_S)

    @property
    def log_file(self) -> Path:
        return self.data.with_suffix(".log")

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self) -> int:
        """End it as a service manager would; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._end()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._end()

    def _end(self) -> int:
        self.http.close()
        code = self.process.wait(WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def sign_up(self) -> "Account":
        name = f"{uuid4().hex}@example.org"
        reply = self.http.post(
            "/api/v1/accounts/signup",
            json={"name": name, "password": "Correct horse 7!", "phone_number": "+15550001111", "real_name": "Pat"},
        )
        assert reply.status_code == 200, reply.text
        return Account(self, name, reply.json()["account_id"])


class Account:
    """An account of a server. `get` and `post` put its id into the query."""

    def __init__(self, server: Server, name: str, account_id: str) -> None:
        self.server = server
        self.name = name
        self.id = account_id

    def get(self, path: str, **query: object) -> Any:
        """The JSON reply of a GET that must succeed."""
        reply = self.server.http.get(f"/api/v1{path}", params={"account_id": self.id, **query})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: object = None, **query: object) -> Any:
        """The JSON reply of a POST that must succeed."""
        reply = self.try_post(path, body, **query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def try_post(self, path: str, body: object = None, **query: object) -> httpx.Response:
        parameters: dict[str, Any] = {"account_id": self.id, **query}
        return self.server.http.post(f"/api/v1{path}", params=parameters, json=body)

    @contextlib.contextmanager
    def stream(self, **options: Any) -> Iterator["Stream"]:
        """A subscribed socket. Options: those of `websockets.sync.client.connect`."""
        url = f"ws://127.0.0.1:{self.server.port}/stream?account_id={self.id}"
        with connect(url, ping_interval=None, compression=None, **options) as socket:
            stream = Stream(socket)
            assert stream.frame() == {"type": "welcome"}
            socket.send(SUBSCRIBE)
            assert stream.frame()["type"] == "confirm_subscription"
            yield stream


class Stream:
    """Frames of one socket, as they come."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def text(self) -> str:
        """The next frame, ping or not."""
        text = self.socket.recv(WAIT_S)
        assert isinstance(text, str)
        return text

    def frame(self) -> dict[str, Any]:
        """The next frame that is no ping."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            frame: dict[str, Any] = json.loads(self.text())
            if frame.get("type") != "ping":
                return frame
        raise TimeoutError("only pings came")

    def operation(self) -> tuple[str, dict[str, Any]]:
        """Name and content of the next operation."""
        frame = self.frame()
        assert set(frame) == {"identifier", "message"}, frame
        assert frame["identifier"] == IDENTIFIER
        return frame["message"]["operation"], frame["message"]["content"]

    def operations(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        return [self.operation() for _ in range(count)]

    def close_code(self) -> int:
        """The code with which the server closes the socket, 1006 when it ends without one."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.text()
        return self.socket.close_code or 1006


NewServer = Callable[..., Server]


@pytest.fixture(scope="session")
def new_server(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[NewServer]:
    """Starts servers with settings of their own; all end with the session."""
    servers: list[Server] = []

    def start(**settings: object) -> Server:
        data = tmp_path_factory.mktemp("server") / "data"
        if engine.name != "sqlite":
            settings = {"database": engine.new_database(data)} | settings
        servers.append(Server(data, **settings))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def server(new_server: NewServer) -> Server:
    """One server for all tests that do not change it as a whole."""
    return new_server()


@pytest.fixture
def account(server: Server) -> Account:
    """A new account on the shared server."""
    return server.sign_up()
