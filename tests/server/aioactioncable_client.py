"""Follows an account's stream with aioactioncable and tells on standard output what happens, a JSON object a line.

The library blocks its caller and runs its socket in a thread, so it gets a process of its own.

    python aioactioncable_client.py ws://127.0.0.1:5050/stream?account_id=...
"""

import asyncio
import json
import logging
import sys
from typing import Any

import aioactioncable

WAIT_S = 60.0


def tell(event: str, value: Any = None) -> None:
    print(json.dumps({event: value}), flush=True)


class Frames(logging.Handler):
    """The library says in its log which control frames it has read."""

    def emit(self, record: logging.LogRecord) -> None:
        _, found, frame = record.getMessage().partition(" Type field received: ")
        if found:
            tell("frame", frame)


async def follow(url: str) -> None:
    async with aioactioncable.connect(url) as connection:
        tell("welcomed", connection.is_welcomed)
        subscription = await connection.subscribe({"channel": "NotificationsChannel"})
        tell("subscribed", subscription.identifier)
        async for message in subscription:
            tell("received", json.loads(message))


aioactioncable.connect.CONNECT_TIMEOUT = aioactioncable.connect.SUBSCRIPTION_TIMEOUT = WAIT_S
logging.getLogger("aioactioncable.connect").addHandler(Frames())
asyncio.run(follow(sys.argv[1]))
