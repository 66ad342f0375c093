"""HTTP over a real port: input that is wrong, too large or strange, and what every reply has in common."""

import gzip
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import pytest

from heartline import __version__
from tests.conftest import WAIT_S, Account, NewServer, Server

JSON = {"content-type": "application/json"}
BODY_BYTES, MEDIA_BYTES = 10_000, 30_000


@pytest.fixture(scope="module")
def small(new_server: NewServer) -> Server:
    """A server that takes small bodies only."""
    return new_server(body_bytes=BODY_BYTES, media_bytes=MEDIA_BYTES)


@pytest.fixture(scope="module")
def signed_up(server: Server) -> Account:
    return server.sign_up()


@pytest.fixture
def account(signed_up: Account) -> Account:
    """An account that is empty, but not new: hashing a password for each test here would take most of the time."""
    signed_up.post("/accounts/clean_account")
    return signed_up


@pytest.fixture(scope="module")
def small_account(small: Server) -> Account:
    return small.sign_up()


def post(account: Account, path: str, body: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    """A POST of these bytes, as they are. Headers: with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return account.server.http.post(
        f"/api/v1{path}", params={"account_id": account.id}, content=body, headers=JSON | named
    )


def error(reply: httpx.Response, status: int) -> str:
    """The sentence of an error reply, which must be well-formed and reach browsers."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["access-control-allow-origin"] == "*"
    body = reply.json()
    assert set(body) == {"error", "code"}
    assert body["code"]
    return str(body["error"])


def is_alive(account: Account) -> bool:
    """The server goes on serving."""
    account.post("/templates/add", {"templates": [{"device_id": 1, "text": "a-:-b"}]})
    return [row["text"] for row in account.get("/templates")] == ["a-:-b"]


def template(text: str, device_id: str = "1") -> bytes:
    """A body of templates/add; the arguments are JSON."""
    return f'{{"templates":[{{"device_id":{device_id},"text":{text}}}]}}'.encode()


# --- parameters ---


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/accounts/login", {}, "username"),
        ("/accounts/login", {"username": "pat"}, "password"),
        ("/accounts/login", {"username": "pat", "password": ""}, "password"),
        ("/accounts/login", {"username": None, "password": "x"}, "username"),
        ("/accounts/signup", {}, "name"),
        ("/accounts/signup", {"name": "pat"}, "password"),
        ("/accounts/signup", {"name": "pat", "password": "x"}, "phone_number"),
        ("/accounts/signup", {"name": "pat", "password": "x", "phone_number": ""}, "real_name"),
        ("/accounts/update_setting", {}, "pref"),
        ("/accounts/update_setting", {"pref": "a"}, "type"),
        ("/accounts/update_setting", {"pref": "a", "type": "string"}, "value"),
        ("/accounts/dismissed_notification", {}, "id"),
        ("/templates/add", {}, "templates"),
        ("/templates/add", {"templates": None}, "templates"),
        ("/templates/add", {"templates": [{}]}, "device_id"),
        ("/templates/add", {"templates": [{"device_id": 1, "text": "a"}, {"device_id": 2}]}, "text"),
        ("/templates/add", {"templates": [{"device_id": "", "text": "a"}]}, "device_id"),
        ("/templates/update/1", {}, "text"),
        ("/messages/add", {"messages": [{"device_id": 1}]}, "device_conversation_id"),
        ("/messages/add", {"device_id": 1}, "device_conversation_id"),
        ("/messages/update_type/1", {}, "message_type"),
        ("/messages/cleanup", {}, "timestamp"),
        ("/messages/forward_to_phone", {"to": "1"}, "message"),
        ("/conversations/add_to_folder/1", {}, "folder_id"),
        ("/conversations/cleanup_messages", {"timestamp": 1}, "conversation_id"),
        ("/conversations/update_title/1", {"title": ""}, "title"),
        ("/contacts/update_device_id", {"name": "a"}, "device_id"),
        ("/devices/add", {}, "device"),
        ("/devices/update_primary", {}, "new_primary_device_id"),
        ("/drafts/update/1", {"mime_type": "a"}, "data"),
        ("/drafts/replace/1", {}, "drafts"),
        ("/media/add", {"data": "a"}, "message_id"),
    ],
)
def test_a_missing_parameter_is_named(account: Account, path: str, body: dict[str, Any], name: str) -> None:
    assert error(account.try_post(path, body), 400) == f"missing required parameter {name}"


