"""What clients write and what is understood: tables of path, query and body to a request or an exact error (rest.md 1)."""

import json
import tracemalloc
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from heartline.errors import BadRequest
from heartline.resources.accounts import DismissedNotificationOf
from heartline.resources.auto_replies import AddAutoReplies, NewAutoReply
from heartline.resources.blacklists import AddBlacklists, NewBlacklist
from heartline.resources.messages import AddMessages, ListMessages, NewMessage, UpdateMessage, UpdateMessageType
from heartline.resources.templates import AddTemplates, NewTemplate, UpdateTemplate
from tests.contract_facts import cipher
from tests.registry import ACCOUNT, ask, request

FORM = "application/x-www-form-urlencoded"


def sentence(endpoint: str, query: str | bytes = ACCOUNT, body: Any = b"", **options: Any) -> str:
    """What the refusal says."""
    with pytest.raises(BadRequest) as error:
        ask(endpoint, query, body, **options)
    assert error.value.status == 400
    return str(error.value)


NOT_JSON = "the request body is not valid JSON"
NO_OBJECT = "the request body is not a JSON object"
TOO_DEEP = "the request body is nested too deeply"


def missing(name: str) -> str:
    return f"missing required parameter {name}"


def wrong(name: str) -> str:
    return f"parameter {name} has the wrong type"


def not_text(name: str) -> str:
    return f"parameter {name} contains a character that is not text"


# --- bodies (rest.md 1.1) ---


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"", "application/json"),
        (b"", FORM),
        (b" \r\n", "application/json"),
        (b"{}", ""),
        (b"null", "application/json"),
        (b"message_type=4", FORM),
        (b"\xff\xfe", "application/octet-stream"),
        (b"Hi", "text/plain"),
    ],
)
def test_a_body_that_is_empty_or_no_json_says_nothing(body: bytes, content_type: str) -> None:
    expected = UpdateMessage(device_id=5)
    assert request("POST /messages/update/5", body=body, content_type=content_type) == expected


@pytest.mark.parametrize("content_type", ["", "application/json", "application/json;charset=UTF-8", FORM, "text/plain"])
def test_json_is_read_whatever_it_is_called(content_type: str) -> None:
    body = b' {"timestamp": 7}\n'
    expected = UpdateMessage(device_id=5, timestamp=7)
    assert request("POST /messages/update/5", body=body, content_type=content_type) == expected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", NOT_JSON),
        (b'{"timestamp":7', NOT_JSON),
        (b'{"timestamp":7}x', NOT_JSON),
        (b'{"timestamp":7,}', NOT_JSON),
        (b"{'timestamp':7}", NOT_JSON),
        (b'{"timestamp":NaN}', NOT_JSON),
        (b'{"timestamp":Infinity}', NOT_JSON),
        (b'{"timestamp":07}', NOT_JSON),
        (b'{"timestamp":"\xff"}', NOT_JSON),
        (b'{"\xff":1}', NOT_JSON),
        (b'{"x":"a\nb"}', NOT_JSON),
        (b"timestamp=7", NOT_JSON),
        (b"\x00", NOT_JSON),
        (b"[]", NO_OBJECT),
        (b'[{"timestamp":7}]', NO_OBJECT),
        (b"7", NO_OBJECT),
        (b'"timestamp"', NO_OBJECT),
        (b"true", NO_OBJECT),
    ],
)
def test_malformed_bodies(body: bytes, says: str) -> None:
    assert sentence("POST /messages/update/5", body=body) == says
    assert sentence("POST /messages/update/5", body=body, content_type="application/json") == says


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("name", [b"timestamp", b"unknown"])
@pytest.mark.parametrize("depth", [5_000, 1_000_000])
def test_deep_json(opening: bytes, name: bytes, depth: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = b'{"%s":%s1%s}' % (name, opening * depth, closing * depth)
    assert sentence("POST /messages/update/5", body=body) == TOO_DEEP


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("endpoint", ["POST /messages/add", "POST /devices/add", "POST /media/add"])
def test_deep_json_where_structure_is_expected(endpoint: str, opening: bytes) -> None:
    names = {"POST /messages/add": b"messages", "POST /devices/add": b"device", "POST /media/add": b"data"}
    deep = opening * 100_000 + b"1" + (b"]" if opening == b"[" else b"}") * 100_000
    assert sentence(endpoint, body=b'{"message_id":1,"%s":%s}' % (names[endpoint], deep)) == TOO_DEEP


def test_a_byte_order_mark_is_no_fault() -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"message_type": 2}).encode()
    assert request("POST /messages/update_type/5", body=body) == UpdateMessageType(device_id=5, message_type=2)


