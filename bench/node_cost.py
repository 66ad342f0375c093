"""What only Heartline is asked: one account with all sockets, a full node, a restart, REST, uploads, and growth."""

import asyncio
from pathlib import Path

import msgspec

from bench.api_cost import (
    BATCH_ROWS,
    UPLOADERS,
    ApiCost,
    Upload,
    bodies,
    longest_stall,
    measure_requests,
    measure_upload,
)
from bench.load import Load
from bench.machine import KIB, cpu_s, peak_bytes, pss_bytes
from bench.rest import Rest
from bench.seed import account_id, add_accounts, add_conversations, add_events, add_few_messages, add_messages
from bench.stream_cost import Size
from bench.targets import Heartline

MESSAGES = "/api/v1/messages"
CONVERSATIONS = "/api/v1/conversations/index_public_unarchived"
LARGE_SHARE = 50
"""One large request is made for so many small ones."""
GROWTH_REQUESTS = 400
KEPT_EVENTS = 99_000
"""A little less than a log keeps by default."""
MANY_IN_FLIGHT = 100_000
"""More than there are clients: all come at once."""


class Shared(msgspec.Struct, frozen=True):
    """All sockets of one account."""

    sockets: int
    user_kib: float


class FullNode(msgspec.Struct, frozen=True):
    """As many sockets as one process may hold, while another account uploads its history."""

    sockets: int
    worst_gap_s: float
    stall_ms: float
    rows_a_s: float
    ping_cpu_ms: float


class Restart(msgspec.Struct, frozen=True):
    """The server is killed and started again, and all clients are back at once."""

    sockets: int
    seconds: float
    """From the first connection until all are subscribed."""
    cpu_s: float
    peak_mib: float


class Grown(msgspec.Struct, frozen=True):
    """A list or a replay, read from a database of some size."""

    what: str
    accounts: int
    rows: int
    """Messages of the account that is asked, of which the conversation has `conversation_rows`."""
    conversation_rows: int
    cpu_us: float
    """Of the server, a request."""
    p50_ms: float


async def measure_shared(folder: Path, sockets: int, settle_s: float) -> Shared:
    async with Heartline(folder) as target, Load(sockets) as load:
        account = (await target.accounts(1))[0]
        await load.open(target.port, target.path, [account] * 200)
        await load.close()
        await asyncio.sleep(1.0)
        before = pss_bytes(target.pid)
        await load.open(target.port, target.path, [account] * sockets)
        await load.watch(settle_s)
        return Shared(sockets, (pss_bytes(target.pid) - before) / sockets / KIB)


async def measure_full_node(folder: Path, sockets: int, rows: int, size: Size) -> FullNode:
    async with (
        Heartline(folder) as target,
        Load(sockets) as load,
        Rest(target.port) as rest,
        Rest(target.port) as probe,
    ):
        accounts = await target.accounts(sockets + 1)
        await load.open(target.port, target.path, accounts[:sockets])
        await load.watch(size.settle_s)
        done = asyncio.Event()
        waiting = bodies(rows, BATCH_ROWS)  # made before, as it would stop the probe

        async def upload() -> float:
            begin_s = asyncio.get_running_loop().time()
            for body in waiting:
                await rest.post(f"{MESSAGES}/add?account_id={accounts[-1]}", body)
            return rows / (asyncio.get_running_loop().time() - begin_s)

        begin_s = cpu_s(target.pid)
        stall = asyncio.create_task(longest_stall(probe, done))
        watched, rows_a_s = await asyncio.gather(load.watch(size.watch_s), upload())
        used_s = cpu_s(target.pid) - begin_s
        done.set()
        return FullNode(
            sockets, watched.worst_gap_s, await stall * 1000, rows_a_s, used_s / watched.pings * 10_000 * 1000
        )


async def measure_restart(folder: Path, sockets: int) -> Restart:
    async with Heartline(folder) as target, Load(sockets) as load:
        accounts = await target.accounts(sockets)
        await load.open(target.port, target.path, accounts)
        await load.close()
        await target.server.kill_and_start()
        begin_s = cpu_s(target.pid)
        seconds = await load.open(target.port, target.path, accounts, in_flight=MANY_IN_FLIGHT, persistent=True)
        return Restart(sockets, seconds, cpu_s(target.pid) - begin_s, peak_bytes(target.pid) / KIB / KIB)


