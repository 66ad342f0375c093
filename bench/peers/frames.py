"""What the servers in Python say."""

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator

SLOTS = 30
SLOT_S = 0.1
WELCOME = '{"type":"welcome"}'
IDENTIFIER = json.dumps('{"channel":"NotificationsChannel"}')
CONFIRM = '{"identifier":%s,"type":"confirm_subscription"}' % IDENTIFIER  # noqa: UP031


def ping() -> str:
    return '{"type":"ping","message":%d}' % round(time.time())  # noqa: UP031


async def every_slot() -> AsyncIterator[int]:
    """The number of each slot when its pings are due. A late slot is not made up for: the next one keeps its distance."""
    due_s, number = time.monotonic(), 0
    while True:
        yield number % SLOTS
        due_s, number = max(due_s + SLOT_S, time.monotonic()), number + 1
        await asyncio.sleep(due_s - time.monotonic())


def event(text: str) -> str:
    return f'{{"identifier":{IDENTIFIER},"message":{text}}}'


def frame(text: str) -> bytes:
    """For a server that does this itself; a text of less than 64 KiB."""
    data = text.encode()
    size = struct.pack("!B", len(data)) if len(data) < 126 else struct.pack("!BH", 126, len(data))
    return b"\x81" + size + data
