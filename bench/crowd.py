"""All clients of one run, a quarter of each kind, each on a line of its own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bench.anycable import AnyCableClients
from bench.clients import PlainClient, ResumingClient
from bench.cutter import HOST, Line
from bench.journal import Journal, Kind, Place

FIRST_CLIENT_ID = 1000


class Crowd:
    """Use as an async context manager: at the end of the block all clients have ended."""

    def __init__(self, lines: Sequence[Line], account_id: str, begin: Place, packages: Path) -> None:
        kinds = list(Kind)
        self.lines = lines
        self.journals = [Journal(kinds[i % len(kinds)], f"{kinds[i % len(kinds)].name}-{i}") for i in range(len(lines))]
        urls = [f"ws://{HOST}:{line.port}/stream?account_id={account_id}" for line in lines]
        anycable = [i for i, journal in enumerate(self.journals) if journal.kind is Kind.ANYCABLE]
        self._anycable = AnyCableClients(packages, [urls[i] for i in anycable], [self.journals[i] for i in anycable])
        self._clients: list[PlainClient] = []
        self._tasks: list[asyncio.Task[None]] = []
        for i, (url, journal) in enumerate(zip(urls, self.journals, strict=True)):
            match journal.kind:
                case Kind.RESUME:
                    self._clients.append(ResumingClient(url, journal, begin))
                case Kind.HEART:
                    self._clients.append(PlainClient(f"{url}&client_id={FIRST_CLIENT_ID + i}", journal))
                case Kind.PLAIN:
                    self._clients.append(PlainClient(url, journal))

    async def __aenter__(self) -> "Crowd":
        await self._anycable.__aenter__()
        self._tasks = [asyncio.create_task(client.run()) for client in self._clients]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._anycable.__aexit__()

    def check(self) -> None:
        """Raises what ended a client that should still run."""
        self._anycable.check()
        for task in self._tasks:
            if task.done():
                task.result()

    def of(self, kind: Kind) -> list[Journal]:
        return [journal for journal in self.journals if journal.kind is kind]

    def cuts(self, kind: Kind) -> int:
        return sum(line.cuts for line, journal in zip(self.lines, self.journals, strict=True) if journal.kind is kind)
