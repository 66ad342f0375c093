"""SQLite: one thread writes, and commits all requests that wait together; a few threads read snapshots.

A commit waits for the disk (`synchronous=FULL`), so its cost is shared by everybody who waits at that moment. In WAL mode
readers never wait for the writer nor the writer for them.
"""

import asyncio
import queue
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import structlog

from heartline.errors import Overloaded, StorageFailure
from heartline.storage import Committed, log
from heartline.storage.migrations import migrate
from heartline.storage.tx import Cursor, SqlTx

T = TypeVar("T")
U = TypeVar("U")
logger = structlog.get_logger()

OLDEST_SQLITE = (3, 39, 0)
"""The first with IS DISTINCT FROM, by which an unchanged row is recognised."""
READERS = 2
"""Threads that read. A second one, so that a long list or a slow disk does not hold up short questions. More only fight for
the interpreter: lists of 5,000 rows, 16 asked for at once, take 29 ms of processor time with 1, 47 with 2, 65 with 4."""
SLOW_READERS = 2
"""Threads for password hashing: each uses 64 MiB while it works, and a core."""
GROUP = 1_000
"""Requests in one commit at most: bounds the reply time of the first of them (about 20 us each)."""
WAITING = 20_000
"""Requests that may wait for the writer before new ones are refused: about half a second of its work."""
WATCH_S = 0.5
"""How soon a change by another process (the command line) is noticed."""
BUSY_S = 5.0
"""How long the writer waits for another process that writes."""
BUSY_PAUSE_S = 0.01
"""Pause between two tries where SQLite does not wait by itself."""
CACHED_STATEMENTS = 512
"""Prepared statements a connection: more than the program has."""

PLACE = re.compile(r"\$(\d+)")

sqlite3.register_converter("boolean", lambda value: value == b"1")


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, or create it, and bring it to the newest schema.

    Raises `SchemaTooNew`, `sqlite3.Error`, or `OSError` when its folder cannot be made.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise sqlite3.NotSupportedError(f"SQLite {sqlite3.sqlite_version} is too old: 3.39 or newer is needed")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        migrate(_executor(connection))
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def back_up(path: Path, target: Path) -> None:
    """Copy the database, also while a server uses it, into a new file that can take its place.

    Every log of the copy has a new epoch: clients will know events that it lacks. Raises `sqlite3.Error`,
    `FileExistsError`, `FileNotFoundError`.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    if not path.exists():
        raise FileNotFoundError(f"there is no database {path}")
    target.touch(mode=0o600, exist_ok=False)  # it holds what the data folder keeps from others
    source, copy = _connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    renewed = open_database(target)
    try:
        renewed.execute("BEGIN")
        log.renew_all_epochs(SqlTx(_executor(renewed), _now_ms()))
        renewed.execute("COMMIT")
        renewed.execute("PRAGMA journal_mode=DELETE")  # one file, without those of WAL beside it
    finally:
        renewed.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,
        detect_types=sqlite3.PARSE_DECLTYPES,
        cached_statements=CACHED_STATEMENTS,
        check_same_thread=False,
    )
    _use_wal(connection)
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Two that switch a new database over at once may be told "locked" without SQLite's own waiting: so wait here."""
    deadline_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
            time.sleep(BUSY_PAUSE_S)


