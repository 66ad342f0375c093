"""The SQL of logs that several nodes share: which of them moved, and which node has an old client's cursor."""

import pytest

from heartline.resources.accounts import remove_account
from heartline.storage import Storage, log
from heartline.stream.cursors import Key
from heartline.stream.log import Position
from tests.storage.conftest import emit, sign_up

pytestmark = pytest.mark.anyio

ONE, OTHER = "node one", "node other"


async def number_of(storage: Storage, account_id: str) -> int:
    return await storage.read(lambda tx: tx.bound(account_id).account)


async def changed(storage: Storage, known: dict[int, tuple[str, int]]) -> dict[int, tuple[str | None, int | None]]:
    rows = await storage.read(lambda tx: log.changed(tx, known))
    return {account: (epoch, head) for account, epoch, head in rows}


async def position_of(storage: Storage, account: int) -> Position:
    position = await storage.read(lambda tx: log.position(tx, account, None))
    assert position is not None
    return position


async def claim(storage: Storage, key: Key, node: str, in_memory: int | None = None) -> int | None:
    position = await position_of(storage, key.account)
    return (await storage.write(lambda tx: log.claim(tx, key, node, in_memory, position))).remembered


async def test_only_logs_that_moved_are_found(storage: Storage, account_id: str) -> None:
    account, other = await number_of(storage, account_id), await number_of(storage, await sign_up(storage, "sam"))
    await emit(storage, account_id, 1, 2)
    epochs = {number: (await position_of(storage, number)).epoch for number in (account, other)}
    assert await changed(storage, {}) == {}
    assert await changed(storage, {account: (epochs[account], 2), other: (epochs[other], 0)}) == {}
    assert await changed(storage, {account: (epochs[account], 1), other: (epochs[other], 0)}) == {
        account: (epochs[account], 2)
    }
    assert await changed(storage, {account: (epochs[account], 3)}) == {account: (epochs[account], 2)}
    assert await changed(storage, {account: ("another", 2)}) == {account: (epochs[account], 2)}


async def test_a_removed_account_is_found(storage: Storage, account_id: str) -> None:
    account = await number_of(storage, account_id)
    epoch = (await position_of(storage, account)).epoch
    await storage.write(lambda tx: remove_account(tx.bound(account_id)))
    assert await changed(storage, {account: (epoch, 0), 5: ("x", 1)}) == {account: (None, None), 5: (None, None)}


async def test_a_new_client_is_remembered_from_its_first_subscription_on(storage: Storage, account_id: str) -> None:
    key = Key(await number_of(storage, account_id), "77")
    await emit(storage, account_id, 1, 2)
    assert await claim(storage, key, ONE) is None
    await emit(storage, account_id, 3)
    assert await claim(storage, key, OTHER) == 2


async def test_what_a_node_says_of_a_client_that_went_to_another_is_ignored(storage: Storage, account_id: str) -> None:
    key = Key(await number_of(storage, account_id), "77")
    await emit(storage, account_id, 1, 2, 3)
    await claim(storage, key, ONE)
    await storage.write(lambda tx: log.store_cursors(tx, {key: 1}, ONE))
    assert await claim(storage, key, OTHER) == 1
    await storage.write(lambda tx: log.store_cursors(tx, {key: 3}, ONE))
    assert await claim(storage, key, OTHER) == 1
    await storage.write(lambda tx: log.store_cursors(tx, {key: 2}, OTHER))
    assert await claim(storage, key, ONE, in_memory=3) == 2


async def test_a_node_knows_better_than_the_database_where_its_own_client_was(
    storage: Storage, account_id: str
) -> None:
    key = Key(await number_of(storage, account_id), "77")
    await emit(storage, account_id, 1, 2, 3)
    await claim(storage, key, ONE)
    assert await claim(storage, key, ONE, in_memory=1) == 1


async def test_a_cursor_of_a_log_that_was_replaced_is_forgotten(storage: Storage, account_id: str) -> None:
    key = Key(await number_of(storage, account_id), "77")
    await claim(storage, key, ONE)
    await storage.write(lambda tx: log.renew_epoch(tx, key.account))
    await storage.write(lambda tx: log.store_cursors(tx, {key: 0}, ONE))
    assert await claim(storage, key, ONE, in_memory=0) is None
