"""Hints that wait to be sent: few, as an old hint is worth little."""

import asyncio
from collections import deque

from heartline.bus import Hint

WAITING = 10_000
"""Hints that may wait for the bus; then the oldest are dropped, as newer ones say more. At most 80 MB, usually 5 MB."""


class Outbox:
    """Filled by requests, which never wait for it, and emptied by one task."""

    def __init__(self) -> None:
        self._hints: deque[Hint] = deque(maxlen=WAITING)
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._hints)

    def put(self, hint: Hint) -> None:
        self._hints.append(hint)
        self._filled.set()

    async def take(self, most: int) -> list[Hint]:
        """At least one hint, as soon as there is one, and at most so many."""
        await self._filled.wait()
        hints = [self._hints.popleft() for _ in range(min(most, len(self._hints)))]
        if not self._hints:
            self._filled.clear()
        return hints

    def clear(self) -> None:
        """Nobody can be told, and whoever comes back looks for itself."""
        self._hints.clear()
        self._filled.clear()