def test_members_that_nobody_asked_for_take_no_memory() -> None:
    body = b"{" + b",".join(b'"%x":0' % n for n in range(200_000)) + b',"message_type":2}'
    tracemalloc.start()
    try:
        found = request("POST /messages/update_type/5", body=body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == UpdateMessageType(device_id=5, message_type=2)
    assert peak_bytes < 2 * len(body)


# --- the account (rest.md 1.2, decisions.md 5) ---


@pytest.mark.parametrize(
    ("query", "body", "account_id"),
    [
        ("account_id=q", {}, "q"),
        ("", {"account_id": "b"}, "b"),
        ("account_id=q", {"account_id": "b"}, "q"),
        ("account_id=", {"account_id": "b"}, "b"),
        ("account_id=q", {"account_id": 5}, "q"),
        ("account_id=a%2Bb+c", {}, "a+b c"),
    ],
)
@pytest.mark.parametrize("endpoint", ["GET /messages", "POST /contacts/clear", "POST /templates/add"])
def test_the_account_of_the_query_else_of_the_body(endpoint: str, query: str, body: Any, account_id: str) -> None:
    assert ask(endpoint, query, {**body, "templates": []})[0] == account_id


@pytest.mark.parametrize("query", ["", "account_id=", "account_id", "account=a", "ACCOUNT_ID=a"])
@pytest.mark.parametrize("body", [b"", {}, {"account_id": None}, {"account_id": ""}])
def test_no_account(query: str, body: Any) -> None:
    assert sentence("GET /messages", query, body) == missing("account_id")


@pytest.mark.parametrize("value", [5, True, ["a"], {"a": 1}, 1.5])
def test_an_account_that_is_no_text(value: object) -> None:
    assert sentence("GET /messages", "", {"account_id": value}) == wrong("account_id")


def test_public_endpoints_have_no_account() -> None:
    assert ask("POST /purchases/record", "account_id=a&type=1")[0] == ""
    assert ask("POST /purchases/record", "")[0] == ""


# --- places (rest.md 1.3) ---


@pytest.mark.parametrize(
    ("query", "body", "message_type"),
    [
        ("message_type=1", {"message_type": 2}, 1),
        ("message_type=", {"message_type": 2}, 2),
        ("message_type=1", {}, 1),
        ("", {"message_type": 2}, 2),
        ("message_type=0", {"message_type": 2}, 0),
        ("message_type=1", {"message_type": [[]]}, 1),
    ],
)
def test_query_before_body(query: str, body: Any, message_type: int) -> None:
    expected = UpdateMessageType(device_id=5, message_type=message_type)
    assert request("POST /messages/update_type/5", f"{ACCOUNT}&{query}", body) == expected


def test_path_before_query_before_body() -> None:
    found = request("POST /templates/update/5", f"{ACCOUNT}&device_id=6", {"device_id": 7, "text": "x"})
    assert found == UpdateTemplate(device_id=5, text="x")


def test_a_list_is_taken_from_the_body_only() -> None:
    body = {"templates": [{"device_id": 5, "text": "x"}]}
    expected = AddTemplates(templates=[NewTemplate(device_id=5, text="x")])
    assert request("POST /templates/add", f"{ACCOUNT}&templates=from+the+query", body) == expected
    assert sentence("POST /templates/add", f"{ACCOUNT}&templates=%5B%5D") == missing("templates")


def test_an_object_is_taken_from_the_body_only() -> None:
    assert request("POST /devices/add", f"{ACCOUNT}&device=Pixel", {"device": {"id": 7}}).device.id == 7  # type: ignore[attr-defined]


def test_what_nobody_asked_for_is_ignored() -> None:
    query = f"{ACCOUNT}&web=true&limit=3&client_id=5&messages=x&=&&x"
    body = {"unknown": [1, {"a": None}], "text": 5, "": ""}
    assert request("POST /messages/update/5", query, body) == UpdateMessage(device_id=5)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("a%2Bb%2F%3D%0A-:-c", "a+b/=\n-:-c"),
        ("a+b-:-c", "a b-:-c"),
        ("-:-%F0%9F%98%80", "-:-😀"),
        ("-:-😀", "-:-😀"),
        ("-:-%26%3D%23", "-:-&=#"),
        ("-:-a=b=", "-:-a=b="),
        ("-:-%zz%", "-:-%zz%"),
    ],
)
def test_text_in_the_query(sent: str, text: str) -> None:
    assert request("POST /templates/update/5", f"{ACCOUNT}&text={sent}") == UpdateTemplate(device_id=5, text=text)


