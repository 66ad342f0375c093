"""The stream's sockets over a real port, byte for byte: the contract's example, and what clients may do wrong.

Every test ends with a check that the server still serves other clients and that nothing went wrong inside it.
"""

import contextlib
import json
import re
import socket
import struct

import httpx
import pytest

from tests.conftest import Account, Server
from tests.server.raw_client import (
    ACTION_CABLE,
    CONFIRMATION,
    SUBSCRIBE,
    WELCOME,
    RawClient,
    emit,
    number_in,
    opened,
    stream_of,
    subscribed,
    welcomed,
)
from tests.wire import (
    ACCEPT,
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    client_frame,
    client_text,
    command,
    content,
    upgrade,
)

pytestmark = pytest.mark.usefixtures("serves_others")

IDENTIFIER = '{"channel":"NotificationsChannel"}'
SPACED = '{"channel": "NotificationsChannel"}'
EXAMPLE = (
    r'{"identifier":"{\"channel\":\"NotificationsChannel\"}","message":{"operation":"forward_to_phone","content":'
    r'{"to":"5555555555","message":"test","mime_type":"text/plain","sent_device":0}}}'
)
UNAUTHORIZED = '{"type":"disconnect","reason":"unauthorized","reconnect":false}'
MESSAGE_BYTES = 4096
"""The longest message that a client may send."""


@pytest.fixture(scope="module")
def account(server: Server) -> Account:
    """One for all tests that leave it as it was: hashing passwords takes time."""
    return server.sign_up()


# --- the contract's example ---


def test_the_example_of_the_contract(account: Account) -> None:
    with opened(account.server, stream_of(account)) as client:
        assert client.text() == '{"type":"welcome"}'
        client.say(SUBSCRIBE)
        assert client.text() == CONFIRMATION
        body = {"to": "5555555555", "message": "test", "mime_type": "text/plain", "sent_device": 0}
        account.post("/messages/forward_to_phone", body)
        assert client.text() == EXAMPLE


def test_pings_come_every_three_seconds_with_and_without_a_subscription(account: Account) -> None:
    with welcomed(account) as idle, subscribed(account) as busy:
        for client in (idle, busy):
            pings = [re.fullmatch(r'\{"type":"ping","message":(\d{10})\}', client.ping()) for _ in range(3)]
            first, second, third = (int(ping[1]) for ping in pings if ping)
            # Rounded to seconds, and a busy machine may be late, but never early.
            assert second - first >= 2
            assert third - second >= 2


@pytest.mark.parametrize("path", ["/stream", "/stream/", "/api/v1/stream", "/api/v1/stream/"])
def test_both_paths_with_and_without_a_slash_and_with_unknown_parameters(account: Account, path: str) -> None:
    with opened(account.server, f"{stream_of(account, path)}&client_id=77") as client:
        assert client.text() == WELCOME
        client.say(SUBSCRIBE)
        assert client.text() == CONFIRMATION


def test_a_client_id_with_a_nul_is_understood_on_every_database(account: Account) -> None:
    with opened(account.server, f"{stream_of(account)}&client_id=7%007") as client:
        assert client.text() == WELCOME
        client.say(SUBSCRIBE)
        assert client.text() == CONFIRMATION


def test_the_reply_to_the_upgrade(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)))
        status, *lines = client.head().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert status == "HTTP/1.1 101 Switching Protocols"
        assert headers["sec-websocket-accept"] == ACCEPT
        assert (headers["upgrade"].lower(), headers["connection"].lower()) == ("websocket", "upgrade")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, None),
        (ACTION_CABLE, ACTION_CABLE),
        (f"{ACTION_CABLE}, actioncable-unsupported", ACTION_CABLE),
        (f"actioncable-unsupported,{ACTION_CABLE}", ACTION_CABLE),
        ("actioncable-unsupported", None),
        ("chat, superchat", None),
    ],
)
def test_the_subprotocol_is_chosen_if_it_was_offered(account: Account, offered: str | None, chosen: str | None) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account), sec_websocket_protocol=offered))
        head = client.head().lower()
        assert head.startswith("http/1.1 101 ")
        assert re.findall(r"sec-websocket-protocol: (.*)", head.replace("\r", "")) == ([chosen] if chosen else [])


def test_compression_is_not_negotiated(account: Account) -> None:
    with RawClient(account.server) as client:
        offer = "permessage-deflate; client_max_window_bits, permessage-deflate"
        client.send(upgrade(stream_of(account), sec_websocket_extensions=offer))
        assert "sec-websocket-extensions" not in client.head().lower()


