"""Whose ping is due: a wheel of slots that turns once in the ping interval, an equal share of sockets in each slot.

Every socket is pinged once a turn, all sockets of a slot with the same bytes, and no moment has more than its share.
"""

from collections.abc import Callable

PING_INTERVAL_S = 3.0
"""A turn of the wheel (websockets.md)."""
SLOTS = 60
"""Slots of 50 ms: at 10,000 sockets 167 pings, some 2 ms of work, at a time."""

Ping = Callable[[bytes], object]
"""Sends a ping frame to one socket. Equal ones (as bound methods of one object are) are the same to the wheel."""


class PingWheel:
    """Sockets in slots. `turn` is called every `PING_INTERVAL_S / SLOTS` seconds."""

    def __init__(self) -> None:
        self._slots: list[set[Ping]] = [set() for _ in range(SLOTS)]
        self._turns = 0
        """Calls of `turn` so far."""

    def add(self, ping: Ping) -> int:
        """Put a socket into the emptiest slot and return the slot, which the other methods want back."""
        sizes = [*map(len, self._slots)]
        slot = sizes.index(min(sizes))
        self._slots[slot].add(ping)
        return slot

    def remove(self, ping: Ping, slot: int) -> None:
        self._slots[slot].discard(ping)

    def replace(self, ping: Ping, other: Ping, slot: int) -> None:
        """Let a socket be pinged in another way from now on, if it is there."""
        if ping in self._slots[slot]:
            self._slots[slot].remove(ping)
            self._slots[slot].add(other)

    def turns(self, slot: int) -> int:
        """How often the slot has been pinged."""
        return (self._turns - slot - 1) // SLOTS + 1

    def turn(self, frame: bytes) -> None:
        """Send one ping frame to every socket of the next slot."""
        due = self._slots[self._turns % SLOTS]
        self._turns += 1
        for ping in tuple(due):
            ping(frame)