@pytest.mark.parametrize("params", [{}, {"account_id": ""}])
def test_a_missing_account_is_named(server: Server, params: dict[str, str]) -> None:
    for path in ("/templates", "/accounts/settings", "/messages", "/conversations/5"):
        reply = server.http.get(f"/api/v1{path}", params=params)
        assert error(reply, 400) == "missing required parameter account_id"
    reply = server.http.post("/api/v1/contacts/clear", params=params)
    assert error(reply, 400) == "missing required parameter account_id"


def test_of_a_list_without_account_the_list_is_named_first_then_its_items_then_the_account(server: Server) -> None:
    def sentence(body: dict[str, Any]) -> str:
        return error(server.http.post("/api/v1/templates/add", json=body), 400)

    assert sentence({}) == "missing required parameter templates"
    assert sentence({"templates": [{"device_id": 1}]}) == "missing required parameter text"
    assert sentence({"templates": [{"device_id": 1, "text": "a"}]}) == "missing required parameter account_id"
    assert sentence({"templates": []}) == "missing required parameter account_id"


def test_a_missing_activation_code_is_named(server: Server) -> None:
    assert error(server.http.get("/api/v1/activate"), 400) == "missing required parameter activation_code"


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/templates/add", {"templates": "a"}, "templates"),
        ("/templates/add", {"templates": [5]}, "templates"),
        ("/templates/add", {"templates": [["a"]]}, "templates"),
        ("/templates/add", {"templates": [{"device_id": "five", "text": "a"}]}, "device_id"),
        ("/templates/add", {"templates": [{"device_id": 1.5, "text": "a"}]}, "device_id"),
        ("/templates/add", {"templates": [{"device_id": [1], "text": "a"}]}, "device_id"),
        ("/templates/add", {"templates": [{"device_id": 2**63, "text": "a"}]}, "device_id"),
        ("/templates/add", {"templates": [{"device_id": 1, "text": {"a": 1}}]}, "text"),
        ("/templates/remove/five", None, "device_id"),
        ("/templates/remove/1.5", None, "device_id"),
        (f"/templates/remove/{2**63}", None, "device_id"),
        ("/templates/remove/%F0%9F%8E%89", None, "device_id"),
        ("/conversations/update/1", {"pinned": "perhaps"}, "pinned"),
        ("/conversations/update/1", {"color": 2**31}, "color"),
        ("/conversations/update/1", {"title": 5}, "title"),
        ("/contacts/remove_ids/1,two,3", None, "ids"),
        ("/devices/add", {"device": [1]}, "device"),
        ("/devices/add", {"device": {"primary": 7}}, "primary"),
        ("/accounts/update_setting", {"pref": "a", "type": "colour", "value": "1"}, "type"),
        ("/accounts/update_setting", {"pref": "a", "type": "int", "value": "one"}, "value"),
        ("/accounts/update_setting", {"pref": "a", "type": "boolean", "value": "perhaps"}, "value"),
        ("/accounts/update_setting", {"pref": "color", "type": "string", "value": "red"}, "value"),
        ("/accounts/login", {"username": {"a": 1}, "password": "x"}, "username"),
        ("/media/add", {"message_id": 1, "data": [1, 2, 256]}, "data"),
        ("/media/add", {"message_id": 1, "data": {"0": 104, "2": 105}}, "data"),
        ("/media/add", {"message_id": 1, "data": [0xFF, 0xFE]}, "data"),
        ("/media/add", {"message_id": 1, "data": 5}, "data"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_named(account: Account, path: str, body: Any, name: str) -> None:
    assert error(account.try_post(path, body), 400) == f"parameter {name} has the wrong type"


@pytest.mark.parametrize("name", ["limit", "offset", "conversation_id"])
def test_a_parameter_of_the_wrong_type_in_the_query_is_named(account: Account, name: str) -> None:
    reply = account.server.http.get("/api/v1/messages", params={"account_id": account.id, name: "many"})
    assert error(reply, 400) == f"parameter {name} has the wrong type"


@pytest.mark.parametrize("place", ["query", "body"])
def test_an_unknown_account_is_401(server: Server, account: Account, place: str) -> None:
    for unknown in ("nobody", account.id[:-1], account.id.upper(), account.id + " ", "' OR 1=1 --"):
        where: dict[str, Any] = {"params" if place == "query" else "json": {"account_id": unknown}}
        reply = server.http.request("POST", "/api/v1/contacts/clear", **where)
        assert error(reply, 401) == "account id invalid"
    assert error(server.http.get("/api/v1/templates", params={"account_id": "nobody"}), 401) == "account id invalid"


def test_the_account_in_the_query_wins_over_that_in_the_body(server: Server, account: Account) -> None:
    reply = server.http.post("/api/v1/contacts/clear", params={"account_id": "nobody"}, json={"account_id": account.id})
    assert reply.status_code == 401
    reply = server.http.post("/api/v1/contacts/clear", params={"account_id": account.id}, json={"account_id": "nobody"})
    assert reply.status_code == 200


def test_nothing_of_a_refused_add_is_stored(account: Account) -> None:
    items = [{"device_id": n, "text": f"{n}-:-a"} for n in range(1, 20)]
    with account.stream() as stream:
        for bad in ({"device_id": 20}, {"device_id": "x", "text": "a"}, {"device_id": 20, "text": "\0"}, 5):
            assert account.try_post("/templates/add", {"templates": [*items, bad]}).status_code == 400
        assert account.get("/templates") == []
        account.post("/templates/remove/99")
        assert stream.operation() == ("removed_template", {"id": 99})


# --- bodies that are no JSON, or strange JSON ---


@pytest.mark.parametrize(
    "body",
    [
        b'{"templates":[',
        b'{"templates":[{"device_id":1,"text":"a"}]',
        b'{"templates":[]} {}',
        b"{'templates':[]}",
        b'{"templates":[],}',
        b'{"templates":[{"device_id":01,"text":"a"}]}',
        b'{"templates":[{"device_id":1,"text":"\xff\xfe"}]}',
        b'{"templates":[{"device_id":1,"text":"a\x00b"}]}',
        b'{"templates":[{"device_id":NaN,"text":"a"}]}',
        b"\xff\xfe{\x00}\x00",
        b"{",
    ],
)
def test_malformed_json_is_refused(account: Account, body: bytes) -> None:
    assert error(post(account, "/templates/add", body), 400) == "the request body is not valid JSON"
    assert is_alive(account)


@pytest.mark.parametrize("body", [b"[]", b"5", b'"text"', b"true", b'[{"templates":[]}]'])
def test_json_that_is_no_object_is_refused(account: Account, body: bytes) -> None:
    assert error(post(account, "/templates/add", body), 400) == "the request body is not a JSON object"


@pytest.mark.parametrize("body", [b"", b" \r\n", b"null", b"{}", b" {} "])
def test_a_body_that_says_nothing_counts_as_an_empty_object(account: Account, body: bytes) -> None:
    assert post(account, "/contacts/clear", body).json() == {}
    assert error(post(account, "/templates/add", body), 400) == "missing required parameter templates"


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/plain", "image/png"])
def test_a_body_needs_no_content_type(account: Account, content_type: str) -> None:
    url = f"/api/v1/templates/add?account_id={account.id}"
    headers = {"content-type": content_type} if content_type else {}
    reply = account.server.http.post(url, content=template('"a-:-b"'), headers=headers)
    assert reply.status_code == 200
    reply = account.server.http.post(f"/api/v1/contacts/clear?account_id={account.id}", content=b"a=b", headers=headers)
    assert reply.status_code == (200 if content_type else 400)


@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
@pytest.mark.parametrize("name", [b"templates", b"account_id", b"unknown"])
def test_deep_json_is_refused(account: Account, brackets: tuple[bytes, bytes], name: bytes) -> None:
    opening, closing = brackets
    for depth in (2_000, 100_000):  # decoded on the event loop, and in a thread
        body = b'{"%s":%s1%s,"templates":[]}' % (name, opening * depth, closing * depth)
        assert error(post(account, "/templates/add", body), 400) == "the request body is nested too deeply"
    assert is_alive(account)


@pytest.mark.parametrize("number", [b"9" * 10**6, b"-" + b"9" * 10**6, b"9" * 10**6 + b".5", b"1e" + b"9" * 10**6])
def test_a_number_of_a_million_digits_is_refused(account: Account, number: bytes) -> None:
    bare = post(account, "/templates/add", template('"a"', number.decode()))
    assert error(bare, 400).removeprefix("parameter ") in (
        "device_id has the wrong type",
        "templates has the wrong type",
    )
    quoted = post(account, "/templates/add", template('"a"', f'"{number.decode()}"'))
    assert error(quoted, 400) == "parameter device_id has the wrong type"
    alone = post(account, "/messages/update/1", b'{"timestamp":%s}' % number)
    assert error(alone, 400) == "parameter timestamp has the wrong type"
    assert is_alive(account)


def test_a_number_that_fills_the_url_is_refused(account: Account) -> None:
    number = "9" * 30_000
    assert error(account.try_post(f"/templates/remove/{number}"), 400) == "parameter device_id has the wrong type"
    reply = account.server.http.get("/api/v1/messages", params={"account_id": account.id, "limit": number})
    assert error(reply, 400) == "parameter limit has the wrong type"


def test_a_nul_in_text_is_refused(account: Account) -> None:
    sentence = "parameter text contains a character that is not text"
    assert error(post(account, "/templates/add", template(r'"a\u0000-:-b"')), 400) == sentence
    assert error(account.try_post("/templates/update/1", text="a\0-:-b"), 400) == sentence
    reply = account.try_post("/contacts/remove_ids/1%00")
    assert error(reply, 400) == "parameter ids contains a character that is not text"
    assert is_alive(account)


@pytest.mark.parametrize("text", [r'"\ud800"', r'"a\udc00b"', r'"\udc00\ud800"', '"\\ud83d"', r'"\ud83dx\ude00"'])
def test_a_lone_surrogate_in_text_is_refused(account: Account, text: str) -> None:
    assert error(post(account, "/templates/add", template(text)), 400) == "the request body is not valid JSON"
    assert is_alive(account)


def test_a_pair_of_surrogates_is_one_character(account: Account) -> None:
    assert post(account, "/templates/add", template(r'"\ud83d\ude00-:-b"')).status_code == 200
    assert account.get("/templates")[0]["text"] == "😀-:-b"


@pytest.mark.parametrize("query", ["text=%FF-:-", "text=%ED%A0%80-:-", "text=%C3-:-", "%FF=%FF"])
def test_a_query_that_is_no_text_is_refused(account: Account, query: str) -> None:
    reply = account.server.http.post(f"/api/v1/templates/update/1?account_id={account.id}&{query}")
    assert "contains a character that is not text" in error(reply, 400)
    assert is_alive(account)


def test_a_repeated_key_and_unknown_ones_do_not_matter(account: Account) -> None:
    body = b'{"templates":5,"x":{"y":[1e999]},"templates":[{"device_id":1,"text":"a-:-b","y":{}}]}'
    reply = post(account, "/templates/add", body)
    assert reply.status_code == 200, reply.text
    assert [row["text"] for row in account.get("/templates")] == ["a-:-b"]


# --- bodies that are too large, or packed ---


def filled(size_bytes: int) -> bytes:
    """A valid body of templates/add of exactly this size."""
    empty = template('"-:-"')
    return template('"-:-%s"' % ("x" * (size_bytes - len(empty))))


def pieces(body: bytes) -> Iterator[bytes]:
    """The same body as an iterator: sent in chunks, without a content length."""
    for start in range(0, len(body), 1_000):
        yield body[start : start + 1_000]


def media(size_bytes: int) -> bytes:
    frame = b'{"message_id":1,"data":"%s"}'
    return frame % (b"x" * (size_bytes - len(frame % b"")))


@pytest.mark.parametrize("send", [bytes, pieces], ids=["content-length", "chunked"])
def test_a_body_of_the_largest_size_is_taken_and_a_larger_one_refused(small_account: Account, send: Any) -> None:
    assert post(small_account, "/templates/add", send(filled(BODY_BYTES))).status_code == 200
    for size_bytes in (BODY_BYTES + 1, 100 * BODY_BYTES):
        reply = post(small_account, "/templates/add", send(filled(size_bytes)))
        assert error(reply, 413) == f"the request body is larger than {BODY_BYTES} bytes"
    assert is_alive(small_account)


@pytest.mark.parametrize("send", [bytes, pieces], ids=["content-length", "chunked"])
def test_media_have_a_limit_of_their_own(small_account: Account, send: Any) -> None:
    assert post(small_account, "/media/add", send(media(MEDIA_BYTES))).status_code == 200
    reply = post(small_account, "/media/add", send(media(MEDIA_BYTES + 1)))
    assert error(reply, 413) == f"the request body is larger than {MEDIA_BYTES} bytes"
    assert len(small_account.get("/media/1")["data"]) > BODY_BYTES


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(small: Server) -> None:
    head = f"POST /api/v1/templates/add HTTP/1.1\r\nhost: a\r\ncontent-length: {10**15}\r\n\r\n"
    assert raw(small, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_a_gzipped_body_is_unpacked(small_account: Account) -> None:
    body = gzip.compress(filled(BODY_BYTES))
    assert post(small_account, "/templates/add", body, content_encoding="gzip").status_code == 200
    assert post(small_account, "/templates/add", body, content_encoding="GZIP").status_code == 200
    assert len(small_account.get("/templates")) == 1


@pytest.mark.parametrize(
    "body",
    [b"no gzip", b"", gzip.compress(b"{}")[:-1], gzip.compress(b"{}" * 99)[:-9] + b"x" * 9],
    ids=["none", "empty", "cut", "changed"],  # gzip has the time in its head
)
def test_a_broken_gzip_is_refused(account: Account, body: bytes) -> None:
    reply = post(account, "/templates/add", body, content_encoding="gzip")
    assert error(reply, 400) == "the request body is not valid gzip"
    assert is_alive(account)


def test_a_gzip_bomb_is_refused(small_account: Account) -> None:
    for size_bytes in (BODY_BYTES + 1, 5_000_000):
        bomb = gzip.compress(b" " * size_bytes)
        assert len(bomb) < BODY_BYTES
        reply = post(small_account, "/templates/add", bomb, content_encoding="gzip")
        assert error(reply, 413) == f"the request body is larger than {BODY_BYTES} bytes"
    assert is_alive(small_account)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "x"])
