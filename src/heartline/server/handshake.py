"""The opening handshake of a WebSocket (RFC 6455 4.2): what websockets' `ServerProtocol` does with it, without making one.

Every check is websockets'. The head was read by the HTTP side already, and the object for the connection after it is left
out: a socket of the stream has none between frames. Both together took two thirds of a handshake.
"""

from collections.abc import Sequence
from email.utils import formatdate
from typing import NamedTuple

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request
from websockets.server import ServerProtocol
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


def shake_hands(method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Handshake:
    """Answer an upgrade request. Raises `BadHandshake`, `UnknownPath`, `MethodNotAllowed` or `UpgradeRequired`."""
    request = _request(method, target, headers)
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


def _request(method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Request:
    if not target.isascii():
        raise BadHandshake("the path is not ASCII")
    fields = Headers()
    for name, value in headers:
        fields[name.decode("latin-1")] = value.decode("latin-1")
    if "Transfer-Encoding" in fields or not {*fields.get_all("Content-Length")} <= {"0"}:
        raise BadHandshake("an upgrade request has no body")
    return Request(target.decode(), fields, method)


def _select_subprotocol(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first of ours that the client offered; none is no reason to refuse it."""
    return next((subprotocol for subprotocol in SUBPROTOCOLS if subprotocol in offered), None)


_checker = ServerProtocol(select_subprotocol=_select_subprotocol)
"""Serves every request: what it keeps of one is not looked at."""
