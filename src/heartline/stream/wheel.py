"""Whose ping is due: a wheel of slots that turns once in the ping interval, an equal share of sockets in each slot.

Every socket is pinged once a turn, all sockets of a slot with the same bytes, and no moment has more than its share.
"""

from typing import Protocol

PING_INTERVAL_S = 3.0
"""A turn of the wheel (websockets.md)."""
SLOTS = 60
"""Slots of 50 ms: at 10,000 sockets 167 pings, some 2 ms of work, at a time."""


class Pinged(Protocol):
    """Something that is told when a ping is due, and is the same only as itself."""

    def ping(self, frame: bytes) -> object:
        """Send a ping frame."""


class PingWheel:
    """Sockets in slots. `turn` is called every `PING_INTERVAL_S / SLOTS` seconds."""

    def __init__(self) -> None:
        self._slots: list[set[Pinged]] = [set() for _ in range(SLOTS)]
        self._turns = 0
        """Calls of `turn` so far."""

    def add(self, socket: Pinged) -> int:
        """Put a socket into the emptiest slot and return the slot, which the other methods want back."""
        sizes = [*map(len, self._slots)]
        slot = sizes.index(min(sizes))
        self._slots[slot].add(socket)
        return slot

    def remove(self, socket: Pinged, slot: int) -> None:
        self._slots[slot].discard(socket)

    def replace(self, socket: Pinged, other: Pinged, slot: int) -> None:
        """Let another take a socket's place, if it has one."""
        if socket in self._slots[slot]:
            self._slots[slot].remove(socket)
            self._slots[slot].add(other)

    def turns(self, slot: int) -> int:
        """How often the slot has been pinged."""
        return (self._turns - slot - 1) // SLOTS + 1

    def turn(self, frame: bytes) -> None:
        """Send one ping frame to every socket of the next slot."""
        due = self._slots[self._turns % SLOTS]
        self._turns += 1
        for socket in tuple(due):
            socket.ping(frame)
