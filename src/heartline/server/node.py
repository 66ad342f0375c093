"""One running server: its storage, its readers, and the few tasks that move time and news between them."""

import asyncio
import secrets
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from heartline.bus import Bus, Hint
from heartline.errors import MissingParameter, Overloaded, StorageFailure
from heartline.server.config import Config
from heartline.server.plain import Poller
from heartline.server.questions import Questions
from heartline.storage import Committed, SqlTx, Storage, log
from heartline.stream import frames
from heartline.stream.connection import Connection, Stream
from heartline.stream.cursors import Key
from heartline.stream.hub import Hub
from heartline.stream.log import PAGE_EVENTS, Event, Position
from heartline.stream.wheel import PING_INTERVAL_S, SLOTS

T = TypeVar("T")

UNABLE = (StorageFailure, Overloaded)
"""How a database says that it cannot do it now."""
RETRY_S = 1.0
"""Pause before the log is read again for a reader after the database failed."""
CURSORS_S = 0.5
"""How often the cursors of old clients are stored. After a crash they get again what came in this time and in the second
that a write needs to count as arrived."""
DECODERS = 2
"""Large bodies that are decoded at once, whoever sent them: a malicious one may take twenty times its size until it is
refused."""
TRIM_S = 60.0
"""How often old events are looked for."""
STOPPED_AT_ONCE = 200
STOP_PAUSE_S = 0.05
"""Sockets are closed in groups when the server stops, so that their clients do not all come back in one moment."""


class Follower(Protocol):
    def end(self) -> None: ...