# --- types (rest.md 1.4) ---

INT32, INT64 = 2**31, 2**63
NO_INTEGERS = [1.5, "1.5", "five", "0x10", "1_000", " 5", "5 ", "٣", "--5", True, False, [], [5], {}, {"a": 5}]
NO_INTEGERS += [1e300, -1e300, "9" * 5_000, "NaN", "Infinity"]


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        *((value, value) for value in (0, 1, -1, 1_608_150_458_123, 922_337_203_685_477, INT64 - 1, -INT64)),
        *((str(value), value) for value in (0, 1, -1, 1_608_150_458_123, 922_337_203_685_477, INT64 - 1, -INT64)),
        (5.0, 5),
        (1e3, 1000),
        (-0.0, 0),
        (None, None),
        ("", None),
    ],
)
def test_64_bit_integers(sent: object, value: int | None) -> None:
    found = request("POST /messages/update/5", body={"timestamp": sent})
    assert found == UpdateMessage(device_id=5, timestamp=value)
    assert type(found.timestamp) is type(value)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sent", [*NO_INTEGERS, INT64, -INT64 - 1, str(INT64), str(-INT64 - 1), float(INT64)])
def test_what_is_no_64_bit_integer(sent: object) -> None:
    assert sentence("POST /messages/update/5", body={"timestamp": sent}) == wrong("timestamp")
    if isinstance(sent, str):
        assert sentence("POST /messages/update/5", f"{ACCOUNT}&timestamp={quote(sent)}") == wrong("timestamp")
        assert sentence(f"POST /messages/update/{sent}") == wrong("device_id")


@pytest.mark.parametrize("sent", [-1352590, "-1352590", INT32 - 1, -INT32, str(-INT32), -1.0])
def test_32_bit_integers(sent: float | str) -> None:
    (item,) = request("POST /contacts/add", body={"contacts": [{"device_id": 5, "color": sent}]}).contacts  # type: ignore[attr-defined]
    assert (item.color, type(item.color)) == (int(sent), int)


@pytest.mark.parametrize("sent", [*NO_INTEGERS, INT32, -INT32 - 1, str(INT32)])
def test_what_is_no_32_bit_integer(sent: object) -> None:
    item = {"device_id": 5, "color": sent}
    assert sentence("POST /contacts/add", body={"contacts": [{"device_id": 4}, item]}) == wrong("color")


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        *((sent, True) for sent in (True, "true", "TRUE", "True", 1, "1")),
        *((sent, False) for sent in (False, "false", "FALSE", "False", 0, "0")),
        (None, None),
        ("", None),
    ],
)
def test_booleans(sent: object, value: bool | None) -> None:
    assert request("POST /messages/update/5", body={"read": sent}).read is value  # type: ignore[attr-defined]
    if isinstance(sent, str):
        assert request("POST /messages/update/5", f"{ACCOUNT}&read={sent}").read is value  # type: ignore[attr-defined]


@pytest.mark.parametrize("sent", [2, -1, "2", "yes", "on", "t", " true", 1.5, [], {}, [True], "truetrue"])
def test_what_is_no_boolean(sent: object) -> None:
    assert sentence("POST /messages/update/5", body={"read": sent}) == wrong("read")


@pytest.mark.parametrize(
    "text",
    [
        " a ",
        "a\r\nb\t",
        cipher("Hi"),
        "007",
        "true",
        "null",
        "1.0",
        "😀é\u200d",
        "\ufeff",
        "\ufffd",
        "\x01\x7f",
        "a" * 100_000,
    ],
)
def test_text_is_kept_byte_for_byte(text: str) -> None:
    expected = AddTemplates(templates=[NewTemplate(device_id=5, text=text)])
    assert request("POST /templates/add", body={"templates": [{"device_id": 5, "text": text}]}) == expected
    in_query = request(
        "POST /accounts/update_setting", urlencode({"account_id": "a", "pref": "p", "type": "set", "value": text})
    )
    assert in_query.value == text  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["null", "NULL", "None", "true", "5", "", " "])