def test_an_unknown_content_encoding_is_415(account: Account, encoding: str) -> None:
    reply = post(account, "/templates/add", b"{}", content_encoding=encoding)
    assert error(reply, 415) == "the request body has a content encoding other than gzip"


def test_a_client_that_leaves_in_the_middle_of_a_body_disturbs_nobody(account: Account) -> None:
    head = f"POST /api/v1/templates/add?account_id={account.id} HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n"
    with socket.create_connection(("127.0.0.1", account.server.port), WAIT_S) as connection:
        connection.sendall(head.encode() + template('"a-:-b"'))
    assert account.get("/templates") == []
    assert is_alive(account)


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes; the beginning of what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as connection:
        connection.sendall(request)
        return connection.recv(4096)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GARBAGE",
        b"GET /x",
        b"GET / HTTP/9.9",
        b"G\xffT / HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_http_is_refused(account: Account, request_line: bytes) -> None:
    assert raw(account.server, request_line + b"\r\nhost: a\r\n\r\n").startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 404 "))
    assert is_alive(account)


# --- paths and methods ---


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1", "/api/v1/nowhere/5", "/api/v1/templates/add/5", "/api/v2/templates"]
)
def test_an_unknown_path_is_named_without_its_query(server: Server, path: str) -> None:
    for reply in (
        server.http.get(path, params={"account_id": "secret"}),
        server.http.post(path, params={"account_id": "secret"}, json={}),
    ):
        assert error(reply, 404) == f"unhandled path in request: {path}"


