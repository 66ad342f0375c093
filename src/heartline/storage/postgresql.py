"""PostgreSQL: threads that each run one transaction at a time, on a pool of connections.

A writing transaction locks its account's row when it is bound to the account, before it looks at anything. So writers of
one account queue, whatever node they are on, each sees what the one before it has left, and none waits for a row while
another waits for one of its own; different accounts never wait for each other. PostgreSQL writes to its disk together what
commits at the same moment.

Work of one account waits here, in its *lane*, before it takes a thread: an account that writes a lot cannot occupy them all.
A transaction goes on with what waits in its lane, so that one commit serves many; when anything in it fails, all of it is
undone and each is done by itself, so that nobody suffers from another's refusal.

Events are announced in the order of the row's lock: a transaction takes its turn while it still holds the lock, and what
has committed later waits for what has committed before.

When a connection is lost before COMMIT was sent, nothing was stored, and the work is done again. When it is lost after,
nobody knows, and the request is told so.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
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
GROUP_S = 0.05
"""How long a transaction goes on with work that waits in its lane: other nodes wait for the account's row meanwhile."""
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

    def _write(self, group: "_Group") -> None:
        until = time.monotonic() + AGAIN_S
        while True:
            try:
                with self._connection() as connection:
                    self._transact(group, connection)
                return
            except (HeartlineError, psycopg.Error, PoolTimeout, PoolClosed) as error:
                if isinstance(error, IN_THE_WAY) and len(group.jobs) > 1:
                    raise  # to be done one by one
                _check_again(error, until)

    def _transact(self, group: "_Group", connection: Connection) -> None:
        """Run the work of a group and commit. What it raises tells that nothing was stored, but for `OutcomeUnknown`."""
        connection.execute("BEGIN")
        try:
            execute = executor(connection)
            for job in group.work():
                tx = SqlTx(execute, _now_ms(), lock=" FOR UPDATE")
                job.result = job.work(tx)
                job.committed = tx.append_events()
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self._turns.take(group)
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            raise (OutcomeUnknown if connection.broken else StorageFailure) from error

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
        lane = self._lanes.setdefault(job.lane, deque()) if job.lane else deque()
        self._loop.run_in_executor(self._writers, self._run, _Group(job, lane))

    def _run(self, group: "_Group") -> None:
        try:
            self._write(group)
        except Exception as error:  # whatever it is, it belongs to the requests
            group.error = error
        self._loop.call_soon_threadsafe(self._finish, group)

    def _finish(self, group: "_Group") -> None:
        again = group.to_do_alone()
        for job in again:
            job.alone = True
        group.lane.extendleft(reversed(again))
        if group.lane:
            self._start(group.lane.popleft())
        else:
            self._lanes.pop(group.jobs[0].lane, None)
        for ready in self._turns.finish(group):
            self._settle(ready)

    def _settle(self, group: "_Group") -> None:
        jobs = [] if group.to_do_alone() else group.jobs
        if group.error is None:
            for job in jobs:
                for committed in job.committed:
                    self._publish(committed)
        for job in jobs:
            job.answer(group.error)
            self._jobs.discard(job.settled)

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

    __slots__ = ("alone", "committed", "lane", "reply", "result", "settled", "work")

    def __init__(self, work: Callable[[SqlTx], Any], lane: str, reply: "asyncio.Future[Any]") -> None:
        self.work = work
        self.lane = lane
        self.reply = reply
        self.settled: asyncio.Future[None] = reply.get_loop().create_future()
        """Done when the job is over, also when nobody waits for its reply any more."""
        self.alone = False
        """True when it failed in a group, or another one there did."""
        self.result: Any = None
        self.committed: list[Committed] = []

    def answer(self, error: Exception | None) -> None:
        self.settled.set_result(None)
        if self.reply.done():  # the client went away; its change stands
            return
        if error is None:
            self.reply.set_result(self.result)
        else:
            self.reply.set_exception(error)


class _Group:
    """Jobs of one lane that share a transaction: the first, and those that wait behind it once it runs."""

    __slots__ = ("accounts", "error", "finished", "jobs", "lane")

    def __init__(self, first: _Job, lane: "deque[_Job]") -> None:
        self.jobs = [first]
        self.lane = lane
        self.error: Exception | None = None
        self.accounts: list[int] = []
        """Accounts in which it has its turn."""
        self.finished = False

    def work(self) -> Iterator[_Job]:
        """The jobs in their order; more come from the lane for `GROUP_S`. Called in a thread, anew for each attempt."""
        until = time.monotonic() + GROUP_S
        yield from self.jobs
        while self.lane and not self.jobs[0].alone and not self.lane[0].alone and time.monotonic() < until:
            self.jobs.append(self.lane.popleft())
            yield self.jobs[-1]

    def to_do_alone(self) -> list[_Job]:
        """The jobs of a group of which nothing was stored, and that may fare better one by one; else none."""
        failed = self.error is not None and not isinstance(self.error, (DatabaseUnavailable, OutcomeUnknown))
        return self.jobs if failed and len(self.jobs) > 1 else []


class _Turns:
    """The order in which groups are announced: for each account, the order in which they held its row's lock."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._queues: dict[int, deque[_Group]] = {}

    def take(self, group: _Group) -> None:
        """Called in the group's thread, once, while it holds the locks of all its accounts: so no two groups wait for
        each other."""
        group.accounts = list({committed.account for job in group.jobs for committed in job.committed})
        with self._mutex:
            for account in group.accounts:
                self._queues.setdefault(account, deque()).append(group)

    def finish(self, group: _Group) -> list[_Group]:
        """The groups whose turn it is now that this one has come to its end, in their order."""
        group.finished = True
        ready: list[_Group] = []
        with self._mutex:
            asked = [group]
            while asked:
                candidate = asked.pop()
                if candidate in ready or not candidate.finished:
                    continue
                if all(self._queues[account][0] is candidate for account in candidate.accounts):
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
