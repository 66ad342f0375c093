"""What REST costs: requests a second of the server's processor time, and the first upload of a phone."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from bench.machine import cpu_s
from bench.rest import Rest
from bench.seed import CIPHER, FIRST_MS
from bench.targets import Heartline

CALLERS = 16
"""Connections that ask at once."""
BATCH_ROWS = 300
"""What the apps send in one request of their first upload."""
UPLOADERS = (1, 4)
"""Requests of an upload that are under way at once: the original app sends one after the other."""
PROBE_EVERY_S = 0.005


class ApiCost(msgspec.Struct, frozen=True):
    """One kind of request."""

    what: str
    requests: int
    a_cpu_s: float
    """Requests for a second of the server's processor time."""
    p50_ms: float
    p99_ms: float


class Upload(msgspec.Struct, frozen=True):
    """A first upload, in requests of `BATCH_ROWS`."""

    rows: int
    at_once: int
    rows_a_s: float
    rows_a_cpu_s: float
    stall_ms: float
    """The longest wait meanwhile for a reply that needs nothing but the event loop."""


def bodies(rows: int, batch: int, first: int = 1) -> list[bytes]:
    """The bodies of an upload."""
    encode = msgspec.json.encode
    return [
        encode({"messages": [_message(number) for number in range(begin, min(begin + batch, first + rows))]})
        for begin in range(first, first + rows, batch)
    ]


def _message(number: int) -> dict[str, object]:
    return {
        "device_id": number,
        "device_conversation_id": number % 200 + 1,
        "message_type": number % 2,
        "data": CIPHER,
        "timestamp": FIRST_MS + number * 1000,
        "mime_type": CIPHER[:28],
        "read": True,
        "seen": True,
        "message_from": CIPHER if number % 3 == 0 else None,
        "color": None,
        "sent_device": -1,
        "sim_stamp": None,
    }


async def measure_requests(
    target: Heartline, what: str, count: int, ask: Callable[[Rest, int], Awaitable[object]]
) -> ApiCost:
    """Ask so many times over `CALLERS` connections."""
    seconds: list[float] = []

    async def call(caller: int) -> None:
        async with Rest(target.port) as rest:
            for number in range(caller, count, CALLERS):
                begin_s = time.monotonic()
                await ask(rest, number)
                seconds.append(time.monotonic() - begin_s)

    begin_s = cpu_s(target.pid)
    await asyncio.gather(*(call(caller) for caller in range(CALLERS)))
    used_s = cpu_s(target.pid) - begin_s
    seconds.sort()
    return ApiCost(what, count, count / used_s, seconds[count // 2] * 1000, seconds[int(count * 0.99)] * 1000)


async def measure_upload(target: Heartline, account: str, rows: int, at_once: int) -> Upload:
    """A phone uploads all its messages; the account must be new."""
    waiting = bodies(rows, BATCH_ROWS)
    waiting.reverse()

    async def upload() -> None:
        async with Rest(target.port) as rest:
            while waiting:
                await rest.post(f"/api/v1/messages/add?account_id={account}", waiting.pop())

    async with Rest(target.port) as rest:
        await rest.get("/")
        done = asyncio.Event()
        probe = asyncio.create_task(longest_stall(rest, done))
        begin_s, begin_cpu_s = time.monotonic(), cpu_s(target.pid)
        await asyncio.gather(*(upload() for _ in range(at_once)))
        elapsed_s, used_s = time.monotonic() - begin_s, cpu_s(target.pid) - begin_cpu_s
        done.set()
        stall_s = await probe
    return Upload(rows, at_once, rows / elapsed_s, rows / used_s, stall_s * 1000)


async def longest_stall(rest: Rest, done: asyncio.Event) -> float:
    """Ask for the front page every few milliseconds until it is over; the longest reply time."""
    longest_s = 0.0
    while not done.is_set():
        begin_s = time.monotonic()
        await rest.get("/")
        longest_s = max(longest_s, time.monotonic() - begin_s)
        await asyncio.sleep(PROBE_EVERY_S)
    return longest_s