def test_an_unknown_path_is_named_as_it_was_sent(server: Server) -> None:
    assert error(server.http.get("/no%20where%0A/"), 404) == "unhandled path in request: /no%20where%0A/"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/templates/add"),
        ("POST", "/api/v1/templates"),
        ("DELETE", "/api/v1/templates"),
        ("PUT", "/api/v1/templates/update/1"),
        ("PATCH", "/api/v1/accounts/login"),
        ("POST", "/healthz"),
        ("POST", "/"),
        ("PROPFIND", "/openapi.json"),
    ],
)
def test_a_wrong_method_is_405(account: Account, method: str, path: str) -> None:
    reply = account.server.http.request(method, path, params={"account_id": account.id})
    assert error(reply, 405) == f"method {method} is not allowed here"


def test_a_wrong_method_is_told_the_right_ones(account: Account) -> None:
    """RFC 9110 15.5.6: a 405 names them in `Allow`."""
    assert "POST" in account.server.http.get("/api/v1/templates/add").headers.get("allow", "")
    assert "GET" in account.server.http.post("/api/v1/templates").headers.get("allow", "")


PATHS = [
    "/",
    "/healthz",
    "/openapi.json",
    "/stream",
    "/api/v1/stream",
    "/api/v1/templates",
    "/api/v1/messages/add",
    "/no",
]


