"""PostgreSQL: threads that each run one transaction at a time, on a pool of connections.

A writing transaction locks its account's row when it is bound to the account, before it looks at anything. So writers of
one account queue, whatever node they are on, each sees what the one before it has left, and none waits for a row while
another waits for one of its own; different accounts never wait for each other. PostgreSQL commits together what waits at
the same moment.

Work of one account waits here, in its *lane*, before it takes a thread: an account that writes a lot cannot occupy them all.
Events are announced in the order of the row's lock: a transaction takes its turn while it still holds the lock, and what
has committed later waits for what has committed before.

When a connection is lost before COMMIT was sent, nothing was stored, and the work is done again. When it is lost after,
nobody knows, and the request is told so.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
import structlog
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from heartline.errors import DatabaseUnavailable, HeartlineError, OutcomeUnknown, Overloaded, StorageFailure
from heartline.storage import Committed
from heartline.storage.postgresql_connection import Connection, connect_options, executor, set_up
from heartline.storage.tx import SqlTx

T = TypeVar("T")
U = TypeVar("U")
logger = structlog.get_logger()

HASHERS = 2
"""Threads for password hashing: each uses 64 MiB while it works, and a core."""
WAITING = 20_000
"""Requests that may wait to be written before new ones are refused."""
CONNECTION_WAIT_S = 5.0
"""How long work waits for a connection: as long as a restart of PostgreSQL usually takes."""
AGAIN_S = 10.0
"""How long after its start work is done again when its connection was lost or another transaction got in its way."""
AGAIN_PAUSE_S = 0.05
"""Pause before that."""

IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
"""Another transaction committed in between what this one saw and what it did: done again, it sees that."""


class PostgresqlStorage:
    """See `storage.Storage` for the promises."""

    def __init__(self, url: str, *, synchronous: str = "full", connections: int = 16, watch_s: float = 2.0) -> None:
        self.on_commit: Callable[[Committed], None] = lambda committed: None
        self.on_foreign_commit: Callable[[], None] = lambda: None
        self._watch_s = watch_s
        self._loop = asyncio.get_running_loop()
        shared = max(connections - HASHERS, 2)
        self._readers = ThreadPoolExecutor(shared // 2, "heartline-reader")
        self._writers = ThreadPoolExecutor(shared - shared // 2, "heartline-writer")
        self._hashers = ThreadPoolExecutor(HASHERS, "heartline-hasher")
        self._lanes: dict[str, deque[_Job]] = {}
        self._turns = _Turns()
        self._jobs: set[asyncio.Future[Any]] = set()
        self._pool = ConnectionPool(
            url,
            kwargs=connect_options(),
            configure=lambda connection: set_up(connection, synchronous),
            min_size=0,
            max_size=shared + HASHERS,
            timeout=CONNECTION_WAIT_S,
            reconnect_timeout=CONNECTION_WAIT_S,  # attempts become rarer, so they begin anew with who needs them
            open=True,
        )
        self._watch = self._loop.create_task(self._notice_foreign_commits())

    async def read(self, work: Callable[[SqlTx], T], *, slow: bool = False) -> T:
        threads = self._hashers if slow else self._readers
        return await self._loop.run_in_executor(threads, self._read, work)

    async def write(self, work: Callable[[SqlTx], T], *, account_id: str = "") -> T:
        if len(self._jobs) >= WAITING:
            raise Overloaded
        job = _Job(work, account_id, self._loop.create_future())
        self._jobs.add(job.settled)
        lane = self._lanes.get(account_id)
        if lane is not None:
            lane.append(job)
        else:
            self._start(job)
        result: T = await job.reply
        return result

    async def prepare(self, work: Callable[[T], U], argument: T) -> U:
        return await self._loop.run_in_executor(self._hashers, work, argument)

    async def close(self) -> None:
        self._watch.cancel()
        while self._jobs:
            await asyncio.wait(self._jobs)
        for threads in (self._readers, self._writers, self._hashers):
            await asyncio.to_thread(threads.shutdown)
        await asyncio.to_thread(self._pool.close)

    # --- in a thread ---

    def _read(self, work: Callable[[SqlTx], T]) -> T:
        until = time.monotonic() + AGAIN_S
        while True:
            try:
                with self._connection() as connection:
                    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    try:
                        return work(SqlTx(executor(connection), _now_ms()))
                    finally:
                        connection.execute("ROLLBACK")
            except (HeartlineError, psycopg.Error, PoolTimeout, PoolClosed) as error:
                _check_again(error, until)

    def _write(self, job: "_Job") -> None:
        until = time.monotonic() + AGAIN_S
        while True:
            try:
                with self._connection() as connection:
                    self._transact(job, connection)
                return
            except (HeartlineError, psycopg.Error, PoolTimeout, PoolClosed) as error:
                _check_again(error, until)

    def _transact(self, job: "_Job", connection: Connection) -> None:
        """Run the work of a job and commit. What it raises tells that nothing was stored, but for `OutcomeUnknown`."""
        connection.execute("BEGIN")
        try:
            tx = SqlTx(executor(connection), _now_ms(), lock=" FOR UPDATE")
            result = job.work(tx)
            committed = tx.append_events()
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self._turns.take(job, committed)
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            job.committed = []
            raise (OutcomeUnknown if connection.broken else StorageFailure) from error
        job.result = result

    @contextmanager
    def _connection(self) -> Any:
        """A connection that returns to the pool; one that was lost is replaced there, and so are others that were."""
        connection = self._pool.getconn()
        try:
            yield connection
        finally:
            lost = connection.broken
            self._pool.putconn(connection)
            if lost:
                with suppress(PoolClosed, PoolTimeout, psycopg.Error):
                    self._pool.check()

    # --- on the event loop ---

    def _start(self, job: "_Job") -> None:
        if job.lane:
            self._lanes.setdefault(job.lane, deque())
        self._loop.run_in_executor(self._writers, self._run, job)

    def _run(self, job: "_Job") -> None:
        try:
            self._write(job)
        except Exception as error:  # whatever it is, it belongs to the request
            job.error = error
        self._loop.call_soon_threadsafe(self._finish, job)

    def _finish(self, job: "_Job") -> None:
        lane = self._lanes.get(job.lane)
        if lane:
            self._start(lane.popleft())
        else:
            self._lanes.pop(job.lane, None)
        for ready in self._turns.finish(job):
            for committed in ready.committed:
                self._publish(committed)
            ready.answer()
            self._jobs.discard(ready.settled)

    def _publish(self, committed: Committed) -> None:
        try:
            self.on_commit(committed)
        except Exception as error:  # the commit stands, and its requests have to be answered
            logger.error("publishing failed", exc_info=error)

    async def _notice_foreign_commits(self) -> None:
        """Every commit of other processes may have been one: what readers here lack is looked up in the logs."""
        while True:
            await asyncio.sleep(self._watch_s)
            self.on_foreign_commit()


class _Job:
    """One request's work, on its way to a thread and back."""

    __slots__ = ("accounts", "committed", "error", "finished", "lane", "reply", "result", "settled", "work")

    def __init__(self, work: Callable[[SqlTx], Any], lane: str, reply: "asyncio.Future[Any]") -> None:
        self.work = work
        self.lane = lane
        self.reply = reply
        self.settled: asyncio.Future[None] = reply.get_loop().create_future()
        """Done when the job is over, also when nobody waits for its reply any more."""
        self.result: Any = None
        self.error: Exception | None = None
        self.committed: list[Committed] = []
        self.accounts: list[int] = []
        """Accounts in which it has its turn."""
        self.finished = False

    def answer(self) -> None:
        self.settled.set_result(None)
        if self.reply.done():  # the client went away; its change stands
            return
        if self.error is None:
            self.reply.set_result(self.result)
        else:
            self.reply.set_exception(self.error)


