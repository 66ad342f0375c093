"""The opening handshake is websockets' own, in every case: compared with its `ServerProtocol`."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

from heartline.errors import BadHandshake, HeartlineError, MethodNotAllowed, UnknownPath, UpgradeRequired
from heartline.server.handshake import SUBPROTOCOLS, Handshake, shake_hands
from heartline.stream.connection import Dialect
from tests.strategies import unhurried
from tests.wire import KEY, upgrade, upgrade_parts

TARGET = "/stream?account_id=abc"


def read(head: bytes) -> Request:
    """A head as websockets reads it. Raises an exception of its choice."""
    reader = StreamReader()
    reader.feed_data(head)
    reader.feed_eof()
    reading: Generator[Any, Any, Request] = Request.parse(reader.read_line)
    try:
        next(reading)
    except StopIteration as end:
        request: Request = end.value
        return request
    raise EOFError


def answer(request: Request) -> Handshake:
    """Ours, given what the HTTP side gives it."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.raw_items()]
    return shake_hands(request.method, request.path.encode(), headers)


def by_websockets(request: Request) -> tuple[bytes, str]:
    """The reply of a whole `ServerProtocol`, or why it refuses."""
    http = ServerProtocol(select_subprotocol=lambda _, offered: next((s for s in SUBPROTOCOLS if s in offered), None))
    http.send_response(http.accept(request))
    if http.handshake_exc is not None:
        assert isinstance(http.handshake_exc, InvalidHandshake)
        return b"", str(http.handshake_exc)
    return b"".join(http.data_to_send()), ""


def without_date(reply: bytes) -> bytes:
    return re.sub(rb"Date: [^\r]*", b"Date:", reply)


HEADERS: dict[str, Any] = {
    "as usual": {},
    "lower case": {"connection": "upgrade"},
    "two options": {"connection": "keep-alive, Upgrade"},
    "no connection": {"connection": None},
    "another option": {"connection": "close"},
    "a malformed option": {"connection": "Upgrade, @"},
    "upper case": {"upgrade": "WebSocket"},
    "two protocols to upgrade to": {"upgrade": "websocket, h2c"},
    "no upgrade": {"upgrade": None},
    "no key": {"sec_websocket_key": None},
    "a short key": {"sec_websocket_key": "c2hvcnQ="},
    "no base64": {"sec_websocket_key": "é" * 24},
    "two keys": {"sec_websocket_key": f"{KEY}\r\nsec-websocket-key: {KEY}"},
    "two origins": {"origin": "http://a\r\norigin: http://b"},
    "ours": {"sec_websocket_protocol": "actioncable-v1-json, actioncable-v1-ext-json"},
    "ours in two lines": {
        "sec_websocket_protocol": "actioncable-v1-json\r\nsec-websocket-protocol: actioncable-v1-ext-json"
    },
    "theirs": {"sec_websocket_protocol": "graphql-ws"},
    "a malformed subprotocol": {"sec_websocket_protocol": ",a b"},
    "an extension": {"sec_websocket_extensions": "permessage-deflate; client_max_window_bits"},
    "no body": {"content_length": "0"},
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_are_judged_as_websockets_does(name: str) -> None:
    compare(read(upgrade(TARGET, **HEADERS[name])))


@unhurried
@given(st.integers(0, len(upgrade(TARGET)) - 1), st.binary(max_size=3))
def test_damaged_heads_are_judged_as_websockets_does(place: int, put: bytes) -> None:
    """Those that the HTTP side would let through, or so."""
    head = upgrade(TARGET, sec_websocket_protocol="actioncable-v1-json")
    try:
        request = read(head[:place] + put + head[place + 1 :])
    except Exception:
        reject()
    compare(request)


def compare(request: Request) -> None:
    reply, why = by_websockets(request)
    assert outcome(request) in (without_date(reply), str(BadHandshake(why)), "ours")


def outcome(request: Request) -> bytes | str:
    """The reply, or why not; `ours` for what websockets does not look at."""
    try:
        return without_date(answer(request).reply)
    except BadHandshake as error:
        return str(error)
    except (UnknownPath, MethodNotAllowed, UpgradeRequired):
        is_damaged = (
            not request.path.startswith("/stream?")
            or request.method != "GET"
            or request.headers.get_all("sec-websocket-version") != ["13"]
        )
        return "ours" if is_damaged else "wrong"


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (upgrade_parts("/elsewhere"), UnknownPath),
        (upgrade_parts(TARGET, method="POST"), MethodNotAllowed),
        (upgrade_parts(TARGET, sec_websocket_version="8"), UpgradeRequired),
        (upgrade_parts(TARGET, sec_websocket_version=None), UpgradeRequired),
        (upgrade_parts(TARGET, content_length="5"), BadHandshake),
        (upgrade_parts(TARGET, transfer_encoding="chunked"), BadHandshake),
        (upgrade_parts("/stream?é"), BadHandshake),
    ],
)
def test_what_a_client_got_wrong_is_named(head: Any, error: type[HeartlineError]) -> None:
    with pytest.raises(error):
        shake_hands(*head)


def test_what_the_stream_needs_is_told() -> None:
    head = upgrade_parts(TARGET, sec_websocket_protocol="actioncable-v1-ext-json", x_anycable_restore_sid="abc")
    handshake = shake_hands(*head)
    assert (handshake.dialect, handshake.query, handshake.restore_sid) == (Dialect.EXTENDED, "account_id=abc", "abc")
