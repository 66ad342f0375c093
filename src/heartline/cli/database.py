"""Commands and the database: they use it directly, also while a server is running on it, which notices within two
seconds what they wrote."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from heartline.errors import NotFound
from heartline.server.config import Config
from heartline.storage import SqlTx
from heartline.storage.engines import open_storage, prepare_database

T = TypeVar("T")


def transact(config: Config, work: Callable[[SqlTx], T]) -> T:
    """Run work in one transaction."""

    prepare_database(config.database_url)

    async def run() -> T:
        storage = open_storage(config.database_url, synchronous=config.synchronous)
        try:
            return await storage.write(work)
        finally:
            await storage.close()

    return asyncio.run(run())


def of_user(tx: SqlTx, username: str) -> SqlTx:
    """The transaction for the account of that user. Raises `NotFound`."""
    found = tx.sql("SELECT account_id FROM accounts WHERE username = $1", username)
    if not found:
        raise NotFound(f"there is no account {username!r}")
    return tx.bound(found[0][0])