async def measure_api(folder: Path, upload_rows: int, requests: int) -> tuple[list[ApiCost], list[Upload]]:
    large = requests // LARGE_SHARE
    async with Heartline(folder) as target:
        accounts = await target.accounts(8)
        async with Rest(target.port) as rest:  # so that all code is loaded
            for body in bodies(20 * BATCH_ROWS, BATCH_ROWS):
                await rest.post(f"{MESSAGES}/add?account_id={accounts[0]}", body)
        await asyncio.to_thread(add_conversations, folder / "data" / "heartline.db", 0, 500)
        uploads = [
            await measure_upload(target, accounts[1 + i], upload_rows, at_once) for i, at_once in enumerate(UPLOADERS)
        ]
        single, batches = bodies(requests, 1), bodies(large * BATCH_ROWS, BATCH_ROWS)
        full = accounts[1]
        costs = [
            await measure_requests(
                target,
                "POST messages/add, 1 row",
                requests,
                lambda rest, n: rest.post(f"{MESSAGES}/add?account_id={accounts[5]}", single[n]),
            ),
            await measure_requests(
                target,
                f"POST messages/add, {BATCH_ROWS} rows",
                large,
                lambda rest, n: rest.post(f"{MESSAGES}/add?account_id={accounts[6]}", batches[n]),
            ),
            await measure_requests(
                target,
                "GET messages, 70 rows",
                requests,
                lambda rest, n: rest.get(f"{MESSAGES}?account_id={full}&conversation_id={n % 200 + 1}&limit=70"),
            ),
            await measure_requests(
                target,
                "GET messages, 5000 rows",
                large,
                lambda rest, n: rest.get(f"{MESSAGES}?account_id={full}&limit=5000&offset={n}"),
            ),
            await measure_requests(
                target,
                "GET conversations/index_public_unarchived, 450 rows",
                requests // 4,
                lambda rest, n: rest.get(f"{CONVERSATIONS}?account_id={accounts[0]}"),
            ),
        ]
    return costs, uploads


async def measure_growth(folder: Path, largest: int) -> list[Grown]:
    """Databases of 10^3 rows to the largest number, then of many accounts."""
    grown = []
    rows = 1_000
    while rows <= largest:
        grown += await _grown(folder / f"rows-{rows}", accounts=1, rows=rows)
        rows *= 10
    for accounts in (1_000, 100_000):
        if accounts * 10 <= largest:
            grown += await _grown(folder / f"accounts-{accounts}", accounts=accounts, rows=1_000)
    return grown


async def _grown(folder: Path, *, accounts: int, rows: int) -> list[Grown]:
    folder.mkdir()
    database = folder / "data" / "heartline.db"
    half = min(rows // 2, 100_000)
    await asyncio.to_thread(_fill, database, accounts, rows, half)
    account = account_id(0)
    small = min(1_000, half)
    paths = {
        f"GET messages?limit=70, small conversation, {small:,}": (small, f"{MESSAGES}?limit=70&conversation_id=2"),
        f"GET messages?limit=70, large conversation, {half:,}": (half, f"{MESSAGES}?limit=70&conversation_id=1"),
        "GET messages?limit=70, all": (rows, f"{MESSAGES}?limit=70"),
        "GET events after a cursor, 10 of them": (0, "/api/v1/events?after="),
    }
    grown = []
    async with Heartline(folder) as target:
        async with Rest(target.port) as rest:
            page = msgspec.json.decode(await rest.get(f"/api/v1/events?account_id={account}"))
            for body in bodies(10, 1, first=10**12):
                await rest.post(f"{MESSAGES}/add?account_id={account}", body)
        for what, (size, path) in paths.items():
            url = f"{path}{page['cursor']}" if path.endswith("=") else path
            url += f"&account_id={account}"
            cost = await measure_requests(target, what, GROWTH_REQUESTS, lambda rest, _, url=url: rest.get(url))
            grown.append(Grown(what, accounts, rows, size, 1e6 / cost.a_cpu_s, cost.p50_ms))
    await asyncio.to_thread(_remove, database)
    return grown


def _fill(database: Path, accounts: int, rows: int, half: int) -> None:
    add_accounts(database, accounts)
    add_messages(database, 0, 2, min(1_000, half))
    add_messages(database, 0, 1, half)
    add_messages(database, 0, 3, max(rows - half - min(1_000, half), 0))
    add_events(database, 0, min(rows, KEPT_EVENTS))
    add_few_messages(database, range(1, accounts), 10)


def _remove(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