def test_optional_text_is_kept_too(text: str) -> None:
    """Only JSON's own null is one."""
    for body in ({"account_id": "a", "title": text}, {"account_id": "a"}):
        query = "" if "title" in body else urlencode({"title": text})
        found = request("POST /conversations/update/5", query, body)
        assert found.title == text  # type: ignore[attr-defined]
    (item,) = request("POST /contacts/add", body={"contacts": [{"device_id": 5, "name": text}]}).contacts  # type: ignore[attr-defined]
    assert item.name == text


@pytest.mark.parametrize("sent", [5, 5.5, True, [], ["a"], {}, {"a": "b"}])
def test_what_is_no_text(sent: object) -> None:
    assert sentence("POST /templates/update/5", body={"text": sent}) == wrong("text")
    item = {"device_id": 5, "text": sent}
    assert sentence("POST /templates/add", body={"templates": [{"device_id": 4, "text": "x"}, item]}) == wrong("text")


@pytest.mark.parametrize(("sent", "value"), [("8150", "8150"), (8150, 8150), ("007", "007"), ("true", "true")])
def test_a_label_may_be_a_number(sent: object, value: object) -> None:
    found = request("POST /accounts/dismissed_notification", body={"id": sent})
    assert found == DismissedNotificationOf(id=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [b"9" * 10**6, b"-" + b"9" * 10**6, b"1e" + b"9" * 10**6, b"9" * 10**6 + b".5"])
def test_a_million_digits(digits: bytes) -> None:
    body = b'{"timestamp":%s,"read":%s}' % (digits, digits)
    assert sentence("POST /messages/update/5", body=body) == wrong("timestamp")
    assert sentence("POST /messages/update/5", body=b'{"timestamp":"%s"}' % digits) == wrong("timestamp")
    assert request("POST /messages/update/5", body=b'{"unknown":%s}' % digits) == UpdateMessage(device_id=5)
    says = sentence("POST /templates/add", body=b'{"templates":[{"device_id":%s,"text":"x"}]}' % digits)
    assert says in (wrong("device_id"), wrong("templates"))


@pytest.mark.parametrize("query", ["limit=", "limit=0&offset=", "offset=0&limit=0", "conversation_id=", ""])
def test_an_empty_number_in_the_query_is_absent(query: str) -> None:
    assert request("GET /messages", f"{ACCOUNT}&{query}") == ListMessages()


# --- text that is none ---


@pytest.mark.parametrize(
    ("endpoint", "query", "body", "name"),
    [
        ("POST /templates/update/5", "", b'{"text":"a\\u0000b"}', "text"),
        ("POST /templates/update/5", "text=a%00-:-b", b"", "text"),
        ("POST /templates/add", "", b'{"templates":[{"device_id":5,"text":"\\u0000"}]}', "text"),
        ("POST /templates/add", "", b'{"device_id":5,"text":"\\u0000"}', "text"),
        ("POST /media/add", "", b'{"message_id":5,"data":[0]}', "data"),
        ("POST /media/add", "", b'{"message_id":5,"data":{"0":0}}', "data"),
        ("POST /accounts/dismissed_notification", "id=%00", b"", "id"),
        ("POST /contacts/remove_ids/5\0", "", b"", "ids"),
    ],
)
def test_nul_is_no_text(endpoint: str, query: str, body: bytes, name: str) -> None:
    assert sentence(endpoint, f"{ACCOUNT}&{query}", body) == not_text(name)


def test_nul_where_no_text_is_read() -> None:
    assert request("POST /messages/update/5", f"{ACCOUNT}&x=%00", b'{"y":"\\u0000"}') == UpdateMessage(device_id=5)
    assert sentence("POST /messages/update/5", f"{ACCOUNT}&timestamp=%00") in (
        not_text("timestamp"),
        wrong("timestamp"),
    )


@pytest.mark.parametrize("text", ["\\ud800", "\\udc00", "a\\udfffb", "\\ud800\\ud800", "\\udc00\\ud800"])
@pytest.mark.parametrize("name", ["text", "unknown", "account_id"])
def test_lone_surrogates_are_no_json(text: str, name: str) -> None:
    body = f'{{"text":"x","{name}":"{text}"}}'.encode()
    assert sentence("POST /templates/update/5", "" if name == "account_id" else ACCOUNT, body) == NOT_JSON


