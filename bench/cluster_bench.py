"""`make bench-cluster`: what a hop over each bus costs, and how many events a second one node and three take.

Everything runs on this machine, the load generator included: with few processors three nodes cannot be three times as
fast as one, which the figures of processor time show.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psutil

from bench.cluster_load import Caller, Listener, request, saturate
from tests.cluster.parts import Nats, Node
from tests.cluster.traffic import open_accounts
from tests.postgresql import PostgresqlServer

ACCOUNTS = 50
CALLERS = 64
BATCH = 100
"""Messages in one request of the second kind of load."""
PAUSE_S = 0.02
"""Between two events whose way is timed, so that none waits for another."""
WARM_UP = 20
WAIT_S = 30.0


@contextmanager
def cluster(bus: str, nodes: int) -> Iterator[tuple[PostgresqlServer, str, list[Node]]]:
    """A new database, and nodes on it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heartline-bench-")))
        server = PostgresqlServer(fsync="on", max_connections="200", shared_buffers="256MB")
        stack.callback(server.close)
        nats = Nats(folder)
        stack.callback(nats.stop)
        url = server.new_database()
        setting = nats.url if bus == "nats" else bus
        started = []
        for number in range(nodes):
            started.append(Node(folder, f"node-{number}", url, setting, log_level="warning"))
            stack.callback(started[-1].stop)
        yield server, url, started


async def time_hop(database: str, nodes: list[Node], events: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the request to a socket on the same node, and to one on another node."""
    (account_id,) = await open_accounts(database, 1)
    here, there = nodes[0].url, nodes[-1].url
    sent_s: dict[str, float] = {}
    async with Listener(here, account_id) as near, Listener(there, account_id) as far, Caller(here) as caller:
        for number in range(WARM_UP + events):
            text = str(number)
            body = {"to": "+15550002222", "message": text, "sent_device": 1}
            data = request(here, "/messages/forward_to_phone", account_id, body)
            sent_s[text] = time.monotonic()
            await caller.call(data)
            await asyncio.sleep(PAUSE_S)
        async with asyncio.timeout(WAIT_S):
            while len(far.came_s) < len(sent_s) or len(near.came_s) < len(sent_s):
                await asyncio.sleep(PAUSE_S)
    timed = list(sent_s)[WARM_UP:]
    return tuple([(way.came_s[text] - sent_s[text]) * 1000 for text in timed] for way in (near, far))  # type: ignore[return-value]


async def count_events(database: str, nodes: list[Node], seconds: float, batch: int) -> float:
    """Events a second that all nodes together take, each request with so many."""
    account_ids = await open_accounts(database, ACCOUNTS)
    numbers = count(1)

    def one(number: int, url: str) -> bytes:
        body = {"to": "+15550002222", "message": "x" * 100, "sent_device": 1}
        return request(url, "/messages/forward_to_phone", account_ids[number % ACCOUNTS], body)

    def many(number: int, url: str) -> bytes:
        messages = [
            {
                "device_id": next(numbers),
                "device_conversation_id": 1,
                "message_type": 0,
                "data": "x" * 100,
                "timestamp": 1,
                "mime_type": "text/plain",
            }
            for _ in range(batch)
        ]
        return request(url, "/messages/add", account_ids[number % ACCOUNTS], {"messages": messages})

    urls = [node.url for node in nodes]
    begin_s = time.monotonic()
    answered = await saturate(urls, CALLERS, seconds, one if batch == 1 else many)
    return answered * batch / (time.monotonic() - begin_s)


def processor_s(process: int) -> float:
    """Seconds of processor time of a process and its children, since they started."""
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and shorter")
    quick = parser.parse_args().quick
    events, seconds = (100, 2.0) if quick else (500, 8.0)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{os.cpu_count()} processors, load before: {load}; Python {platform.python_version()}; PostgreSQL with fsync"
    )
    print(f"Way of an event from the request to a socket, ms, {events} events, one at a time (p50 / p99):")
    for bus in ("nats", "postgresql"):
        with cluster(bus, 2) as (_, database, nodes):
            near, far = asyncio.run(time_hop(database, nodes, events))
        hop = [there - here for here, there in zip(near, far, strict=True)]
        print(f"  {bus:<12} same node {_two(near)}   other node {_two(far)}   the hop alone {_two(hop)}", flush=True)
    print(f"Events a second, {CALLERS} callers on {ACCOUNTS} accounts, and processors that were busy with it:")
    for batch in (1, BATCH):
        for bus, number in (("local", 1), ("nats", 1), ("nats", 3), ("postgresql", 1), ("postgresql", 3)):
            with cluster(bus, number) as (server, database, nodes):
                before = [processor_s(node.process.pid) for node in nodes], processor_s(server.process.pid)
                rate = asyncio.run(count_events(database, nodes, seconds, batch))
                spent = sum(processor_s(node.process.pid) for node in nodes) - sum(before[0])
                in_database = processor_s(server.process.pid) - before[1]
            print(
                f"  {batch:>3} a request, bus {bus:<10} {number} node{'s' * (number > 1):<1} {rate:>7.0f}/s"
                f"   nodes {spent / seconds:.2f}, PostgreSQL {in_database / seconds:.2f}",
                flush=True,
            )


def _two(values: list[float]) -> str:
    percentiles = statistics.quantiles(values, n=100)
    return f"{statistics.median(values):.2f} / {percentiles[98]:.2f}"


if __name__ == "__main__":
    main()
