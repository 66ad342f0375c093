"""What `make bench` prints: the figures as tables."""

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.goals import verdicts
from bench.stream_cost import StreamCost

if TYPE_CHECKING:
    from bench.compare import Results

WIDTH = 140
GROWTH = (
    "70 messages of a conversation of up to 1,000",
    "70 of one that has half of all, at most 100,000",
    "70 messages of all conversations",
    "the last 10 events",
)
"""What is read from each database, in this order."""


def show(results: "Results") -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    r = results
    console.print(
        f"\n{r.machine}, {r.cores} cores, Python {r.python}, revision {r.revision}; load average at the start "
        f"{r.load_average:.2f}\n{r.size.sockets:,} idle sockets, each of its own account, pinged every 3 s; "
        f"medians of {r.rounds} rounds; fan-out to {r.size.fan_out:,} sockets of one account\n"
    )
    console.print(_streams(results.stream))
    console.print(_requests(results))
    console.print(_growth(results))
    if shared := r.shared:
        console.print(f"All {shared.sockets:,} sockets of one account: {shared.user_kib:.2f} KiB each")
    if full := r.full_node:
        console.print(
            f"{full.sockets:,} sockets while another account uploads its history ({full.rows_a_s:,.0f} rows/s): worst gap "
            f"between two pings {full.worst_gap_s:.2f} s, longest stall of the loop {full.stall_ms:.0f} ms"
        )
    if restart := r.restart:
        console.print(
            f"{restart.sockets:,} clients back at once after a restart: {restart.seconds:.1f} s until all are subscribed, "
            f"{restart.cpu_s:.1f} s of processor time, at most {restart.peak_mib:.0f} MiB"
        )
    for verdict in verdicts(r):
        console.print(f"{'met' if verdict.met else 'NOT met':8}{verdict.goal}: {verdict.measured}")
    for line in r.missing:
        console.print(f"[yellow]{line}[/]")


def _streams(costs: list[StreamCost]) -> Table:
    table = Table(title="The stream")
    heads = (
        "KiB a socket,\nuser space",
        "kernel",
        "CPU ms for\n10,000 pings",
        "worst gap\nof pings, s",
        "subscribes\na CPU s",
        "publish to delivery, ms\np50 / p99 / max",
        "fan-out,\nCPU us a delivery",
        "load gen.\n% of a core",
    )
    table.add_column("")
    for head in heads:
        table.add_column(head, justify="right")
    for c in costs:
        table.add_row(
            c.name,
            f"{c.user_kib:.2f}",
            f"{c.kernel_kib:.1f}",
            f"{c.ping_cpu_ms:.0f}",
            f"{c.worst_gap_s:.2f}",
            f"{c.subscribes_a_cpu_s:,.0f}",
            f"{c.delivery_p50_ms:.2f} / {c.delivery_p99_ms:.2f} / {c.delivery_max_ms:.1f}",
            f"{c.fan_out_cpu_us:.1f}",
            f"{c.load_cpu_percent:.1f}",
        )
    return table


def _requests(results: "Results") -> Table:
    table = Table(title="REST")
    table.add_column("")
    for head in ("a CPU s", "p50 ms", "p99 ms"):
        table.add_column(head, justify="right")
    for cost in results.api:
        table.add_row(cost.what, f"{cost.a_cpu_s:,.0f}", f"{cost.p50_ms:.1f}", f"{cost.p99_ms:.1f}")
    for upload in results.uploads:
        table.add_row(
            f"first upload of {upload.rows:,}, {upload.at_once} request(s) at a time: {upload.rows_a_s:,.0f} rows/s",
            f"{upload.rows_a_cpu_s:,.0f}",
            "",
            f"stall {upload.stall_ms:.0f}",
        )
    return table


def _growth(results: "Results") -> Table:
    table = Table(title="CPU us a request, by what is stored")
    sizes = list(dict.fromkeys((grown.accounts, grown.rows) for grown in results.growth))
    table.add_column("")
    for accounts, rows in sizes:
        table.add_column(f"{rows:,} rows" if accounts == 1 else f"{accounts:,} accounts", justify="right")
    columns = [[g for g in results.growth if (g.accounts, g.rows) == size] for size in sizes]
    for place, name in enumerate(GROWTH):
        table.add_row(name, *(f"{column[place].cpu_us:.0f}" for column in columns))
    return table
