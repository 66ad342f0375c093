"""One run of the jitter test: a server, cables that are cut, clients of every kind, and events over REST."""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.crowd import Crowd
from bench.cutter import Cutter
from bench.figures import Fault, Figures, Truth, measure
from bench.journal import Kind, Place
from bench.publisher import Publisher
from bench.server import Server

SUBSCRIBE_S = 30.0
CATCH_UP_S = 15.0
"""How long a client may take, once nothing is cut any more, to get what it lacks."""
SETTLE_S = 3.0
"""Then all stay for this long, so that what comes too often or too late is seen."""
SPARE_S = 60.0
"""What a run may take beyond all that before it is given up."""
POLL_S = 0.05
KILLS_AT = (1 / 3, 2 / 3)
"""When the server is killed, as shares of the time in which events are published."""


@dataclass(frozen=True, kw_only=True)
class Options:
    clients: int
    events: int
    seed: int
    cut_s: float
    packages: Path
    publish_s: float = 0.5
    offline_s: float = 1.0


class Run(msgspec.Struct, frozen=True):
    killed_s: list[float]
    """When the server was killed, from the first event on, as all times."""
    attempts: int
    """Requests that published an event, with those whose reply was lost."""
    acknowledged: int
    in_log: int
    acknowledged_not_in_log: int
    seconds: float
    figures: list[Figures]
    faults: list[Fault]
    """What went wrong, and what a client got twice; not what a plain client missed, as nobody promised it anything."""
    server_log: str

    @property
    def acceptable(self) -> bool:
        return not self.acknowledged_not_in_log and all(figures.acceptable for figures in self.figures)


async def run(options: Options, *, kill_server: bool) -> Run:
    """Everything that it starts has ended when it returns or raises; it takes a bounded time."""
    longest_s = options.events * options.publish_s + SUBSCRIBE_S + CATCH_UP_S + SETTLE_S + SPARE_S
    async with asyncio.timeout(longest_s), AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="heartline-jitter-")))
        server = await stack.enter_async_context(Server(folder))
        account_id = await server.sign_up()
        cursor = (await server.events(account_id)).cursor
        cutter = Cutter(server.port, seed=options.seed, interval_s=options.cut_s, offline_s=options.offline_s)
        stack.push_async_callback(cutter.close)
        lines = [await cutter.add_line() for _ in range(options.clients)]
        crowd = await stack.enter_async_context(Crowd(lines, account_id, _place(cursor), options.packages))
        if not await _until(crowd, lambda: all(journal.subscribed for journal in crowd.journals), SUBSCRIBE_S):
            raise RuntimeError(f"not every client could subscribe; the server says: {server.log}")
        begin_s = time.monotonic()
        publisher = Publisher(server, account_id)
        await _publish(options, server, cutter, publisher, kill_server=kill_server)
        page = await server.events(account_id, cursor)
        truth = Truth(
            _place(page.cursor).epoch,
            {event.content.message: event.offset for event in page.events},
            publisher.known_s,
        )
        await _until(crowd, lambda: _complete(crowd, truth), CATCH_UP_S)
        await asyncio.sleep(SETTLE_S)
        crowd.check()
        measured = [measure(kind, crowd.of(kind), truth, cuts=crowd.cuts(kind)) for kind in Kind]
        return Run(
            killed_s=[round(time_s - begin_s, 4) for time_s in server.killed_s],
            attempts=len(publisher.known_s),
            acknowledged=len(publisher.acknowledged),
            in_log=len(truth.offsets),
            acknowledged_not_in_log=len(publisher.acknowledged - truth.offsets.keys()),
            seconds=round(time.monotonic() - begin_s, 1),
            figures=[figures for figures, _ in measured],
            faults=[
                _since(begin_s, fault) for _, faults in measured for fault in faults if not _promised_nothing(fault)
            ],
            server_log=server.log,
        )


async def _publish(
    options: Options, server: Server, cutter: Cutter, publisher: Publisher, *, kill_server: bool
) -> None:
    """Publish everything while cables are cut, and the server is killed if it should be."""
    cutter.begin()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.publish(options.events, options.publish_s))
        if kill_server:
            tasks.create_task(_kill(server, options))
    cutter.rest()


async def _kill(server: Server, options: Options) -> None:
    """Kill the server at moments that have nothing to do with those of the events."""
    rng = random.Random(f"{options.seed}:kill")
    begin_s = time.monotonic()
    for share in KILLS_AT:
        at_s = options.publish_s * (options.events * share + rng.random())
        await asyncio.sleep(begin_s + at_s - time.monotonic())
        await server.kill_and_start()


def _complete(crowd: Crowd, truth: Truth) -> bool:
    """Whether everybody is here, and everybody who was promised everything has it."""
    return all(
        journal.subscribed and (journal.kind is Kind.PLAIN or journal.texts >= truth.offsets.keys())
        for journal in crowd.journals
    )


async def _until(crowd: Crowd, done: Callable[[], bool], longest_s: float) -> bool:
    end_s = time.monotonic() + longest_s
    while not (is_done := done()) and time.monotonic() < end_s:
        crowd.check()
        await asyncio.sleep(POLL_S)
    return is_done


def _place(cursor: str) -> Place:
    epoch, _, offset = cursor.rpartition(":")
    return Place(epoch, int(offset))


def _promised_nothing(fault: Fault) -> bool:
    return fault.kind is Kind.PLAIN and fault.what == "lost"


def _since(begin_s: float, fault: Fault) -> Fault:
    """The same with times that count from the first event."""

    def since(time_s: float | None) -> float | None:
        return None if time_s is None else round(time_s - begin_s, 4)

    return msgspec.structs.replace(
        fault,
        time_s=round(fault.time_s - begin_s, 4),
        before_s=since(fault.before_s),
        ended_s=since(fault.ended_s),
        confirmed_s=since(fault.confirmed_s),
    )