class _Turns:
    """The order in which jobs are announced: for each account, the order in which they held its row's lock."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queues: dict[int, deque[_Job]] = {}

    def take(self, job: _Job, committed: list[Committed]) -> None:
        """Called in the job's thread, once, while it holds the locks of all its accounts: so no two jobs wait for
        each other."""
        job.committed = committed
        job.accounts = [commit.account for commit in committed]
        with self._mutex:
            for account in job.accounts:
                self._queues.setdefault(account, deque()).append(job)

    def finish(self, job: _Job) -> list[_Job]:
        """The jobs whose turn it is now that this one has come to its end, in their order."""
        job.finished = True
        ready: list[_Job] = []
        with self._mutex:
            asked = [job]
            while asked:
                candidate = asked.pop()
                if candidate.finished and all(self._queues[account][0] is candidate for account in candidate.accounts):
                    ready.append(candidate)
                    for account in candidate.accounts:
                        queue = self._queues[account]
                        queue.popleft()
                        if queue:
                            asked.append(queue[0])
                        else:
                            del self._queues[account]
        return ready


def _check_again(error: Exception, until: float) -> None:
    """Return, after a pause, when it is safe and makes sense to do failed work again; else raise what its caller gets."""
    if isinstance(error, HeartlineError):
        raise error
    again = isinstance(error, IN_THE_WAY) or _is_lost(error)
    if again and time.monotonic() < until:
        time.sleep(AGAIN_PAUSE_S)
        return
    logger.error("database failed", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    if again or isinstance(error, (PoolTimeout, PoolClosed, errors.LockNotAvailable)):
        raise DatabaseUnavailable from error
    raise StorageFailure from error


def _is_lost(error: Exception) -> bool:
    """True when it was the connection that failed, or a server that is starting or stopping."""
    gone = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)
    return isinstance(error, gone) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
