"""`make bench-jitter`: is every event delivered, once and in order, while cables are cut and the server is killed?

All clients reach the server through a proxy that resets each connection every 15 s or so and lets the client wait for a
second, as the published jitter tests of other servers do. Events are published over REST meanwhile. Then the same again
with the server killed twice.
"""

import asyncio
import signal
import sys
from pathlib import Path

from cyclopts import App

from bench.journal import Kind
from bench.report import ROOT, Results, conditions, show, write
from bench.run import Options, run

RESULT = ROOT / "bench" / "results" / "jitter.json"

app = App(name="jitter", help="Measure what reaches clients whose cables are cut, and whose server is killed.")


@app.default
def jitter(
    *,
    clients: int | None = None,
    events: int | None = None,
    seed: int = 1,
    quick: bool = False,
    packages: Path = ROOT / "tests" / "node",
    result: Path = RESULT,
) -> None:
    """Exit code 1 when a kind of client did not get what it was promised.

    Parameters
    ----------
    clients
        Clients, a quarter of each kind: 200, with --quick 20.
    events
        Events: 60, with --quick 20.
    seed
        Decides when cables are cut and when the server is killed.
    quick
        A check in under a minute: few clients, and cables cut every 4 s instead of 15 s.
    packages
        The folder whose node_modules hold @anycable/core and ws.
    result
        The JSON file to write.
    """
    options = Options(
        clients=clients or (20 if quick else 200),
        events=events or (20 if quick else 60),
        seed=seed,
        cut_s=4.0 if quick else 15.0,
        packages=packages.resolve(),
    )
    if options.clients % len(Kind):
        sys.exit(f"--clients must be a multiple of {len(Kind)}")
    try:
        results = asyncio.run(_both(options))
    except asyncio.CancelledError:
        sys.exit("stopped")
    write(results, result)
    show(results)
    sys.exit(0 if results.cut_cables.acceptable and results.killed_server.acceptable else 1)


async def _both(options: Options) -> Results:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return Results(
        conditions(options),
        await run(options, kill_server=False),
        await run(options, kill_server=True),
    )


if __name__ == "__main__":
    app()
