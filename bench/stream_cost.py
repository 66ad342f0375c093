"""What the stream costs a server: memory and pings of idle clients, their coming, and an event on its way to them."""

import asyncio
import statistics
import time
from collections.abc import Sequence

import msgspec

from bench.load import Heard, Load, Watched
from bench.machine import KIB, cpu_s, pss_bytes, slab_bytes
from bench.rest import Rest
from bench.targets import Target

WARM_UP = 200
"""Clients that come and go before anything is measured: code is loaded, pools are filled."""
PUBLISH_EVERY_S = 0.02
FAN_OUT_EVERY_S = 0.1
GIVE_UP_S = 10.0
"""How long known clients wait for a ping before they leave: a server that is late is measured, one that loses clients
is not."""
GONE_S = 0.5
"""How long a server has to notice that all its clients have left."""
HEAR_S = 0.5
LATEST_S = 30.0
"""How long after the last publication its deliveries are waited for."""


class Size(msgspec.Struct, frozen=True):
    """How much is measured."""

    sockets: int
    watch_s: float
    events: int
    fan_out: int
    """Sockets of the one account."""
    fan_out_events: int
    settle_s: float
    """Between one part and the next."""


class StreamCost(msgspec.Struct, frozen=True):
    """Of one server in one round."""

    name: str
    sockets: int
    user_kib: float
    """PSS of the process tree for each subscribed socket."""
    kernel_kib: float
    """Slab of the whole machine for each; both ends of each connection are on it."""
    ping_cpu_ms: float
    """Processor time for 10,000 pings."""
    fewest_pings: int
    """That any client got in the watch; all were checked."""
    lost_sockets: int
    worst_gap_s: float
    subscribes_a_cpu_s: float
    subscribe_s: float
    """Until all were subscribed."""
    delivery_p50_ms: float
    delivery_p99_ms: float
    delivery_max_ms: float
    fan_out_cpu_us: float
    """Processor time a delivery, with its share of the publication."""
    fan_out_p50_ms: float
    """Until the last socket had the event."""
    load_cpu_percent: float
    """Of one core, that the load generator used while pings were counted."""


async def measure_stream(target: Target, size: Size) -> StreamCost:
    """Raises `RuntimeError` when clients did not get what they should."""
    async with Load(size.sockets) as load, Rest(target.port) as rest:
        accounts = await target.accounts(max(size.sockets, WARM_UP))
        await _warm_up(target, load, rest, accounts, size.settle_s)
        before, slab = pss_bytes(target.pid), slab_bytes()
        begin_cpu_s = cpu_s(target.pid)
        subscribe_s = await load.open(
            target.port, target.path, accounts[: size.sockets], subprotocol=target.subprotocol
        )
        subscribe_cpu_s = cpu_s(target.pid) - begin_cpu_s
        await load.watch(size.settle_s)
        user, kernel = pss_bytes(target.pid) - before, slab_bytes() - slab
        idle, ping_cpu_s = await _watch(target, load, size.watch_s)
        _check_pings(target.name, idle, size)
        delivery_s = await _deliveries(target, load, rest, accounts[: size.sockets], size.events)
        await load.close()
        await asyncio.sleep(GONE_S)
        fan_out_us, last_s = await _fan_out(target, load, rest, accounts[0], size)
    return StreamCost(
        name=target.name,
        sockets=size.sockets,
        user_kib=user / size.sockets / KIB,
        kernel_kib=kernel / size.sockets / KIB,
        ping_cpu_ms=ping_cpu_s / idle.pings * 10_000 * 1000,
        fewest_pings=idle.fewest_pings,
        lost_sockets=idle.lost,
        worst_gap_s=idle.worst_gap_s,
        subscribes_a_cpu_s=size.sockets / subscribe_cpu_s,
        subscribe_s=subscribe_s,
        delivery_p50_ms=percentile(delivery_s, 50) * 1000,
        delivery_p99_ms=percentile(delivery_s, 99) * 1000,
        delivery_max_ms=max(delivery_s) * 1000,
        fan_out_cpu_us=fan_out_us,
        fan_out_p50_ms=percentile(last_s, 50) * 1000,
        load_cpu_percent=idle.cpu_s / idle.seconds * 100,
    )


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that is at least as large as so many per cent of them."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def middle(costs: Sequence[StreamCost]) -> StreamCost:
    """Of one server's rounds: the median of each figure."""
    names = [name for name in StreamCost.__struct_fields__ if name != "name"]
    return StreamCost(costs[0].name, **{n: statistics.median_low([getattr(cost, n) for cost in costs]) for n in names})


