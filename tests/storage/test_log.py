"""The logs in the database: what is still there, what is trimmed, where clients have stopped."""

import pytest

from heartline.storage import SqlTx, Storage, log
from heartline.stream.cursors import Key
from heartline.stream.log import Position
from tests.storage.conftest import emit, log_of, sign_up

pytestmark = pytest.mark.anyio

MANY = 1_000_000
"""More events, or days, than any test has."""


async def number_of(storage: Storage, account_id: str) -> int:
    return await storage.read(lambda tx: tx.bound(account_id).account)


async def position(storage: Storage, account: int, since_ms: int | None = None, client_id: str = "") -> Position | None:
    return await storage.read(lambda tx: log.position(tx, account, since_ms, client_id))


async def date(storage: Storage, account: int, *timestamps_ms: int) -> None:
    """Give the events from the first on these times."""

    def work(tx: SqlTx) -> None:
        for offset, timestamp_ms in enumerate(timestamps_ms, 1):
            text = 'UPDATE events SET timestamp_ms = $1 WHERE account = $2 AND "offset" = $3'
            tx.sql(text, timestamp_ms, account, offset)

    await storage.write(work)


async def trim(storage: Storage, account: int, *, days: int = MANY, events: int = MANY) -> int:
    """Trim as a node does; the number of transactions."""
    count = 1
    while await storage.write(lambda tx: log.trim(tx, account, days, events)):
        count += 1
    return count


async def due(storage: Storage, *, days: int = MANY, events: int = MANY) -> list[int]:
    return await storage.read(lambda tx: log.accounts_to_trim(tx, days, events))


async def test_a_new_log_is_empty_and_complete(storage: Storage, account_id: str) -> None:
    found = await position(storage, await number_of(storage, account_id), 0, "page")
    assert found is not None
    assert found[1:] == (1, 0, 0, None)
    assert found.can_resume_after(0)


async def test_there_is_no_log_of_an_account_that_is_none(storage: Storage) -> None:
    assert await position(storage, 1) is None
    assert await storage.write(lambda tx: log.trim(tx, 1, 1, 1)) is False


async def test_as_many_events_are_kept_as_asked_for(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    await emit(storage, account_id, *range(10))
    assert await due(storage, events=10) == []
    assert await due(storage, events=9) == [account]
    await trim(storage, account, events=4)
    assert [offset for offset, _ in await log_of(storage, account_id)] == [7, 8, 9, 10]
    found = await position(storage, account)
    assert found is not None
    assert (found.floor, found.head) == (7, 10)
    assert [found.can_resume_after(offset) for offset in (5, 6, 10, 11)] == [False, True, True, False]
    assert await due(storage, events=4) == []


async def test_events_are_kept_for_as_many_days_as_asked_for(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    await emit(storage, account_id, 1, 2, 3)
    now_ms = await storage.read(lambda tx: tx.now_ms)
    await date(storage, account, now_ms - 3 * log.DAY_MS, now_ms - log.DAY_MS - 60_000, now_ms)
    assert await due(storage, days=4) == []
    assert await due(storage, days=2) == [account]
    await trim(storage, account, days=2)
    assert [offset for offset, _ in await log_of(storage, account_id)] == [2, 3]
    await trim(storage, account, days=1)
    assert [offset for offset, _ in await log_of(storage, account_id)] == [3]


async def test_trimming_all_keeps_the_epoch_and_the_head(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    before = await position(storage, account)
    assert before is not None
    await emit(storage, account_id, 1, 2)
    await date(storage, account, 1_000, 2_000)
    await trim(storage, account, days=1)
    assert await log_of(storage, account_id) == []
    assert await position(storage, account) == Position(before.epoch, 3, 2)
    await emit(storage, account_id, 3)
    assert await log_of(storage, account_id) == [(3, 3)]
    assert (await storage.read(lambda tx: log.events(tx, account, 2, 10)))[0].offset == 3


async def test_a_long_log_is_trimmed_in_slices(
    storage: Storage, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "TRIM_EVENTS", 3)
    account = await number_of(storage, account_id)
    await emit(storage, account_id, *range(10))
    assert await trim(storage, account, events=1) == 4
    assert [offset for offset, _ in await log_of(storage, account_id)] == [10]


async def test_only_the_log_that_is_due_is_trimmed(storage: Storage, account_id: str) -> None:
    other = await sign_up(storage, "alex")
    for name in (account_id, other):
        await emit(storage, name, 1, 2, 3)
    await trim(storage, await number_of(storage, account_id), events=1)
    assert len(await log_of(storage, other)) == 3


@pytest.mark.parametrize(
    ("since_ms", "before"),
    [(0, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_001, 3), (3_000, 3), (3_001, 4), (2**62, 4)],
)
async def test_the_place_of_a_moment(storage: Storage, account_id: str, since_ms: int, before: int) -> None:
    account = await number_of(storage, account_id)
    await emit(storage, account_id, 1, 2, 3, 4)
    await date(storage, account, 1_000, 2_000, 2_000, 3_000)
    found = await position(storage, account, since_ms)
    assert found is not None
    assert found.before_since == before


@pytest.mark.parametrize(("since_ms", "before"), [(1_000, None), (2_000, None), (2_001, 2), (3_000, 2), (3_001, 3)])
async def test_the_place_of_a_moment_of_which_some_is_gone(
    storage: Storage, account_id: str, since_ms: int, before: int | None
) -> None:
    account = await number_of(storage, account_id)
    await emit(storage, account_id, 1, 2, 3)
    await date(storage, account, 1_000, 2_000, 3_000)
    await trim(storage, account, events=1)
    found = await position(storage, account, since_ms)
    assert found is not None
    assert found.before_since == before


async def test_a_new_epoch_forgets_what_clients_knew(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    await emit(storage, account_id, 1)
    await storage.write(lambda tx: log.store_cursors(tx, {Key(account, "page"): 1}))
    before = await position(storage, account, None, "page")
    await storage.write(lambda tx: log.renew_epoch(tx, account))
    after = await position(storage, account, None, "page")
    assert before is not None
    assert after is not None
    assert after.epoch != before.epoch
    assert (before.remembered, after.remembered) == (1, None)
    assert await log_of(storage, account_id) == [(1, 1)]


async def test_of_many_clients_the_latest_are_remembered(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    for number in range(log.CURSORS + 3):

        def work(tx: SqlTx, number: int = number) -> None:
            log.store_cursors(tx, {Key(account, f"page {number}"): number})
            text = "UPDATE cursors SET updated_ms = $1 WHERE client_id = $2"
            tx.sql(text, tx.now_ms - 1_000 + number, f"page {number}")

        await storage.write(work)
    await storage.write(log.forget_old)
    remembered = [await position(storage, account, None, f"page {number}") for number in range(log.CURSORS + 3)]
    assert [found and found.remembered for found in remembered] == [None] * 3 + list(range(3, log.CURSORS + 3))


async def test_clients_that_were_away_too_long_are_forgotten(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    await storage.write(lambda tx: log.store_cursors(tx, {Key(account, "old"): 1, Key(account, "new"): 2}))
    long_ago = (log.CURSOR_DAYS + 1) * log.DAY_MS
    text = "UPDATE cursors SET updated_ms = updated_ms - $1 WHERE client_id = 'old'"
    await storage.write(lambda tx: tx.sql(text, long_ago))
    await storage.write(log.forget_old)
    found = [await position(storage, account, None, name) for name in ("old", "new")]
    assert [one and one.remembered for one in found] == [None, 2]