def test_an_upgrade_on_a_connection_that_served_a_request_before(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n")
        head = client.head()
        assert head.startswith("HTTP/1.1 404 ")
        client.skip(int(re.search(r"content-length: (\d+)", head)[1]))  # type: ignore[index]
        client.send(upgrade(stream_of(account)))
        assert client.head().startswith("HTTP/1.1 101 ")
        assert client.text() == WELCOME


# --- who is refused ---


@pytest.mark.parametrize("query", ["", "?", "?account_id=", "?account_id", "?other=1", "?Account_id=x"])
@pytest.mark.parametrize("protocol", [None, ACTION_CABLE])
def test_without_an_account_id_the_socket_is_closed_at_once(server: Server, query: str, protocol: str | None) -> None:
    with RawClient(server) as client:
        client.send(upgrade(f"/stream{query}", sec_websocket_protocol=protocol))
        assert client.head().startswith("HTTP/1.1 101 ")
        assert client.is_closed() == (1008, "Missing required parameter: account_id")


UNKNOWN = ["x", "0" * 64, "%00", "%F0%9F%8E%89", "a" * 4_000, "1%20OR%201=1"]


@pytest.mark.parametrize("account_id", UNKNOWN)
def test_an_unknown_account_is_refused_without_a_welcome(server: Server, account_id: str) -> None:
    with opened(server, f"/stream?account_id={account_id}") as client:
        assert client.is_closed() == (1008, "account id invalid")


def test_an_unknown_account_is_told_to_action_cable_clients_first(server: Server) -> None:
    with opened(server, "/stream?account_id=x", sec_websocket_protocol=ACTION_CABLE) as client:
        assert client.text() == UNAUTHORIZED
        assert client.is_closed() == (1008, "account id invalid")


def test_an_unknown_subprotocol_is_none(server: Server) -> None:
    with opened(server, "/stream?account_id=x", sec_websocket_protocol="chat") as client:
        assert client.is_closed() == (1008, "account id invalid")


@pytest.mark.parametrize("query", ["account_id=%FF", "x=%FF", "x" * 200 + "=%FF", "%C3%BC" * 100 + "=%FF"])
def test_a_query_that_is_not_text_is_refused(account: Account, query: str) -> None:
    with opened(account.server, f"{stream_of(account)}&{query}") as client:
        code, reason = client.is_closed()
        assert code == 1008
        assert reason.startswith("parameter ")


def test_a_client_that_does_not_answer_the_close_frame_is_dropped(server: Server) -> None:
    with opened(server, "/stream?account_id=x") as client:
        assert [frame.close_code for frame in client.rest()] == [1008]


def test_commands_of_a_refused_client_are_ignored(server: Server) -> None:
    with opened(server, "/stream?account_id=x") as client:
        client.say(SUBSCRIBE)
        client.send(client_frame(PING))
        assert client.is_closed() == (1008, "account id invalid")


def test_the_sockets_of_a_removed_account_are_told_and_closed(server: Server) -> None:
    account = server.sign_up()
    with (
        subscribed(account) as plain,
        subscribed(account, sec_websocket_protocol=ACTION_CABLE) as action_cable,
    ):
        account.post("/accounts/remove_account")
        for client in (plain, action_cable):
            assert content(client.text()) == ("removed_account", {"id": account.id})
        assert plain.is_closed() == (1008, "account id invalid")
        assert action_cable.text() == UNAUTHORIZED
        assert action_cable.is_closed() == (1008, "account id invalid")


# --- what is no handshake ---


@pytest.mark.parametrize(
    "path", ["/", "/streams", "/api/stream", "/api/v1", "/api/v1/messages", "/stream/more", "/STREAM"]
)
def test_an_upgrade_at_another_path_is_not_found(account: Account, path: str) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account, path)))
        assert client.head().startswith("HTTP/1.1 404 ")
        client.body()


@pytest.mark.parametrize("path", ["/stream", "/stream/", "/api/v1/stream", "/api/v1/stream/"])
def test_a_plain_request_is_told_to_upgrade(account: Account, path: str) -> None:
    reply = httpx.get(account.server.url + stream_of(account, path))
    assert (reply.status_code, reply.headers["upgrade"]) == (426, "websocket")
    assert "error" in reply.json()


