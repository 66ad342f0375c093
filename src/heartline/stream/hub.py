"""Delivers every account's log to its readers on this node.

A reader is a cursor on the log: the offset up to which its socket has everything. There is one rule, "send what follows
the cursor while the transport can take it", and no queue. A reader that is at the head gets new events straight from the
commit, in frames that all readers share. A reader that is behind, because its transport was full, because a hint was
missed, or because it resumed from an older cursor, is brought to the head by reading the log page by page; until then
commits pass it by. So a slow reader costs a cursor and never delays another, and live and replayed events cannot overtake
each other: both only ever append what follows the cursor.

Readers and audiences are left out of garbage collections (`gc=False`), which stop the loop for longer the more objects there
are. A connection that ends lets go of its readers, so none is left behind in a cycle.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from heartline.stream.frames import Form
from heartline.stream.log import Event, History, Log, Position

CHUNK_BYTES = 16 * 1024
"""Frames are joined up to this size into one write: fewer system calls, and little to buffer when the transport is full."""


class Sink(Protocol):
    """The connection of a reader."""

    writable: bool
    """False while the transport has enough to send."""

    def deliver(self, data: bytes, last_offset: int) -> None:
        """Send events, up to the one at this offset."""

    def confirmed(self, reader: "Reader") -> None:
        """The reader is at its cursor; everything from there on is delivered."""

    def history_answered(self, reader: "Reader", *, found: bool) -> None:
        """All the history that was asked for has been delivered, or none, as some of it is gone."""

    def account_gone(self) -> None:
        """The account was removed: this was all."""

    def log_replaced(self) -> None:
        """The log has another history than its client knows: it must come back, and be told so when it asks."""


class Reader(Struct, gc=False, eq=False):
    """One subscription of one connection."""

    sink: Sink
    account: int
    form: Form
    cursor: int | None = None
    """The offset up to which it has everything; None before its subscription is confirmed, and after its end."""
    catching_up: bool = False
    """True while a page of the log is being read for it."""
    asking: int = 0
    """Times that the log is being asked where it goes on: until that is known, nothing may be delivered."""
    held: int = 0
    """Not 0 while nothing may be delivered, as its client is about to say where to go on from: turns of the wheel to
    wait for it."""
    history_until: int | None = None
    """The offset at which the history that its client asked for is complete; None when it did not ask."""
    histories: int = 0
    """Requests for history that are answered then."""
    unanswered: int = 1
    """Subscribe commands that were not confirmed yet."""
    settled_pings: int = 0
    """Pings that its client got since the confirmation, as far as they matter."""


class _Audience(Struct, gc=False, eq=False):
    """The readers of one account on this node, and what the node knows of its log."""

    epoch: str = ""
    """Empty until the log has been looked at; until then no reader has begun."""
    head: int = 0
    """The last offset that the node has heard of."""
    readers: tuple[Reader, ...] = ()
    """Nearly always one. The collector lets go of a tuple of such objects too, but never of a list."""


class _Chunk(NamedTuple):
    last_offset: int
    data: bytes


class Hub:
    """The readers of this node by account. All methods are called on one thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._audiences: dict[int, _Audience] = {}

    @property
    def accounts(self) -> list[int]:
        """The accounts that have a reader here."""
        return list(self._audiences)

    @property
    def heads(self) -> dict[int, tuple[str, int]]:
        """What this node knows of the logs that it has looked at: by account the epoch and the last offset."""
        return {account: (found.epoch, found.head) for account, found in self._audiences.items() if found.epoch}

    def readers(self, account: int) -> tuple[Reader, ...]:
        audience = self._audiences.get(account)
        return audience.readers if audience else ()

    def subscribe(self, reader: Reader, *, history: History | None = None, client_id: str = "") -> None:
        """Add a reader. It begins where its history or its client's cursor says, else at the head; from there on it gets
        every event in the order of the log."""
        audience = self._audiences.get(reader.account)
        if audience is None:
            audience = self._audiences[reader.account] = _Audience()
            self._log.follow(reader.account)
        audience.readers = (*audience.readers, reader)
        if audience.epoch and history is None and not client_id:
            self._begin(reader, audience.head)
            return
        self._ask(reader, audience, history, client_id)

    def replay(self, reader: Reader, history: History) -> None:
        """Go on from where a reader's client says that it is."""
        self._ask(reader, self._audiences[reader.account], history, "")

    def unsubscribe(self, reader: Reader) -> None:
        """Remove a reader; nothing is written for it any more."""
        reader.cursor = None
        audience = self._audiences.get(reader.account)
        if audience is not None and reader in audience.readers:
            audience.readers = tuple(other for other in audience.readers if other is not reader)
            if not audience.readers:
                self._forget(reader.account)

    def publish(self, account: int, first_offset: int, messages: list[bytes], *, epoch: str = "") -> None:
        """Deliver events that were just committed, here or on another node. Those that were delivered before are
        recognised by their offsets, those of another log by its epoch, where that is told."""
        audience = self._audiences.get(account)
        if audience is None or self._is_of_another_log(account, audience, epoch):
            return
        audience.head = max(audience.head, first_offset + len(messages) - 1)
        events = [Event(offset, message) for offset, message in enumerate(messages, first_offset)]
        chunks = _Encoder(audience.epoch, events)
        for reader in audience.readers:
            if reader.cursor == first_offset - 1 and reader.sink.writable and not (reader.held or reader.asking):
                self._deliver(reader, chunks.for_reader(reader))
            self.catch_up(reader)

    def advance(self, account: int, head: int, *, epoch: str = "") -> None:
        """Take the hint that the log has reached this offset; what is missing is read from it."""
        audience = self._audiences.get(account)
        if audience is None or self._is_of_another_log(account, audience, epoch):
            return
        if head > audience.head:
            audience.head = head
            for reader in audience.readers:
                self.catch_up(reader)

    def _is_of_another_log(self, account: int, audience: _Audience, epoch: str) -> bool:
        """Whether a hint is not about the log that the readers follow. Only the log itself can tell which is the older
        one: it is asked, and if it was replaced the readers are let go."""
        if epoch in ("", audience.epoch) or not audience.epoch:
            return False

        def found(position: Position | None) -> None:
            self._look(account, audience, position)

        self._log.position(account, None, "", found)
        return True

    def catch_up(self, reader: Reader) -> None:
        """Bring a reader nearer to the head if it is behind and its transport can take it: also after the transport
        has drained."""
        audience = self._audiences.get(reader.account)
        if audience is None or reader.cursor is None or reader.catching_up or reader.held or reader.asking:
            return
        if reader.cursor < audience.head and reader.sink.writable:
            reader.catching_up = True
            epoch, after = audience.epoch, reader.cursor

            def found(events: list[Event]) -> None:
                if reader.cursor == after and (not events or events[0].offset != after + 1):
                    reader.catching_up = False
                    self._ask(reader, audience, None, "")
                else:
                    self._found_events(reader, epoch, events)

            self._log.read(reader.account, after, found)

    def end(self, account: int, messages: Sequence[bytes]) -> None:
        """The account was removed: send its readers these last messages, then let go of them."""
        audience = self._forget(account)
        if audience is None:
            return
        last = [Event(offset, message) for offset, message in enumerate(messages, audience.head + 1)]
        chunks = _Encoder(audience.epoch, last)
        for reader in audience.readers:
            if reader.cursor is not None:
                for chunk in chunks.for_reader(reader):
                    reader.sink.deliver(chunk.data, chunk.last_offset)
                reader.cursor = None
        for sink in dict.fromkeys(reader.sink for reader in audience.readers):
            sink.account_gone()

    def _let_go(self, account: int) -> None:
        """The log was replaced: what its readers have is not its history."""
        audience = self._forget(account)
        for reader in audience.readers if audience else ():
            reader.cursor = None
        for sink in dict.fromkeys(reader.sink for reader in audience.readers) if audience else ():
            sink.log_replaced()

    def _forget(self, account: int) -> _Audience | None:
        audience = self._audiences.pop(account, None)
        if audience is not None:
            self._log.unfollow(account)
        return audience

    def _look(self, account: int, audience: _Audience, position: Position | None) -> bool:
        """Take what was found about a log. False when its readers have left in the meantime, or have been let go."""
        if self._audiences.get(account) is not audience:
            return False
        if position is None:
            self.end(account, ())
            return False
        if audience.epoch not in ("", position.epoch):
            self._let_go(account)
            return False
        audience.epoch = position.epoch
        self.advance(account, position.head)
        return True

    def _ask(self, reader: Reader, audience: _Audience, history: History | None, client_id: str) -> None:
        """Look where a reader goes on. Until all such questions are answered it gets nothing."""
        reader.asking += 1

        def found(position: Position | None) -> None:
            reader.asking -= 1
            looked = self._look(reader.account, audience, position)
            if looked and position is not None and reader in audience.readers:
                self._go_on(reader, audience, position, history)

        self._log.position(reader.account, history.since_ms if history else None, client_id, found)

    def _go_on(self, reader: Reader, audience: _Audience, position: Position, history: History | None) -> None:
        start = position.head if history is None else self._start(reader, history, position)
        if position.remembered is not None and position.can_resume_after(position.remembered):
            start = position.remembered
        if reader.cursor is None:
            self._begin(reader, audience.head if start is None else start)
        elif history is None:
            if reader.cursor + 1 < position.floor:
                self._lose_history(reader, audience)
        elif start is not None and (history.cursor is not None or start < reader.cursor):
            reader.cursor = start
        if history is not None:
            reader.held = 0
            self._answer_history(reader, audience, start)
        self.catch_up(reader)

    def _lose_history(self, reader: Reader, audience: _Audience) -> None:
        """What the reader should get next was trimmed: all that it missed is gone, and it goes live."""
        reader.cursor, reader.history_until = audience.head, None
        for _ in range(max(1, reader.histories)):
            reader.sink.history_answered(reader, found=False)
        reader.histories = 0

    def _start(self, reader: Reader, history: History, position: Position) -> int | None:
        if history.knows_more_than(position):
            self._log.renew(reader.account)
        return history.start(position)

    def _begin(self, reader: Reader, cursor: int) -> None:
        reader.cursor = cursor
        reader.sink.confirmed(reader)

    def _answer_history(self, reader: Reader, audience: _Audience, start: int | None) -> None:
        """Confirm a history once all of it has been delivered, which may be now; or reject it."""
        if start is None:
            reader.sink.history_answered(reader, found=False)
        else:
            reader.history_until = audience.head
            reader.histories += 1
            self._check_history(reader)

    def _check_history(self, reader: Reader) -> None:
        if reader.history_until is not None and reader.cursor is not None and reader.cursor >= reader.history_until:
            reader.history_until = None
            histories, reader.histories = reader.histories, 0
            for _ in range(histories):
                reader.sink.history_answered(reader, found=True)

    def _found_events(self, reader: Reader, epoch: str, events: list[Event]) -> None:
        reader.catching_up = False
        if (
            events
            and reader.cursor == events[0].offset - 1
            and reader.sink.writable
            and not (reader.held or reader.asking)
        ):
            self._deliver(reader, _Encoder(epoch, events).for_reader(reader))
        if events:
            self.catch_up(reader)

    def _deliver(self, reader: Reader, chunks: list[_Chunk]) -> None:
        for chunk in chunks:
            if not reader.sink.writable:
                return
            reader.sink.deliver(chunk.data, chunk.last_offset)
            reader.cursor = chunk.last_offset
        self._check_history(reader)


class _Encoder:
    """Encodes events once for all readers with the same form."""

    __slots__ = ("_encoded", "_epoch", "_events")

    def __init__(self, epoch: str, events: list[Event]) -> None:
        self._epoch = epoch
        self._events = events
        self._encoded: dict[Form, list[_Chunk]] = {}

    def for_reader(self, reader: Reader) -> list[_Chunk]:
        chunks = self._encoded.get(reader.form)
        if chunks is None:
            chunks = self._encoded[reader.form] = self._encode(reader.form)
        return chunks

    def _encode(self, form: Form) -> list[_Chunk]:
        chunks: list[_Chunk] = []
        joined: list[bytes] = []
        size_bytes = 0
        for event in self._events:
            joined.append(form.encode(self._epoch, event))
            size_bytes += len(joined[-1])
            if size_bytes >= CHUNK_BYTES:
                chunks.append(_Chunk(event.offset, b"".join(joined)))
                joined, size_bytes = [], 0
        if joined:
            chunks.append(_Chunk(self._events[-1].offset, b"".join(joined)))
        return chunks