async def _warm_up(target: Target, load: Load, rest: Rest, accounts: list[str], settle_s: float) -> None:
    await load.open(target.port, target.path, accounts[:WARM_UP], subprotocol=target.subprotocol)
    for account in accounts[:WARM_UP]:
        await target.publish(rest, account, "0")
    await load.watch(settle_s)
    await load.close()
    await asyncio.sleep(GONE_S)


async def _watch(target: Target, load: Load, seconds: float) -> tuple[Watched, float]:
    begin_s = cpu_s(target.pid)
    watched = await load.watch(seconds)
    return watched, cpu_s(target.pid) - begin_s


def _check_pings(name: str, watched: Watched, size: Size) -> None:
    if watched.clients < size.sockets or not watched.fewest_pings or watched.worst_gap_s > GIVE_UP_S:
        raise RuntimeError(
            f"{name}: {watched.clients} of {size.sockets} clients stayed, one got {watched.fewest_pings} pings in "
            f"{size.watch_s:.0f} s, and one waited {watched.worst_gap_s:.1f} s for a ping"
        )


async def _deliveries(target: Target, load: Load, rest: Rest, accounts: list[str], events: int) -> list[float]:
    """From a request that publishes to the event at its one client, for clients all over the crowd, while all get pings."""
    several = [accounts[number * 7919 % len(accounts)] for number in range(events)]
    sent_s = await _publish(target, rest, several, PUBLISH_EVERY_S)
    heard = await _hear(target.name, load, events, clients=1)
    return [heard[mark].last_s - at_s for mark, at_s in sent_s.items()]


async def _fan_out(target: Target, load: Load, rest: Rest, account: str, size: Size) -> tuple[float, list[float]]:
    """Processor time (in us) a delivery to one of many sockets of an account, and how long the last one waited."""
    await load.open(target.port, target.path, [account] * size.fan_out, subprotocol=target.subprotocol)
    idle, idle_cpu_s = await _watch(target, load, size.watch_s / 2)
    begin_s, begin_cpu_s = time.monotonic(), cpu_s(target.pid)
    sent_s = await _publish(target, rest, [account] * size.fan_out_events, FAN_OUT_EVERY_S)
    heard = await _hear(target.name, load, size.fan_out_events, clients=size.fan_out)
    used_cpu_s = cpu_s(target.pid) - begin_cpu_s - idle_cpu_s * (time.monotonic() - begin_s) / idle.seconds
    last_s = [heard[mark].last_s - at_s for mark, at_s in sent_s.items()]
    return used_cpu_s / (size.fan_out * size.fan_out_events) * 1e6, last_s


async def _publish(target: Target, rest: Rest, accounts: list[str], every_s: float) -> dict[str, float]:
    """Publish an event for each of the accounts; when each was sent, by its mark."""
    sent_s: dict[str, float] = {}
    for number, account in enumerate(accounts, 1):
        sent_s[str(number)] = time.monotonic()
        await target.publish(rest, account, str(number))
        await asyncio.sleep(every_s)
    return sent_s


async def _hear(name: str, load: Load, events: int, *, clients: int) -> dict[str, Heard]:
    """What arrived of so many events, once all of it has. Raises `RuntimeError` when it does not."""
    heard: dict[str, Heard] = {}
    end_s = time.monotonic() + LATEST_S
    while sum(event.clients for event in heard.values()) < events * clients and time.monotonic() < end_s:
        for mark, more in (await load.watch(HEAR_S)).heard.items():
            heard[mark] = heard[mark].joined(more) if mark in heard else more
    wrong = sum(mark not in heard or heard[mark].clients != clients for mark in map(str, range(1, events + 1)))
    if wrong:
        raise RuntimeError(f"{name}: {wrong} of {events} events did not reach each of {clients} sockets once")
    return heard
