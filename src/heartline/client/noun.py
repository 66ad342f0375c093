"""What the parts of a client have in common: they call endpoints for it."""

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from heartline.contract import Row

if TYPE_CHECKING:
    from heartline.client.client import Client

LARGEST_ID = 922_337_203_685_477
"""Ids are random up to 2^63 / 10000, as the apps make them: exact in a JavaScript number."""

R = TypeVar("R", bound=Row)


def new_id() -> int:
    """An id for a new row."""
    return 1 + secrets.randbelow(LARGEST_ID)


class Noun:
    """One kind of row of a client."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._call = client.call


async def pages(read: Callable[[int, int], Coroutine[Any, Any, list[R]]], size: int) -> AsyncIterator[list[R]]:
    """All rows of a list, page by page; `read` takes limit and offset. A row that moved meanwhile comes once."""
    seen: set[int] = set()
    offset = 0
    while page := await read(size, offset):
        yield [row for row in page if row.id not in seen]
        if len(page) < size:
            return
        seen.update(row.id for row in page)
        offset += len(page)
