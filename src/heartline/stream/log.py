"""An account's log as its readers see it (docs/log.md).

A log has an `epoch`, its name, and events at offsets 1, 2, 3... without gaps. It keeps those from `floor` to `head`: old
ones are trimmed, which moves the floor and never the epoch. The epoch changes only when history was lost, so a cursor
`(epoch, offset)` either means exactly one place in one history, or is known to mean nothing.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

PAGE_EVENTS = 200
"""Events read from the log at once for a reader that fell behind."""


class Event(NamedTuple):
    offset: int
    message: bytes
    """JSON `{"operation": ..., "content": ...}`."""


class Position(NamedTuple):
    """What a log holds at one moment."""

    epoch: str
    floor: int
    """The first offset that is still kept; `head + 1` when nothing is."""
    head: int
    """The last offset; 0 when there never was an event."""
    before_since: int | None = None
    """The offset before the first event of the moment that was asked for; None when events since then were trimmed."""
    remembered: int | None = None
    """Where the client with the id that was asked for had stopped."""

    def can_resume_after(self, offset: int) -> bool:
        """Whether everything that followed this offset is still there: also when nothing did."""
        return self.floor <= offset + 1 and offset <= self.head


class Cursor(NamedTuple):
    """A place in a log, as a client knows it."""

    epoch: str
    offset: int


class History(NamedTuple):
    """What a client that was away asks for: what follows a cursor, or what came since a moment."""

    cursor: Cursor | None
    since_ms: int | None

    def start(self, position: Position) -> int | None:
        """The offset to go on from, or None when that would leave something out."""
        if self.cursor is not None:
            known = self.cursor.epoch == position.epoch and position.can_resume_after(self.cursor.offset)
            return self.cursor.offset if known else None
        return position.head if self.since_ms is None else position.before_since

    def knows_more_than(self, position: Position) -> bool:
        """Whether the client has seen events that the log does not have: an older copy of the database was put back."""
        cursor = self.cursor
        return cursor is not None and cursor.epoch == position.epoch and cursor.offset > position.head


class Log(Protocol):
    """The logs as the hub reads them. Callbacks come later, on the same thread, in any order; when reading fails the log
    tries again, so that every callback comes."""

    def position(
        self, account: int, since_ms: int | None, client_id: str, found: Callable[[Position | None], None]
    ) -> None:
        """Ask what the log holds; None when there is no such account."""

    def read(self, account: int, after: int, found: Callable[[list[Event]], None]) -> None:
        """Ask for at most `PAGE_EVENTS` events that follow an offset."""

    def follow(self, account: int) -> None:
        """The account has its first reader: its events are of interest from now on."""

    def unfollow(self, account: int) -> None:
        """Its last reader is gone."""

    def renew(self, account: int) -> None:
        """Give the log another epoch: what clients know of it is not its history."""