@pytest.mark.parametrize("path", [*PATHS, "*"])
def test_a_preflight_is_answered_anywhere(server: Server, path: str) -> None:
    for target in (path, path + "/") if path.startswith("/") else (path,):
        head = f"OPTIONS {target} HTTP/1.1\r\nhost: a\r\norigin: https://web.example\r\nconnection: close\r\n"
        head += "access-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n\r\n"
        status, *lines = raw(server, head.encode()).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        assert status.startswith("http/1.1 204")
        assert headers["access-control-allow-origin"] == "*"
        assert {"get", "post", "options"} <= set(headers["access-control-allow-methods"].split(", "))
        assert "content-type" in headers["access-control-allow-headers"].split(", ")


@pytest.mark.parametrize("path", PATHS)
def test_head_is_answered_like_get_and_never_redirected(account: Account, path: str) -> None:
    http = account.server.http
    for target in (path, path + "/"):
        got = http.get(target, params={"account_id": account.id})
        reply = http.head(target, params={"account_id": account.id})
        assert reply.status_code == got.status_code
        assert reply.content == b""
        assert reply.headers["access-control-allow-origin"] == "*"
        assert not reply.has_redirect_location


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_trailing_slash_never_redirects(account: Account, slashes: str) -> None:
    http, params = account.server.http, {"account_id": account.id}
    for path in (
        "/api/v1/templates",
        "/api/v1/conversations/index_archived",
        "/healthz",
        "/openapi.json",
        "/api/v1/drafts/1",
    ):
        assert http.get(path + slashes, params=params).status_code == 200
    for path in ("/contacts/clear", "/templates/remove/5", "/messages/add", "/contacts/remove_ids/1,2"):
        assert http.post(f"/api/v1{path}{slashes}", params=params, json={"messages": []}).status_code == 200
    for path in ("/stream", "/api/v1/stream"):
        assert http.get(path + slashes, params=params).status_code == 426