class Node:
    """Ties the storage's commits to the hub and the bus, and is the `Log` that the hub reads."""

    def __init__(self, config: Config, storage: Storage, bus: Bus) -> None:
        self.config = config
        self.storage = storage
        self.bus = bus
        self.name = secrets.token_hex(8)
        """Tells this process from all others that there ever were on the database."""
        self._questions = Questions(storage)
        self.hub = Hub(self)
        self.stream = Stream(self.hub, config.stall_s)
        self.poller = (
            Poller(asyncio.get_running_loop(), config.socket_buffer_bytes) if sys.platform == "linux" else None
        )
        self.followers: set[Follower] = set()
        """Replies that stay open until the server stops."""
        self.decoders = ThreadPoolExecutor(DECODERS, "heartline-decoder")
        """Where large bodies are decoded."""
        self._stopping: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        storage.on_commit = self._publish
        self._looks = 0
        """Times that somebody wanted the logs compared since that began last."""
        storage.on_foreign_commit = self.look_soon
        bus.on_up = self.look_soon
        bus.on_hint = self._hear
        self.spawn(self._turn_wheel())
        self.spawn(self._every(CURSORS_S, self._store_cursors))
        self.spawn(self._every(TRIM_S, self._trim))

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until it ends or the node closes."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self.poller is not None:
            self.poller.close()
        self._questions.close()
        await self.bus.close()
        with suppress(*UNABLE):
            await self._store_cursors()
        self.decoders.shutdown()
        await self.storage.close()

    def stop_followers(self) -> None:
        """The server goes down: end the replies that would stay open."""
        for follower in tuple(self.followers):
            follower.end()

    def stop_later(self, connection: Connection) -> None:
        """Tell a client that the server goes down, and end its socket, when its turn comes."""
        self._stopping.append(connection)
        if len(self._stopping) == 1:
            self.spawn(self._stop_in_groups())

    async def _stop_in_groups(self) -> None:
        while self._stopping:
            group, self._stopping[:STOPPED_AT_ONCE] = self._stopping[:STOPPED_AT_ONCE], []
            for connection in group:
                connection.stop()
            await asyncio.sleep(STOP_PAUSE_S)

    async def find_account(self, account_id: str) -> int:
        """The number of an account. Raises `MissingParameter` for an empty id, `AccountIdInvalid`, `StorageFailure`."""
        if not account_id:
            raise MissingParameter("account_id")
        return await self._questions.ask(lambda tx: tx.bound(account_id).account)

    # --- the log, for the hub ---

    def position(
        self, account: int, since_ms: int | None, client_id: str, found: Callable[[Position | None], None]
    ) -> None:
        def look(tx: SqlTx) -> Position | None:
            return log.position(tx, account, since_ms)

        if not client_id:
            self.spawn(self._answer(lambda: self._questions.ask(look), found))
            return
        key = Key(account, client_id)
        in_memory = self.stream.cursors.claim(key)

        def claim(tx: SqlTx) -> Position | None:
            position = look(tx)
            return position and log.claim(tx, key, self.name, in_memory, position)

        self.spawn(self._answer(lambda: self.storage.write(claim), found))

    def read(self, account: int, after: int, found: Callable[[list[Event]], None]) -> None:
        def work(tx: SqlTx) -> list[Event]:
            return log.events(tx, account, after, PAGE_EVENTS)

        self.spawn(self._answer(lambda: self.storage.read(work), found))

    def follow(self, account: int) -> None:
        self.bus.subscribe(account)

    def unfollow(self, account: int) -> None:
        self.bus.unsubscribe(account)

    def renew(self, account: int) -> None:
        self.spawn(self.storage.write(lambda tx: log.renew_epoch(tx, account)))

    async def _answer(self, ask: Callable[[], Coroutine[Any, Any, T]], found: Callable[[T], None]) -> None:
        found(await self._until_it_works(ask))

    async def _until_it_works(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        while True:
            try:
                return await ask()
            except UNABLE:
                await asyncio.sleep(RETRY_S)

    # --- news ---

    def _publish(self, committed: Committed) -> None:
        if committed.ended:
            self.hub.end(committed.account, committed.messages)
        else:
            self.hub.publish(committed.account, committed.first_offset, committed.messages, epoch=committed.epoch)
        head = committed.first_offset + len(committed.messages) - 1
        self.bus.publish(Hint(committed.account, committed.epoch, head, committed.messages, committed.ended))

    def _hear(self, hint: Hint) -> None:
        """Another node has committed; or has said so before, or long ago."""
        if hint.ended:
            self.look_soon()
        elif hint.messages:
            first_offset = hint.head - len(hint.messages) + 1
            self.hub.publish(hint.account, first_offset, hint.messages, epoch=hint.epoch)
        else:
            self.hub.advance(hint.account, hint.head, epoch=hint.epoch)

    def look_soon(self) -> None:
        """Another process has, or may have, written, and this node may not have been told: compare what it knows with
        the logs."""
        self._looks += 1
        if self._looks == 1:
            self.spawn(self._look())

    async def _look(self) -> None:
        try:
            while self._looks:
                self._looks = 1
                await self._until_it_works(self._compare)
                self._looks -= 1
        finally:
            self._looks = 0

    async def _compare(self) -> None:
        """Look at all logs that have readers here, and let the readers go on where a log did."""
        known = self.hub.heads
        if not known:
            return
        for account, epoch, head in await self.storage.read(lambda tx: log.changed(tx, known)):
            if epoch is None or head is None:
                last = await self.storage.read(lambda tx, ended=account: log.last_message(tx, ended))  # type: ignore[misc]
                self.hub.end(account, last)
            elif known[account][0] == epoch and known[account][1] > head:
                # What was delivered is gone: the database has come back as it was some time ago.
                await self.storage.write(lambda tx, account=account: log.renew_epoch(tx, account))  # type: ignore[misc]
                self._looks += 1
            else:
                self.hub.advance(account, head, epoch=epoch)

    # --- time ---

    async def _turn_wheel(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.stream.wheel.turn(frames.ping(round(time.time())))
            # A late turn is not made up for: the next one keeps its distance.
            due = max(due + PING_INTERVAL_S / SLOTS, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _every(self, interval_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            try:
                await work()
            except UNABLE:
                continue  # logged where it happened; the next turn tries again

    async def _store_cursors(self) -> None:
        self.stream.note_cursors()
        changes = self.stream.cursors.take_changes()
        if not changes:
            return
        try:
            await self.storage.write(lambda tx: log.store_cursors(tx, changes, self.name))
        except UNABLE:
            self.stream.cursors.put_back(changes)
            raise

    async def _trim(self) -> None:
        """Forget what retention no longer asks for, a slice a transaction, so that writers never wait long for it."""
        days, events = self.config.retention_days, self.config.retention_events
        due = await self.storage.read(lambda tx: log.accounts_to_trim(tx, days, events))
        for account in due:
            while await self.storage.write(lambda tx, account=account: log.trim(tx, account, days, events)):  # type: ignore[misc]
                await asyncio.sleep(0)
        await self.storage.write(log.forget_old)
