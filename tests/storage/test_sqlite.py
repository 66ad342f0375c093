"""What is SQLite's own: shared commits, read-only readers, and a database that fails for a while."""

import asyncio
import resource
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from heartline.errors import Overloaded, StorageFailure
from heartline.resources.media import Media
from heartline.resources.templates import NewTemplate, RemovedTemplate, Template
from heartline.storage import Committed, SqlTx, sqlite
from heartline.storage.sqlite import SqliteStorage, open_database
from tests.storage.conftest import WAIT_S, Gate, emit, head_of, log_of, sign_up, waiting

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "heartline.db"


@pytest.fixture
async def storage(path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(path)
    yield storage
    await storage.close()


def add_and_emit(tx: SqlTx, account_id: str, device_id: int, text: str = "a") -> None:
    bound = tx.bound(account_id)
    bound.insert(Template, NewTemplate(device_id=device_id, text=text))
    bound.emit(RemovedTemplate(id=device_id))


def statements_of(storage: SqliteStorage) -> list[str]:
    """A list that fills with what the writer runs from now on."""
    statements: list[str] = []
    storage._writer.set_trace_callback(statements.append)
    return statements


# --- the file ---


def test_the_database_is_its_owners_only(path: Path) -> None:
    open_database(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_many_can_open_a_new_database_at_once(tmp_path: Path) -> None:
    """As a server and a command do that are started together; many rounds, as it takes luck to meet."""
    together = threading.Barrier(8)

    def open_and_close(path: Path) -> None:
        together.wait(WAIT_S)
        open_database(path).close()

    with ThreadPoolExecutor(8) as pool:
        for number in range(30):
            list(pool.map(open_and_close, [tmp_path / str(number) / "heartline.db"] * 8))


async def test_a_commit_waits_for_the_disk(storage: SqliteStorage) -> None:
    found = await storage.write(lambda tx: (tx.sql("PRAGMA journal_mode"), tx.sql("PRAGMA synchronous")))
    assert found == ([("wal",)], [(2,)])  # 2: FULL


async def test_a_commit_need_not_wait_for_the_disk_when_told_so(path: Path) -> None:
    storage = SqliteStorage(path, synchronous="normal")
    try:
        assert await storage.write(lambda tx: tx.sql("PRAGMA synchronous")) == [(1,)]
    finally:
        await storage.close()


# --- the group ---


async def test_requests_that_wait_together_share_one_commit(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    async with Gate(storage) as gate:
        statements = statements_of(storage)
        tasks = await waiting(*(emit(storage, account_id, number) for number in range(50)))
        gate.open()
        await asyncio.gather(*tasks)
    # One commit is that of the job that kept the writer busy.
    assert statements.count("COMMIT") == 2
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert await log_of(storage, account_id) == [(number + 1, number) for number in range(50)]


async def test_a_group_has_a_bound(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "GROUP", 10)
    account_id = await sign_up(storage, "pat")
    async with Gate(storage) as gate:
        statements = statements_of(storage)
        tasks = await waiting(*(emit(storage, account_id, number) for number in range(35)))
        gate.open()
        await asyncio.gather(*tasks)
    assert statements.count("COMMIT") == 1 + 4
    assert await head_of(storage, account_id) == 35


async def test_all_events_of_a_group_are_announced_before_its_first_reply(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    order: list[str] = []
    storage.on_commit = lambda committed: order.append("commit")

    async def write(number: int) -> None:
        await emit(storage, account_id, number)
        order.append("reply")

    async with Gate(storage) as gate:
        tasks = await waiting(*(write(number) for number in range(5)))
        gate.open()
        await asyncio.gather(*tasks)
    assert order == ["commit"] * 5 + ["reply"] * 5


async def test_too_much_waiting_is_refused_and_the_rest_is_done(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAITING", 3)
    account_id = await sign_up(storage, "pat")
    async with Gate(storage) as gate:
        tasks = await waiting(*(emit(storage, account_id, number) for number in range(5)))
        refused = [task for task in tasks if task.done()]
        assert refused == tasks[3:]
        for task in refused:
            assert isinstance(task.exception(), Overloaded)
        gate.open()
        await asyncio.gather(*tasks[:3])
    assert await log_of(storage, account_id) == [(1, 0), (2, 1), (3, 2)]
    await emit(storage, account_id, 9)
    assert await head_of(storage, account_id) == 4


# --- readers ---


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize(
    "text",
    ["DELETE FROM accounts", "UPDATE accounts SET head = 9", "DROP TABLE events", "CREATE TABLE x (y)", "VACUUM"],
)
async def test_a_reader_cannot_write(storage: SqliteStorage, text: str, slow: bool) -> None:
    account_id = await sign_up(storage, "pat")
    with pytest.raises(StorageFailure):
        await storage.read(lambda tx: tx.sql(text), slow=slow)
    assert await head_of(storage, account_id) == 0


async def test_a_reader_that_raised_can_read_again(storage: SqliteStorage) -> None:
    def fail(tx: SqlTx) -> None:
        tx.sql("SELECT * FROM accounts")
        raise LookupError

    for _ in range(10):
        with pytest.raises(LookupError):
            await storage.read(fail)
        with pytest.raises(StorageFailure):
            await storage.read(lambda tx: tx.sql("SELECT nothing FROM nowhere"))
    assert await storage.read(lambda tx: tx.sql("SELECT count(*) FROM accounts")) == [(0,)]


async def test_readers_get_going_again_when_files_can_be_opened_again(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    with no_more_files():
        for _ in range(5):
            with pytest.raises(StorageFailure):
                await log_of(storage, account_id)
    assert await log_of(storage, account_id) == []


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process is at its limit of open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- failure ---


async def set_room(storage: SqliteStorage, pages: int) -> None:
    """Let the database grow by so many pages and no further."""

    def work(tx: SqlTx) -> None:
        count = tx.sql("PRAGMA page_count")[0][0]
        tx.sql(f"PRAGMA max_page_count={count + pages}")

    await storage.write(work)


async def test_a_full_disk_fails_the_request_and_nothing_else(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    committed: list[Committed] = []
    storage.on_commit = committed.append
    await set_room(storage, 20)
    for number in range(3):
        with pytest.raises(StorageFailure):
            await storage.write(lambda tx, number=number: add_and_emit(tx, account_id, number, "x" * MIB))
    assert await log_of(storage, account_id) == []
    assert committed == []
    await set_room(storage, 2**20)
    await storage.write(lambda tx: add_and_emit(tx, account_id, 9, "x" * MIB))
    assert await log_of(storage, account_id) == [(1, 9)]
    assert [committed.first_offset for committed in committed] == [1]


async def test_a_disk_that_fills_up_within_a_group_loses_nothing_that_was_answered(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    committed: list[Committed] = []
    storage.on_commit = committed.append
    await set_room(storage, 20)
    sizes = [10, 10, MIB, 10, MIB, 10, 10]
    async with Gate(storage) as gate:
        tasks = await waiting(
            *(
                storage.write(lambda tx, n=n, size=size: add_and_emit(tx, account_id, n, "x" * size))
                for n, size in enumerate(sizes)
            )
        )
        gate.open()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, StorageFailure) for outcome in outcomes)
    assert [outcomes[n] for n, size in enumerate(sizes) if size == MIB] != [None, None]
    await set_room(storage, 2**20)
    stored = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert await log_of(storage, account_id) == list(enumerate(stored, 1))
    assert await storage.read(lambda tx: [row.device_id for row in tx.bound(account_id).rows(Template)]) == stored
    assert [committed.first_offset for committed in committed] == list(range(1, len(stored) + 1))
    await emit(storage, account_id, 9)
    assert await head_of(storage, account_id) == len(stored) + 1


async def test_a_refused_row_fails_its_request_only(storage: SqliteStorage) -> None:
    """A constraint that handlers cannot break, broken on purpose."""
    account_id = await sign_up(storage, "pat")

    def break_constraint(tx: SqlTx) -> None:
        add_and_emit(tx, account_id, 100)
        tx.bound(account_id).insert(Media, {"message_id": 7, "data": None})

    async with Gate(storage) as gate:
        tasks = await waiting(
            emit(storage, account_id, 1), storage.write(break_constraint), emit(storage, account_id, 2)
        )
        gate.open()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes[::2] == [None, None]
    assert isinstance(outcomes[1], StorageFailure)
    assert await log_of(storage, account_id) == [(1, 1), (2, 2)]


async def test_another_process_that_keeps_the_database_locked_fails_requests_until_it_lets_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_S", 0.1)
    storage = SqliteStorage(path)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        account_id = await sign_up(storage, "pat")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageFailure):
            await emit(storage, account_id, 1)
        assert await log_of(storage, account_id) == []
        other.execute("ROLLBACK")
        await emit(storage, account_id, 2)
        assert await log_of(storage, account_id) == [(1, 2)]
    finally:
        other.close()
        await storage.close()


def deny_everything(*_: object) -> int:
    return sqlite3.SQLITE_DENY


async def test_the_writer_outlives_a_database_that_fails_altogether(storage: SqliteStorage) -> None:
    """Whatever statement it is that fails, be it the one that only looks for commits of other processes."""
    account_id = await sign_up(storage, "pat")
    statements = statements_of(storage)
    storage._writer.set_authorizer(deny_everything)  # every statement now raises sqlite3.DatabaseError
    for number in range(3):
        with pytest.raises(StorageFailure):
            async with asyncio.timeout(WAIT_S / 10):
                await emit(storage, account_id, number)
    storage._writer.set_authorizer(None)
    assert statements == []
    async with asyncio.timeout(WAIT_S / 10):
        await emit(storage, account_id, 9)
    assert await log_of(storage, account_id) == [(1, 9)]


async def test_a_listener_that_raises_does_not_keep_a_reply_back(storage: SqliteStorage) -> None:
    account_id = await sign_up(storage, "pat")
    heard: list[int] = []

    def on_commit(committed: Committed) -> None:
        heard.append(committed.first_offset)
        raise LookupError("a listener's own trouble")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    storage.on_commit = on_commit
    for number in range(2):
        async with asyncio.timeout(WAIT_S / 10):
            await emit(storage, account_id, number)
    assert heard == [1, 2]


def test_a_database_that_is_none_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is a text file, not a database\n" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        open_database(path)
    assert path.read_bytes().startswith(b"this is a text file")


def test_a_sqlite_that_is_too_old_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 38, 5))
    with pytest.raises(sqlite3.NotSupportedError, match="is too old"):
        open_database(path)
    assert not path.exists()