# --- CORS ---


def errors_of_all_kinds(server: Server, small: Server, closed: Server) -> Iterator[tuple[int, httpx.Response]]:
    account = server.sign_up()
    params = {"account_id": account.id}
    sign_up = {"name": "a", "password": "b", "phone_number": "", "real_name": ""}
    account.post("/devices/add", {"device": {"id": 1, "primary": True}})
    yield 400, server.http.post("/api/v1/templates/add", params=params, content=b"{")
    yield 400, server.http.get("/api/v1/templates")
    yield 401, server.http.get("/api/v1/templates", params={"account_id": "nobody"})
    yield 401, server.http.post("/api/v1/accounts/login", json={"username": account.name, "password": "wrong"})
    yield 403, closed.http.post("/api/v1/accounts/signup", json=sign_up)
    yield 404, server.http.get("/api/v1/media/5", params=params)
    yield 404, server.http.get("/nowhere")
    yield 405, server.http.put("/api/v1/templates", params=params)
    yield 409, account.try_post("/devices/add", {"device": {"id": 2, "primary": True}})
    yield 413, small.http.post("/api/v1/templates/add", content=b" " * (BODY_BYTES + 1))
    yield 415, server.http.post("/api/v1/templates/add", content=b"{}", headers={"content-encoding": "br"})
    yield 426, server.http.get("/stream")
    yield 501, server.http.get("/api/v1/article", params=params)


