"""Puts figures into a page of docs/, between its two marks; those of `make bench ARGS=--document`, with their chart, into
docs/performance.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.chart import draw
from bench.goals import verdicts
from bench.report import ROOT
from bench.tables import GROWTH

if TYPE_CHECKING:
    from bench.compare import Results

PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def document(results: "Results") -> None:
    """Raises `ValueError` when the page has not both marks."""
    write(PAGE, _parts(results))
    CHART.write_text(draw(results.stream))


def write(path: Path, lines: Iterable[str]) -> None:
    """Put these lines between the marks of a page. Raises `ValueError` when it has not both."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks {BEGIN.strip()} or {END.strip()}")
    path.write_text(before + begin + "\n".join(["", *lines, ""]) + end + after)


def _parts(r: "Results") -> Iterable[str]:
    yield (
        f"{r.machine}, {r.cores} cores, Python {r.python}; load average when it began {r.load_average:.2f}. "
        f"{r.size.sockets:,} sockets, each of its own account; fan-out to {r.size.fan_out:,} sockets of one; "
        f"rounds: {r.rounds}."
    )
    yield "\n![What a socket costs, by server](performance.svg)\n"
    yield from table(
        (
            "",
            "KiB a socket",
            "kernel KiB",
            "CPU ms for 10,000 pings",
            "worst gap of pings, s",
            "subscribed a CPU s",
            "publish to delivery, ms: p50 / p99 / max",
            "fan-out, CPU us a delivery",
            "load generator, % of a core",
        ),
        [
            (
                c.name,
                f"{c.user_kib:.2f}",
                f"{c.kernel_kib:.1f}",
                f"{c.ping_cpu_ms:.0f}",
                f"{c.worst_gap_s:.2f}",
                f"{c.subscribes_a_cpu_s:,.0f}",
                f"{c.delivery_p50_ms:.2f} / {c.delivery_p99_ms:.1f} / {c.delivery_max_ms:.1f}",
                f"{c.fan_out_cpu_us:.1f}",
                f"{c.load_cpu_percent:.1f}",
            )
            for c in r.stream
        ],
    )
    yield from (f"\nNot measured: {line}." for line in r.missing)
    yield "\n### Goals\n"
    yield from table(
        ("goal", "this run", ""), [(v.goal, v.measured, "met" if v.met else "**not met**") for v in verdicts(r)]
    )
    yield "\n### Heartline alone\n"
    yield from table(("", ""), _alone(r))
    yield ""
    yield from table(
        ("request", "a CPU s", "p50 ms", "p99 ms"),
        [(c.what, f"{c.a_cpu_s:,.0f}", f"{c.p50_ms:.1f}", f"{c.p99_ms:.1f}") for c in r.api],
    )
    yield "\nProcessor time of a request (us, 16 at once), by what is stored:\n"
    sizes = list(dict.fromkeys((g.accounts, g.rows) for g in r.growth))
    heads = [f"{rows:,} rows" if accounts == 1 else f"{accounts:,} accounts" for accounts, rows in sizes]
    columns = [[g for g in r.growth if (g.accounts, g.rows) == size] for size in sizes]
    yield from table(
        ("", *heads),
        [(name, *(f"{column[place].cpu_us:.0f}" for column in columns)) for place, name in enumerate(GROWTH)],
    )


def _alone(r: "Results") -> list[tuple[str, str]]:
    rows = []
    if r.shared:
        rows.append((f"{r.shared.sockets:,} sockets of one account", f"{r.shared.user_kib:.2f} KiB a socket"))
    if full := r.full_node:
        rows.append(
            (
                f"{full.sockets:,} sockets in one process, while another account uploads",
                f"worst gap between two pings {full.worst_gap_s:.2f} s, longest stall of the loop {full.stall_ms:.0f} ms",
            )
        )
    if restart := r.restart:
        rows.append(
            (
                f"{restart.sockets:,} clients back at once after a restart",
                f"{restart.seconds:.1f} s until all are subscribed, {restart.cpu_s:.1f} s of processor time, "
                f"at most {restart.peak_mib:.0f} MiB",
            )
        )
    rows += [
        (
            f"first upload of {u.rows:,} messages, {u.at_once} request{'s' * (u.at_once > 1)} at a time",
            f"{u.rows_a_s:,.0f} rows/s, {u.rows_a_cpu_s:,.0f} a CPU second, longest stall of the loop {u.stall_ms:.0f} ms",
        )
        for u in r.uploads
    ]
    return rows


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Markdown; the first column is text, the others are numbers."""
    yield f"| {' | '.join(heads)} |"
    yield f"|---|{'---:|' * (len(heads) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
