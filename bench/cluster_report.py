"""What `make bench-cluster` found, as it stands in docs/scaling.md."""

import statistics
from collections.abc import Iterable
from typing import NamedTuple

from bench.document import table, write
from bench.report import ROOT

PAGE = ROOT / "docs" / "scaling.md"
FULL = 0.9
"""Part of a processor, or of all of them, from which on it is what limits."""


class Way(NamedTuple):
    """How long events took over one bus, in milliseconds from the request on; the same events in each list."""

    bus: str
    near: list[float]
    """To a socket of the same node."""
    far: list[float]
    """To one of another node."""


class Rate(NamedTuple):
    """Events a second that were taken, and the processors that were busy with it, in seconds a second."""

    what: str
    bus: str
    nodes: int
    events: float
    busiest_node: float
    all_nodes: float
    postgresql: float
    load_generator: float
    machine: float
    """All processors, other programs included."""


class Found(NamedTuple):
    machine: str
    cores: int
    python: str
    load_average: float
    ways: list[Way]
    rates: list[Rate]


def lines(found: Found) -> Iterable[str]:
    """Markdown."""
    yield (
        f"{found.machine}, {found.cores} cores, Python {found.python}, PostgreSQL with `fsync`, the load generator on the "
        f"same machine; load average when it began {found.load_average:.2f}."
    )
    yield ""
    heads = ("the way of an event, ms (p50 / p99)", "to a socket of the same node", "of another node", "the hop alone")
    yield from table(heads, [(f"`{way.bus}`", *_ways(way)) for way in found.ways])
    yield ""
    yield from table(
        (
            "",
            "nodes",
            "events a second",
            "cores busy: the busiest node",
            "all nodes",
            "PostgreSQL",
            "load generator",
            "the machine",
            "the limit",
        ),
        [
            (
                f"{rate.what}, `{rate.bus}`" if rate.bus else rate.what,
                f"{rate.nodes or ''}",
                f"{rate.events:,.0f}",
                *(f"{busy:.2f}" if busy else "" for busy in rate[4:]),
                limit(rate, found.cores),
            )
            for rate in found.rates
        ],
    )
    yield ""
    yield "From one node to three, events a second: " + "; ".join(_growth(found.rates)) + "."
    yield ""
    yield "Events for one core's second of nodes and of PostgreSQL, one node: " + "; ".join(_a_core(found.rates)) + "."


def limit(rate: Rate, cores: int) -> str:
    """What was used up first."""
    if rate.machine >= FULL * cores:
        shares = {"nodes": rate.all_nodes, "PostgreSQL": rate.postgresql, "load generator": rate.load_generator}
        others = rate.machine - sum(shares.values())
        name = max(shares, key=lambda part: shares[part]) if max(shares.values()) > others else "other programs"
        return f"all processors, mostly for {name}"
    if rate.busiest_node >= FULL:
        return "the node's one processor"
    return "PostgreSQL's disk"


def document(found: Found) -> None:
    """Put it into the page. Raises `ValueError` when that lacks a mark."""
    write(PAGE, lines(found))


def _ways(way: Way) -> list[str]:
    hop = [there - here for here, there in zip(way.near, way.far, strict=True)]
    return [
        f"{statistics.median(times):.2f} / {statistics.quantiles(times, n=100)[98]:.2f}"
        for times in (way.near, way.far, hop)
    ]


def _growth(rates: list[Rate]) -> Iterable[str]:
    ones = {(rate.what, rate.bus): rate.events for rate in rates if rate.nodes == 1}
    for rate in rates:
        if rate.nodes > 1 and (one := ones.get((rate.what, rate.bus))):
            yield f"{rate.what}, `{rate.bus}`, {rate.events / one:.2f} times as many"


def _a_core(rates: list[Rate]) -> Iterable[str]:
    for rate in rates:
        if rate.nodes == 1:
            node, database = rate.events / rate.all_nodes, rate.events / rate.postgresql
            yield f"{rate.what}, `{rate.bus}`, {node:,.0f} and {database:,.0f}"
