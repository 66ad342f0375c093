"""With `require_encryption` the server never holds a plaintext of what the contract calls encrypted (rest.md 1.6)."""

from typing import Any

import pytest

from tests.conftest import Account, NewServer, Server

PLAIN = "meet me at noon"
CIPHER = "aXYxMjM0NTY3ODkwMTI=\n-:-ZGF0YQ==\n"

MESSAGE = {"device_id": 1, "device_conversation_id": 1, "message_type": 0, "timestamp": 1}
CONVERSATION_TEXTS = ("title", "phone_numbers", "snippet", "ringtone", "image_uri", "id_matcher")
SCHEDULED_TEXTS = ("to", "data", "mime_type", "title")

IN_LISTS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    # resource, what else an item needs, its encrypted fields
    ("messages", MESSAGE | {"data": CIPHER, "mime_type": CIPHER}, ("data", "mime_type", "message_from", "sim_stamp")),
    ("conversations", {"device_id": 1}, CONVERSATION_TEXTS),
    ("contacts", {"device_id": 1}, ("phone_number", "id_matcher", "name")),
    ("blacklists", {"device_id": 1}, ("phone_number", "phrase")),
    (
        "drafts",
        {"device_id": 1, "device_conversation_id": 1, "data": CIPHER, "mime_type": CIPHER},
        ("data", "mime_type"),
    ),
    ("scheduled_messages", {"device_id": 1, "timestamp": 1}, SCHEDULED_TEXTS),
    ("templates", {"device_id": 1}, ("text",)),
    ("folders", {"device_id": 1}, ("name",)),
    ("auto_replies", {"device_id": 1, "reply_type": "keyword"}, ("pattern", "response")),
]
IN_BODY: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    # path, what else the body needs, its encrypted fields
    ("/conversations/update/1", {}, ("title", "snippet", "ringtone")),
    ("/conversations/update_snippet/1", {}, ("snippet",)),
    ("/conversations/update_title/1", {}, ("title",)),
    ("/contacts/update_device_id", {"device_id": 1}, ("phone_number", "name")),
    ("/contacts/remove_device_id", {"device_id": 1}, ("phone_number",)),
    ("/drafts/update/1", {"data": CIPHER}, ("data", "mime_type")),
    ("/scheduled_messages/update/1", {}, SCHEDULED_TEXTS),
    ("/templates/update/1", {}, ("text",)),
    ("/folders/update/1", {}, ("name",)),
    ("/auto_replies/update/1", {}, ("pattern", "response")),
    ("/messages/forward_to_phone", {"to": CIPHER, "message": CIPHER}, ("to", "message", "mime_type")),
    ("/media/add", {"message_id": 1}, ("data",)),
]
FLAT = [item for item in IN_LISTS if item[0] in ("messages", "blacklists", "scheduled_messages", "templates")]

Request = tuple[str, dict[str, Any], str]
"""Path, body, and the encrypted field in it; "VALUE" stands where its value belongs."""

REQUESTS: list[Request] = [
    *(
        (f"/{name}/add", {name: [item | {field: "VALUE"}]}, field)
        for name, item, fields in IN_LISTS
        for field in fields
    ),
    *((f"/{name}/add", item | {field: "VALUE"}, field) for name, item, fields in FLAT for field in fields),
    *((path, body | {field: "VALUE"}, field) for path, body, fields in IN_BODY for field in fields),
    *(
        (
            "/drafts/replace/1",
            {"drafts": [{"device_id": 1, "data": CIPHER, "mime_type": CIPHER, field: "VALUE"}]},
            field,
        )
        for field in ("data", "mime_type")
    ),
    *(
        ("/accounts/update_setting", {"pref": pref, "type": "string", "value": "VALUE"}, "value")
        for pref in ("private_conversations_passcode", "passcode")  # as it is written, and as it is read
    ),
]


@pytest.fixture(scope="module")
def strict_server(new_server: NewServer) -> Server:
    return new_server(require_encryption=True)


@pytest.fixture(scope="module")
def account(strict_server: Server) -> Account:
    return strict_server.sign_up()