BAD_HANDSHAKES = {
    "no key": {"sec_websocket_key": None},
    "a short key": {"sec_websocket_key": "AAAA"},
    "a key that is no base64": {"sec_websocket_key": "!" * 24},
    "no version": {"sec_websocket_version": None},
    "an old version": {"sec_websocket_version": "8"},
    "no connection header": {"connection": None},
    "no upgrade header": {"upgrade": None},
    "a POST": {"method": "POST"},
    "a POST with a length": {"method": "POST", "content_length": "0"},
    "a PUT": {"method": "PUT"},
    "a body": {"content_length": "5"},
}


def test_long_and_many_headers_are_taken(account: Account) -> None:
    """Cookies of other programs on the same host name, headers of proxies; what is too much: test_http_protocol.py."""
    headers = {"cookie": "x" * 10_000} | {f"x_{number}": "x" for number in range(200)}
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account), **headers))
        assert client.head().startswith("HTTP/1.1 101 ")
        assert client.text() == WELCOME


@pytest.mark.parametrize("change", BAD_HANDSHAKES.values(), ids=BAD_HANDSHAKES.keys())
def test_a_bad_handshake_is_answered_with_an_error(account: Account, change: dict[str, str | None]) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account), **change))  # type: ignore[arg-type]
        assert re.match(r"HTTP/1\.1 4\d\d ", client.head())


# --- frames that RFC 6455 forbids ---

