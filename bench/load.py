"""Thousands of clients, in worker processes, each with source addresses of its own."""

import asyncio
import contextlib
import resource
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from bench.machine import cpu_s

CLIENTS_A_WORKER = 10_000
SOURCES_A_WORKER = 2
"""Loopback addresses a worker connects from: some 28,000 ports each."""
SPARE_FILES = 200
"""Descriptors that a server or a worker needs beside those of the sockets."""
LINE_BYTES = 4 * 1024 * 1024
STOP_S = 5.0


class TooFewFiles(Exception):
    def __init__(self, sockets: int, limit: int) -> None:
        super().__init__(
            f"one process may open {limit} files here (ulimit -Hn): too few for {sockets} sockets; "
            f"--sockets {limit - SPARE_FILES} is possible"
        )


def check_file_limit(sockets: int) -> None:
    """Raises `TooFewFiles`; else lets this process and those it starts open as many files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if sockets > hard - SPARE_FILES:
        raise TooFewFiles(sockets, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Load:
    """Use as an async context manager: however the block ends, the workers end with it."""

    def __init__(self, clients: int) -> None:
        self._count = max(1, -(-clients // CLIENTS_A_WORKER))
        self._workers: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> "Load":
        pipe = asyncio.subprocess.PIPE
        for _ in range(self._count):
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.load_worker"), stdin=pipe, stdout=pipe, limit=LINE_BYTES
            )
            self._workers.append(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.close()
            try:
                async with asyncio.timeout(STOP_S):
                    await worker.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await worker.wait()

    @property
    def cpu_s(self) -> float:
        """What the workers have used up to now."""
        return sum(cpu_s(worker.pid) for worker in self._workers)

    async def open(
        self,
        port: int,
        path: str,
        accounts: Sequence[str],
        *,
        subprotocol: str = "",
        in_flight: int = 100,
        persistent: bool = False,
    ) -> float:
        """Let one client an account connect and subscribe; the seconds until all have. Raises `RuntimeError`."""
        share = -(-len(accounts) // self._count)
        replies = await asyncio.gather(
            *(
                self._tell(
                    number,
                    do="open",
                    port=port,
                    path=path,
                    accounts=accounts[number * share : (number + 1) * share],
                    sources=[f"127.0.{number + 1}.{i + 1}" for i in range(SOURCES_A_WORKER)],
                    in_flight=max(1, in_flight // self._count),
                    subprotocol=subprotocol,
                    persistent=persistent,
                )
                for number in range(self._count)
            )
        )
        confirmed = sum(reply["confirmed"] for reply in replies)
        if confirmed < len(accounts):
            raise RuntimeError(f"only {confirmed} of {len(accounts)} clients could subscribe")
        return max(reply["end_s"] for reply in replies) - min(reply["begin_s"] for reply in replies)

    async def watch(self, seconds: float) -> "Watched":
        """What all clients get in so many seconds."""
        begin_s = time.monotonic()
        replies = await asyncio.gather(
            *(self._tell(number, do="watch", seconds=seconds) for number in range(self._count))
        )
        heard: dict[str, Heard] = {}
        for reply in replies:
            for mark, (count, first_s, last_s) in reply["heard"].items():
                part = Heard(int(count), first_s, last_s)
                heard[mark] = heard[mark].joined(part) if mark in heard else part
        return Watched(
            seconds=time.monotonic() - begin_s,
            clients=sum(reply["clients"] for reply in replies),
            lost=sum(reply["lost"] for reply in replies),
            pings=sum(reply["pings"] for reply in replies),
            fewest_pings=min(reply["fewest"] for reply in replies),
            worst_gap_s=max(reply["worst_gap_s"] for reply in replies),
            cpu_s=sum(reply["cpu_s"] for reply in replies),
            heard=heard,
        )

    async def close(self) -> None:
        await asyncio.gather(*(self._tell(number, do="close") for number in range(self._count)))

    async def _tell(self, number: int, **command: Any) -> dict[str, Any]:
        worker = self._workers[number]
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(msgspec.json.encode(command) + b"\n")
        await worker.stdin.drain()
        line = await worker.stdout.readline()
        if not line:
            raise RuntimeError("a worker of the load has ended")
        reply: dict[str, Any] = msgspec.json.decode(line)
        return reply


class Heard(msgspec.Struct, frozen=True):
    """Who got one event."""

    clients: int
    first_s: float
    last_s: float

    def joined(self, other: "Heard") -> "Heard":
        return Heard(self.clients + other.clients, min(self.first_s, other.first_s), max(self.last_s, other.last_s))


class Watched(msgspec.Struct, frozen=True):
    """What all clients got in some seconds."""

    seconds: float
    clients: int
    lost: int
    pings: int
    fewest_pings: int
    worst_gap_s: float
    """The longest time between two pings of one client, the last one before the watch included."""
    cpu_s: float
    heard: dict[str, Heard]
