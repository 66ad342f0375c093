"""What the HTTP side of a connection makes of a client that does not do what it should, on a bare TCP connection."""

import asyncio
import contextlib
import json
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from heartline.server.config import Config as Settings
from heartline.server.http import HEAD_BYTES, LEAST_BYTES, HttpProtocol
from tests.conftest import Account, Server
from tests.server.raw_client import CONFIRMATION, SUBSCRIBE, WELCOME, RawClient, stream_of
from tests.wire import client_text, upgrade

pytestmark = pytest.mark.usefixtures("serves_others")

HEALTHY = b'{"status":"ok"}'


def request(method: str, target: str, body: bytes = b"", *headers: str, version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "host: localhost", *headers]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


HEALTH = request("GET", "/healthz")


def refused(client: RawClient, status: int) -> dict[str, Any]:
    """The last reply of a connection, which must be an error as JSON that pages of other origins may read."""
    head = client.head().lower()
    assert head.startswith(f"http/1.1 {status} "), head
    assert "access-control-allow-origin: *" in head
    assert "content-type: application/json" in head
    assert "connection: close" in head
    error: dict[str, Any] = json.loads(client.body())
    assert error["error"]
    return error


NO_HTTP = {
    "garbage": b"GARBAGE\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a path that is not ASCII": "GET /é HTTP/1.1\r\nhost: x\r\n\r\n".encode(),
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a length that is no number": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "a bad chunk": b"POST /api/v1/beta/register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_answered_like_every_other_error(server: Server, data: bytes) -> None:
    with RawClient(server) as client:
        client.send(data)
        assert refused(client, 400)["code"] == "malformed_request"


def test_connect_is_not_allowed(server: Server) -> None:
    with RawClient(server) as client:
        client.send(b"CONNECT other:80 HTTP/1.1\r\nhost: other:80\r\n\r\n")
        assert refused(client, 405)["code"] == "method_not_allowed"


def test_garbage_after_a_request_does_not_take_its_reply(server: Server) -> None:
    with RawClient(server) as client:
        client.send(HEALTH, b"GARBAGE\r\n\r\n")
        assert client.head().startswith("HTTP/1.1 200 ")
        assert client.body() == HEALTHY


# --- bounds ---

LARGE_HEADS = {
    "one header, whole": [request("GET", "/healthz", b"", "x: " + "x" * HEAD_BYTES)],
    "many headers, whole": [
        request("GET", "/healthz", b"", *[f"x{n}: {'x' * 1000}" for n in range(HEAD_BYTES // 900)])
    ],
    "of an upgrade": [upgrade("/stream", cookie="x" * HEAD_BYTES)],
    "a header without end": [b"GET / HTTP/1.1\r\nx: ", *[b"x" * 10_000] * 30],
    "a target without end": [b"GET /", *[b"x" * 10_000] * 30],
    "a trailer without end": [
        b"POST /api/v1/beta/register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
        *[b"x: " + b"x" * 10_000 + b"\r\n"] * 30,
    ],
}


@pytest.mark.parametrize("parts", LARGE_HEADS.values(), ids=LARGE_HEADS.keys())
def test_a_head_has_a_bound(server: Server, parts: list[bytes]) -> None:
    # It hangs up before all was sent, and then the reply may be lost.
    with RawClient(server) as client, contextlib.suppress(ConnectionError):
        for part in parts:
            client.send(part)
        assert client.head().startswith("HTTP/1.1 431 ")


def test_a_long_head_is_not_a_large_one(server: Server) -> None:
    with RawClient(server) as client:
        client.send(request("GET", "/healthz?" + "x" * 30_000, b"", "x: " + "x" * 30_000))
        assert client.head().startswith("HTTP/1.1 200 ")


def test_the_bodies_of_many_requests_are_no_head(account: Account) -> None:
    body = json.dumps({"x": "x" * HEAD_BYTES}).encode()
    with RawClient(account.server) as client:
        for _ in range(3):
            client.send(request("POST", f"/api/v1/beta/register?account_id={account.id}", body))
            assert client.head().startswith("HTTP/1.1 200 ")
            client.skip(2)


class Transport(asyncio.Transport):
    def __init__(self, tcp: socket.socket) -> None:
        super().__init__({"socket": tcp})
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def app(_: Any, receive: Any, send: Any) -> None:
    """Answers when all of the request is there."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def look(*rounds: bytes) -> Transport:
    """What becomes of a client that sends this from one look at the clock to the next."""
    tcp = socket.socket()
    transport = Transport(tcp)

    async def talk() -> None:
        protocol = HttpProtocol(
            Config(app, log_config=None), ServerState(), {"node": SimpleNamespace(config=Settings())}
        )
        protocol.connection_made(transport)
        for data in rounds:
            if data:
                protocol.data_received(data)
            for _ in range(10):
                await asyncio.sleep(0)
            if not transport.is_closed:
                protocol._look_at_the_clock()
        protocol.connection_lost(ConnectionResetError())  # uvicorn would close it otherwise

    with tcp:
        asyncio.run(talk())
    return transport


POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
SLOW = {
    "a head": [b"GET / HTTP/1.1\r\n", b"x"],
    "a body": [POST, b"x" * 1000],
    "a second request": [HEALTH + b"GET /", b"x"],
    "a body after its reply": [POST + b"x" * 1000, b"x" * LEAST_BYTES, b"x"],
}


@pytest.mark.parametrize("rounds", SLOW.values(), ids=SLOW.keys())
def test_a_request_must_come_in_time(rounds: list[bytes]) -> None:
    transport = look(*rounds)
    assert transport.is_closed
    assert transport.written.count(b"HTTP/1.1 408 ") == 1


def test_a_connection_without_a_request_is_closed_without_a_word() -> None:
    transport = look(b"", b"")
    assert transport.is_closed
    assert transport.written == b""


PATIENT = {
    "a body that comes": [POST + b"x" * LEAST_BYTES, *[b"x" * LEAST_BYTES] * 5],
    "a request with its reply": [HEALTH, b"", b""],
}


@pytest.mark.parametrize("rounds", PATIENT.values(), ids=PATIENT.keys())
def test_who_comes_slowly_but_comes_is_waited_for(rounds: list[bytes]) -> None:
    transport = look(*rounds)
    assert not transport.is_closed
    assert b"408" not in transport.written


# --- upgrades ---


def test_a_command_in_one_segment_with_the_upgrade_is_answered_after_the_welcome(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)), client_text(SUBSCRIBE))
        assert client.head().startswith("HTTP/1.1 101 ")
        assert client.texts(2) == [WELCOME, CONFIRMATION]


def test_an_upgrade_waits_for_the_replies_to_the_requests_before_it(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(HEALTH, HEALTH, upgrade(stream_of(account)), client_text(SUBSCRIBE))
        for _ in range(2):
            assert client.head().startswith("HTTP/1.1 200 ")
            client.skip(len(HEALTHY))
        assert client.head().startswith("HTTP/1.1 101 ")
        assert client.texts(2) == [WELCOME, CONFIRMATION]


def test_a_request_that_would_rather_be_http_2_is_served_with_its_body(account: Account) -> None:
    body = json.dumps({"templates": [{"device_id": 1, "text": "kept"}]}).encode()
    target = f"/api/v1/templates/add?account_id={account.id}"
    h2c = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__")
    with RawClient(account.server) as client:
        client.send(request("POST", target, body, *h2c), HEALTH)
        assert client.head().startswith("HTTP/1.1 200 ")
        client.skip(2)
        assert client.head().startswith("HTTP/1.1 200 ")
        client.skip(len(HEALTHY))
    assert [row["text"] for row in account.get("/templates")] == ["kept"]


def test_two_connection_headers_are_one(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)).replace(b"\r\n\r\n", b"\r\nconnection: keep-alive\r\n\r\n"))
        assert client.head().startswith("HTTP/1.1 101 ")


def test_http_1_0_has_no_upgrade(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account)).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert refused(client, 426)["code"] == "upgrade_required"


@pytest.mark.parametrize("version", ["8", "99", "13, 8", None])
def test_another_version_is_told_which_one_is_spoken(account: Account, version: str | None) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account), sec_websocket_version=version))
        head = client.head().lower()
        assert head.startswith("http/1.1 426 ")
        assert "sec-websocket-version: 13" in head
        assert json.loads(client.body())["code"] == "upgrade_required"


@pytest.mark.parametrize(
    ("change", "status"),
    [({"sec_websocket_key": None}, 400), ({"method": "POST"}, 405), ({"content_length": "5"}, 400)],
)
def test_a_bad_handshake_is_answered_like_every_other_error(
    account: Account, change: dict[str, Any], status: int
) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade(stream_of(account), **change))
        refused(client, status)


def test_an_upgrade_at_another_path_is_answered_like_every_other_error(account: Account) -> None:
    with RawClient(account.server) as client:
        client.send(upgrade("/other?account_id=secret"))
        assert refused(client, 404)["error"] == "unhandled path in request: /other"