def with_value(body: Any, value: Any) -> Any:
    """The body with the value where "VALUE" stands."""
    match body:
        case dict():
            return {name: with_value(part, value) for name, part in body.items()}
        case list():
            return [with_value(part, value) for part in body]
        case "VALUE":
            return value
        case _:
            return body


each_field = pytest.mark.parametrize(
    ("path", "body", "field"), REQUESTS, ids=[f"{path} {field}" for path, _, field in REQUESTS]
)


@each_field
def test_plaintext_is_refused(account: Account, path: str, body: dict[str, Any], field: str) -> None:
    for plain in (PLAIN, "1234", " ", "aGVsbG8="):
        reply = account.try_post(path, with_value(body, plain))
        assert (reply.status_code, reply.json()["error"]) == (400, f"parameter {field} is not encrypted")


@each_field
def test_ciphertext_is_taken(account: Account, path: str, body: dict[str, Any], field: str) -> None:
    for value in (CIPHER, CIPHER.replace("\n", "")):
        assert account.post(path, with_value(body, value)) == {}


@pytest.mark.parametrize(
    ("path", "name", "query"),
    [
        ("/conversations/update_title/1", "title", {}),
        ("/conversations/update/1", "snippet", {}),
        ("/contacts/remove_device_id", "phone_number", {"device_id": 1}),
        ("/templates/update/1", "text", {}),
        ("/accounts/update_setting", "value", {"pref": "private_conversations_passcode", "type": "string"}),
    ],
)
def test_the_query_is_no_way_around(account: Account, path: str, name: str, query: dict[str, object]) -> None:
    reply = account.try_post(path, **query, **{name: PLAIN})
    assert (reply.status_code, reply.json()["error"]) == (400, f"parameter {name} is not encrypted")
    assert account.post(path, **query, **{name: CIPHER}) == {}


def test_media_as_bytes_are_no_way_around(account: Account) -> None:
    for data in (list(PLAIN.encode()), {str(n): byte for n, byte in enumerate(PLAIN.encode())}):
        assert account.try_post("/media/add", {"message_id": 1, "data": data}).status_code == 400
    for data in (list(CIPHER.encode()), {str(n): byte for n, byte in enumerate(CIPHER.encode())}):
        assert account.post("/media/add", {"message_id": 1, "data": data}) == {}
    assert account.get("/media/1") == {"data": CIPHER}


def test_a_plain_number_as_sim_stamp_is_refused(account: Account) -> None:
    message = MESSAGE | {"data": CIPHER, "mime_type": CIPHER, "sim_stamp": 5}
    assert account.try_post("/messages/add", {"messages": [message]}).status_code == 400


def test_one_plaintext_refuses_the_whole_add(account: Account) -> None:
    account.post("/accounts/clean_account")
    items = [{"device_id": 1, "text": CIPHER}, {"device_id": 2, "text": PLAIN}]
    assert account.try_post("/templates/add", {"templates": items}).status_code == 400
    assert account.get("/templates") == []


def test_null_and_absence_are_no_plaintext(account: Account) -> None:
    account.post("/conversations/add", {"conversations": [{"device_id": 1} | dict.fromkeys(CONVERSATION_TEXTS)]})
    account.post("/contacts/add", {"contacts": [{"device_id": 1}]})


def test_what_the_contract_calls_clear_stays_clear(account: Account) -> None:
    account.post("/devices/add", {"device": {"id": 1, "name": PLAIN, "info": PLAIN, "fcm_token": PLAIN}})
    account.post("/accounts/update_setting", pref="signature", type="string", value=PLAIN)
    account.post(
        "/auto_replies/add", {"auto_replies": [{"device_id": 1, "reply_type": "vacation", "response": CIPHER}]}
    )


def test_without_the_setting_text_is_taken_as_it_comes(server: Server) -> None:
    account = server.sign_up()
    for path, body, _ in REQUESTS:
        account.post(path, with_value(body, PLAIN))
    assert account.get("/templates")[0]["text"] == PLAIN
    assert account.get("/accounts/settings")["passcode"] == PLAIN
