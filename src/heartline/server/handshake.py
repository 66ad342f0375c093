"""The opening handshake of a WebSocket (RFC 6455 4.2): what websockets' `ServerProtocol` does with it, without making one.

The reading, and every check, is websockets'. Only the object for the connection after it is left out: a socket of the stream
has none between frames, and making it took a third of the handshake (113 us of processor time, without it 74).
"""

from collections.abc import Generator, Sequence
from email.utils import formatdate
from typing import Any, NamedTuple

from websockets.exceptions import InvalidHandshake, InvalidMessage, SecurityError
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.streams import StreamReader
from websockets.typing import Subprotocol

from heartline.errors import BadHandshake, MethodNotAllowed, UnknownPath, UpgradeRequired
from heartline.stream.connection import Dialect

PATHS = ("/stream", "/api/v1/stream")
SUBPROTOCOLS = (Subprotocol(Dialect.EXTENDED.value), Subprotocol(Dialect.ACTION_CABLE.value))
"""Those that are spoken, the preferred one first."""


class Handshake(NamedTuple):
    """One that is in order."""

    reply: bytes
    dialect: Dialect
    query: str
    restore_sid: str
    """The earlier session that the client names in a header."""


def shake_hands(head: bytes) -> Handshake:
    """Answer an upgrade request, all of it. Raises `BadHandshake`, `UnknownPath`, `MethodNotAllowed` or
    `UpgradeRequired`."""
    try:
        request = _read(head)
    except InvalidMessage as error:
        raise BadHandshake(str(error)) from error
    path, _, query = request.path.partition("?")
    if path.rstrip("/") not in PATHS:
        raise UnknownPath(path)
    if request.method != "GET":
        raise MethodNotAllowed(request.method, allow="GET")
    if request.headers.get_all("Sec-WebSocket-Version") != ["13"]:
        raise UpgradeRequired
    try:
        accept, _, subprotocol = _checker.process_request(request)
    except InvalidHandshake as error:
        raise BadHandshake(str(error)) from error
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        f"Date: {formatdate(usegmt=True)}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    sid = next(iter(request.headers.get_all("X-ANYCABLE-RESTORE-SID")), "")
    return Handshake("\r\n".join([*lines, "", ""]).encode(), Dialect(subprotocol or ""), query, sid)


def _read(head: bytes) -> Request:
    """Raises `InvalidMessage`, also for a head of which the end is missing."""
    reader = StreamReader()
    reader.feed_data(head)
    reading: Generator[Any, Any, Request] = Request.parse(reader.read_line)
    try:
        next(reading)
    except StopIteration as end:
        request: Request = end.value
        return request
    except SecurityError as error:  # a line that is too long, or too many of them
        raise InvalidMessage(str(error)) from error
    except (EOFError, ValueError, NotImplementedError) as error:
        raise InvalidMessage("did not receive a valid HTTP request") from error
    raise InvalidMessage("did not receive a valid HTTP request")


def _select_subprotocol(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first of ours that the client offered; none is no reason to refuse it."""
    return next((subprotocol for subprotocol in SUBPROTOCOLS if subprotocol in offered), None)


_checker = ServerProtocol(select_subprotocol=_select_subprotocol)
"""Serves every request: what it keeps of one is not looked at."""
