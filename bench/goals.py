"""The goals that were set before the measurements, and whether a run's figures meet them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from bench.stream_cost import StreamCost

if TYPE_CHECKING:
    from bench.compare import Results

OURS = "Heartline"
FLOORS = ("C floor", "Bare Python loop")
"""What ratios refer to: the first of these that was measured."""
SMALLER = ("Node ws", "Python websockets", "Starlette (ASGI)", "Rails Action Cable")
"""Peers than which a socket must take less memory."""


class Verdict(NamedTuple):
    goal: str
    measured: str
    met: bool


def verdicts(results: "Results") -> Iterable[Verdict]:
    """Of each goal whose figures are there."""
    costs = {cost.name: cost for cost in results.stream}
    if ours := costs.get(OURS):
        yield from _of_the_stream(ours, costs)
    if full := results.full_node:
        gap, stall = full.worst_gap_s, full.stall_ms
        yield Verdict(f"worst gap between pings at {full.sockets:,} sockets under 3.2 s", f"{gap:.2f} s", gap < 3.2)
        yield Verdict("longest stall of the loop there, with an upload, under 50 ms", f"{stall:.0f} ms", stall < 50)
    if results.uploads:
        best = max(upload.rows_a_s for upload in results.uploads)
        yield Verdict("first upload at 20,000 rows a second", f"{best:,.0f}", best >= 20_000)


def _of_the_stream(ours: StreamCost, costs: dict[str, StreamCost]) -> Iterable[Verdict]:
    most = max((costs[name].user_kib for name in SMALLER if name in costs), default=0.0)
    least = min((costs[name].user_kib for name in SMALLER if name in costs), default=float("inf"))
    compared = f"{ours.user_kib:.2f} KiB; peers {least:.2f} to {most:.2f}" if most else f"{ours.user_kib:.2f} KiB"
    yield Verdict(
        "at most 2 KiB a socket, and less than any server in JavaScript, Python or Ruby",
        compared,
        ours.user_kib <= 2 and ours.user_kib < least,
    )
    cpp = costs.get("Node uWebSockets")
    if cpp and cpp.user_kib > 0:  # with few sockets its memory may have shrunk meanwhile, which compares with nothing
        ratio = ours.user_kib / cpp.user_kib
        yield Verdict("memory within 1.4 times uWebSockets'", f"{ratio:.2f}", ratio <= 1.4)
    if name := next((name for name in FLOORS if name in costs), None):
        pings = ours.ping_cpu_ms / costs[name].ping_cpu_ms
        deliveries = ours.fan_out_cpu_us / costs[name].fan_out_cpu_us
        yield Verdict("pings within 1.15 times the floor", f"{pings:.2f} ({name})", pings <= 1.15)
        yield Verdict("a delivery within 1.3 times the floor", f"{deliveries:.2f} ({name})", deliveries <= 1.3)
    if node := costs.get("Node ws"):
        ratio = ours.subscribes_a_cpu_s / node.subscribes_a_cpu_s
        yield Verdict("clients subscribed a CPU second: at least Node ws's rate", f"{ratio:.2f} times", ratio >= 1)
    p50, p99 = ours.delivery_p50_ms, ours.delivery_p99_ms
    yield Verdict("publish to delivery: p50 under 1.5 ms", f"{p50:.2f} ms", p50 < 1.5)
    yield Verdict("publish to delivery: p99 under 10 ms", f"{p99:.1f} ms", p99 < 10)
