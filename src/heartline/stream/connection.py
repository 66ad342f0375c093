"""One client's side of the stream: what it may do when, without its socket.

    upgrade -> (account is looked up) -> welcome, pings -> subscribe: confirmed, then events -> unsubscribe -> ...

There are three kinds of clients (`Dialect`). One that offered an Action Cable subprotocol is told what happens to it
(rejections, disconnects). One that did not is an old web client, which knows none of these frames, and silence is what it
expects (operations.md 1.4, decisions.md 2-3). One that speaks AnyCable's extended protocol also learns where in the log
each event stands, and can go on from there.
"""

import secrets
from enum import Enum

from heartline.errors import AccountIdInvalid, BadRequest, HeartlineError, MissingParameter
from heartline.stream import commands, frames
from heartline.stream.cursors import Cursors, Key
from heartline.stream.hub import Hub, Reader
from heartline.stream.sessions import Session, Sessions
from heartline.stream.wheel import PING_INTERVAL_S, Pinged, PingWheel

SUBSCRIPTIONS = 8
"""Different identifiers one socket may subscribe with; known clients use one."""

QUESTIONS = 200
"""Times that one socket may have the log asked where it goes on, from one turn of the wheel to the next: each costs a read
of the database. Known clients ask once."""

LONGEST_PING_S = 60
"""The longest ping interval that a client may ask for."""

SETTLED_PINGS = 4
"""Pings after which a confirmation has certainly been read: a client without it would have missed them too, and left. Only
then a session holds the subscription: AnyCable's client never gets over the restoring of one whose confirmation it did not
see, while one that is not restored costs it a subscribe command."""

HELD_TURNS = 2
"""A restored subscription waits for its client's history request for so many turns of the wheel, then goes live without."""

GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER = 1001, 1008, 1013
"""Close codes (RFC 6455 7.4.1 and the IANA registry)."""


class Dialect(Enum):
    """What a client said that it speaks, by the name of its subprotocol."""

    NONE = ""
    ACTION_CABLE = "actioncable-v1-json"
    EXTENDED = "actioncable-v1-ext-json"


class Stream:
    """What all connections of a node share."""

    def __init__(self, hub: Hub, stall_s: float) -> None:
        self.hub = hub
        self.wheel = PingWheel()
        self.cursors = Cursors()
        self.sessions = Sessions()
        self.moving: set[Connection] = set()
        """Connections with a `client_id` that may have got further since `note_cursors` last looked."""
        self.stall_pings = max(1, round(stall_s / PING_INTERVAL_S))
        """Turns of the wheel for which a socket may take nothing before it is closed."""

    def note_cursors(self) -> None:
        """See how far old web clients have got, so that a crash makes them get little twice. To be called often."""
        self.moving = {connection for connection in self.moving if connection.note_cursor()}


