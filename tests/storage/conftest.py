"""A database of each engine, empty, with a few words to talk to it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heartline.resources.accounts import create_account
from heartline.resources.templates import RemovedTemplate
from heartline.storage import SqlTx, Storage
from heartline.storage.engines import open_storage as open_engine
from tests.conftest import Engine

WAIT_S = 60.0
"""Longest wait for what must happen, on a machine that is busy with something else."""

OpenStorage = Callable[[], Storage]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def open_storage(engine: Engine, tmp_path: Path) -> AsyncIterator[OpenStorage]:
    """Opens the test's database, each time as another process would."""
    opened: list[Storage] = []
    url = engine.cleared_database(tmp_path)

    def open_again() -> Storage:
        opened.append(open_engine(url))
        return opened[-1]

    yield open_again
    for storage in opened:
        await storage.close()


@pytest.fixture
async def storage(open_storage: OpenStorage) -> Storage:
    return open_storage()


@pytest.fixture
async def account_id(storage: Storage) -> str:
    """An account in the storage."""
    return await sign_up(storage, "pat")


async def sign_up(storage: Storage, name: str) -> str:
    signed_up = await storage.write(lambda tx: create_account(tx, name, "hash", "Pat", "+15550001111"))
    return signed_up.account_id


async def emit(storage: Storage, account_id: str, *numbers: int) -> None:
    """One transaction that emits one operation with each of these numbers."""

    def work(tx: SqlTx) -> None:
        bound = tx.bound(account_id)
        for number in numbers:
            bound.emit(RemovedTemplate(id=number))

    await storage.write(work, account_id=account_id)


async def log_of(storage: Storage, account_id: str) -> list[tuple[int, int]]:
    """Offset and number of every event in the account's log, in order."""
    text = 'SELECT "offset", message FROM events WHERE account = $0 ORDER BY "offset"'
    rows = await storage.read(lambda tx: tx.bound(account_id).sql(text))
    return [(offset, number_in(message)) for offset, message in rows]


async def head_of(storage: Storage, account_id: str) -> int:
    rows = await storage.read(lambda tx: tx.bound(account_id).sql("SELECT head FROM accounts WHERE account = $0"))
    return rows[0][0]


def number_in(message: bytes) -> int:
    """The number that `emit` put into a message."""
    decoded: dict[str, Any] = msgspec.json.decode(message)
    assert decoded["operation"] == "removed_template"
    return int(decoded["content"]["id"])


class Gate:
    """Work that keeps the writer busy until it is let go, so that everything written meanwhile waits together."""

    def __init__(self, storage: Storage) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()
        self._job = asyncio.ensure_future(storage.write(self._work))

    def _work(self, tx: SqlTx) -> None:
        tx.sql("DELETE FROM templates WHERE account = 0")  # by now it holds whatever a writing transaction holds
        self._reached.set()
        assert self._open.wait(WAIT_S)

    async def __aenter__(self) -> "Gate":
        assert await asyncio.to_thread(self._reached.wait, WAIT_S)
        return self

    def open(self) -> None:
        self._open.set()

    async def __aexit__(self, *_: object) -> None:
        self.open()
        await asyncio.wait([self._job])


async def waiting(*coroutines: Any) -> list["asyncio.Task[Any]"]:
    """Start these as tasks and let each run up to where it waits, in this order."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0)
    return tasks
