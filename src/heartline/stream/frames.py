"""Every frame that the server sends, as the bytes that go onto the socket (websockets.md, operations.md 1).

A server's frames are not masked (RFC 6455 5.1), so one frame is encoded once and the same bytes serve every reader.
"""

import zlib
from collections.abc import Iterable
from typing import Protocol

import msgspec
from websockets.frames import Close, Frame, Opcode

from heartline.stream.log import Event

IDENTIFIER = '{"channel":"NotificationsChannel"}'
"""The identifier of the only channel, as every known client writes it."""


STREAM = "notifications"
REASON_BYTES = 123
"""Room for a reason in a close frame: 125 bytes, less two for the code."""


def text_frame(text: bytes) -> bytes:
    return bytes(Frame(Opcode.TEXT, text).serialize(mask=False))


WELCOME = text_frame(b'{"type":"welcome"}')


def extended_welcome(sid: str, restored: Iterable[str] | None) -> bytes:
    """AnyCable's: the session's name, and the identifiers that are live again when an earlier session was restored."""
    frame: dict[str, object] = {"type": "welcome", "sid": sid}
    if restored is not None:
        frame |= {"restored": True, "restored_ids": list(restored)}
    return text_frame(without_ping(msgspec.json.encode(frame)))


def ping(timestamp_s: int) -> bytes:
    """The keep-alive. Old web clients take any frame that contains the letters `ping` for one, and need one within 10 s."""
    return text_frame(b'{"type":"ping","message":%d}' % timestamp_s)


def confirm(identifier: str) -> bytes:
    return text_frame(b'{"identifier":%s,"type":"confirm_subscription"}' % _quoted(identifier))


def reject(identifier: str) -> bytes:
    return text_frame(b'{"identifier":%s,"type":"reject_subscription"}' % _quoted(identifier))


def confirm_history(identifier: str) -> bytes:
    return text_frame(b'{"type":"confirm_history","identifier":%s}' % _quoted(identifier))


def reject_history(identifier: str) -> bytes:
    return text_frame(b'{"type":"reject_history","identifier":%s}' % _quoted(identifier))


def disconnect(reason: str, *, reconnect: bool) -> bytes:
    """Tells an Action Cable client why it will be closed, and whether to come back."""
    return text_frame(msgspec.json.encode({"type": "disconnect", "reason": reason, "reconnect": reconnect}))


class Form(Protocol):
    """How a reader gets its events. Readers that share a form object share the encoded bytes."""

    identifier: str

    def encode(self, epoch: str, event: Event) -> bytes: ...


class PlainForm:
    """Action Cable's: the operation, and whose subscription it is."""

    __slots__ = ("identifier",)

    def __init__(self, identifier: str) -> None:
        self.identifier = identifier

    def encode(self, epoch: str, event: Event) -> bytes:
        text = b'{"identifier":%s,"message":%s}'
        return text_frame(text % (_quoted(self.identifier), without_ping(event.message)))


class ExtendedForm:
    """AnyCable's extended protocol: also the place in the log, from which the client can resume."""

    __slots__ = ("identifier",)

    def __init__(self, identifier: str) -> None:
        self.identifier = identifier

    def encode(self, epoch: str, event: Event) -> bytes:
        text = b'{"identifier":%s,"message":%s,"stream_id":"%s","epoch":"%s","offset":%d}'
        stream = stream_id(self.identifier).encode()
        message = without_ping(event.message)
        return text_frame(text % (_quoted(self.identifier), message, stream, epoch.encode(), event.offset))


_USUAL_PLAIN = PlainForm(IDENTIFIER)
_USUAL_EXTENDED = ExtendedForm(IDENTIFIER)


def form(identifier: str, *, extended: bool) -> Form:
    """The form for a subscription; one object for all that use the usual identifier."""
    if identifier == IDENTIFIER:
        return _USUAL_EXTENDED if extended else _USUAL_PLAIN
    return ExtendedForm(identifier) if extended else PlainForm(identifier)


def stream_id(identifier: str) -> str:
    """The name of a subscription's events for AnyCable clients, which keep one position a name: so each identifier has
    a name of its own, although all are the account's log."""
    return STREAM if identifier == IDENTIFIER else f"{STREAM}-{zlib.crc32(identifier.encode()):08x}"


def close(code: int, reason: str = "") -> bytes:
    """A close frame (RFC 6455 5.5.1), with as much of the reason as fits into one."""
    fitting = reason.encode()[:REASON_BYTES].decode(errors="ignore")
    return bytes(Frame(Opcode.CLOSE, Close(code, fitting).serialize()).serialize(mask=False))


def without_ping(json: bytes) -> bytes:
    """The same JSON without the letters `ping`, which would make old web clients drop the frame as a keep-alive.

    The letters can only stand inside a string, as no name of ours contains them, and there the escape means the same.
    """
    return json.replace(b"ping", rb"p\u0069ng")


def _quoted(identifier: str) -> bytes:
    return without_ping(msgspec.json.encode(identifier))