class Connection:
    """A client. Whoever owns the socket sets `dialect` and `client_id`, calls `welcome` or `refuse`, then `received`, and
    `left` at the end; it gives `write`, `close`, `drop` and `arrived`."""

    __slots__ = (
        "account",
        "asked_turn",
        "client_id",
        "dialect",
        "ping_every",
        "pings_skipped",
        "questions",
        "readers",
        "sid",
        "slot",
        "stalled_pings",
        "stream",
        "writable",
    )

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.dialect = Dialect.NONE
        self.account = 0
        """The account's number, once it is known."""
        self.client_id = ""
        """The name that an old web client gave its page."""
        self.sid = ""
        """The session's name, for an extended client."""
        self.readers: tuple[Reader, ...] = ()
        self.slot: int | None = None
        """Its place on the ping wheel while it gets pings."""
        self.ping_every = 1
        """Turns of the wheel from one ping to the next."""
        self.pings_skipped = 0
        self.questions = 0
        self.asked_turn = 0
        """Asked in this turn of the wheel."""
        self.writable = True
        self.stalled_pings = 0
        """Turns of the wheel since the socket took something."""

    # --- given by the owner of the socket ---

    def write(self, data: bytes) -> None:
        """Send frames."""
        raise NotImplementedError

    def writer(self) -> Pinged:
        """What a ping can be given to that is nothing but a write."""
        return self

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame, after everything written before, and end the socket."""
        raise NotImplementedError

    def drop(self) -> None:
        """End the socket without a close frame."""
        raise NotImplementedError

    def arrived(self) -> int | None:
        """The offset up to which a client with a `client_id` has certainly got everything; None before it subscribed.
        Whoever makes this move puts the connection into `stream.moving`."""
        raise NotImplementedError

    def all_arrived(self) -> bool:
        """Whether the last answer of `arrived` will not move by itself."""
        raise NotImplementedError

    # --- what happens to the client ---

    def ask_pings(self, interval_s: float) -> None:
        """The client wants pings this far apart: as many turns of the wheel as fit into it."""
        self.ping_every = int(min(max(interval_s, PING_INTERVAL_S), LONGEST_PING_S) // PING_INTERVAL_S)

    def welcome(self, account: int, restore_sid: str = "", *, reply: bytes = b"") -> None:
        """The account exists: greet, and ping from now on. An extended client can have its earlier session restored.
        `reply`, to the upgrade, goes out before the greeting, in one write with it."""
        self.account = account
        if self.dialect is Dialect.EXTENDED:
            self._welcome_extended(restore_sid, reply)
        else:
            self.write(reply + frames.WELCOME)
        self.slot = self.stream.wheel.add(self._pinged())

    def refuse(self, error: HeartlineError) -> None:
        """Close with the reason; nothing is sent before, except the frame that stops Action Cable clients for good."""
        if self.dialect is not Dialect.NONE and isinstance(error, AccountIdInvalid):
            self.write(frames.disconnect("unauthorized", reconnect=False))
        self.left()
        self.close(*_close_reason(error))

    def received(self, text: str) -> None:
        """Handle one text frame. What is no command is ignored, as is `pong`."""
        command = commands.parse(text)
        if command is None:
            return
        match command.command:
            case "subscribe":
                self._subscribe(command)
            case "unsubscribe":
                self._unsubscribe(command.identifier)
            case "history" if self.dialect is Dialect.EXTENDED:
                self._history(command)

    def filled(self) -> None:
        """The transport has enough to send: nothing more until it has drained."""
        self._set_writable(False)

    def drained(self) -> None:
        """The transport can take more: go on where it stopped."""
        self._set_writable(True)
        self.stalled_pings = 0
        for reader in self.readers:
            self.stream.hub.catch_up(reader)

    def stop(self) -> None:
        """The server goes down. Old web clients only refetch what they miss after an unclean end, so they get one
        (client-behaviour.md 7.1)."""
        self.left()
        if self.dialect is Dialect.NONE:
            self.drop()
        else:
            self.write(frames.disconnect("server_restart", reconnect=True))
            self.close(GOING_AWAY, "server restart")

    def left(self) -> None:
        """The client is gone, or will be: no more events and pings. May be called twice."""
        if self.readers:
            self._remember()
        self.stream.moving.discard(self)
        for reader in self.readers:
            self.stream.hub.unsubscribe(reader)
        self.readers = ()
        self._leave_wheel()

    # --- called by the wheel and the hub ---

    def ping(self, frame: bytes) -> None:
        if not self.writable:
            self._stall()
            return
        for reader in self.readers:
            if reader.held:
                reader.held -= 1
                self.stream.hub.catch_up(reader)
        self.pings_skipped += 1
        if self.pings_skipped == self.ping_every:
            self.pings_skipped = 0
            self.write(frame)
            if self.sid:
                self._settle()

    def note_cursor(self) -> bool:
        """Tell how far the client has got; whether it is worth looking again."""
        offset = self.arrived()
        if offset is None:
            return False
        self.stream.cursors.here(Key(self.account, self.client_id), offset)
        return not self.all_arrived()

    def deliver(self, data: bytes, last_offset: int) -> None:
        self.write(data)

    def confirmed(self, reader: Reader) -> None:
        for _ in range(reader.unanswered):
            self.write(frames.confirm(reader.form.identifier))
        reader.unanswered = 0

    def history_answered(self, reader: Reader, *, found: bool) -> None:
        if self.dialect is not Dialect.EXTENDED:  # it asked for nothing, but what it should get next was trimmed
            self._end("too_slow", TRY_AGAIN_LATER)
            return
        answer = frames.confirm_history if found else frames.reject_history
        self.write(answer(reader.form.identifier))

    def account_gone(self) -> None:
        self.refuse(AccountIdInvalid())

    def log_replaced(self) -> None:
        self._leave_wheel()
        self.client_id = self.sid = ""  # nothing of what it has is worth remembering
        self.stop()

    # --- commands ---

    def _subscribe(self, command: commands.Command) -> None:
        reader = self._reader(command.identifier)
        if reader is not None:
            reader.unanswered += 1
            if reader.cursor is not None:
                self.confirmed(reader)
            if self.dialect is Dialect.EXTENDED:
                self._history(command)
        elif command.names_the_channel() and len(self.readers) < SUBSCRIPTIONS:
            if not self._may_ask():
                return
            history = command.wanted_history() if self.dialect is Dialect.EXTENDED else None
            client_id = "" if self.arrived() is not None else self.client_id
            self.stream.hub.subscribe(self._add_reader(command.identifier), history=history, client_id=client_id)
        elif self.dialect is not Dialect.NONE:
            self.write(frames.reject(command.identifier))

    def _unsubscribe(self, identifier: str) -> None:
        reader = self._reader(identifier)
        if reader is not None:
            self.readers = tuple(other for other in self.readers if other is not reader)
            self.stream.hub.unsubscribe(reader)

    def _history(self, command: commands.Command) -> None:
        reader, history = self._reader(command.identifier), command.wanted_history()
        if reader is not None and history is not None and self._may_ask():
            self.stream.hub.replay(reader, history)

    def _may_ask(self) -> bool:
        turn = 0 if self.slot is None else self.stream.wheel.turns(self.slot)
        self.questions = self.questions + 1 if turn == self.asked_turn else 1
        self.asked_turn = turn
        if self.questions > QUESTIONS:
            self._end("too_many_commands", POLICY_VIOLATION)
        return self.questions <= QUESTIONS

    def _reader(self, identifier: str) -> Reader | None:
        return next((reader for reader in self.readers if reader.form.identifier == identifier), None)

    def _add_reader(self, identifier: str) -> Reader:
        form = frames.form(identifier, extended=self.dialect is Dialect.EXTENDED)
        reader = Reader(self, self.account, form)
        self.readers = (*self.readers, reader)
        return reader

    # --- pings, sessions, cursors, stalls ---

    def _pinged(self) -> Pinged:
        """What the wheel pings. Most clients' pings are a write and nothing else, which goes straight to the transport:
        with 8,000 sockets that is 1.09 times a bare loop of `os.write`, and 1.16 times by way of `ping`."""
        return self.writer() if self.writable and self.ping_every == 1 and not self.sid else self

    def _leave_wheel(self) -> None:
        if self.slot is not None:
            self.stream.wheel.remove(self._pinged(), self.slot)
            self.slot = None

    def _set_writable(self, writable: bool) -> None:
        before, self.writable = self._pinged(), writable
        if self.slot is not None:
            self.stream.wheel.replace(before, self._pinged(), self.slot)

    def _settle(self) -> None:
        for reader in self.readers:
            if reader.cursor is not None and reader.settled_pings < SETTLED_PINGS:
                reader.settled_pings += 1

    def _welcome_extended(self, restore_sid: str, reply: bytes) -> None:
        session = self._restore(restore_sid) if restore_sid else None
        self.sid = secrets.token_urlsafe(12)
        self.write(reply + frames.extended_welcome(self.sid, session.identifiers if session else None))
        for identifier in session.identifiers if session else ():
            reader = self._add_reader(identifier)
            reader.held, reader.unanswered = HELD_TURNS, 0
            self.stream.hub.subscribe(reader)

    def _restore(self, sid: str) -> Session | None:
        """The session of that name; its socket may still look alive when the client knows better."""
        for reader in self.stream.hub.readers(self.account):
            if isinstance(reader.sink, Connection) and reader.sink.sid == sid:
                reader.sink.left()
                reader.sink.drop()
                break
        return self.stream.sessions.take(sid, self.account)

    def _remember(self) -> None:
        """Keep what the client needs to go on where it stopped."""
        if self.sid:
            settled = [reader for reader in self.readers if reader.settled_pings == SETTLED_PINGS]
            if settled:
                identifiers = tuple(reader.form.identifier for reader in settled)
                self.stream.sessions.keep(self.sid, Session(self.account, identifiers))
        if self.client_id and (offset := self.arrived()) is not None:
            self.stream.cursors.left(Key(self.account, self.client_id), offset)

    def _stall(self) -> None:
        self.stalled_pings += 1
        if self.stalled_pings > self.stream.stall_pings:
            self._end("too_slow", TRY_AGAIN_LATER)

    def _end(self, reason: str, code: int) -> None:
        if self.dialect is not Dialect.NONE:
            self.write(frames.disconnect(reason, reconnect=True))
        self.left()
        self.close(code, reason)


def _close_reason(error: HeartlineError) -> tuple[int, str]:
    """The one place where errors become close codes (decisions.md 2-3)."""
    match error:
        case MissingParameter(name=name):
            return POLICY_VIOLATION, f"Missing required parameter: {name}"
        case AccountIdInvalid() | BadRequest():
            return POLICY_VIOLATION, str(error)
        case _:
            return TRY_AGAIN_LATER, str(error)
