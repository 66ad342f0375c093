"""`make bench-cluster`: what a hop over each bus costs, and how many events a second one node and three take.

Everything runs on this machine, the load generator included: with few processors three nodes cannot be three times as
fast as one, which the figures of processor time show.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

import psutil

from bench.cluster_database import events_a_second
from bench.cluster_load import Caller, Listener, request, saturate
from bench.cluster_report import Found, Rate, Way, document, lines
from bench.machine import cpu_s
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
WARM_UP_S = 1
"""Load before it counts: connections are made, statements prepared."""
EVENT_BYTES = 170
"""What an event of the first kind of load has."""
WAIT_S = 30.0

T = TypeVar("T", Way, Rate)


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


async def count_events(database: str, nodes: list[Node], seconds: float, batch: int, meter: "Meter") -> float:
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
    make = one if batch == 1 else many
    await saturate(urls, CALLERS, WARM_UP_S, make)
    meter.start()
    begin_s = time.monotonic()
    answered = await saturate(urls, CALLERS, seconds, make)
    took_s = time.monotonic() - begin_s
    meter.stop()
    return answered * batch / took_s


def processor_s(process: int) -> float:
    """Seconds of processor time of a process and its children, also of those that have ended, since they started."""
    ended = psutil.Process(process).cpu_times()
    return cpu_s(process) + ended.children_user + ended.children_system


def machine_s() -> float:
    """Seconds for which the processors of this machine were busy."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice


class Meter:
    """How many processors are busy, from `start` on."""

    def __init__(self, server: PostgresqlServer, nodes: list[Node]) -> None:
        self._processes = [*(node.process.pid for node in nodes), server.process.pid]

    def _read(self) -> list[float]:
        return [*map(processor_s, self._processes), sum(os.times()[:4]), machine_s(), time.monotonic()]

    def start(self) -> None:
        self._before = self._read()

    def stop(self) -> None:
        *spent, seconds = (now - before for now, before in zip(self._read(), self._before, strict=True))
        *self.nodes, self.postgresql, self.load_generator, self.machine = (part / seconds for part in spent)

    def rate(self, what: str, bus: str, events: float) -> Rate:
        busiest = max(self.nodes, default=0)
        busy = (busiest, sum(self.nodes), self.postgresql, self.load_generator, self.machine)
        return Rate(what, bus, len(self.nodes), events, *busy)


def time_ways(events: int) -> Iterator[Way]:
    for bus in ("nats", "postgresql"):
        with cluster(bus, 2) as (_, database, nodes):
            yield Way(bus, *asyncio.run(time_hop(database, nodes, events)))


def measure_rates(seconds: int) -> Iterator[Rate]:
    for batch, what in ((1, "one event a request"), (BATCH, f"{BATCH} events a request")):
        for bus, number in (("local", 1), ("nats", 1), ("nats", 3), ("postgresql", 1), ("postgresql", 3)):
            with cluster(bus, number) as (server, database, nodes):
                meter = Meter(server, nodes)
                events = asyncio.run(count_events(database, nodes, seconds, batch, meter))
                yield meter.rate(what, bus, events)
    with cluster("local", 0) as (server, database, nodes):
        asyncio.run(open_accounts(database, ACCOUNTS))
        meter = Meter(server, nodes)
        meter.start()
        events = events_a_second(server, database, ACCOUNTS, EVENT_BYTES, seconds)
        meter.stop()
        yield meter.rate("PostgreSQL alone, the same statements by pgbench", "", events)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and shorter")
    parser.add_argument("--document", action="store_true", help="also put the figures into docs/scaling.md")
    options = parser.parse_args()
    events, seconds = (100, 2) if options.quick else (500, 10)
    found = Found(
        machine=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        load_average=os.getloadavg()[0],
        ways=list(_told(time_ways(events))),
        rates=list(_told(measure_rates(seconds))),
    )
    print("\n".join(["", *lines(found)]))
    if options.document:
        document(found)


def _told(measured: Iterator[T]) -> Iterator[T]:
    """Say that there is progress."""
    for number, one in enumerate(measured, 1):
        print(f"measured {number}: {type(one).__name__.lower()}", file=sys.stderr, flush=True)
        yield one


if __name__ == "__main__":
    main()
