"""Hints between nodes: "account A has reached offset N", with the events when they are small.

The database is the truth. A bus may lose, repeat, delay and reorder hints: whoever takes one compares it with what it
has and reads the log when something is missing; and whoever hears nothing looks for itself every `poll_s`. So a bus has
no acknowledgement, no retry and no storage, and a broken one makes events late, never lost and never doubled.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

HINT_BYTES = 7_900
"""The largest hint; a longer one goes without its events. PostgreSQL refuses payloads from 8,000 bytes on."""


class Hint(NamedTuple):
    """What one commit added to one account's log."""

    account: int
    """The account's number."""
    epoch: str
    head: int
    """The last offset of the log."""
    messages: list[bytes]
    """The events up to the head, or nothing: then they are read from the log."""
    ended: bool = False
    """True when the account was removed."""


class Bus(Protocol):
    """One node's place on the bus. All methods are called on the event loop; none waits, and none raises."""

    @property
    def up(self) -> bool:
        """False while hints certainly get lost."""

    on_hint: Callable[[Hint], None]
    """Called on the event loop with a hint of another node, at most late, repeated, out of order, or not at all."""
    on_up: Callable[[], None]
    """Called on the event loop when the bus works, the first time and after each break: hints may have been lost."""

    def publish(self, hint: Hint) -> None:
        """Tell the other nodes, or drop it when that is not possible now."""

    def subscribe(self, account: int) -> None:
        """From soon on, get the hints of this account."""

    def unsubscribe(self, account: int) -> None:
        """The hints of this account are of no interest any more."""

    async def close(self) -> None:
        """Leave, without waiting for anybody."""


class _Letter(msgspec.Struct, array_like=True):
    """A hint as it is sent: JSON, as PostgreSQL carries only text and events are JSON already."""

    sender: str
    account: int
    epoch: str
    head: int
    ended: bool
    messages: list[msgspec.Raw]


_decoder = msgspec.json.Decoder(_Letter)


def encode(hint: Hint, sender: str) -> bytes:
    """At most `HINT_BYTES`."""
    fits = sum(map(len, hint.messages)) <= HINT_BYTES
    messages = [msgspec.Raw(message) for message in hint.messages] if fits else []
    letter = _Letter(sender, hint.account, hint.epoch, hint.head, hint.ended, messages)
    data = msgspec.json.encode(letter)
    if len(data) > HINT_BYTES:
        letter.messages = []
        data = msgspec.json.encode(letter)
    return data


def decode(data: bytes | str, receiver: str) -> Hint | None:
    """None for the receiver's own hint, and for what is none, such as that of a program of another version."""
    try:
        letter = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if letter.sender == receiver:
        return None
    return Hint(letter.account, letter.epoch, letter.head, [bytes(raw) for raw in letter.messages], letter.ended)
