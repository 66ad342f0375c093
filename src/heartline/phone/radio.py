"""What a phone needs of a radio: the small protocol behind which a simulation, or a modem, stands.

A radio outlives the phone's program, as a modem does when the program crashes. What it has to tell (a text that came, what
became of one that went out) it tells again until `done` is called for it, so that nothing is lost between the two.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    SENT = "sent"
    """The network took it."""
    DELIVERED = "delivered"
    """The other phone has it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    reference: int
    """The id of the message, by which the radio speaks of it."""
    numbers: tuple[str, ...]
    mime_type: str
    content: str | bytes


@dataclass(frozen=True, slots=True)
class Report:
    key: str
    """Names this piece of news for `done`."""
    reference: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Incoming:
    key: str
    """Names this text for `done`, also after a restart of the radio: the phone recognises it by it."""
    sender: str
    numbers: tuple[str, ...]
    """Everybody else in the conversation, the sender among them."""
    mime_type: str
    content: str | bytes
    timestamp_ms: int


class Radio(Protocol):
    async def send(self, text: Outgoing) -> None:
        """Hand a text over. When this returns the radio has it, and reports will follow. When it raises `OSError`, or the
        program dies before it returns, it may have it or not: see `has_sent`."""

    async def has_sent(self, reference: int) -> bool | None:
        """Whether a text was handed over, as far as the radio can say; None when it keeps no record."""

    async def next(self) -> Report | Incoming:
        """The next piece of news, as soon as there is one. After a restart, first everything that is not `done`."""

    async def done(self, key: str) -> None:
        """The phone has stored this piece of news: the radio may forget it."""
