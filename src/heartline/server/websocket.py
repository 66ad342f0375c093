"""The socket under a stream connection: one `asyncio.Protocol`, no task, and no parser while nothing is being received.

`HttpProtocol` hands over a socket with its upgrade request. Frames are read by websockets' sans-I/O layer, which answers
everything that RFC 6455 forbids with the right close code; only a segment that is one short, whole text is read without.
"""

import asyncio
import codecs
from collections.abc import Sequence
from types import GeneratorType
from typing import Any, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side
from websockets.streams import StreamReader
from websockets.utils import apply_mask

from heartline.errors import HeartlineError
from heartline.server.handshake import Handshake, shake_hands
from heartline.server.node import Node
from heartline.server.plain import PlainTransport
from heartline.server.service import refusal
from heartline.server.tcp import unacknowledged_bytes
from heartline.stream import frames
from heartline.stream.connection import Connection, Dialect
from heartline.stream.cursors import Receipts
from heartline.stream.hub import Reader
from heartline.stream.wheel import Pinged
from heartline.tolerance import parse_query

MESSAGE_BYTES = 4 * 1024
"""A client's message, over all its fragments; the longest that a known client sends has 80 bytes (operations.md 1.4)."""
CLIENT_ID_CHARACTERS = 64
"""What counts of a `client_id`; known ones have up to four digits."""
HEAD_BYTES, SHORT_BYTES = 6, 125
"""The head of a client's frame with its mask, and the longest content that has one so short (RFC 6455 5.2)."""
FINAL_TEXT, MASKED = 0x81, 0x80
"""The first byte of a text frame that is a whole message, and the bit of the second that says that a mask follows."""
CLOSE_S = 5.0
"""How long a client may take to answer a close frame."""


_Utf8Decoder = codecs.getincrementaldecoder("utf-8")