def test_a_surrogate_pair_is_a_character() -> None:
    expected = UpdateTemplate(device_id=5, text="😀")
    assert request("POST /templates/update/5", body=b'{"text":"\\ud83d\\ude00"}') == expected


@pytest.mark.parametrize("sent", [b"%FF", b"\xff", b"%C3", b"%ED%A0%80", b"%C0%80", b"a%F0%9F%98", b"%80"])
@pytest.mark.parametrize("name", ["text", "account_id"])
def test_invalid_utf_8_in_the_query(sent: bytes, name: str) -> None:
    assert sentence("POST /templates/update/5", name.encode() + b"=-:-" + sent) == not_text(name)


def test_invalid_utf_8_in_a_name_of_the_query_is_ignored() -> None:
    assert request("GET /messages", f"{ACCOUNT}&%FF=1") == ListMessages()


# --- missing parameters, and the order in which they are named (decisions.md 5) ---

ITEM = {
    "device_id": 5,
    "device_conversation_id": 8,
    "message_type": 0,
    "data": "x",
    "timestamp": 9,
    "mime_type": "t",
}


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("given", range(len(ITEM)))
def test_of_an_item_the_first_missing_is_named(given: int, empty: object) -> None:
    item = {name: value if number < given else empty for number, (name, value) in enumerate(ITEM.items())}
    assert sentence("POST /messages/add", body={"messages": [ITEM, item]}) == missing(list(ITEM)[given])


@pytest.mark.parametrize(
    ("endpoint", "query", "body", "name"),
    [
        # a list, then what its items lack, then the account
        ("POST /messages/add", "", {}, "messages"),
        ("POST /messages/add", "", {"messages": None}, "messages"),
        ("POST /messages/add", "", {"messages": [{}]}, "device_id"),
        ("POST /messages/add", "", {"messages": [{"device_id": 5}]}, "device_conversation_id"),
        ("POST /messages/add", "", {"messages": [ITEM]}, "account_id"),
        ("POST /messages/add", "", {"messages": []}, "account_id"),
        ("POST /messages/add", "", ITEM, "account_id"),
        ("POST /messages/add", ACCOUNT, {"message": [ITEM]}, "messages"),
        ("POST /drafts/replace/8", "", {}, "drafts"),
        ("POST /drafts/replace/8", "", {"drafts": []}, "account_id"),
        ("POST /blacklists/add", "", {"blacklists": [{"phrase": "x"}]}, "device_id"),
        ("POST /folders/add", ACCOUNT, {"folders": [{"device_id": 5}]}, "name"),
        ("POST /auto_replies/add", ACCOUNT, {"auto_replies": [{"device_id": 5, "response": "x"}]}, "reply_type"),
        ("POST /templates/add", ACCOUNT, {"templates": [{"device_id": 5, "text": ""}]}, "text"),
        # the account
        ("POST /devices/add", "", {"device": {}}, "account_id"),
        ("POST /contacts/clear", "", {}, "account_id"),
        ("GET /conversations/5", "", {}, "account_id"),
        # in declared order
        ("POST /accounts/login", "", {}, "username"),
        ("POST /accounts/login", "", {"username": "pat"}, "password"),
        ("POST /accounts/login", "", {"username": "", "password": "x"}, "username"),
        ("POST /accounts/signup", "", {}, "name"),
        ("POST /accounts/signup", "", {"name": "pat"}, "password"),
        ("POST /accounts/signup", "", {"name": "pat", "password": ""}, "password"),
        ("POST /accounts/signup", "", {"name": "pat", "password": "x"}, "phone_number"),
        ("POST /accounts/signup", "", {"name": "pat", "password": "x", "phone_number": "1"}, "real_name"),
        ("POST /accounts/update_setting", ACCOUNT, {}, "pref"),
        ("POST /accounts/update_setting", f"{ACCOUNT}&pref=x", {}, "type"),
        ("POST /accounts/update_setting", f"{ACCOUNT}&pref=x&type=int", {}, "value"),
        ("POST /accounts/dismissed_notification", ACCOUNT, {"device_id": 5}, "id"),
        ("GET /activate", "", {}, "activation_code"),
        ("POST /contacts/update_device_id", ACCOUNT, {"name": "x"}, "device_id"),
        ("POST /contacts/remove_device_id", f"{ACCOUNT}&phone_number=1", {}, "device_id"),
        ("POST /conversations/update_title/5", f"{ACCOUNT}&title=", {}, "title"),
        ("POST /conversations/add_to_folder/5", ACCOUNT, {}, "folder_id"),
        ("POST /conversations/cleanup_messages", ACCOUNT, {}, "conversation_id"),
        ("POST /conversations/cleanup_messages", f"{ACCOUNT}&conversation_id=5", {}, "timestamp"),
        ("POST /devices/add", ACCOUNT, {}, "device"),
        ("POST /devices/update_primary", ACCOUNT, {}, "new_primary_device_id"),
        ("POST /drafts/update/5", ACCOUNT, {}, "data"),
        ("POST /media/add", ACCOUNT, {}, "message_id"),
        ("POST /media/add", ACCOUNT, {"message_id": 5}, "data"),
        ("POST /media/add", ACCOUNT, {"message_id": 5, "data": []}, "data"),
        ("POST /messages/update_type/5", ACCOUNT, {}, "message_type"),
        ("POST /messages/cleanup", ACCOUNT, {}, "timestamp"),
        ("POST /messages/forward_to_phone", ACCOUNT, {}, "to"),
        ("POST /messages/forward_to_phone", ACCOUNT, {"to": "1"}, "message"),
        ("POST /templates/update/5", ACCOUNT, {}, "text"),
    ],
)
def test_the_first_missing_parameter_is_named(endpoint: str, query: str, body: Any, name: str) -> None:
    assert sentence(endpoint, query, body) == missing(name)


