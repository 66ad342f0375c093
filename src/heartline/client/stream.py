"""An account's log as it happens: `follow` yields every event after a cursor, once and in order, however often the
connection ends. It speaks AnyCable's extended protocol (docs/log.md)."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from heartline.client.errors import UnexpectedReply
from heartline.client.events import Cursor, Event, HistoryLost, operation_of
from heartline.client.rest import Rest
from heartline.contract import Operation
from heartline.errors import AccountIdInvalid, HistoryGone

PROTOCOL = Subprotocol("actioncable-v1-ext-json")
IDENTIFIER = '{"channel":"NotificationsChannel"}'
STREAM = "notifications"

OPEN_TIMEOUT_S = 10.0
"""For the handshake, and again for the welcome."""
SILENCE_S = 15.0
"""The server says something every 3 s: after this long without a word the connection counts as dead."""
FIRST_PAUSE_S = 0.5
"""Before connecting again, each further time twice as long, cut by up to half at random."""
LONGEST_PAUSE_S = 30.0
FRAME_BYTES = 64 * 1024 * 1024
"""The longest frame that is read: longer than any request that a server takes."""
POLICY_VIOLATION = 1008

log = logging.getLogger("heartline.client")

OnConnection = Callable[[bool], None]


class _Frame(msgspec.Struct):
    type: str = ""
    message: msgspec.Raw = msgspec.Raw()
    epoch: str = ""
    offset: int = 0
    reason: str = ""
    reconnect: bool = True


class _Logged(msgspec.Struct):
    operation: str
    content: msgspec.Raw


class _LogPage(msgspec.Struct):
    cursor: str
    events: list[_Logged]


_frames = msgspec.json.Decoder(_Frame)
_messages = msgspec.json.Decoder(_Logged)


class _Again(Exception):
    """This connection is of no more use."""


class _Lost(Exception):
    """Events that follow the cursor are gone."""


async def head(rest: Rest) -> Cursor:
    """The place in the log after everything that has happened."""
    return Cursor.parse((await rest.get("/events", _LogPage, limit="1")).cursor)


async def has_operation(rest: Rest, after: Cursor, operation: type[Operation], message_id: int) -> bool:
    """Whether an operation with this `message_id` follows a place in the log. True also when the log is not there any more
    to tell: whoever asks wants to know whether it is safe to repeat."""
    place = str(after)
    while True:
        try:
            page = await rest.get("/events", _LogPage, after=place)
        except HistoryGone:
            return True
        for logged in page.events:
            if logged.operation == operation.operation:
                found = operation_of(logged.operation, logged.content)
                if getattr(found, "message_id", None) == message_id:
                    return True
        if not page.events:
            return False
        place = page.cursor


async def follow(rest: Rest, after: Cursor | None, on_connection: OnConnection | None) -> AsyncIterator[Event]:
    """The events after a cursor, else from now on. Ends only with an error that trying again cannot mend."""
    cursor = after or await head(rest)
    failures = 0
    connected: bool | None = None

    def tell(now: bool) -> None:
        nonlocal connected
        if now != connected and on_connection is not None:
            on_connection(now)
        connected = now

    while True:
        try:
            async with _connected(rest) as socket:
                await _subscribe(socket, cursor)
                tell(True)
                failures = 0
                while True:
                    event = await _next(socket, cursor)
                    if event is not None:
                        cursor = event.cursor
                        yield event
        except _Lost:
            cursor = await head(rest)
            yield Event(cursor, HistoryLost())
            continue
        except (_Again, ConnectionClosed, OSError, InvalidHandshake, InvalidMessage, EOFError) as error:
            _raise_if_final(error)
            tell(False)
            pause_s = min(FIRST_PAUSE_S * 2**failures, LONGEST_PAUSE_S) * random.uniform(0.5, 1)
            failures = min(failures + 1, 10)
            log.info("the stream ended (%s), connecting again in %.1f s", type(error).__name__, pause_s)
            await asyncio.sleep(pause_s)


def _connected(rest: Rest) -> connect:
    scheme = "wss" if rest.url.scheme == "https" else "ws"
    url = rest.url.copy_with(scheme=scheme, path=rest.url.path.rstrip("/") + "/api/v1/stream")
    return connect(
        str(url.copy_merge_params({"account_id": rest.account_id})),
        subprotocols=[PROTOCOL],
        open_timeout=OPEN_TIMEOUT_S,
        ping_interval=None,
        close_timeout=1,
        max_size=FRAME_BYTES,
        compression=None,
        logger=_quiet,
    )


async def _subscribe(socket: ClientConnection, cursor: Cursor) -> None:
    if socket.subprotocol != PROTOCOL:
        raise UnexpectedReply(f"the server does not speak {PROTOCOL}")
    streams = {STREAM: {"epoch": cursor.epoch, "offset": cursor.offset}}
    command = {"command": "subscribe", "identifier": IDENTIFIER, "history": {"streams": streams}}
    await socket.send(msgspec.json.encode(command).decode())
    while (frame := await _frame(socket)).type != "confirm_subscription":
        if frame.type == "reject_subscription":
            raise UnexpectedReply("the server refused the subscription")


async def _next(socket: ClientConnection, cursor: Cursor) -> Event | None:
    """The next event; None for a frame that is none, or that repeats one."""
    frame = await _frame(socket)
    if frame.type == "reject_history":
        raise _Lost
    if frame.type or not frame.epoch:
        return None
    if frame.epoch != cursor.epoch or frame.offset > cursor.offset + 1:
        raise _Again  # to ask for what follows the cursor
    if frame.offset <= cursor.offset:
        return None
    message = _messages.decode(frame.message)
    return Event(Cursor(frame.epoch, frame.offset), operation_of(message.operation, message.content))


async def _frame(socket: ClientConnection) -> _Frame:
    try:
        async with asyncio.timeout(SILENCE_S):
            text = await socket.recv()
    except TimeoutError:
        raise _Again from None
    try:
        frame = _frames.decode(text)
    except msgspec.MsgspecError:
        raise _Again from None
    if frame.type == "disconnect":
        if frame.reason == "unauthorized":
            raise AccountIdInvalid
        if not frame.reconnect:
            raise UnexpectedReply(f"the server ended the stream: {frame.reason}")
        raise _Again
    return frame


def _raise_if_final(error: Exception) -> None:
    closed: Any = error.rcvd if isinstance(error, ConnectionClosed) else None
    if closed is not None and closed.code == POLICY_VIOLATION:
        raise AccountIdInvalid if "account" in closed.reason else UnexpectedReply(closed.reason) from None


_quiet = logging.getLogger("heartline.client.socket")
_quiet.addFilter(lambda record: False)  # websockets logs addresses, which have the account's id in them
