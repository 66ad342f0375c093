"""`make bench`: Heartline and its peers in one run, alternating; prints tables, writes JSON and a chart.

`make bench-quick` is the same with fewer sockets and rows, in under two minutes.
"""

import asyncio
import os
import platform
import resource
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from cyclopts import App

from bench.api_cost import ApiCost, Upload
from bench.chart import draw
from bench.document import document as write_page
from bench.load import SPARE_FILES, TooFewFiles, check_file_limit
from bench.node_cost import (
    FullNode,
    Grown,
    Restart,
    Shared,
    measure_api,
    measure_full_node,
    measure_growth,
    measure_restart,
    measure_shared,
)
from bench.report import ROOT, revision
from bench.stream_cost import Size, StreamCost, measure_stream, middle
from bench.tables import show
from bench.targets import Target, all_targets

RESULT = ROOT / "bench" / "results" / "bench.json"
CHART = ROOT / "bench" / "results" / "bench.svg"
T = TypeVar("T")

app = App(name="compare", help="Measure what Heartline costs, beside other servers of the same protocol.")


class Results(msgspec.Struct, kw_only=True):
    machine: str
    cores: int
    python: str
    revision: str
    load_average: float
    """When the run began: what else the machine was doing."""
    size: Size
    rounds: int
    stream: list[StreamCost]
    """The median of each server's rounds."""
    every_round: list[StreamCost]
    missing: list[str]
    """Why a peer was not measured, or what of the rest failed."""
    shared: Shared | None = None
    full_node: FullNode | None = None
    restart: Restart | None = None
    api: list[ApiCost] = []
    uploads: list[Upload] = []
    growth: list[Grown] = []


@app.default
def compare(
    *,
    sockets: int | None = None,
    rounds: int | None = None,
    quick: bool = False,
    peers: bool = True,
    rows: int | None = None,
    document: bool = False,
    result: Path = RESULT,
    chart: Path = CHART,
) -> None:
    """Exit code 1 when clients of Heartline did not get what they should.

    Parameters
    ----------
    sockets
        Idle clients, each of an account of its own: 10,000, with --quick 500.
    rounds
        Times that all servers are measured, one after the other: 3, with --quick 1.
    quick
        A look in under two minutes, without the two slowest peers.
    peers
        Also measure the other servers.
    rows
        The largest database of the part on growth: 10,000,000, with --quick 1,000.
    document
        Also put the figures and the chart into docs/performance.md.
    result
        The JSON file to write.
    chart
        The SVG file to draw.
    """
    size = Size(
        sockets=sockets or (500 if quick else 10_000),
        settle_s=0.5 if quick else 3.0,
        watch_s=4.0 if quick else 12.0,
        events=30 if quick else 300,
        fan_out=100 if quick else 1_000,
        fan_out_events=5 if quick else 50,
    )
    try:
        check_file_limit(size.sockets)
    except TooFewFiles as error:
        sys.exit(str(error))
    try:
        results = asyncio.run(
            _all(size, rounds or (1 if quick else 3), rows or (1_000 if quick else 10**7), quick, peers, result)
        )
    except asyncio.CancelledError:
        sys.exit("stopped")
    _write(results, result)
    chart.write_text(draw(results.stream))
    if document:
        write_page(results)
    show(results)
    sys.exit(any(line.startswith("Heartline") for line in results.missing))


async def _all(size: Size, rounds: int, rows: int, quick: bool, peers: bool, result: Path) -> Results:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results = Results(
        machine=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 0,
        python=platform.python_version(),
        revision=revision(),
        load_average=os.getloadavg()[0],
        size=size,
        rounds=rounds,
        stream=[],
        every_round=[],
        missing=[],
    )
    with tempfile.TemporaryDirectory(prefix="heartline-bench-") as name:
        folder = Path(name)
        await _streams(results, all_targets(folder, quick=quick)[: None if peers else 1])
        _write(results, result)  # most of the time is spent by now
        for part in ("shared", "full", "restart", "api", "growth"):
            (folder / part).mkdir()
        full = 500 if quick else min(19_000, _most_sockets())
        upload_rows = 3_000 if quick else 50_000
        results.shared = await _try(results, measure_shared(folder / "shared", size.sockets, size.settle_s))
        results.full_node = await _try(results, measure_full_node(folder / "full", full, upload_rows, size))
        results.restart = await _try(results, measure_restart(folder / "restart", size.sockets))
        results.api, results.uploads = await _try(
            results, measure_api(folder / "api", upload_rows, 200 if quick else 2_000)
        ) or ([], [])
        results.growth = await _try(results, measure_growth(folder / "growth", rows)) or []
    return results


async def _streams(results: Results, targets: list[Callable[[], Target]]) -> None:
    costs: defaultdict[str, list[StreamCost]] = defaultdict(list)
    for round_ in range(results.rounds):
        for make in targets:
            target = make()
            _say(f"round {round_ + 1} of {results.rounds}: {target.name}")
            try:
                async with target:
                    cost = await measure_stream(target, results.size)
                    costs[target.name].append(cost)
            except Exception as error:  # whatever it is: half an hour of other figures must not be lost to it
                line = str(error) or type(error).__name__
                line = line if line.startswith(target.name) else f"{target.name}: {line}"
                if line not in results.missing:
                    results.missing.append(line)
    results.every_round = [cost for rounds in costs.values() for cost in rounds]
    results.stream = [middle(rounds) for rounds in costs.values()]


async def _try(results: Results, part: Awaitable[T]) -> T | None:
    name = getattr(part, "__name__", "").removeprefix("measure_").replace("_", " ")
    _say(name)
    try:
        return await part
    except Exception as error:  # see `_streams`
        results.missing.append(f"Heartline, {name}: {error or type(error).__name__}")
        return None


def _write(results: Results, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")


def _most_sockets() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_FILES


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
