"""What one client saw, in the order in which it saw it: the raw material of every figure."""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    ANYCABLE = "@anycable/core (ext)"
    RESUME = "own resume (ext)"
    HEART = "Heart-like (client_id)"
    PLAIN = "plain"


class Place(msgspec.Struct, frozen=True):
    """Where the server said that an event stands."""

    epoch: str
    offset: int


class Receipt(msgspec.Struct, frozen=True):
    time_s: float
    text: str
    place: Place | None


@dataclass(slots=True)
class Journal:
    """Times are of the monotonic clock, which all processes of one machine share."""

    kind: Kind
    client: str
    received: list[Receipt] = field(default_factory=list)
    confirmed_s: list[float] = field(default_factory=list)
    """When each subscription was confirmed."""
    ended_s: list[float] = field(default_factory=list)
    """When each connection that had a confirmed subscription ended."""
    rejected_s: list[float] = field(default_factory=list)
    """When the server refused to give the history that was asked for."""
    texts: set[str] = field(default_factory=set)

    def receive(self, time_s: float, text: str, place: Place | None) -> None:
        self.received.append(Receipt(time_s, text, place))
        self.texts.add(text)

    def confirm(self, time_s: float) -> None:
        if not self.subscribed:
            self.confirmed_s.append(time_s)

    def end(self, time_s: float) -> None:
        """The connection is gone. One that had not come as far as a subscription had nothing to lose."""
        if self.subscribed:
            self.ended_s.append(time_s)

    def reject(self, time_s: float) -> None:
        self.rejected_s.append(time_s)

    @property
    def subscribed(self) -> bool:
        return len(self.confirmed_s) > len(self.ended_s)
