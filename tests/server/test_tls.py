"""REST and stream over TLS: https and wss on the same port."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.conftest import SUBSCRIBE, WAIT_S, NewServer, Server, Stream

FILES = Path(__file__).parent / "tls"
TRUST = ssl.create_default_context(cafile=FILES / "certificate.pem")


@pytest.fixture(scope="module")
def tls_server(new_server: NewServer) -> Server:
    return new_server(tls_certificate=FILES / "certificate.pem", tls_key=FILES / "key.pem")


@pytest.fixture
def https(tls_server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"https://127.0.0.1:{tls_server.port}", verify=TRUST, timeout=WAIT_S) as client:
        yield client


def test_rest_and_stream_are_served_over_tls(tls_server: Server, https: httpx.Client) -> None:
    sign_up = {"name": "pat", "password": "x", "phone_number": "", "real_name": ""}
    account_id = https.post("/api/v1/accounts/signup", json=sign_up).raise_for_status().json()["account_id"]
    url = f"wss://localhost:{tls_server.port}/stream?account_id={account_id}"
    with connect(url, ssl=TRUST, compression=None) as socket:
        stream = Stream(socket)
        assert stream.frame() == {"type": "welcome"}
        socket.send(SUBSCRIBE)
        assert stream.frame()["type"] == "confirm_subscription"
        templates = [{"device_id": n, "text": f"{n}-:-" + "x" * 1_000} for n in range(300)]
        https.post("/api/v1/templates/add", params={"account_id": account_id}, json={"templates": templates})
        added = stream.operations(300)
    assert [content for _, content in added] == templates
    assert (
        https.get("/api/v1/templates", params={"account_id": account_id}).json()[299]["text"] == templates[299]["text"]
    )


def test_a_client_of_the_wrong_kind_disturbs_nobody(tls_server: Server, https: httpx.Client) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{tls_server.port}/")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://127.0.0.1:{tls_server.port}/")  # does not trust the certificate
    assert https.get("/healthz").json() == {"status": "ok"}


def test_the_server_stops_although_a_stream_is_open(new_server: NewServer) -> None:
    server = new_server(tls_certificate=FILES / "certificate.pem", tls_key=FILES / "key.pem")
    with httpx.Client(base_url=f"https://127.0.0.1:{server.port}", verify=TRUST, timeout=WAIT_S) as https:
        sign_up = {"name": "pat", "password": "x", "phone_number": "", "real_name": ""}
        account_id = https.post("/api/v1/accounts/signup", json=sign_up).raise_for_status().json()["account_id"]
    url = f"wss://localhost:{server.port}/stream?account_id={account_id}"
    with connect(url, ssl=TRUST, subprotocols=["actioncable-v1-json"]) as socket:
        stream = Stream(socket)
        assert stream.frame() == {"type": "welcome"}
        assert server.stop() == 0
        assert stream.frame() == {"type": "disconnect", "reason": "server_restart", "reconnect": True}