def test_texts_of_a_sign_up_may_be_empty() -> None:
    body = {"name": "pat", "password": "x", "phone_number": "", "real_name": ""}
    found = request("POST /accounts/signup", "", body)
    assert (found.phone_number, found.real_name) == ("", "")  # type: ignore[attr-defined]


def test_a_wrong_type_is_named_when_nothing_is_missing() -> None:
    body = {"messages": [{**ITEM, "timestamp": "x", "mime_type": None}]}
    assert sentence("POST /messages/add", body=body) == missing("mime_type")
    assert sentence("POST /messages/add", "", {"messages": [{**ITEM, "timestamp": "x"}]}) == missing("account_id")
    assert sentence("POST /messages/add", body={"messages": [{**ITEM, "timestamp": "x"}]}) == wrong("timestamp")


# --- lists and their flat form, old names (rest.md 1.7 and 4) ---


@pytest.mark.parametrize("sent", ["x", 5, True, {}, {"device_id": 5}, [5], ["x"], [None], [[]], [ITEM, 5], "[]"])
def test_what_is_no_list_of_objects(sent: object) -> None:
    assert sentence("POST /messages/add", body={"messages": sent}) == wrong("messages")


@pytest.mark.parametrize("sent", ["x", 5, True, [], [{}]])
def test_what_is_no_object(sent: object) -> None:
    assert sentence("POST /devices/add", body={"device": sent}) == wrong("device")


def test_the_flat_form() -> None:
    expected = AddMessages(messages=[NewMessage(**ITEM)])  # type: ignore[arg-type]
    assert request("POST /messages/add", "", {"account_id": "a", **ITEM}) == expected
    assert request("POST /messages/add", body={**ITEM, "unknown": []}) == expected
    found = request("POST /blacklists/add", body={"device_id": "5", "phone_number": "x", "phrase": None})
    assert found == AddBlacklists(blacklists=[NewBlacklist(device_id=5, phone_number="x")])
    found = request("POST /auto_replies/add", body={"device_id": 5, "type": "contact"})
    assert found == AddAutoReplies(auto_replies=[NewAutoReply(device_id=5, reply_type="contact")])


@pytest.mark.parametrize("item", [{"device_id": 5}, {**ITEM, "timestamp": None}])
def test_a_flat_form_that_lacks_something(item: dict[str, Any]) -> None:
    name = next(name for name in ITEM if item.get(name) is None)
    assert sentence("POST /messages/add", body=item) == missing(name)


@pytest.mark.parametrize("body", [{**ITEM, "device_id": 5.5}, {**ITEM, "read": []}, {**ITEM, "data": {}}])
def test_a_flat_form_with_a_wrong_type(body: dict[str, Any]) -> None:
    name = next(name for name in body if body[name] != ITEM.get(name))
    assert sentence("POST /messages/add", body=body) == wrong(name)


def test_a_list_wins_over_a_flat_form_beside_it() -> None:
    expected = AddMessages(messages=[])
    assert request("POST /messages/add", body={"messages": [], **ITEM}) == expected


