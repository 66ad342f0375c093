"""Where clients stopped that cannot say it themselves.

Old web clients know no offsets, but the Heart web client names its page with a `client_id`. Of each the server keeps one
cursor: the lowest of its sockets that are gone and did not come back, else that of the ones that are here. Two pages of one
browser share a name: when both lose their sockets, each gets what it missed, not only the first to come back. Whatever was
not certainly received is sent again rather than lost.
"""

from collections import OrderedDict, deque
from typing import NamedTuple

CLIENTS = 10_000
"""Clients that are gone and kept in memory; the database keeps those that were there before."""

REUNION_TURNS = 40
"""Turns (of `take_changes`, two a second) within which another page of the same name is expected back as well: old web
clients try again every ten seconds."""

SOCKETS = 8
"""Sockets of one name that are told apart; of further ones the lowest cursors count."""

GRACE_S = 1.0
"""What was written this shortly before a socket ended counts as not received: it may have been on its way through a proxy
or in a browser that was closing."""

WRITES = 64
"""Writes of one socket that are told apart; further ones count as one, the latest."""


class Key(NamedTuple):
    account: int
    client_id: str


class Cursors:
    """The cursors of clients, and which of them the database does not know yet."""

    def __init__(self) -> None:
        self._gone: OrderedDict[Key, list[tuple[int, int]]] = OrderedDict()
        """Offset, and turn of the end, of each socket that is gone."""
        self._changed: dict[Key, int] = {}
        self._turn = 0

    def here(self, key: Key, offset: int) -> None:
        """A socket of the client has certainly received everything up to this offset."""
        self._changed[key] = min(offset, self._lowest(key, offset))

    def left(self, key: Key, offset: int) -> None:
        """A socket of the client is gone, and had certainly received everything up to this offset."""
        self._gone[key] = sorted([*self._gone.get(key, ()), (offset, self._turn)])[:SOCKETS]
        self._gone.move_to_end(key)
        self._changed[key] = self._lowest(key, offset)
        if len(self._gone) > CLIENTS:
            self._gone.popitem(last=False)

    def claim(self, key: Key) -> int | None:
        """The client is back: where it goes on. None when the database has to be asked."""
        if key not in self._gone:
            return self._changed.get(key)
        gone = self._gone.pop(key)
        recent = [(offset, turn) for offset, turn in gone if self._turn - turn < REUNION_TURNS]
        if len(recent) > 1:  # one of them is back
            self._gone[key] = recent[1:]
        return gone[0][0]

    def _lowest(self, key: Key, otherwise: int) -> int:
        return self._gone[key][0][0] if key in self._gone else otherwise

    def take_changes(self) -> dict[Key, int]:
        """What the database should store. Called twice a second."""
        self._turn += 1
        changed, self._changed = self._changed, {}
        return changed

    def put_back(self, changes: dict[Key, int]) -> None:
        """The database could not store them; what has changed since is newer."""
        self._changed = changes | self._changed


class Receipts:
    """Which of the events that were written to one socket have certainly arrived.

    A write has arrived when the peer's system has acknowledged its bytes and `GRACE_S` have passed.
    """

    __slots__ = ("_received", "_writes", "_written_bytes")

    def __init__(self, offset: int) -> None:
        self._received = offset
        self._written_bytes = 0
        self._writes: deque[tuple[float, int, int]] = deque()
        """Time, bytes written up to and with it, and last offset of each write."""

    def wrote(self, now_s: float, size_bytes: int, offset: int) -> None:
        self._written_bytes += size_bytes
        if len(self._writes) == WRITES:
            self._writes.pop()
        self._writes.append((now_s, self._written_bytes, offset))

    @property
    def complete(self) -> bool:
        """Whether everything had arrived when `received` was last asked."""
        return not self._writes

    def received(self, now_s: float, unacknowledged_bytes: int) -> int:
        """The offset up to which everything has arrived, given the bytes that the peer has not acknowledged yet."""
        acknowledged = self._written_bytes - unacknowledged_bytes
        while self._writes and self._writes[0][0] <= now_s - GRACE_S and self._writes[0][1] <= acknowledged:
            self._received = self._writes.popleft()[2]
        return self._received