def test_every_error_reaches_browsers_as_json(server: Server, small: Server, new_server: NewServer) -> None:
    for status, reply in errors_of_all_kinds(server, small, new_server(signup="closed")):
        assert error(reply, status)


def test_every_success_reaches_browsers(account: Account) -> None:
    http, params = account.server.http, {"account_id": account.id}
    account.post("/media/add", {"message_id": 1, "data": "a"})
    for path in ("/", "/healthz", "/openapi.json", "/api/v1/templates", "/api/v1/media/1"):
        for accept in ("application/json", "text/plain"):
            reply = http.get(path, params=params, headers={"accept": accept})
            assert reply.status_code == 200
            assert reply.headers.get_list("access-control-allow-origin") == ["*"]


# --- limits on attempts ---

addresses = (f"192.0.2.{n}" for n in count(1))
"""Where requests come from, as a proxy on this machine says it: an address of its own for each test."""


def log_in(server: Server, name: str, password: str, address: str) -> httpx.Response:
    body = {"username": name, "password": password}
    return server.http.post("/api/v1/accounts/login", json=body, headers={"x-forwarded-for": address})


RIGHT = "Correct horse 7!"


def check_is_too_many(reply: httpx.Response) -> None:
    sentence = error(reply, 429)
    seconds = int(reply.headers["retry-after"])
    assert 1 <= seconds <= 60
    assert sentence == f"too many attempts, try again in {seconds} seconds"


def test_after_ten_failed_logins_none_is_checked_for_this_user_and_address(account: Account) -> None:
    address = next(addresses)
    for _ in range(10):
        assert error(log_in(account.server, account.name, "wrong", address), 401) == "username or password incorrect"
    check_is_too_many(log_in(account.server, account.name, "wrong", address))
    check_is_too_many(log_in(account.server, account.name, RIGHT, address))  # nor is it said to be right
    other = account.server.sign_up()
    assert log_in(account.server, other.name, "wrong", address).status_code == 401
    assert log_in(account.server, other.name, RIGHT, address).status_code == 200
    assert log_in(account.server, account.name, RIGHT, next(addresses)).status_code == 200
    check_is_too_many(log_in(account.server, account.name, RIGHT, address))