def test_null_in_place_of_a_list_or_an_id_is_absent() -> None:
    """As everywhere in requests (rest.md, words used): so this is a flat form, and that is none."""
    expected = AddMessages(messages=[NewMessage(**ITEM)])  # type: ignore[arg-type]
    assert request("POST /messages/add", body={"messages": None, **ITEM}) == expected
    assert sentence("POST /messages/add", body={**ITEM, "device_id": None}) == missing("messages")


def test_the_flat_form_of_a_query_is_none() -> None:
    assert sentence("POST /templates/add", f"{ACCOUNT}&device_id=5&text=x") == missing("templates")


@pytest.mark.parametrize(
    ("body", "value"), [({"type": 4}, 4), ({"message_type": 4}, 4), ({"type": 3, "message_type": 4}, 4)]
)
def test_old_names(body: dict[str, int], value: int) -> None:
    assert request("POST /messages/update/5", body=body) == UpdateMessage(device_id=5, message_type=value)


def test_an_old_name_counts_when_the_new_one_is_null() -> None:
    expected = UpdateMessage(device_id=5, message_type=3)
    assert request("POST /messages/update/5", body={"type": 3, "message_type": None}) == expected
    assert request("POST /messages/update/5", f"{ACCOUNT}&type=3&message_type=") == expected


def test_an_old_name_is_old_for_its_endpoint_only() -> None:
    assert sentence("POST /messages/update_type/5", body={"type": 3}) == missing("message_type")


# --- pictures as bytes (rest.md 2.12) ---


def as_object(text: str) -> dict[str, int]:
    return {str(position): byte for position, byte in enumerate(text.encode())}


@pytest.mark.parametrize("text", ["h", "hG+/=\n-:-", "é😀", cipher("a picture"), "x" * 200_000], ids=range(5))
@pytest.mark.parametrize("form", [str, as_object, lambda text: list(text.encode())], ids=["text", "object", "list"])
def test_the_three_forms_of_a_picture(form: Any, text: str) -> None:
    assert request("POST /media/add", body={"message_id": 5, "data": form(text)}).data == text  # type: ignore[attr-defined]


def test_a_byte_map_with_white_space() -> None:
    for data in (b'{ "0" : 104 ,\n\t"1":71\r\n}', b"[ 104 ,\n71 ]"):
        found = request("POST /media/add", body=b'{ "data" : %s , "message_id" : 5 }' % data)
        assert found.data == "hG"  # type: ignore[attr-defined]


BROKEN = [
    b"{}",
    b'{"0":104,"2":71}',
    b'{"1":104}',
    b'{"1":104,"0":71}',
    b'{"0":104,"0":71}',
    b'{"0":256}',
    b'{"0":-1}',
    b'{"0":1.5}',
    b'{"0":1e2}',
    b'{"0":"104"}',
    b'{"0":null}',
    b'{"0":[104]}',
    b'{"0":{"0":104}}',
    b'{"0":104,"length":1}',
    b'{"a":104}',
    b'{"0":195}',
    b'{"0":237,"1":160,"2":128}',
    b"[256]",
    b"[-1]",
    b"[1.5]",
    b'["104"]',
    b"[true]",
    b"[null]",
    b"[[104]]",
    b"[195]",
    b"[" + b"9" * 5_000 + b"]",
    b"5",
    b"true",
    b"1.5",
]


@pytest.mark.parametrize("data", BROKEN)
def test_broken_byte_maps(data: bytes) -> None:
    assert sentence("POST /media/add", body=b'{"message_id":5,"data":%s}' % data) == wrong("data")


@pytest.mark.parametrize("data", [b'{"0":104,}', b'{"0":104', b"[104,]", b'{"0":0104}', b'{"0" 104}', b'"\\ud800"'])
def test_byte_maps_that_are_no_json(data: bytes) -> None:
    assert sentence("POST /media/add", body=b'{"message_id":5,"data":%s}' % data) == NOT_JSON


def test_bytes_are_read_for_pictures_only() -> None:
    assert sentence("POST /templates/update/5", body={"text": as_object("-:-")}) == wrong("text")


# --- what must be encrypted when the server says so (rest.md 1.6, decisions.md 13 and 14) ---

