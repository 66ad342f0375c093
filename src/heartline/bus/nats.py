"""Hints over NATS: a subject for each account, and each node subscribes to those of the accounts that it serves.

nats-py reconnects by itself, for ever, and subscribes again. Requests only fill the outbox, one task empties it, and another
subscribes: so a NATS server that is gone, or takes nothing, stops these two and nobody else.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from heartline.bus import Hint, decode, encode
from heartline.bus.outbox import Outbox

logger = structlog.get_logger()

SUBJECT = "heartline.account"
CONNECT_S = 2
"""How long one attempt to connect may take."""
RETRY_S = 1
"""Pause between two attempts."""
PING_S = 2
"""Pause between two pings to the server."""
PINGS_MISSED = 2
"""Pings without an answer after which a connection counts as dead."""
BATCH = 100
"""Hints, or changed subscriptions, that are sent in one go."""
PENDING_BYTES = 1024 * 1024
"""What may wait in the client for a server that takes nothing."""


class NatsBus:
    """See `bus.Bus` for the promises. The servers are URLs between commas, such as nats://HOST:4222."""

    def __init__(self, servers: str) -> None:
        self.on_hint: Callable[[Hint], None] = lambda hint: None
        self.on_up: Callable[[], None] = lambda: None
        self.up = False
        self._servers = [server.strip() for server in servers.split(",")]
        self._name = secrets.token_hex(4)
        self._client = Client()
        self._outbox = Outbox()
        self._wanted: set[int] = set()
        self._changed: dict[int, None] = {}
        """Accounts that came to or went from `_wanted`, in that order, each once: clients come and go also while NATS is
        away."""
        self._any_changed = asyncio.Event()
        self._subscriptions: dict[int, Subscription] = {}
        self._connected = asyncio.Event()
        self._tasks = [asyncio.create_task(work) for work in (self._connect(), self._send(), self._follow())]

    def publish(self, hint: Hint) -> None:
        if self.up:
            self._outbox.put(hint)

    def subscribe(self, account: int) -> None:
        self._wanted.add(account)
        self._change(account)

    def unsubscribe(self, account: int) -> None:
        self._wanted.discard(account)
        self._change(account)

    def _change(self, account: int) -> None:
        self._changed[account] = None
        self._any_changed.set()

    async def close(self) -> None:
        self.up = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError, OSError, nats.errors.Error):
            async with asyncio.timeout(CONNECT_S):
                await self._client.close()

    # --- the connection ---

    async def _connect(self) -> None:
        """Until it works once; after that nats-py sees to it."""
        told = False
        while True:
            try:
                await self._client.connect(
                    self._servers,
                    name="heartline",
                    connect_timeout=CONNECT_S,
                    reconnect_time_wait=RETRY_S,
                    max_reconnect_attempts=-1,
                    ping_interval=PING_S,
                    max_outstanding_pings=PINGS_MISSED,
                    pending_size=PENDING_BYTES,
                    no_echo=True,
                    error_cb=self._failed,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._found,
                )
            except (OSError, TimeoutError, nats.errors.Error) as error:
                if not told:
                    told = True
                    logger.warning("NATS cannot be reached, trying again", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            await self._found()
            return

    async def _found(self) -> None:
        logger.info("connected to NATS")
        self.up = True
        self._connected.set()
        self.on_up()

    async def _lost(self) -> None:
        if self.up:
            logger.warning("NATS is gone: events of other nodes come late until it is back")
        self.up = False
        self._connected.clear()
        self._outbox.clear()

    async def _failed(self, error: Exception) -> None:
        logger.debug("NATS failed", error=type(error).__name__)

    # --- the two tasks ---

    async def _send(self) -> None:
        while True:
            for hint in await self._outbox.take(BATCH):
                with suppress(OSError, nats.errors.Error):
                    if self.up:
                        await self._client.publish(_subject(hint.account), encode(hint, self._name))

    async def _follow(self) -> None:
        """Make the subscriptions what they should be. An account that comes and goes at once may cost nothing."""
        while True:
            await self._any_changed.wait()
            await self._connected.wait()
            account = next(iter(self._changed))
            del self._changed[account]
            if not self._changed:
                self._any_changed.clear()
            try:
                if account in self._wanted and account not in self._subscriptions:
                    subscription = await self._client.subscribe(_subject(account), cb=self._received)
                    self._subscriptions[account] = subscription
                elif account not in self._wanted and account in self._subscriptions:
                    await self._subscriptions.pop(account).unsubscribe()
            except (OSError, nats.errors.Error) as error:
                logger.debug("NATS subscription failed", error=type(error).__name__)
                self._change(account)
                await asyncio.sleep(RETRY_S)

    async def _received(self, message: Msg) -> None:
        hint = decode(message.data, self._name)
        if hint is not None:
            self.on_hint(hint)


def _subject(account: int) -> str:
    return f"{SUBJECT}.{account}"
