"""What comes out of the stream: operations with their place in the log."""

from dataclasses import dataclass
from typing import Any

import msgspec

from heartline.contract import OPERATIONS, Operation


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an account's log; its text form can be stored and parsed."""

    epoch: str
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises ValueError when it is not the text of a cursor."""
        epoch, _, offset = text.rpartition(":")
        if not (epoch and offset.isdecimal()):
            raise ValueError("a cursor looks like EPOCH:OFFSET")
        return cls(epoch, int(offset))


@dataclass(frozen=True, slots=True)
class Event:
    cursor: Cursor
    """The place after this event: store it, and `events(after=cursor)` goes on there."""
    operation: Operation
    """A class of `heartline.resources` such as `AddedMessage`, its texts opened; or one of the two below."""


class HistoryLost(Operation):
    """Events are missing before this place, because the server keeps them no longer or its database was restored: read
    the lists that you keep again."""

    operation = "history_lost"


class UnknownOperation(Operation):
    """An operation that this version does not know; its texts are not opened."""

    operation = "unknown"
    name: str
    content: Any


def operation_of(name: str, content: msgspec.Raw) -> Operation:
    """The typed form of an operation."""
    try:
        return msgspec.json.decode(content, type=OPERATIONS[name])
    except (KeyError, msgspec.ValidationError):
        return UnknownOperation(name=name, content=msgspec.json.decode(content))
