"""What is PostgreSQL's own: locks, lanes, lost connections, and many nodes that start at once."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import errors

from heartline.errors import DatabaseUnavailable, OutcomeUnknown, StorageFailure, UserExists
from heartline.resources.activation import Activate, activate, approve
from heartline.resources.messages import Message
from heartline.resources.templates import NewTemplate, RemovedTemplate, Template
from heartline.storage import Committed, SqlTx, log, postgresql_connection
from heartline.storage import postgresql as storages
from heartline.storage.engines import CannotOpen, open_storage, prepare_database, without_password
from heartline.storage.migrations import SchemaTooNew
from heartline.storage.postgresql import PostgresqlStorage
from heartline.storage.postgresql_connection import _renumber
from heartline.stream.cursors import Key
from heartline.stream.log import Position
from tests.conftest import query
from tests.postgresql import PostgresqlServer, clear
from tests.storage.conftest import WAIT_S, emit, head_of, log_of, sign_up, waiting

pytestmark = pytest.mark.anyio

KILL_ME = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.fixture(scope="module")
def shared(postgresql_servers: list[PostgresqlServer]) -> str:
    if not postgresql_servers:
        postgresql_servers.append(PostgresqlServer())
    return postgresql_servers[0].new_database()


@pytest.fixture
def url(shared: str) -> str:
    with psycopg.connect(shared, autocommit=True) as connection:
        clear(connection)
    return shared


@pytest.fixture
async def storage(url: str) -> AsyncIterator[PostgresqlStorage]:
    storage = PostgresqlStorage(url)
    yield storage
    await storage.close()


def add(tx: SqlTx, account_id: str, device_id: int) -> None:
    bound = tx.bound(account_id)
    bound.insert(Template, NewTemplate(device_id=device_id, text="a"))
    bound.emit(RemovedTemplate(id=device_id))


class Held:
    """A transaction of one account that stays open until it is let go."""

    def __init__(self, storage: PostgresqlStorage, account_id: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._task = asyncio.ensure_future(storage.write(self._work, account_id=account_id))
        self._account_id = account_id

    def _work(self, tx: SqlTx) -> None:
        tx.bound(self._account_id)
        self.reached.set()
        assert self.go_on.wait(WAIT_S)

    async def __aenter__(self) -> "Held":
        assert await asyncio.to_thread(self.reached.wait, WAIT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go_on.set()
        await asyncio.wait([self._task])


# --- accounts ---


async def test_an_account_that_writes_a_lot_does_not_keep_others_waiting(storage: PostgresqlStorage) -> None:
    busy, other = await sign_up(storage, "busy"), await sign_up(storage, "other")
    async with Held(storage, busy):
        tasks = await waiting(*(emit(storage, busy, number) for number in range(100)))
        for number in range(10):
            async with asyncio.timeout(WAIT_S):
                await emit(storage, other, number)
        assert not any(task.done() for task in tasks)
    await asyncio.gather(*tasks)
    assert await log_of(storage, busy) == [(number + 1, number) for number in range(100)]


async def test_writers_of_one_account_queue_from_its_binding_on(url: str, storage: PostgresqlStorage) -> None:
    """Each sees what the one before it has left, whatever process it is in."""
    account_id = await sign_up(storage, "pat")
    others = [PostgresqlStorage(url) for _ in range(3)]

    def count_and_add(tx: SqlTx) -> int:
        bound = tx.bound(account_id)
        count = len(bound.rows(Template))
        bound.insert(Template, NewTemplate(device_id=count, text="a"))
        bound.emit(RemovedTemplate(id=count))
        return count

    try:
        counts = await asyncio.gather(*(storage.write(count_and_add) for storage in others for _ in range(15)))
    finally:
        for other in others:
            await other.close()
    assert sorted(counts) == list(range(45))
    assert await log_of(storage, account_id) == [(number + 1, number) for number in range(45)]


async def test_announcements_are_in_order_also_for_work_that_names_no_account(storage: PostgresqlStorage) -> None:
    account_id = await sign_up(storage, "pat")
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    await asyncio.gather(*(storage.write(lambda tx, n=n: add(tx, account_id, n)) for n in range(200)))
    assert heard == list(range(1, 201))


async def test_transactions_that_meet_head_on_are_both_done(storage: PostgresqlStorage) -> None:
    one, two = await sign_up(storage, "one"), await sign_up(storage, "two")
    together = threading.Barrier(2)
    runs: list[str] = []

    def work(tx: SqlTx, first: str, second: str) -> None:
        runs.append(first)
        tx.bound(first).emit(RemovedTemplate(id=1))
        if len(runs) <= 2:
            together.wait(WAIT_S)  # both hold their first account now
        tx.bound(second).emit(RemovedTemplate(id=2))

    await asyncio.gather(storage.write(lambda tx: work(tx, one, two)), storage.write(lambda tx: work(tx, two, one)))
    assert len(runs) == 3  # PostgreSQL undid one of them, and it was done again
    assert [await head_of(storage, account_id) for account_id in (one, two)] == [2, 2]


async def test_one_name_signs_up_once(storage: PostgresqlStorage) -> None:
    outcomes = await asyncio.gather(*(sign_up(storage, "pat") for _ in range(12)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, str)] == [UserExists] * 11
    assert await storage.read(lambda tx: tx.sql("SELECT username FROM accounts")) == [("pat",)]


async def test_an_approved_code_logs_in_once(storage: PostgresqlStorage) -> None:
    account_id = await sign_up(storage, "pat")

    def ask(tx: SqlTx) -> Any:
        return activate(tx, Activate(activation_code="C0FFEE42"))

    await storage.write(ask)
    await storage.write(lambda tx: approve(tx.bound(account_id), "C0FFEE42"))
    replies = await asyncio.gather(*(storage.write(ask) for _ in range(12)))
    assert sum(not isinstance(reply, Exception) for reply in replies) == 1


async def test_two_nodes_that_trim_one_log_leave_it_whole(url: str, storage: PostgresqlStorage) -> None:
    account_id = await sign_up(storage, "pat")
    for first in range(0, 6_000, 500):
        await emit(storage, account_id, *range(first, first + 500))
    number = await storage.read(lambda tx: tx.bound(account_id).account)
    other = PostgresqlStorage(url)

    async def trim(storage: PostgresqlStorage) -> None:
        while await storage.write(lambda tx: log.trim(tx, number, 30, 100)):
            pass

    try:
        await asyncio.gather(*(trim(node) for node in (storage, other) * 3))
    finally:
        await other.close()
    assert [offset for offset, _ in await log_of(storage, account_id)] == list(range(5_901, 6_001))
    position = await storage.read(lambda tx: log.position(tx, number, None))
    assert position is not None
    assert position.floor == 5_901


async def test_cursors_of_two_nodes_do_not_get_in_each_others_way(url: str, storage: PostgresqlStorage) -> None:
    other = PostgresqlStorage(url)
    keys = [Key(number, "client") for number in range(200)]
    begin = Position("epoch", 1, 0)
    try:
        for key in keys:
            await storage.write(lambda tx, key=key: log.claim(tx, key, "node", None, begin))
        for _ in range(5):
            await asyncio.gather(
                storage.write(lambda tx: log.store_cursors(tx, dict.fromkeys(keys, 1), "node")),
                other.write(lambda tx: log.store_cursors(tx, dict.fromkeys(reversed(keys), 2), "node")),
            )
    finally:
        await other.close()
    assert await storage.read(lambda tx: tx.sql("SELECT count(*) FROM cursors")) == [(200,)]


def transaction_of(storage: PostgresqlStorage, account_id: str) -> Any:
    """A write that returns the id of its transaction."""

    def work(tx: SqlTx) -> str:
        tx.bound(account_id).emit(RemovedTemplate(id=1))
        return str(tx.sql("SELECT CAST(pg_current_xact_id() AS text)")[0][0])

    return storage.write(work, account_id=account_id)


async def test_what_waits_in_a_lane_is_committed_together(
    storage: PostgresqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id, other = await sign_up(storage, "pat"), await sign_up(storage, "other")
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    monkeypatch.setattr(storages, "GROUP_S", WAIT_S)
    async with Held(storage, account_id):
        tasks = await waiting(*(transaction_of(storage, account_id) for _ in range(20)))
        apart = await transaction_of(storage, other)
    together = set(await asyncio.gather(*tasks))
    assert len(together) == 1
    assert apart not in together
    assert heard == [1, *range(1, 21)]


async def test_a_transaction_does_not_go_on_for_ever(
    storage: PostgresqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await sign_up(storage, "pat")
    monkeypatch.setattr(storages, "GROUP_S", 0)
    tasks = await waiting(*(transaction_of(storage, account_id) for _ in range(20)))
    assert len(set(await asyncio.gather(*tasks))) == 20


@pytest.mark.parametrize("failure", [ValueError, UserExists, errors.UniqueViolation])
async def test_work_that_fails_does_not_touch_what_it_waited_with(
    storage: PostgresqlStorage, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    account_id = await sign_up(storage, "pat")
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    monkeypatch.setattr(storages, "GROUP_S", WAIT_S)
    monkeypatch.setattr(storages, "AGAIN_S", 0)

    def fail(tx: SqlTx) -> None:
        add(tx, account_id, 7)
        raise failure

    async with Held(storage, account_id):
        tasks = await waiting(
            emit(storage, account_id, 1),
            storage.write(fail, account_id=account_id),
            emit(storage, account_id, 2),
            emit(storage, account_id, 3),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[0], *outcomes[2:]] == [None] * 3
    assert isinstance(outcomes[1], DatabaseUnavailable if failure is errors.UniqueViolation else failure)
    assert await log_of(storage, account_id) == [(1, 1), (2, 2), (3, 3)]
    assert heard == [1, 2, 3]
    async with Held(storage, account_id):  # and then they are together again
        tasks = await waiting(*(transaction_of(storage, account_id) for _ in range(5)))
    assert len(set(await asyncio.gather(*tasks))) == 1


def test_groups_of_the_same_accounts_are_announced_once_and_in_order() -> None:
    """Whichever of them is first told to have committed."""
    turns = storages._Turns()
    loop = asyncio.new_event_loop()
    groups = []
    for accounts in ((1, 3), (3, 2), (1, 2)):
        job = storages._Job(lambda tx: None, "", loop.create_future())
        job.committed = [Committed(account, 1, [b"{}"], ended=False) for account in accounts]
        groups.append(storages._Group(job, deque()))
        turns.take(groups[-1])
    assert turns.finish(groups[2]) == turns.finish(groups[1]) == []
    assert turns.finish(groups[0]) == groups
    loop.close()


# --- failure ---


async def test_a_connection_lost_before_the_commit_is_replaced_and_the_work_done_again(
    storage: PostgresqlStorage,
) -> None:
    account_id = await sign_up(storage, "pat")
    runs: list[int] = []
    heard: list[Committed] = []
    storage.on_commit = heard.append

    def work(tx: SqlTx) -> None:
        add(tx, account_id, 7)
        runs.append(1)
        if len(runs) == 1:
            tx.sql(KILL_ME)

    await storage.write(work)
    assert len(runs) == 2
    assert await log_of(storage, account_id) == [(1, 7)]
    assert [committed.first_offset for committed in heard] == [1]


async def test_a_read_whose_connection_is_lost_is_done_again(storage: PostgresqlStorage) -> None:
    runs: list[int] = []

    def work(tx: SqlTx) -> int:
        runs.append(1)
        if len(runs) < 3:
            tx.sql(KILL_ME)
        return len(runs)

    assert await storage.read(work) == 3


async def test_all_connections_lost_at_once_are_replaced(url: str, storage: PostgresqlStorage) -> None:
    account_id = await sign_up(storage, "pat")
    for round_ in range(5):
        await asyncio.gather(*(storage.write(lambda tx, n=n: add(tx, account_id, n)) for n in range(30)))
        query(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'heartline'")
        await emit(storage, account_id, round_)
    assert await head_of(storage, account_id) == 5 * 31


async def test_a_connection_lost_in_the_middle_of_a_group_is_replaced_and_all_of_it_done_again(
    storage: PostgresqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await sign_up(storage, "pat")
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    runs: list[int] = []

    def work(tx: SqlTx) -> None:
        add(tx, account_id, 7)
        runs.append(1)
        if len(runs) == 1:
            tx.sql(KILL_ME)

    monkeypatch.setattr(storages, "GROUP_S", WAIT_S)
    async with Held(storage, account_id):
        works = [storage.write(work, account_id=account_id), emit(storage, account_id, 2), emit(storage, account_id, 3)]
        tasks = await waiting(emit(storage, account_id, 1), *works)
    await asyncio.gather(*tasks)
    assert len(runs) == 2
    assert await log_of(storage, account_id) == [(1, 1), (2, 7), (3, 2), (4, 3)]
    assert heard == [1, 2, 3, 4]


def fail_at_commit(url: str, statement: str) -> None:
    """From now on the commit of a template of the phone's id 7 runs this."""
    body = f"BEGIN IF new.device_id = 7 THEN {statement}; END IF; RETURN NULL; END"
    query(url, f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    query(
        url,
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON templates DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION fail()",
    )


@pytest.mark.parametrize("together", [False, True])
async def test_a_connection_lost_during_the_commit_leaves_requests_in_doubt_and_none_is_repeated(
    postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    url = postgresql.new_database()
    fail_at_commit(url, KILL_ME.replace("SELECT", "PERFORM"))
    monkeypatch.setattr(storages, "GROUP_S", WAIT_S if together else 0)
    storage = PostgresqlStorage(url)
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    runs: list[int] = []

    def work(tx: SqlTx) -> None:
        runs.append(1)
        add(tx, account_id, 7)

    try:
        account_id = await sign_up(storage, "pat")
        async with Held(storage, account_id):
            tasks = await waiting(
                emit(storage, account_id, 1), storage.write(work, account_id=account_id), emit(storage, account_id, 2)
            )
        outcomes: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        in_doubt = [outcome for outcome in outcomes if outcome is not None]
        assert outcomes[1] is not None
        assert len(in_doubt) == (3 if together else 1)
        for outcome in in_doubt:
            assert isinstance(outcome, OutcomeUnknown)
            assert (outcome.status, outcome.retry_after_s is not None) == (503, True)
        assert len(runs) == 1
        await emit(storage, account_id, 3)
        stored = [3] if together else [1, 2, 3]
        assert await log_of(storage, account_id) == list(enumerate(stored, 1))
        assert heard == list(range(1, len(stored) + 1))
    finally:
        await storage.close()


async def test_what_the_commit_refuses_does_not_touch_what_it_waited_with(
    postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.new_database()
    fail_at_commit(url, "RAISE EXCEPTION 'no'")
    monkeypatch.setattr(storages, "GROUP_S", WAIT_S)
    storage = PostgresqlStorage(url)
    heard: list[int] = []
    storage.on_commit = lambda committed: heard.append(committed.first_offset)
    try:
        account_id = await sign_up(storage, "pat")
        async with Held(storage, account_id):
            refused = storage.write(lambda tx: add(tx, account_id, 7), account_id=account_id)
            tasks = await waiting(emit(storage, account_id, 1), refused, emit(storage, account_id, 2))
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [outcomes[0], outcomes[2]] == [None, None]
        assert isinstance(outcomes[1], StorageFailure)
        assert await log_of(storage, account_id) == [(1, 1), (2, 2)]
        assert heard == [1, 2]
    finally:
        await storage.close()


async def test_a_database_that_is_gone_is_said_to_be_and_service_resumes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storages, "CONNECTION_WAIT_S", 0.5)
    monkeypatch.setattr(storages, "AGAIN_S", 0.1)
    server = PostgresqlServer()
    storage = PostgresqlStorage(server.new_database())
    try:
        account_id = await sign_up(storage, "pat")
        await asyncio.to_thread(server.stop)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable) as error:
                await emit(storage, account_id, 1)
            assert (error.value.status, error.value.retry_after_s is not None) == (503, True)
            with pytest.raises(DatabaseUnavailable):
                await head_of(storage, account_id)
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    await emit(storage, account_id, 2)
                    break
                except DatabaseUnavailable:
                    continue
        assert await log_of(storage, account_id) == [(1, 2)]
    finally:
        await storage.close()
        await asyncio.to_thread(server.close)


async def test_who_waits_too_long_for_a_lock_is_told_to_come_again(
    url: str, storage: PostgresqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await sign_up(storage, "pat")
    monkeypatch.setattr(postgresql_connection, "LOCK_S", 0.2)
    monkeypatch.setattr(postgresql_connection, "STATEMENT_S", 5)
    impatient = PostgresqlStorage(url)
    try:
        async with Held(storage, account_id):
            with pytest.raises(DatabaseUnavailable):
                await emit(impatient, account_id, 1)
        await emit(impatient, account_id, 2)
    finally:
        await impatient.close()
    assert await log_of(storage, account_id) == [(1, 2)]


@pytest.mark.parametrize("text", ["DELETE FROM accounts", "CREATE TABLE x (y bigint)", "UPDATE accounts SET head = 9"])
async def test_a_reader_cannot_write(storage: PostgresqlStorage, text: str) -> None:
    with pytest.raises(StorageFailure):
        await storage.read(lambda tx: tx.sql(text))


@pytest.mark.parametrize(("synchronous", "setting"), [("full", "on"), ("normal", "off")])
async def test_how_safe_a_commit_is(url: str, synchronous: str, setting: str) -> None:
    storage = PostgresqlStorage(url, synchronous=synchronous)
    assert await storage.write(lambda tx: tx.sql("SHOW synchronous_commit")) == [(setting,)]
    await storage.close()


# --- the schema ---


def test_ten_nodes_may_start_at_once(postgresql: PostgresqlServer) -> None:
    for _ in range(3):
        url = postgresql.empty_database()
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(prepare_database, [url] * 10))
        versions = query(url, "SELECT version FROM schema_version ORDER BY version")
        assert versions == [(number,) for number in range(1, len(versions) + 1)]


def test_a_node_works_on_a_schema_that_is_one_version_newer_and_refuses_the_one_after(
    postgresql: PostgresqlServer,
) -> None:
    """So nodes can be replaced one by one: an old one may restart when the first new one has changed the schema."""
    url = postgresql.new_database()
    ((newest,),) = query(url, "SELECT max(version) FROM schema_version")
    query(url, f"INSERT INTO schema_version VALUES ({newest + 1})")
    query(url, "ALTER TABLE messages ADD COLUMN new_one text NOT NULL DEFAULT 'x'")
    prepare_database(url)

    async def run() -> list[Message]:
        storage = open_storage(url)
        account_id = await sign_up(storage, "pat")
        row = {"device_id": 7, "device_conversation_id": 1, "message_type": 0, "data": "a", "timestamp": 1}
        rest = {"mime_type": "b", "read": False, "seen": False, "sent_device": 0}
        await storage.write(lambda tx: tx.bound(account_id).insert(Message, row | rest))
        rows = await storage.read(lambda tx: tx.bound(account_id).rows(Message))
        await storage.close()
        return rows

    assert [row.device_id for row in asyncio.run(run())] == [7]
    query(url, f"INSERT INTO schema_version VALUES ({newest + 2})")
    with pytest.raises(SchemaTooNew, match=f"has schema {newest + 2}, this Heartline knows {newest}"):
        prepare_database(url)


def test_texts_are_ordered_by_their_bytes(url: str) -> None:
    columns = "information_schema.columns WHERE data_type = 'text' AND table_schema = 'public'"
    assert query(url, f"SELECT DISTINCT collation_name FROM {columns}") == [("C",)]


def test_a_database_that_cannot_be_opened_is_named_without_its_password(postgresql: PostgresqlServer) -> None:
    with pytest.raises(CannotOpen, match="does not exist") as error:
        prepare_database(postgresql.url("nowhere").replace("postgres@", "postgres:s3cret@"))
    assert "s3cret" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@db:5432/heartline?sslmode=require", "postgresql://ann@db:5432/heartline"),
        ("postgresql:///heartline?host=/run", "postgresql:///heartline"),
        ("postgresql://db/heartline?password=s3cret", "postgresql://db/heartline"),
        ("sqlite:data/heartline.db", "data/heartline.db"),
    ],
)
def test_urls_are_shown_without_a_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("url", ["mysql://db/x", "heartline.db", "sqlite:", "postgresql:x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(CannotOpen, match="must be sqlite:PATH or postgresql://"):
        prepare_database(url)


def test_values_are_numbered_anew() -> None:
    text = "UPDATE a SET b = $3 WHERE c = $0 OR d = $3 OR e = $10"
    assert _renumber(text) == ("UPDATE a SET b = $2 WHERE c = $1 OR d = $2 OR e = $3", (0, 3, 10))
