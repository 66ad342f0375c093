"""Short reads of the database for sockets, many in one: after a restart all clients come back at once.

Handing a read to a thread costs more than its statement. Questions that come while others are being
answered wait, and are then asked together, on one snapshot that is newer than each of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from heartline.errors import HeartlineError
from heartline.storage import SqlTx, Storage

T = TypeVar("T")

GROUP = 200
"""Questions asked together at most: bounds how long the first of them waits for the others."""


class Questions:
    """Asks them, a group at a time."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._waiting: deque[tuple[Callable[[SqlTx], Any], asyncio.Future[Any]]] = deque()
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, work: Callable[[SqlTx], T]) -> T:
        """Run work that reads little. Raises what it raises, and what `Storage.read` does."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await answer

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                for (_, answer), outcome in zip(group, await self._answers(group), strict=True):
                    if answer.done():  # whoever asked has left
                        continue
                    if isinstance(outcome, Exception):
                        answer.set_exception(outcome)
                    else:
                        answer.set_result(outcome)
        finally:
            self._asking = None

    async def _answers(self, group: list[tuple[Callable[[SqlTx], Any], "asyncio.Future[Any]"]]) -> list[Any]:
        try:
            return await self._storage.read(lambda tx: [_answer(work, tx) for work, _ in group])
        except Exception as error:  # whatever it is, it belongs to those who asked: they would wait for ever
            return [error] * len(group)


def _answer(work: Callable[[SqlTx], Any], tx: SqlTx) -> Any:
    """What it returns, or the error, which belongs to this question alone."""
    try:
        return work(tx)
    except HeartlineError as error:
        return error