FRAGMENTED_ABSURDITY = client_frame(TEXT, b"{", final=False), client_frame(TEXT, b"}")
BAD_FRAMES: dict[str, tuple[int, bytes]] = {
    "unmasked text": (1002, client_frame(TEXT, SUBSCRIBE.encode(), masked=False)),
    "unmasked ping": (1002, client_frame(PING, masked=False)),
    **{f"reserved bits {bits:03b}": (1002, client_frame(TEXT, b"{}", reserved=bits)) for bits in range(1, 8)},
    **{f"opcode {opcode}": (1002, client_frame(opcode, b"{}")) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a continuation of nothing": (1002, client_frame(CONTINUATION, b"{}")),
    "text within a message": (1002, b"".join(FRAGMENTED_ABSURDITY)),
    "a ping in fragments": (1002, client_frame(PING, b"x", final=False)),
    "a ping of 126 bytes": (1002, client_frame(PING, b"x" * 126)),
    "a close frame of one byte": (1002, client_frame(CLOSE, b"\x03")),
    "a close code that must not be sent": (1002, client_frame(CLOSE, b"\x03\xed")),
    "a close frame within a message": (1002, client_frame(TEXT, b"{", final=False) + client_frame(CLOSE)),
    "a close reason that is no UTF-8": (1007, client_frame(CLOSE, b"\x03\xe8\xff")),
    "binary": (1003, client_frame(BINARY, SUBSCRIBE.encode())),
    "empty binary": (1003, client_frame(BINARY)),
    "binary in fragments": (1003, client_frame(BINARY, b"x", final=False) + client_frame(CONTINUATION, b"x")),
    "text that is no UTF-8": (1007, client_frame(TEXT, b'{"command":"\xff"}')),
    "half a character": (1007, client_frame(TEXT, "ü".encode()[:1])),
    "a surrogate": (1007, client_frame(TEXT, b"\xed\xa0\x80")),
    "text that is no UTF-8 in fragments": (
        1007,
        client_frame(TEXT, "ü".encode()[:1], final=False) + client_frame(CONTINUATION, b"x"),
    ),
    "a frame of a byte too much": (1009, client_frame(TEXT, b" " * (MESSAGE_BYTES + 1))),
    "a frame of 1 MiB": (1009, client_frame(TEXT, b" " * (1 << 20))),
    "a frame that claims to have exabytes": (1009, b"\x81\xff" + struct.pack("!Q", 1 << 62)),
    "a frame with a negative length": (1009, b"\x81\xff" + b"\xff" * 8),
    "a binary frame of 1 MiB": (1009, client_frame(BINARY, b" " * (1 << 20))),
    "a message in many fragments that is too long": (
        1009,
        client_frame(TEXT, b" ", final=False) + client_frame(CONTINUATION, b" " * 100, final=False) * 41,
    ),
}


@pytest.mark.parametrize(("code", "data"), BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_what_rfc_6455_forbids_is_closed_with_its_code(account: Account, code: int, data: bytes) -> None:
    with subscribed(account) as client:
        client.send(data)
        frame = client.frame()
        assert frame is not None
        assert frame.close_code == code
        with contextlib.suppress(ConnectionError):  # the server may have hung up already
            client.send(client_frame(CLOSE, frame.payload))
        assert client.rest() == []


def test_after_a_bad_frame_nothing_more_is_done(account: Account) -> None:
    with welcomed(account) as client:
        client.send(client_frame(BINARY), client_text(SUBSCRIBE), client_frame(PING))
        code, _ = client.is_closed()
        assert code == 1003


# --- frames in every shape that RFC 6455 allows ---


def test_a_message_of_the_greatest_size(account: Account) -> None:
    with welcomed(account) as client:
        client.say(SUBSCRIBE.ljust(MESSAGE_BYTES))
        assert client.text() == CONFIRMATION


def test_a_subscribe_in_fragments(account: Account) -> None:
    with welcomed(account) as client:
        client.send(
            client_frame(TEXT, SUBSCRIBE[:10].encode(), final=False),
            client_frame(CONTINUATION, b"", final=False),
            client_frame(CONTINUATION, SUBSCRIBE[10:50].encode(), final=False),
            client_frame(CONTINUATION, SUBSCRIBE[50:].encode()),
        )
        assert client.text() == CONFIRMATION


def test_a_ping_between_fragments(account: Account) -> None:
    with welcomed(account) as client:
        client.send(client_frame(TEXT, SUBSCRIBE[:10].encode(), final=False), client_frame(PING, b"here?"))
        assert client.frame() == Frame(PONG, b"here?")
        client.send(client_frame(CONTINUATION, SUBSCRIBE[10:].encode()))
        assert client.text() == CONFIRMATION


def test_a_character_split_over_fragments(account: Account) -> None:
    identifier = '{"channel":"NotificationsChannel","x":"ü"}'
    text = json.dumps({"command": "subscribe", "identifier": identifier}, ensure_ascii=False).encode()
    cut = text.index("ü".encode()) + 1
    with welcomed(account) as client:
        client.send(client_frame(TEXT, text[:cut], final=False), client_frame(CONTINUATION, text[cut:]))
        assert json.loads(client.text())["identifier"] == identifier


@pytest.mark.parametrize("begin", [b"\xff", "κόσμε".encode() + b"\xf4\x90\x80\x80", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_a_fragment_that_is_no_text_is_refused_before_the_message_ends(account: Account, begin: bytes) -> None:
    with welcomed(account) as client:
        client.send(client_frame(TEXT, b"{", final=False), client_frame(CONTINUATION, begin, final=False))
        assert client.is_closed()[0] == 1007


def test_a_subscribe_byte_by_byte(account: Account) -> None:
    with welcomed(account) as client:
        for byte in client_text(SUBSCRIBE):
            client.send(bytes([byte]))
        assert client.text() == CONFIRMATION


def test_a_subscribe_cut_in_two_at_every_byte(account: Account) -> None:
    frame = client_text(SUBSCRIBE)
    with welcomed(account) as client:
        for cut in range(1, len(frame)):
            client.send(frame[:cut])
            client.send(frame[cut:])
            assert client.text() == CONFIRMATION


def test_several_frames_in_one_segment(account: Account) -> None:
    with welcomed(account) as client:
        client.send(
            client_frame(PING, b"1"),
            client_text(SUBSCRIBE),
            client_text(command("subscribe", SPACED)),
            client_frame(PING, b"2"),
            client_text(SUBSCRIBE)[:20],
        )
        frames = [client.frame() for _ in range(4)]
        assert [frame for frame in frames if frame and frame.opcode == PONG] == [Frame(PONG, b"1"), Frame(PONG, b"2")]
        confirmed = [json.loads(frame.text)["identifier"] for frame in frames if frame and frame.opcode == TEXT]
        assert sorted(confirmed) == sorted([IDENTIFIER, SPACED])  # each is looked up on its own
        client.send(client_text(SUBSCRIBE)[20:])
        assert client.text() == CONFIRMATION


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(125))], ids=["empty", "short", "longest"])
def test_pings_get_pongs(account: Account, payload: bytes) -> None:
    with welcomed(account) as client:
        client.send(client_frame(PING, payload))
        assert client.frame() == Frame(PONG, payload)


def test_pongs_are_ignored(account: Account) -> None:
    with welcomed(account) as client:
        client.send(client_frame(PONG, b"unasked"), client_text(SUBSCRIBE))
        assert client.text() == CONFIRMATION


GARBAGE = [
    "",
    "hello",
    "[]",
    "1",
    "null",
    "{}",
    '{"command":1}',
    "[" * MESSAGE_BYTES,
    "9" * MESSAGE_BYTES,
    "\0",
    "\ufeff{}",
]


@pytest.mark.parametrize("text", GARBAGE)
def test_text_that_is_no_command_is_ignored(account: Account, text: str) -> None:
    with welcomed(account) as client:
        client.say(text, SUBSCRIBE)
        assert client.text() == CONFIRMATION
        number = emit(account)
        assert number_in(client.text()) == number


def test_the_identifier_is_echoed_as_it_came(account: Account) -> None:
    with welcomed(account) as client:
        client.say(command("subscribe", SPACED))
        confirmation = json.loads(client.text())
        assert confirmation == {"identifier": SPACED, "type": "confirm_subscription"}
        emit(account)
        assert json.loads(client.text())["identifier"] == SPACED


def test_an_event_with_the_letters_ping_arrives_without_them(account: Account) -> None:
    with subscribed(account) as client:
        account.post("/messages/forward_to_phone", {"to": "5555555555", "message": "shopping ping"})
        text = client.text()  # a frame with these letters would be taken for a ping, and skipped
        assert content(text)[1]["message"] == "shopping ping"


def test_an_unknown_channel_is_rejected_for_action_cable_clients_only(account: Account) -> None:
    other = command("subscribe", '{"channel":"OtherChannel"}')
    with welcomed(account, sec_websocket_protocol=ACTION_CABLE) as action_cable, welcomed(account) as plain:
        action_cable.say(other)
        rejection = r'{"identifier":"{\"channel\":\"OtherChannel\"}","type":"reject_subscription"}'
        assert action_cable.text() == rejection
        plain.say(other, SUBSCRIBE)
        assert plain.text() == CONFIRMATION


def test_after_unsubscribe_events_stop(account: Account) -> None:
    with subscribed(account) as client, subscribed(account) as other:
        client.say(command("unsubscribe", IDENTIFIER))
        client.send(client_frame(PING, b"handled"))
        assert client.frame() == Frame(PONG, b"handled")
        number = emit(account)
        assert number_in(other.text()) == number
        client.say(SUBSCRIBE)
        assert client.text() == CONFIRMATION


def test_a_command_right_after_the_upgrade_is_answered_after_the_welcome(account: Account) -> None:
    with opened(account.server, stream_of(account)) as client:
        client.say(SUBSCRIBE)
        assert client.texts(2) == [WELCOME, CONFIRMATION]


# --- how sockets end ---


@pytest.mark.parametrize(
    "payload", [b"", b"\x03\xe8", b"\x03\xe8bye", b"\x0f\xa1mine"], ids=["empty", "code", "reason", "own code"]
)
def test_a_close_frame_is_echoed_and_the_server_hangs_up(account: Account, payload: bytes) -> None:
    with subscribed(account) as client:
        client.send(client_frame(CLOSE, payload))
        assert client.rest() == [Frame(CLOSE, payload)]


def test_what_follows_a_close_frame_is_ignored(account: Account) -> None:
    with welcomed(account) as client:
        client.send(client_frame(CLOSE), client_text(SUBSCRIBE), client_frame(PING), b"\xff" * 100)
        assert client.rest() == [Frame(CLOSE, b"")]


def test_a_peer_that_says_it_has_finished_is_let_go(account: Account) -> None:
    with subscribed(account) as client:
        client.tcp.shutdown(socket.SHUT_WR)
        assert client.rest() == []


def test_a_peer_that_has_finished_within_a_frame_is_let_go(account: Account) -> None:
    with subscribed(account) as client:
        client.send(client_text(SUBSCRIBE)[:20])
        client.tcp.shutdown(socket.SHUT_WR)
        assert client.rest() == []


def test_a_peer_that_has_finished_right_after_its_request_is_let_go(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)))
        client.tcp.shutdown(socket.SHUT_WR)
        client.body()


@pytest.mark.parametrize("when", ["asked", "welcomed", "subscribed", "within a frame"])
def test_a_client_that_vanishes(account: Account, when: str) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)))
        if when != "asked":
            client.head()
            assert client.text() == WELCOME
        if when in ("subscribed", "within a frame"):
            client.say(SUBSCRIBE)
            assert client.text() == CONFIRMATION
        if when == "within a frame":
            client.send(client_text(SUBSCRIBE)[:20])
        client.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes with a reset
    emit(account)