class SqliteStorage:
    """See `storage.Storage` for the promises."""

    def __init__(self, path: Path, *, synchronous: str = "full") -> None:
        self.on_commit: Callable[[Committed], None] = lambda committed: None
        self.on_foreign_commit: Callable[[], None] = lambda: None
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._writer = open_database(path)
        self._writer.execute(f"PRAGMA synchronous={synchronous}")
        # What a statement of many rows may have to undo stays in memory: a file for it takes 4 us a row of a first upload.
        self._writer.execute("PRAGMA temp_store=MEMORY")
        self._connections = [self._writer]
        self._readers = ThreadPoolExecutor(READERS, "heartline-reader")
        self._slow_readers = ThreadPoolExecutor(SLOW_READERS, "heartline-hasher")
        self._thread = threading.Thread(target=self._write_forever, name="heartline-writer")
        self._thread.start()

    async def read(self, work: Callable[[SqlTx], T], *, slow: bool = False) -> T:
        pool = self._slow_readers if slow else self._readers
        return await self._loop.run_in_executor(pool, self._read, work)

    async def write(self, work: Callable[[SqlTx], T], *, account_id: str = "") -> T:
        if self._jobs.qsize() >= WAITING:
            raise Overloaded
        job = _Job(work, self._loop.create_future())
        self._jobs.put(job)
        result: T = await job.future
        return result

    async def prepare(self, work: Callable[[T], U], argument: T) -> U:
        return await self._loop.run_in_executor(self._slow_readers, work, argument)

    async def close(self) -> None:
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._readers.shutdown()
        self._slow_readers.shutdown()
        for connection in self._connections:
            connection.close()

    def _connect(self, *pragmas: str) -> sqlite3.Connection:
        connection = _connect(self._path)
        self._connections.append(connection)
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    # --- reading ---

    def _reader(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect("PRAGMA query_only=ON")
        return connection

    def _read(self, work: Callable[[SqlTx], T]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return work(SqlTx(_executor(connection), _now_ms()))
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            logger.error("database read failed", error=str(error))
            raise StorageFailure from error

    # --- writing ---

    def _write_forever(self) -> None:
        execute = _executor(self._writer)
        version = self._data_version()
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            if batch:
                self._write_batch(batch, execute)
                self._loop.call_soon_threadsafe(self._finish, batch)
            if version != (version := self._data_version()):
                self._loop.call_soon_threadsafe(self._notice_foreign_commit)

    def _next_batch(self) -> "list[_Job] | None":
        """All jobs that wait, at most `GROUP`; none after `WATCH_S` without any; None when the storage closes."""
        batch: list[_Job] = []
        try:
            job = self._jobs.get(timeout=WATCH_S)
            while job is not None:
                batch.append(job)
                if len(batch) == GROUP:
                    return batch
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch
        if batch:
            self._jobs.put(None)  # closing: first the jobs before it
            return batch
        return None

    def _write_batch(self, batch: "list[_Job]", execute: Callable[[str, Sequence[object]], Cursor]) -> None:
        run = self._writer.execute
        try:
            run("BEGIN IMMEDIATE")
            if not self._run_all(batch, execute):
                self._writer.rollback()
                run("BEGIN IMMEDIATE")
                self._run_each(batch, execute)
            run("COMMIT")
        except sqlite3.Error as error:
            logger.error("database write failed", error=str(error), requests=len(batch))
            for job in batch:
                job.error = job.error or StorageFailure()
            with suppress(sqlite3.Error):
                if self._writer.in_transaction:
                    run("ROLLBACK")

    def _run_all(self, batch: "list[_Job]", execute: Callable[[str, Sequence[object]], Cursor]) -> bool:
        """Run jobs without a way back for each: keeping the old pages for one takes 5 us a row of a first upload. False
        when that was needed, as a job had changed something when it failed."""
        for job in batch:
            changes = self._writer.total_changes
            job.run(SqlTx(execute, _now_ms()))
            if job.error is not None and not (self._writer.total_changes == changes and self._writer.in_transaction):
                return False
        return True

    def _run_each(self, batch: "list[_Job]", execute: Callable[[str, Sequence[object]], Cursor]) -> None:
        """Run jobs, again, so that one which fails leaves nothing."""
        run = self._writer.execute
        for job in batch:
            run("SAVEPOINT job")
            job.run(SqlTx(execute, _now_ms()))
            if job.error is not None:
                run("ROLLBACK TO job")
            run("RELEASE job")

    def _data_version(self) -> int | None:
        """A number that changes when another connection than the writer's has committed; None when the database fails."""
        with suppress(sqlite3.Error):
            version: int = self._writer.execute("PRAGMA data_version").fetchone()[0]
            return version
        return None

    def _finish(self, batch: "list[_Job]") -> None:
        for job in batch:
            if job.error is None:
                for committed in job.committed:
                    self._publish(committed)
        for job in batch:
            job.reply()

    def _publish(self, committed: Committed) -> None:
        try:
            self.on_commit(committed)
        except Exception as error:  # the commit stands, and its requests have to be answered
            logger.error("publishing failed", exc_info=error)

    def _notice_foreign_commit(self) -> None:
        self.on_foreign_commit()


class _Job:
    """One request's work, on its way to the writer and back."""

    __slots__ = ("committed", "error", "future", "result", "work")

    def __init__(self, work: Callable[[SqlTx], Any], future: "asyncio.Future[Any]") -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None
        self.committed: list[Committed] = []

    def run(self, tx: SqlTx) -> None:
        self.error = None
        try:
            self.result = self.work(tx)
            self.committed = tx.append_events()
        except sqlite3.Error as error:
            logger.error("database write failed", error=str(error))
            self.error = StorageFailure()
        except Exception as error:  # whatever it is, it belongs to the request, not to the writer
            self.error = error

    def reply(self) -> None:
        if self.future.done():  # the client went away; its change stands
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def _executor(connection: sqlite3.Connection) -> Callable[[str, Sequence[object]], Cursor]:
    def execute(text: str, values: Sequence[object]) -> Cursor:
        numbered, count = _number(text)
        return connection.execute(numbered, values[:count])

    return execute


@lru_cache(maxsize=1024)
def _number(text: str) -> tuple[str, int]:
    """A statement with `$0`... as SQLite binds values by their place, and how many it takes. By name it would look up each
    of them: 4 us more a message."""
    last = max((int(number) for number in PLACE.findall(text)), default=-1)
    return PLACE.sub(lambda match: f"?{int(match[1]) + 1}", text), last + 1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
