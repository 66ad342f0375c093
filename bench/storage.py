"""How many writes a second each engine commits, each of one row and one event, how many of them PostgreSQL writes to the
disk together, and what a write takes of the processors: `python -m bench.storage`. PostgreSQL waits for its disk here."""

import asyncio
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path

from bench.machine import cpu_s
from heartline.resources.accounts import create_account
from heartline.resources.templates import NewTemplate, RemovedTemplate, Template
from heartline.storage import SqlTx, Storage
from heartline.storage.engines import open_storage, prepare_database
from tests import postgresql

SECONDS = 4
CASES = ((1, 1), (1, 50), (50, 50), (50, 200))
"""Accounts, and callers at a time."""


def add(tx: SqlTx, account_id: str, device_id: int) -> None:
    bound = tx.bound(account_id)
    bound.insert(Template, NewTemplate(device_id=device_id, text="aa-:-bb"))
    bound.emit(RemovedTemplate(id=device_id))


async def measure(storage: Storage, accounts: int, callers: int) -> float:
    ids = []
    for _ in range(accounts):
        name = f"{time.monotonic_ns()}"
        signed_up = await storage.write(lambda tx, name=name: create_account(tx, name, "", "", ""))
        ids.append(signed_up.account_id)
    numbers, done, until = count(), 0, time.monotonic() + SECONDS

    async def call(account_id: str) -> None:
        nonlocal done
        while time.monotonic() < until:
            work = partial(add, account_id=account_id, device_id=next(numbers))
            await storage.write(work, account_id=account_id)
            done += 1

    await asyncio.gather(*(call(ids[n % accounts]) for n in range(callers)))
    return done / SECONDS


async def measure_engine(url: str, server: postgresql.PostgresqlServer | None) -> None:
    storage = open_storage(url)
    for accounts, callers in CASES:
        before, spent = syncs(server), processors(server)
        rate = await measure(storage, accounts, callers)
        spent = [(now - then) / rate / SECONDS * 1000 for now, then in zip(processors(server), spent, strict=True)]
        await asyncio.sleep(1.5)  # PostgreSQL publishes its numbers once a second
        per_sync = f", {rate * SECONDS / max(1, syncs(server) - before):.1f} a sync" if server else ""
        costs = " + ".join(f"{milliseconds:.2f}" for milliseconds in spent)
        print(f"  {accounts:3} accounts, {callers:3} callers: {rate:7,.0f} writes a second, {costs} ms each{per_sync}")
    await storage.close()


def processors(server: postgresql.PostgresqlServer | None) -> list[float]:
    """Seconds of processor time: ours, and the database server's."""
    return [time.process_time(), *([cpu_s(server.process.pid)] if server else [])]


def syncs(server: postgresql.PostgresqlServer | None) -> int:
    text = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"
    return int(server.run(text)[0][0] or 0) if server else 0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:{Path(folder) / 'heartline.db'}"
        prepare_database(url)
        print("sqlite")
        asyncio.run(measure_engine(url, None))
    postgresql.SETTINGS["fsync"] = "on"
    server = postgresql.PostgresqlServer()
    try:
        print("postgresql")
        asyncio.run(measure_engine(server.new_database(), server))
    finally:
        server.close()


if __name__ == "__main__":
    main()
