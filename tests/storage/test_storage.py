"""The promises of `storage.Storage`, on every engine: transactions, logs without gaps, snapshots, and the way to the end."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from heartline.errors import AccountIdInvalid, UserExists
from heartline.resources.accounts import CONTENT, create_account, remove_account
from heartline.resources.templates import NewTemplate, RemovedTemplate, Template
from heartline.storage import Committed, SqlTx, Storage, log
from tests.storage.conftest import WAIT_S, Gate, OpenStorage, emit, head_of, log_of, number_in, sign_up, waiting

pytestmark = pytest.mark.anyio


def add_and_emit(tx: SqlTx, account_id: str, *ids: int) -> None:
    """Change rows and emit as many events."""
    bound = tx.bound(account_id)
    for device_id in ids:
        bound.insert(Template, NewTemplate(device_id=device_id, text="a"))
        bound.emit(RemovedTemplate(id=device_id))


async def template_ids(storage: Storage, account_id: str) -> list[int]:
    return await storage.read(lambda tx: [row.device_id for row in tx.bound(account_id).rows(Template)])


# --- one transaction ---


async def test_what_work_returns_is_returned(storage: Storage) -> None:
    assert await storage.write(lambda tx: "from the writer") == "from the writer"
    assert await storage.read(lambda tx: "from a reader") == "from a reader"
    assert await storage.read(lambda tx: "slowly", slow=True) == "slowly"
    assert await storage.prepare(lambda text: text * 2, "ab") == "abab"


async def test_a_change_and_its_events_are_stored_together(storage: Storage, account_id: str) -> None:
    await storage.write(lambda tx: add_and_emit(tx, account_id, 7, 8))
    assert await template_ids(storage, account_id) == [7, 8]
    assert await log_of(storage, account_id) == [(1, 7), (2, 8)]
    assert await head_of(storage, account_id) == 2


async def test_work_that_raises_stores_neither_change_nor_event(storage: Storage, account_id: str) -> None:
    committed: list[Committed] = []
    storage.on_commit = committed.append

    def work(tx: SqlTx) -> None:
        add_and_emit(tx, account_id, 7, 8)
        raise LookupError("after all")

    with pytest.raises(LookupError, match="after all"):
        await storage.write(work)
    assert await template_ids(storage, account_id) == []
    assert await log_of(storage, account_id) == []
    assert await head_of(storage, account_id) == 0
    assert committed == []


async def test_one_account_more_or_less_is_one_transaction_too(storage: Storage, account_id: str) -> None:
    def work(tx: SqlTx) -> None:
        create_account(tx, "new", "hash", "", "")
        create_account(tx, "pat", "hash", "", "")

    with pytest.raises(UserExists):
        await storage.write(work)
    assert await storage.read(lambda tx: tx.sql("SELECT username FROM accounts")) == [("pat",)]


async def test_work_that_raises_does_not_touch_others_of_its_group(storage: Storage, account_id: str) -> None:
    def fail(tx: SqlTx) -> None:
        add_and_emit(tx, account_id, 100, 101)
        raise LookupError

    def write(work: Callable[[SqlTx], Any]) -> Coroutine[Any, Any, Any]:
        return storage.write(work, account_id=account_id)  # named, so that the order is that of the calls

    async with Gate(storage) as gate:
        good = await waiting(write(lambda tx: add_and_emit(tx, account_id, 1)))
        bad = await waiting(write(fail))
        good += await waiting(*(write(lambda tx, i=i: add_and_emit(tx, account_id, i)) for i in (2, 3)))
        bad += await waiting(write(fail), write(lambda tx: tx.sql("no SQL at all")))
        good += await waiting(write(lambda tx: add_and_emit(tx, account_id, 4)))
        gate.open()
        outcomes = await asyncio.gather(*good, *bad, return_exceptions=True)
    assert outcomes[: len(good)] == [None] * len(good)
    assert all(isinstance(outcome, Exception) for outcome in outcomes[len(good) :])
    assert await template_ids(storage, account_id) == [1, 2, 3, 4]
    assert await log_of(storage, account_id) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert await head_of(storage, account_id) == 4


async def test_what_was_written_is_read_at_once(storage: Storage, account_id: str) -> None:
    for number in range(1, 30):
        await storage.write(lambda tx, number=number: add_and_emit(tx, account_id, number))
        assert len(await template_ids(storage, account_id)) == number


async def test_one_transaction_may_emit_to_several_accounts(storage: Storage, account_id: str) -> None:
    other = await sign_up(storage, "other")

    def work(tx: SqlTx) -> None:
        for number in (1, 2, 3):
            tx.bound(account_id).emit(RemovedTemplate(id=number))
            tx.bound(other).emit(RemovedTemplate(id=number * 10))

    await storage.write(work)
    assert await log_of(storage, account_id) == [(1, 1), (2, 2), (3, 3)]
    assert await log_of(storage, other) == [(1, 10), (2, 20), (3, 30)]


async def test_now_is_one_moment_for_a_whole_transaction(storage: Storage, account_id: str) -> None:
    def work(tx: SqlTx) -> tuple[int, int]:
        add_and_emit(tx, account_id, 1, 2)
        return tx.now_ms, tx.bound(account_id).now_ms

    now_ms, bound_now_ms = await storage.write(work)
    assert now_ms == bound_now_ms
    times = await storage.read(
        lambda tx: tx.bound(account_id).sql("SELECT timestamp_ms FROM events WHERE account = $0")
    )
    assert times == [(now_ms,), (now_ms,)]


# --- the log ---


async def test_offsets_have_no_gap_whoever_writes(storage: Storage) -> None:
    accounts = [await sign_up(storage, f"account {n}") for n in range(4)]

    def work(tx: SqlTx, account_id: str, number: int) -> None:
        add_and_emit(tx, account_id, *range(number * 10, number * 10 + number % 4))
        if number % 7 == 0:
            raise LookupError

    async def write_all(account_id: str, first: int) -> None:
        for number in range(first, first + 25):
            try:
                await storage.write(lambda tx, number=number: work(tx, account_id, number))
            except LookupError:
                assert number % 7 == 0

    await asyncio.gather(*(write_all(account_id, first) for account_id in accounts for first in range(0, 250, 25)))
    expected = sorted(n * 10 + k for n in range(250) if n % 7 for k in range(n % 4))
    for account_id in accounts:
        log = await log_of(storage, account_id)
        assert [offset for offset, _ in log] == list(range(1, len(expected) + 1))
        assert sorted(number for _, number in log) == expected
        assert await head_of(storage, account_id) == len(expected)


async def test_on_commit_comes_in_the_order_of_offsets_and_before_write_returns(storage: Storage) -> None:
    accounts = [await sign_up(storage, f"account {n}") for n in range(3)]
    heard: dict[int, list[int]] = {}  # by account: the numbers, in the order of the calls
    loop_thread = threading.current_thread()
    overtaken = []

    def on_commit(committed: Committed) -> None:
        assert threading.current_thread() is loop_thread
        numbers = heard.setdefault(committed.account, [])
        assert committed.first_offset == len(numbers) + 1
        assert not committed.ended
        numbers.extend(map(number_in, committed.messages))

    async def write_all(account_id: str, account: int, first: int) -> None:
        for number in range(first, first + 40, 2):
            await emit(storage, account_id, number, number + 1)
            if not {number, number + 1} <= set(heard.get(account, ())):
                overtaken.append(number)

    numbers_of = [await storage.read(lambda tx, a=account_id: tx.bound(a).account) for account_id in accounts]
    storage.on_commit = on_commit
    writers = [
        write_all(account_id, number, first)
        for account_id, number in zip(accounts, numbers_of, strict=True)
        for first in (0, 40, 80, 120)
    ]
    await asyncio.gather(*writers)
    assert overtaken == []
    for account_id, number in zip(accounts, numbers_of, strict=True):
        assert list(enumerate(heard[number], 1)) == await log_of(storage, account_id)
        assert sorted(heard[number]) == list(range(160))


async def test_a_transaction_without_events_is_not_announced(storage: Storage, account_id: str) -> None:
    committed: list[Committed] = []
    storage.on_commit = committed.append
    await storage.write(lambda tx: tx.bound(account_id).insert(Template, NewTemplate(device_id=1, text="a")))
    assert committed == []


async def test_the_last_events_of_a_removed_account_end_its_log(storage: Storage, account_id: str) -> None:
    committed: list[Committed] = []
    await storage.write(lambda tx: add_and_emit(tx, account_id, 1, 2))
    number = await storage.read(lambda tx: tx.bound(account_id).account)
    storage.on_commit = committed.append
    await storage.write(lambda tx: remove_account(tx.bound(account_id)))
    (last,) = committed
    assert (last.account, last.first_offset, last.ended) == (number, 3, True)
    assert [b'"removed_account"' in message for message in last.messages] == [True]
    with pytest.raises(AccountIdInvalid):
        await storage.read(lambda tx: tx.bound(account_id))
    for table in (*CONTENT, "devices", "settings", "accounts"):
        assert await storage.read(lambda tx, t=table: tx.sql(f"SELECT * FROM {t} WHERE account = $1", number)) == []
    assert await storage.read(lambda tx: log.events(tx, number, 0, 10)) == []
    assert await storage.read(lambda tx: log.last_message(tx, number)) == last.messages


async def test_a_new_account_of_an_old_name_has_a_log_of_its_own(storage: Storage, account_id: str) -> None:
    await storage.write(lambda tx: add_and_emit(tx, account_id, 1, 2))
    text = "SELECT account, epoch FROM accounts WHERE account = $0"
    before = await storage.read(lambda tx: tx.bound(account_id).sql(text))
    await storage.write(lambda tx: remove_account(tx.bound(account_id)))
    again = await sign_up(storage, "pat")
    await storage.write(lambda tx: add_and_emit(tx, again, 9))
    after = await storage.read(lambda tx: tx.bound(again).sql(text))
    assert not set(before[0]) & set(after[0])
    assert await log_of(storage, again) == [(1, 9)]


# --- snapshots ---


async def test_a_read_sees_all_of_a_transaction_or_nothing(storage: Storage, account_id: str) -> None:
    writing = True

    def write(tx: SqlTx, number: int) -> None:
        bound = tx.bound(account_id)
        for device_id in range(5):
            bound.insert(Template, NewTemplate(device_id=device_id, text=str(number)))
            bound.emit(RemovedTemplate(id=number))

    def read(tx: SqlTx) -> tuple[set[str], int, int]:
        bound = tx.bound(account_id)
        texts = {row.text for row in bound.rows(Template)}
        events = bound.sql("SELECT count(*) FROM events WHERE account = $0")[0][0]
        head = bound.sql("SELECT head FROM accounts WHERE account = $0")[0][0]
        return texts, events, head

    async def write_all() -> None:
        nonlocal writing
        for number in range(1, 101):
            await storage.write(lambda tx, number=number: write(tx, number))
        writing = False

    async def read_all() -> None:
        while writing:
            texts, events, head = await storage.read(read)
            assert events == head
            assert texts == ({str(events // 5)} if events else set())

    await asyncio.gather(write_all(), read_all(), read_all(), read_all())


async def test_a_read_stays_on_its_snapshot_while_others_commit(storage: Storage, account_id: str) -> None:
    began, go_on = threading.Event(), threading.Event()

    def read(tx: SqlTx) -> list[int]:
        bound = tx.bound(account_id)
        counts = [len(bound.rows(Template))]
        began.set()
        assert go_on.wait(WAIT_S)
        return [*counts, len(bound.rows(Template))]

    reading = asyncio.ensure_future(storage.read(read))
    assert await asyncio.to_thread(began.wait, WAIT_S)
    await storage.write(lambda tx: add_and_emit(tx, account_id, 1, 2))
    assert await template_ids(storage, account_id) == [1, 2]
    go_on.set()
    assert await reading == [0, 0]


async def test_readers_do_not_wait_for_a_writer(storage: Storage, account_id: str) -> None:
    await storage.write(lambda tx: add_and_emit(tx, account_id, 1))
    wrote, go_on = threading.Event(), threading.Event()

    def write(tx: SqlTx) -> None:
        add_and_emit(tx, account_id, 2)
        wrote.set()
        assert go_on.wait(WAIT_S)

    writing = asyncio.ensure_future(storage.write(write))
    assert await asyncio.to_thread(wrote.wait, WAIT_S)
    for _ in range(20):
        assert await template_ids(storage, account_id) == [1]
    assert not writing.done()
    go_on.set()
    await writing
    assert await template_ids(storage, account_id) == [1, 2]


async def test_a_writer_does_not_wait_for_readers(storage: Storage, account_id: str) -> None:
    began, go_on = threading.Event(), threading.Event()

    def read(tx: SqlTx) -> int:
        count = len(tx.bound(account_id).rows(Template))
        began.set()
        assert go_on.wait(WAIT_S)
        return count

    reading = asyncio.ensure_future(storage.read(read))
    assert await asyncio.to_thread(began.wait, WAIT_S)
    for number in range(20):
        await storage.write(lambda tx, number=number: add_and_emit(tx, account_id, number))
    assert not reading.done()
    go_on.set()
    assert await reading == 0


async def test_slow_work_does_not_hold_up_other_readers(storage: Storage, account_id: str) -> None:
    go_on = threading.Event()

    def wait(_: Any) -> bool:
        return go_on.wait(WAIT_S)

    slow = [asyncio.ensure_future(storage.read(wait, slow=True)) for _ in range(10)]
    slow += [asyncio.ensure_future(storage.prepare(wait, None)) for _ in range(10)]
    assert await template_ids(storage, account_id) == []
    assert not any(task.done() for task in slow)
    go_on.set()
    assert await asyncio.gather(*slow) == [True] * 20


# --- other processes ---


async def test_a_commit_of_another_process_is_noticed(open_storage: OpenStorage) -> None:
    here, there = open_storage(), open_storage()
    noticed = asyncio.Event()
    here.on_foreign_commit = noticed.set
    account_id = await sign_up(there, "from there")
    async with asyncio.timeout(WAIT_S):
        await noticed.wait()
    assert await log_of(here, account_id) == []


async def test_own_commits_are_not_taken_for_those_of_another_process(open_storage: OpenStorage) -> None:
    here = open_storage()
    calls: Counter[str] = Counter()
    noticed = asyncio.Event()
    heard: list[Committed] = []

    def on_foreign_commit() -> None:
        calls["foreign"] += 1
        noticed.set()

    here.on_commit, here.on_foreign_commit = heard.append, on_foreign_commit
    account_id = await sign_up(here, "pat")
    for number in range(20):
        await emit(here, account_id, number)
    assert calls["foreign"] == 0
    there = open_storage()
    await emit(there, account_id, 20)
    async with asyncio.timeout(WAIT_S):
        await noticed.wait()
    await emit(here, account_id, 21)
    assert calls["foreign"] == 1
    assert [committed.first_offset for committed in heard] == [*range(1, 21), 22]


async def test_two_processes_share_one_log(open_storage: OpenStorage) -> None:
    storages = [open_storage(), open_storage()]
    account_id = await sign_up(storages[0], "pat")

    async def write_all(storage: Storage, first: int) -> None:
        for number in range(first, first + 20):
            await emit(storage, account_id, number)

    await asyncio.gather(*(write_all(storages[n % 2], n * 20) for n in range(4)))
    log = await log_of(storages[1], account_id)
    assert [offset for offset, _ in log] == list(range(1, 81))
    assert sorted(number for _, number in log) == list(range(80))


# --- callers that leave, and the end ---


async def test_a_caller_that_gives_up_does_not_break_the_writer(storage: Storage, account_id: str) -> None:
    committed: list[Committed] = []
    storage.on_commit = committed.append
    async with Gate(storage) as gate:
        tasks = await waiting(*(emit(storage, account_id, number) for number in range(6)))
        for task in tasks[::2]:
            task.cancel()
        gate.open()
        await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [True, False] * 3
    await emit(storage, account_id, 6)
    # What was accepted is stored and announced, whether somebody still waits for it or not.
    assert await log_of(storage, account_id) == [(number + 1, number) for number in range(7)]
    assert [committed.first_offset for committed in committed] == list(range(1, 8))


async def test_a_reader_that_gives_up_does_not_break_reading(storage: Storage, account_id: str) -> None:
    go_on = threading.Event()
    tasks = await waiting(*(storage.read(lambda tx: go_on.wait(WAIT_S)) for _ in range(20)))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    go_on.set()
    assert await template_ids(storage, account_id) == []


async def test_closing_finishes_the_work_that_was_accepted(open_storage: OpenStorage) -> None:
    storage = open_storage()
    account_id = await sign_up(storage, "pat")
    async with Gate(storage) as gate:
        tasks = await waiting(*(emit(storage, account_id, number) for number in range(50)))
        closing = await waiting(storage.close())
        gate.open()
        await asyncio.gather(*tasks, *closing)
    again = open_storage()
    assert await log_of(again, account_id) == [(number + 1, number) for number in range(50)]


async def test_what_was_stored_is_there_after_reopening(open_storage: OpenStorage) -> None:
    storage = open_storage()
    account_id = await sign_up(storage, "pat")
    await storage.write(lambda tx: add_and_emit(tx, account_id, 1, 2))
    await storage.close()
    again = open_storage()
    await again.write(lambda tx: add_and_emit(tx, account_id, 3))
    assert await template_ids(again, account_id) == [1, 2, 3]
    assert await log_of(again, account_id) == [(1, 1), (2, 2), (3, 3)]
