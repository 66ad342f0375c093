"""What a benchmark prints, with the conditions beside it, and the same as JSON."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.figures import IN_FLIGHT_S, Fault, Figures
from bench.journal import Kind
from bench.run import Options, Run

ROOT = Path(__file__).parents[1]
WIDTH = 120
"""Columns of the table where no terminal says how many there are."""
FAULTS_SHOWN = 10
HEADS = (
    "clients",
    "cuts",
    "ended",
    "delivered",
    "lost",
    "duplicates",
    "not in\nflight",
    "inversions",
    "catch-up\np50/p95",
)


class Conditions(msgspec.Struct, frozen=True):
    machine: str
    cores: int
    python: str
    revision: str
    seed: int
    clients: int
    events: int
    publish_s: float
    cut_s: float
    offline_s: float


class Results(msgspec.Struct, frozen=True):
    conditions: Conditions
    cut_cables: Run
    killed_server: Run


def conditions(options: Options) -> Conditions:
    return Conditions(
        machine=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 0,
        python=platform.python_version(),
        revision=revision(),
        seed=options.seed,
        clients=options.clients,
        events=options.events,
        publish_s=options.publish_s,
        cut_s=options.cut_s,
        offline_s=options.offline_s,
    )


def show(results: Results) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    c = results.conditions
    console.print(
        f"{c.clients} clients, {c.events} events {c.publish_s:g} s apart, each cable cut every {c.cut_s:g} s or so and "
        f"offline for {c.offline_s:g} s; seed {c.seed}\n"
        f"{c.machine}, {c.cores} cores, Python {c.python}, revision {c.revision}\n"
    )
    console.print(_table("Cables are cut", results.cut_cables))
    console.print(_below(results.cut_cables), soft_wrap=True)
    moments = " and ".join(f"{time_s:.1f} s" for time_s in results.killed_server.killed_s)
    console.print(_table(f"Cables are cut, and the server is killed (-9) after {moments}", results.killed_server))
    console.print(_below(results.killed_server), soft_wrap=True)
    console.print(
        "cuts: connections that the proxy reset. ended: with those that ended as the server died.\n"
        f"not in flight: duplicates of events that had come more than {IN_FLIGHT_S:g} s before the connection ended.\n"
        "catch-up: from a confirmed subscription to the last missed event.",
        soft_wrap=True,
    )


def write(results: Results, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def _table(title: str, run: Run) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("kind", no_wrap=True)
    for head in HEADS:
        table.add_column(head, justify="right")
    table.add_column("")
    for figures in run.figures:
        table.add_row(*_row(figures))
    return table


def _row(figures: Figures) -> list[str]:
    catch_up = "-"
    if figures.catch_up_p50_ms is not None and figures.catch_up_p95_ms is not None:
        catch_up = f"{figures.catch_up_p50_ms:.1f}/{figures.catch_up_p95_ms:.1f} ms"
    # Never rounded up to 100.
    delivered = int(figures.delivered_percent * 100) / 100
    counts = (figures.lost, figures.duplicates, figures.late_duplicates, figures.inversions)
    verdict = "[green]ok[/]" if figures.acceptable else "[red]not ok[/]"
    return [
        figures.kind.value,
        str(figures.clients),
        str(figures.cuts),
        str(figures.connections_ended),
        f"{delivered:.2f} %",
        *map(str, counts),
        catch_up,
        "" if figures.kind is Kind.PLAIN and figures.acceptable else verdict,
    ]


def _below(run: Run) -> str:
    """What the table does not say: what was published, and the first things that should not have been."""
    lines = [
        f"{run.acknowledged} events were answered with 2xx after {run.attempts} requests, the log holds {run.in_log}, "
        f"{run.acknowledged_not_in_log} of the answered are not in it; {run.seconds:.0f} s.",
    ]
    for figures in run.figures:
        if figures.rejected or figures.misplaced:
            lines.append(
                f"[red]{figures.kind}: {figures.rejected} histories rejected, "
                f"{figures.misplaced} events that stand elsewhere in the log, or nowhere[/]"
            )
    bad = [fault for fault in run.faults if fault.what != "duplicate" or fault.kind is not Kind.HEART]
    lines += [_sentence(fault) for fault in bad[:FAULTS_SHOWN]]
    if len(bad) > FAULTS_SHOWN:
        lines.append(f"  ... and {len(bad) - FAULTS_SHOWN} more in the JSON")
    return "\n".join(lines) + "\n"


def _sentence(fault: Fault) -> str:
    def at(time_s: float | None) -> str:
        return "never" if time_s is None else f"{time_s:.3f} s"

    return (
        f"  {fault.what}: {fault.client}, offset {fault.offset} at {at(fault.time_s)}; before that received "
        f"{at(fault.before_s)}, connection ended {at(fault.ended_s)}, subscribed {at(fault.confirmed_s)}"
    )


def revision() -> str:
    """The commit, with a mark when the checkout differs from it."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