def test_logins_that_succeed_do_not_count(account: Account) -> None:
    address = next(addresses)
    for _ in range(9):
        assert log_in(account.server, account.name, "wrong", address).status_code == 401
    for _ in range(3):
        assert log_in(account.server, account.name, RIGHT, address).status_code == 200
    assert log_in(account.server, account.name, "wrong", address).status_code == 401
    check_is_too_many(log_in(account.server, account.name, "wrong", address))


def test_guesses_at_the_same_time_are_counted_also_for_a_user_who_does_not_exist(server: Server) -> None:
    address = next(addresses)
    with ThreadPoolExecutor(20) as pool:
        guesses = [pool.submit(log_in, server, "nobody@example.org", "wrong", address) for _ in range(20)]
        statuses = sorted(guess.result().status_code for guess in guesses)
    assert statuses == [401] * 10 + [429] * 10


def ask_for_activation(server: Server, code: int, address: str) -> httpx.Response:
    params = {"activation_code": f"{code:08X}"}
    return server.http.get("/api/v1/activate", params=params, headers={"x-forwarded-for": address})


def test_asking_for_an_activation_is_limited_by_address(server: Server) -> None:
    address = next(addresses)
    for code in range(30):
        assert error(ask_for_activation(server, code, address), 404)
    for code in (0, 31):
        check_is_too_many(ask_for_activation(server, code, address))
    assert ask_for_activation(server, 0, next(addresses)).status_code == 404


def test_an_address_is_believed_only_from_a_trusted_proxy(new_server: NewServer) -> None:
    server = new_server(trusted_proxies="203.0.113.1")
    for _ in range(30):
        assert ask_for_activation(server, 0, next(addresses)).status_code == 404
    check_is_too_many(ask_for_activation(server, 0, next(addresses)))


# --- what is not the API ---


def test_the_root_tells_a_person_what_is_running(server: Server) -> None:
    reply = server.http.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    for word in (__version__, "/api/v1", "/stream", "/healthz", "/openapi.json"):
        assert word in reply.text


def test_health_is_answered_while_the_database_answers(server: Server) -> None:
    reply = server.http.get("/healthz")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_a_large_list_and_other_requests_are_answered_together(account: Account) -> None:
    def message(device_id: int) -> dict[str, Any]:
        ids = {"device_id": device_id, "device_conversation_id": 1, "timestamp": device_id}
        return ids | {"message_type": 0, "data": f"{device_id}\n-:-" + "x" * 200, "mime_type": "a-:-b"}

    for first in range(0, 5_000, 1_000):
        account.post("/messages/add", {"messages": [message(first + n) for n in range(1_000)]})
    account.post("/templates/add", {"templates": [{"device_id": 1, "text": "a-:-b"}]})
    with ThreadPoolExecutor(4) as pool:
        lists = [pool.submit(account.get, "/messages", limit=5_000) for _ in range(4)]
        for _ in range(20):
            assert [row["text"] for row in account.get("/templates")] == ["a-:-b"]
            assert account.get("/conversations/5") is None
        for rows in (future.result() for future in lists):
            assert [row["device_id"] for row in rows] == list(range(4_999, -1, -1))
            assert all(row["data"] == message(row["device_id"])["data"] for row in rows)


def test_many_requests_share_one_connection(account: Account) -> None:
    request = f"GET /api/v1/templates?account_id={account.id} HTTP/1.1\r\nhost: a\r\n\r\n".encode()
    last = request.replace(b"host: a", b"host: a\r\nconnection: close")
    with socket.create_connection(("127.0.0.1", account.server.port), WAIT_S) as connection:
        connection.sendall(request * 9 + last)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK") == 10


def test_replies_are_json(account: Account) -> None:
    for reply in (account.try_post("/contacts/clear"), account.server.http.get("/openapi.json")):
        assert reply.headers["content-type"] == "application/json"
        json.loads(reply.content)
