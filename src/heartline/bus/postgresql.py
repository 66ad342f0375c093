"""Hints over PostgreSQL's LISTEN and NOTIFY: nothing else to run.

All nodes listen to one channel: PostgreSQL wakes every listening session for every notification of the database in any
case, and goes through a session's channels one by one (docs/decisions.md has the measurement). A NOTIFY within the
transaction of a request would make all commits wait for each other, so hints are sent after it, many at once, on a
connection of their own.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

from heartline.bus import Hint, decode, encode
from heartline.bus.outbox import Outbox

logger = structlog.get_logger()

CHANNEL = "heartline"
CONNECT_S = 5
"""How long one attempt to connect may take."""
RETRY_S = 0.5
"""Pause between two attempts."""
BATCH = 500
"""Hints in one statement: at most 4 MB."""
SEND_S = 5
"""How long one statement may take before the connection is given up."""
QUIET_S = 10
"""Silence after which the listening connection is tested."""


class PostgresqlBus:
    """See `bus.Bus` for the promises."""

    def __init__(self, url: str) -> None:
        self.on_hint: Callable[[Hint], None] = lambda hint: None
        self.on_up: Callable[[], None] = lambda: None
        self._url = url
        self._name = secrets.token_hex(4)
        self._wanted: set[int] = set()
        self._outbox = Outbox()
        self._listens = self._sends = False
        loops = (self._again(self._listen), self._again(self._send))
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    @property
    def up(self) -> bool:
        return self._listens and self._sends

    def publish(self, hint: Hint) -> None:
        if self.up:
            self._outbox.put(hint)

    def subscribe(self, account: int) -> None:
        self._wanted.add(account)

    def unsubscribe(self, account: int) -> None:
        self._wanted.discard(account)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again(self, work: Callable[["psycopg.AsyncConnection[Any]"], Any]) -> None:
        """Work on a connection; on a new one when that fails."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_S, application_name="heartline bus"
                ) as connection:
                    await work(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                if self.up:
                    logger.warning("the bus is gone: events of other nodes come late", error=type(error).__name__)
                if work == self._listen:
                    self._listens = False
                else:
                    self._sends = False
                self._outbox.clear()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        logger.info("listening to PostgreSQL")
        self._listens = True
        self.on_up()
        while True:
            async for notification in connection.notifies(timeout=QUIET_S):
                hint = decode(notification.payload, self._name)
                if hint is not None and hint.account in self._wanted:
                    self.on_hint(hint)
            async with asyncio.timeout(SEND_S):
                await connection.execute("SELECT 1")

    async def _send(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        self._sends = True
        while True:
            hints = await self._outbox.take(BATCH)
            payloads = [encode(hint, self._name).decode() for hint in hints]
            async with asyncio.timeout(SEND_S):
                await connection.execute(
                    "SELECT pg_notify(%s, hint) FROM unnest(%s::text[]) AS hint", (CHANNEL, payloads)
                )
