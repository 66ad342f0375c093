"""The opening handshake is websockets' own, in every case: compared with its `ServerProtocol`."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from heartline.errors import BadHandshake, HeartlineError, MethodNotAllowed, UnknownPath, UpgradeRequired
from heartline.server.handshake import SUBPROTOCOLS, shake_hands
from heartline.stream.connection import Dialect
from tests.strategies import unhurried
from tests.wire import KEY, upgrade

TARGET = "/stream?account_id=abc"


def by_websockets(head: bytes) -> tuple[bytes, str]:
    """The reply of a whole `ServerProtocol`, or why it refuses."""
    http = ServerProtocol(select_subprotocol=lambda _, offered: next((s for s in SUBPROTOCOLS if s in offered), None))
    http.receive_data(head)
    request = next((event for event in http.events_received() if isinstance(event, Request)), None)
    if request is None:  # without an error it would wait for the rest
        return b"", str(http.handshake_exc or "did not receive a valid HTTP request")
    http.send_response(http.accept(request))
    if http.state is not OPEN:
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
    "a body": {"content_length": "5"},
    "chunks": {"transfer_encoding": "chunked"},
    "a long line": {"cookie": "x" * 9000},
    "many lines": {"cookie": "x\r\ncookie: x" * 130},
    "a control character": {"cookie": "a\x01b"},
    "a bad name": {"cookie": "x\r\nbad name: x"},
    "no colon": {"cookie": "x\r\nnothing"},
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_are_judged_as_websockets_does(name: str) -> None:
    compare(upgrade(TARGET, **HEADERS[name]))


@pytest.mark.parametrize(
    "head",
    [b"", b"GET", b"GET / HTTP/2\r\n\r\n", upgrade(TARGET)[:-1], upgrade("/stream?" + "x" * 9000), upgrade("/é")],
)
def test_heads_are_judged_as_websockets_does(head: bytes) -> None:
    compare(head)


@unhurried
@given(st.integers(0, len(upgrade(TARGET)) - 1), st.binary(max_size=3))
def test_damaged_heads_are_judged_as_websockets_does(place: int, put: bytes) -> None:
    head = upgrade(TARGET, sec_websocket_protocol="actioncable-v1-json")
    compare(head[:place] + put + head[place + 1 :])


def compare(head: bytes) -> None:
    reply, why = by_websockets(head)
    assert outcome(head) in (without_date(reply), str(BadHandshake(why)), "ours")


def outcome(head: bytes) -> bytes | str:
    """The reply, or why not; `ours` for what websockets does not look at."""
    try:
        return without_date(shake_hands(head).reply)
    except BadHandshake as error:
        return str(error)
    except (UnknownPath, MethodNotAllowed, UpgradeRequired):
        damaged = (
            b" /stream?" not in head
            or not head.startswith(b"GET ")
            or head.count(b"\r\nsec-websocket-version: 13\r\n") != 1
        )
        return "ours" if damaged else "wrong"


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (upgrade("/elsewhere"), UnknownPath),
        (upgrade(TARGET, method="POST"), MethodNotAllowed),
        (upgrade(TARGET, sec_websocket_version="8"), UpgradeRequired),
        (upgrade(TARGET, sec_websocket_version=None), UpgradeRequired),
    ],
)
def test_what_a_client_got_wrong_is_named(head: bytes, error: type[HeartlineError]) -> None:
    with pytest.raises(error):
        shake_hands(head)


def test_what_the_stream_needs_is_told() -> None:
    head = upgrade(TARGET, sec_websocket_protocol="actioncable-v1-ext-json", x_anycable_restore_sid="abc")
    handshake = shake_hands(head)
    assert (handshake.dialect, handshake.query, handshake.restore_sid) == (Dialect.EXTENDED, "account_id=abc", "abc")