ENCRYPTED = {
    "POST /messages/add": ("messages", ITEM, ["data", "mime_type", "message_from", "sim_stamp"]),
    "POST /conversations/add": (
        "conversations",
        {"device_id": 5},
        ["title", "phone_numbers", "snippet", "ringtone", "image_uri", "id_matcher"],
    ),
    "POST /conversations/update/5": ("", {}, ["title", "snippet", "ringtone"]),
    "POST /conversations/update_snippet/5": ("", {}, ["snippet"]),
    "POST /conversations/update_title/5": ("", {}, ["title"]),
    "POST /contacts/add": ("contacts", {"device_id": 5}, ["phone_number", "id_matcher", "name"]),
    "POST /contacts/update_device_id": ("", {"device_id": 5}, ["phone_number", "name"]),
    "POST /contacts/remove_device_id": ("", {"device_id": 5}, ["phone_number"]),
    "POST /blacklists/add": ("blacklists", {"device_id": 5}, ["phone_number", "phrase"]),
    "POST /drafts/add": ("drafts", {"device_id": 5, "device_conversation_id": 8}, ["data", "mime_type"]),
    "POST /drafts/replace/8": ("drafts", {"device_id": 5}, ["data", "mime_type"]),
    "POST /drafts/update/5": ("", {}, ["data", "mime_type"]),
    "POST /scheduled_messages/add": (
        "scheduled_messages",
        {"device_id": 5, "timestamp": 9},
        ["to", "data", "mime_type", "title"],
    ),
    "POST /scheduled_messages/update/5": ("", {}, ["to", "data", "mime_type", "title"]),
    "POST /templates/add": ("templates", {"device_id": 5}, ["text"]),
    "POST /templates/update/5": ("", {}, ["text"]),
    "POST /folders/add": ("folders", {"device_id": 5}, ["name"]),
    "POST /folders/update/5": ("", {}, ["name"]),
    "POST /auto_replies/add": ("auto_replies", {"device_id": 5, "reply_type": "keyword"}, ["pattern", "response"]),
    "POST /auto_replies/update/5": ("", {"reply_type": "keyword"}, ["pattern", "response"]),
    "POST /media/add": ("", {"message_id": 5}, ["data"]),
    "POST /messages/forward_to_phone": ("", {}, ["to", "message", "mime_type"]),
}


@pytest.mark.parametrize(
    ("endpoint", "name"), [(endpoint, name) for endpoint, (_, _, names) in ENCRYPTED.items() for name in names]
)
def test_what_the_contract_calls_encrypted_is_refused_in_the_clear(endpoint: str, name: str) -> None:
    list_name, clear, names = ENCRYPTED[endpoint]
    encrypted = {**clear, **{other: cipher(other) for other in names}}
    plain = {**encrypted, name: "plain text"}

    def body(item: dict[str, Any]) -> dict[str, Any]:
        return {list_name: [item]} if list_name else item

    says = f"parameter {name} is not encrypted"
    assert sentence(endpoint, body=body(plain), require_encryption=True) == says
    request(endpoint, body=body(encrypted), require_encryption=True)
    request(endpoint, body=body(plain), require_encryption=False)
    if list_name:
        assert sentence(endpoint, body=plain, require_encryption=True) == says


def test_encryption_is_required_of_the_query_too() -> None:
    says = "parameter title is not encrypted"
    query = f"{ACCOUNT}&title=Ann"
    assert sentence("POST /conversations/update_title/5", query, require_encryption=True) == says


def test_a_picture_as_bytes_must_be_encrypted_too() -> None:
    for data in (as_object("plain"), list(b"plain")):
        says = sentence("POST /media/add", body={"message_id": 5, "data": data}, require_encryption=True)
        assert says == "parameter data is not encrypted"


def test_what_is_sent_in_the_clear_stays_so() -> None:
    clear: list[tuple[str, dict[str, Any]]] = [
        ("POST /devices/add", {"device": {"info": "Pixel", "name": "Pixel", "fcm_token": "t"}}),
        ("POST /accounts/signup", {"name": "pat", "password": "x", "phone_number": "1", "real_name": "Pat"}),
        ("POST /auto_replies/add", {"auto_replies": [{"device_id": 5, "reply_type": "vacation"}]}),
        ("POST /accounts/update_setting", {"pref": "base_theme", "type": "string", "value": "dark"}),
        ("POST /accounts/dismissed_notification", {"id": "5", "device_id": "7"}),
    ]
    for endpoint, body in clear:
        request(endpoint, body=body, require_encryption=True)
