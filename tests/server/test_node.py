"""A node whose database fails or has too much to do for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from heartline.errors import Overloaded, StorageFailure
from heartline.server import node as node_module
from heartline.server.config import Config
from heartline.server.node import Node
from heartline.storage.sqlite import SqliteStorage
from heartline.stream.cursors import Key
from tests.conftest import WAIT_S

UNABLE = [StorageFailure, Overloaded]
KEY = Key(7, "page")


class UnableStorage(SqliteStorage):
    """A database that cannot do anything while `error` is set."""

    error: type[Exception] | None = None
    refused = 0

    async def read(self, work: Any, *, slow: bool = False) -> Any:
        self._refuse()
        return await super().read(work, slow=slow)

    async def write(self, work: Any) -> Any:
        self._refuse()
        return await super().write(work)

    def _refuse(self) -> None:
        if self.error is not None:
            self.refused += 1
            raise self.error

    async def was_asked_again(self) -> None:
        seen = self.refused
        while self.refused < seen + 2:
            await asyncio.sleep(0.001)

    async def cursors(self) -> list[tuple[Any, ...]]:
        return await self.read(lambda tx: tx.sql('SELECT account, client_id, "offset" FROM cursors'))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "CURSORS_S", 0.001)
    monkeypatch.setattr(node_module, "RETRY_S", 0.001)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Node, UnableStorage]]:
    storage = UnableStorage(folder / "heartline.db")
    node = Node(Config(), storage)
    async with asyncio.timeout(WAIT_S):
        yield node, storage
    await node.close()


@pytest.mark.parametrize("error", UNABLE)
def test_cursors_are_stored_once_the_database_can_again(tmp_path: Path, error: type[Exception]) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (node, storage):
            storage.error = error
            node.stream.cursors.here(KEY, 5)
            await storage.was_asked_again()
            storage.error = None
            while not await storage.cursors():
                await asyncio.sleep(0.001)
            assert await storage.cursors() == [(*KEY, 5)]

    asyncio.run(scenario())


@pytest.mark.parametrize("error", UNABLE)
def test_a_node_ends_although_the_database_cannot_take_its_cursors(tmp_path: Path, error: type[Exception]) -> None:
    async def scenario() -> UnableStorage:
        async with opened(tmp_path) as (node, storage):
            storage.error = error
            node.stream.cursors.here(KEY, 5)
        return storage

    storage = asyncio.run(scenario())
    assert not storage._thread.is_alive()


@pytest.mark.parametrize("error", UNABLE)
def test_what_another_process_wrote_is_looked_for_until_it_is_found(tmp_path: Path, error: type[Exception]) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (node, storage):
            storage.error = error
            storage.on_foreign_commit()
            following = node._tasks - {task for task in node._tasks if "_every" in repr(task) or "wheel" in repr(task)}
            await storage.was_asked_again()
            storage.error = None
            await asyncio.gather(*following)

    asyncio.run(scenario())
