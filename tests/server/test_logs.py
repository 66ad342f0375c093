"""What the log may not say, whatever happens: contents, names, phone numbers, passwords, account ids, query strings."""

import contextlib
import json
import subprocess
import sys

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import SUBSCRIBE, Account, NewServer, Server

MARK = "xyzzy"
"""Stands in everything that clients send and that the log must not repeat."""
PHONE_NUMBER = "+15550007777"


def use(server: Server) -> list[str]:
    """Do whatever clients do, and what they should not; the secrets of the account that did it."""
    name, password = f"{MARK}-pat@example.org", f"{MARK}-password"
    sign_up = {"name": name, "password": password, "phone_number": PHONE_NUMBER, "real_name": f"{MARK} Pat"}
    signed_up = server.http.post("/api/v1/accounts/signup", json=sign_up).raise_for_status().json()
    account = Account(server, name, signed_up["account_id"])
    for wrong in ({"username": name, "password": password + MARK}, {"username": MARK, "password": password}):
        assert server.http.post("/api/v1/accounts/login", json=wrong).status_code == 401
    server.http.post("/api/v1/accounts/login", json={"username": name, "password": password}).raise_for_status()
    with account.stream() as stream:
        use_rest(account)
        stream.operations(4)
    misuse_rest(account)
    misuse_stream(account)
    account.post("/accounts/remove_account")
    return [MARK, PHONE_NUMBER, PHONE_NUMBER[1:], *signed_up.values()]


def use_rest(account: Account) -> None:
    account.post("/templates/add", {"templates": [{"device_id": 1, "text": f"{MARK}-:-a"}]})
    account.post("/templates/update/1", text=f"{MARK}-:-b")
    account.post("/messages/forward_to_phone", {"to": PHONE_NUMBER, "message": MARK})
    account.post("/contacts/remove_device_id", device_id=5, phone_number=f"{MARK}-:-{PHONE_NUMBER}")
    account.post("/media/add", {"message_id": 1, "data": MARK * 50_000})  # large: decoded in a thread
    account.get("/templates", **{MARK: MARK})


def misuse_rest(account: Account) -> None:
    http, params = account.server.http, {"account_id": account.id, MARK: MARK}
    statuses = [
        http.get(f"/{MARK}", params=params),
        http.get(f"/api/v1/{MARK}/{MARK}", params=params),
        http.post(f"/api/v1/templates/remove/{MARK}", params=params),
        http.request("PUT", f"/api/v1/templates/update/{MARK}", params=params),
        http.post("/api/v1/templates/update/1", params=params | {"text": MARK}),
        http.post("/api/v1/templates/add", params=params, content=b'{"templates":[{"text":"%s"' % MARK.encode()),
        http.post("/api/v1/templates/add", params=params, json={"templates": [{"device_id": MARK, "text": MARK}]}),
        http.post("/api/v1/templates/add", params=params, json={"templates": [{"device_id": 1, "text": f"{MARK}\0"}]}),
        http.post("/api/v1/templates/add", params=params, content=b"", headers={"content-encoding": MARK}),
        http.post("/api/v1/templates/add", params=params, content=MARK.encode(), headers={"content-encoding": "gzip"}),
        http.get("/api/v1/templates", params={"account_id": MARK}),
        http.get("/api/v1/article", params=params | {"url": f"http://{MARK}"}),
        http.get("/api/v1/activate", params={"activation_code": MARK}),
        http.get("/api/v1/stream", params=params),
    ]
    assert all(400 <= reply.status_code <= 501 for reply in statuses), statuses
    with contextlib.suppress(httpx.RemoteProtocolError):
        http.request(MARK.upper(), f"/{MARK}", headers={MARK: MARK})


def misuse_stream(account: Account) -> None:
    frames: list[str | bytes] = [
        MARK,
        json.dumps({"command": MARK, "identifier": MARK}),
        json.dumps({"command": "subscribe", "identifier": json.dumps({"channel": MARK})}),
        SUBSCRIBE,
        json.dumps({"command": "message", "identifier": MARK, "data": MARK}),
        MARK.encode(),  # a binary frame: the end
    ]
    url = f"ws://127.0.0.1:{account.server.port}"
    for path in (f"/stream?account_id={account.id}&{MARK}={MARK}", f"/stream?account_id={MARK}", f"/stream?{MARK}=%FF"):
        with connect(url + path, subprotocols=["actioncable-v1-json"]) as socket, contextlib.suppress(ConnectionClosed):
            for frame in frames:
                socket.send(frame)
            while True:
                socket.recv(20)
    with pytest.raises(Exception, match="HTTP 404"):
        connect(f"{url}/{MARK}?account_id={account.id}")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_log_names_no_content_and_no_person(new_server: NewServer, log_format: str) -> None:
    server = new_server(log_level="debug", log_format=log_format)
    secrets = use(server)
    assert server.stop() == 0
    log = server.log
    assert "/templates/update/{device_id}" in log  # it did log, at this level
    for secret in [*secrets, "account_id=", "?", "Traceback"]:
        assert secret.lower() not in log.lower()
    if log_format == "json":
        assert all(json.loads(line)["level"] for line in log.splitlines())


def test_what_clients_do_wrong_does_not_fill_the_log(new_server: NewServer) -> None:
    server = new_server()
    use(server)
    assert server.stop() == 0
    expected = ("Invalid HTTP request received.", "listening to PostgreSQL")
    assert [line for line in server.log.splitlines() if not any(words in line for words in expected)] == []


RAISES = f"""
import logging, structlog
from heartline.server.logs import configure_logging
configure_logging("debug", "FORMAT")
def fail():
    {MARK} = "{MARK}"
    raise ValueError("{MARK}" + {MARK})
try:
    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("ours", exc_info=error)
        structlog.get_logger().error("ours", exc_info=True)
        raise LookupError("{MARK}") from error
except LookupError:
    structlog.get_logger().exception("ours")
    logging.getLogger("uvicorn.error").exception("a library's")
    logging.getLogger("asyncio").error("a library's", exc_info=True)
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_of_an_exception_the_log_has_type_and_place_only(log_format: str) -> None:
    code = RAISES.replace("FORMAT", log_format)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 5
    assert MARK not in done.stderr
    assert [("ValueError" in line, "LookupError" in line) for line in lines] == [(True, False)] * 2 + [
        (False, True)
    ] * 3
    assert all("<string>:" in line for line in lines)