class StreamProtocol(Connection, asyncio.Protocol):
    """A WebSocket of the stream."""

    __slots__ = ("_closing", "_connections", "_early", "_node", "_parser", "_receipts", "_transport")

    def __init__(self, node: Node, transport: asyncio.Transport, connections: set[Any]) -> None:
        """`connections` are those that uvicorn ends when the server stops."""
        super().__init__(node.stream)
        self._node = node
        self._connections = connections
        self._transport = transport
        self._early: bytes | None = b""
        """What the client said before the welcome, until then."""
        self._parser: _FrameParser | None = None
        self._receipts: Receipts | None = None
        """What a client with a `client_id` has got, from its subscription on."""
        self._closing: asyncio.TimerHandle | None = None
        """Set once the end has begun: what the client still says does not matter."""

        connections.add(self)

    # --- asyncio ---

    def data_received(self, data: bytes) -> None:
        if self._early is None:
            self._receive(data)
        else:
            self._early += data
            self._transport.pause_reading()  # the rest waits in the system

    def pause_writing(self) -> None:
        # Nothing more is read either, so that a client cannot make us buffer answers that it does not fetch.
        self.filled()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
        self.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        self.left()
        self._connections.discard(self)
        if self._closing is not None:
            self._closing.cancel()

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        self._node.stop_later(self)

    # --- Connection ---

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def writer(self) -> Pinged:
        return self._transport if isinstance(self._transport, PlainTransport) else self

    def close(self, code: int, reason: str = "") -> None:
        if self._closing is None:
            self._transport.write(frames.close(code, reason))
            self._begin_end()

    def stop(self) -> None:
        if self._early is not None:
            self.drop()  # its upgrade has no reply yet
        elif self._closing is None:
            super().stop()

    def drop(self) -> None:
        self._transport.close()
        if self._closing is None:
            self._begin_end()

    def deliver(self, data: bytes, last_offset: int) -> None:
        self._transport.write(data)
        if self._receipts is not None:
            self._receipts.wrote(asyncio.get_running_loop().time(), len(data), last_offset)
            self.stream.moving.add(self)

    def confirmed(self, reader: Reader) -> None:
        if self.client_id and self._receipts is None and reader.cursor is not None:
            self._receipts = Receipts(reader.cursor)
            self.stream.moving.add(self)
        super().confirmed(reader)

    def arrived(self) -> int | None:
        if self._receipts is None:
            return None
        on_the_way = unacknowledged_bytes(self._transport)
        return self._receipts.received(asyncio.get_running_loop().time(), on_the_way)

    def all_arrived(self) -> bool:
        return self._receipts is None or self._receipts.complete

    # --- handshake ---

    def upgrade(self, method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Answer the upgrade request, once the account is known to exist or not."""
        try:
            handshake = shake_hands(method, target, headers)
        except HeartlineError as error:
            self._transport.write(refusal(error))
            self._transport.close()
            return
        self.dialect = handshake.dialect
        self._node.spawn(self._enter(handshake))

    async def _enter(self, handshake: Handshake) -> None:
        """Welcome the client when its account exists."""
        error: HeartlineError | None = None
        try:
            parameters = parse_query(handshake.query.encode())
            account = await self._node.find_account(parameters.get("account_id", ""))
            if self.dialect is not Dialect.EXTENDED:
                client_id = parameters.get("client_id", "")[:CLIENT_ID_CHARACTERS]
                self.client_id = client_id.replace("\0", "")  # which PostgreSQL cannot store
            self.ask_pings(_seconds(parameters.get("pi", "")))
        except HeartlineError as refused:
            error = refused
        if self._transport.is_closing() or self._closing is not None:
            return
        early, self._early = self._early, None
        if error is None:
            self.welcome(account, parameters.get("sid", handshake.restore_sid), reply=handshake.reply)
        else:
            self.write(handshake.reply)
            self.refuse(error)
        if early:
            if self.writable:
                self._transport.resume_reading()
            self._receive(early)

    # --- frames ---

    def _receive(self, data: bytes) -> None:
        if self._parser is None and self._closing is None and (text := _short_text(data)) is not None:
            self.received(text)
            return
        parser = self._parser or _FrameParser()
        parser.receive_data(data)
        for frame in parser.events_received():
            if isinstance(frame, Frame):
                self._frame(parser, frame)
        for chunk in parser.data_to_send():
            if chunk and self._closing is None:
                self._transport.write(chunk)
        if parser.close_expected():
            self._finish()
        self._parser = None if parser.release() else parser

    def _frame(self, parser: "_FrameParser", frame: Frame) -> None:
        if self._closing is not None or frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is Opcode.BINARY:
            self.left()
            self.close(CloseCode.UNSUPPORTED_DATA, "the stream speaks text")
            return
        try:
            text = parser.utf8.decode(bytes(frame.data), frame.fin)
        except UnicodeDecodeError:  # of the first fragment in which it shows
            self.left()
            self.close(CloseCode.INVALID_DATA, "a text frame must be UTF-8")
            return
        if text:  # so that empty ones, which no bound counts, take no memory
            parser.fragments.append(text)
        if frame.fin:
            text, parser.fragments = "".join(parser.fragments), []
            self.received(text)

    # --- the end ---

    def _begin_end(self) -> None:
        self._closing = asyncio.get_running_loop().call_later(CLOSE_S, self._transport.abort)

    def _finish(self) -> None:
        """Nothing more will be said on either side. Half-closing first lets the close frame arrive even when the client
        is still sending; where that is impossible (TLS) the socket is closed at once."""
        self.left()
        if self._closing is None:
            self._begin_end()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        else:
            self._transport.close()


class _FrameParser(Protocol):
    """websockets' parser of a server's frames, from the first byte of a message to the last."""

    def __init__(self) -> None:
        super().__init__(Side.SERVER, state=OPEN, max_size=MESSAGE_BYTES)
        self.utf8 = _Utf8Decoder()
        self.fragments: list[str] = []

    def release(self) -> bool:
        """Let go of its memory if nothing is half received, so that a new one can take its place: True if it did.

        Between two frames the parser waits in `StreamReader.at_eof` for the next first byte.
        """
        parser = cast("GeneratorType[Any, Any, Any]", self.parser)
        waits_in = parser.gi_yieldfrom
        if (
            self.state is not OPEN
            or self.current_size is not None
            or not isinstance(waits_in, GeneratorType)
            or waits_in.gi_code is not StreamReader.at_eof.__code__
        ):
            return False
        parser.close()  # it refers to this object: without the cycle both are freed at once
        return True


def _short_text(data: bytes) -> str | None:
    """What a segment says that is one whole text frame of at most 125 bytes, as nearly every one is; else None. The parser
    would take four times as long to tell."""
    size = len(data) - HEAD_BYTES
    if not 0 <= size <= SHORT_BYTES or data[0] != FINAL_TEXT or data[1] != MASKED | size:
        return None
    try:
        return apply_mask(data[HEAD_BYTES:], data[2:HEAD_BYTES]).decode()
    except UnicodeDecodeError:
        return None


def _seconds(text: str) -> float:
    """A number of seconds from the query; 0 for what is none."""
    return float(text) if text.isdecimal() else 0.0
