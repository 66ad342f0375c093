"""Where rows and events are kept: one transaction changes both, or neither.

`tx.py` is the SQL that both engines share, `sqlite.py` and `postgresql.py` are the engines, `engines.py` chooses one, and
`migrations.py` brings a database to the newest schema.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from heartline.storage.tx import Committed, SqlTx

__all__ = ["Committed", "SqlTx", "Storage"]

T = TypeVar("T")
U = TypeVar("U")


class Storage(Protocol):
    """A database. Work is a plain function of a `SqlTx`; it runs in a thread of the storage and may be repeated only if
    nothing of it was stored."""

    on_commit: Callable[[Committed], None]
    """Called on the event loop after each commit that added events, before `write` returns; for each account in the order
    of its commits."""
    on_foreign_commit: Callable[[], None]
    """Called on the event loop when another process has, or may have, changed the database."""

    async def read(self, work: Callable[[SqlTx], T], *, slow: bool = False) -> T:
        """Run work that only reads, on one snapshot. `slow` work may take its time without holding up other readers."""

    async def write(self, work: Callable[[SqlTx], T], *, account_id: str = "") -> T:
        """Run work and commit; returns once it would survive a crash. An exception of `work` undoes all it did.

        Work that names its account is done in the order of the calls that name it. Raises `StorageFailure` when the
        database failed (`DatabaseUnavailable` when it cannot be reached, `OutcomeUnknown` when it went away during the
        commit), `Overloaded` when too much work waits.
        """

    async def prepare(self, work: Callable[[T], U], argument: T) -> U:
        """Run slow work that needs no database, such as hashing a password, where it holds up nobody."""

    async def close(self) -> None:
        """Finish the work that was accepted, then let go of the database."""
