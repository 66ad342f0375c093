"""An account as plaintext: its server's endpoints, and the key that seals what goes in and opens what comes out."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from heartline.client.rest import Rest
from heartline.client.sealing import open_reply, seal
from heartline.contract import Page, Request, Row
from heartline.crypto import Key

T = TypeVar("T")
R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Account:
    rest: Rest
    key: Key

    async def call(self, handler: Callable[..., T], request: Request | None = None) -> T:
        """Call an endpoint, named by its function in `heartline.resources`, with and for plaintext."""
        reply = await self.rest.call(handler, None if request is None else seal(self.key, request))
        return open_reply(self.key, reply)

    async def rows(
        self, handler: Callable[..., list[R]], page: type[Page] = Page, *, size: int, opened: bool = True, **where: Any
    ) -> AsyncIterator[R]:
        """All rows of a list endpoint, read in pages; each once, also when newer ones come in meanwhile.

        With `opened=False` they are as stored, ciphertext included.
        """
        offset = 0
        before: set[int] = set()
        while True:
            request = page(limit=size, offset=offset, **where)
            rows = await (self.call(handler, request) if opened else self.rest.call(handler, request))
            for row in rows:
                if row.id not in before:
                    yield row
            if len(rows) < size:
                return
            before = {row.id for row in rows}
            offset += len(rows)
