"""Whose ping is due: a wheel of slots that turns once in the ping interval, an equal share of sockets in each slot.

Every socket is pinged once a turn, all sockets of a slot with the same bytes, and no moment has more than its share.
"""

from typing import Protocol

PING_INTERVAL_S = 3.0
"""A turn of the wheel (websockets.md)."""
SLOTS = 30
"""Slots of 100 ms: at 10,000 sockets 333 pings, some 4 ms of work, at a time."""


class Pinged(Protocol):
    def ping(self, frame: bytes) -> None: ...


class PingWheel:
    """Sockets in slots. `turn` is called every `PING_INTERVAL_S / SLOTS` seconds."""

    def __init__(self) -> None:
        self._slots: list[set[Pinged]] = [set() for _ in range(SLOTS)]
        self._next = 0

    def add(self, socket: Pinged) -> int:
        """Put a socket into the emptiest slot and return the slot, which `remove` wants back."""
        slot = min(range(SLOTS), key=lambda i: len(self._slots[i]))
        self._slots[slot].add(socket)
        return slot

    def remove(self, socket: Pinged, slot: int) -> None:
        self._slots[slot].discard(socket)

    def turn(self, frame: bytes) -> None:
        """Send one ping frame to every socket of the next slot."""
        due, self._next = self._slots[self._next], (self._next + 1) % SLOTS
        for socket in tuple(due):
            socket.ping(frame)
