"""Messages (rest.md 2.13, operations.md 4 to 8 and 46)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, WrongType
from tests.contract_facts import cipher
from tests.resources.conftest import Account


def message(device_id: int, timestamp: int = 100, talk: int = 8, **more: Any) -> dict[str, Any]:
    """A message with what the web client sends."""
    ids = {"device_id": device_id, "device_conversation_id": talk, "message_type": 2, "timestamp": timestamp}
    return {**ids, "data": cipher("Hi"), "mime_type": cipher("text/plain"), "read": True, "seen": True, **more}


def add(account: Account, *messages: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return account.post("/messages/add", {"messages": list(messages)})


@pytest.mark.parametrize("name", ["type", "message_type"])
def test_the_old_name_of_message_type(local: Account, name: str) -> None:
    add(local, message(5))
    ((_, content),) = local.post("/messages/update/5", {name: 4})
    assert content == {"id": 5, "type": 4, "timestamp": 100, "read": True, "seen": True}
    assert local.get("/messages")[0]["message_type"] == 4


def test_the_new_name_of_message_type_wins(local: Account) -> None:
    add(local, message(5))
    ((_, content),) = local.post("/messages/update/5", {"type": 3, "message_type": 4})
    assert content["type"] == 4


@pytest.mark.parametrize(
    ("sent", "emitted"),
    [
        ({}, {"sent_device": 0}),
        ({"mime_type": None, "message_id": None, "sent_device": None}, {"sent_device": 0}),
        ({"mime_type": "text/plain"}, {"mime_type": "text/plain", "sent_device": 0}),
        ({"message_id": "9"}, {"message_id": 9, "sent_device": 0}),
        ({"sent_device": 3, "unknown": 1}, {"sent_device": 3}),
        (
            {"mime_type": cipher("a"), "message_id": 9, "sent_device": 2},
            {"mime_type": cipher("a"), "message_id": 9, "sent_device": 2},
        ),
    ],
)
def test_forward_to_phone_leaves_out_what_is_unset(
    local: Account, sent: dict[str, Any], emitted: dict[str, Any]
) -> None:
    ((name, content),) = local.post("/messages/forward_to_phone", {"to": "1,2", "message": "Hi", **sent})
    assert name == "forward_to_phone"
    assert content == {"to": "1,2", "message": "Hi", **emitted}


def test_forward_to_phone_stores_nothing(local: Account) -> None:
    local.post("/messages/forward_to_phone", {"to": "1,2", "message": "Hi"})
    assert local.database.rows_of(local).keys() == {"accounts", "events"}


@pytest.mark.parametrize(
    ("sent", "emitted"),
    [
        (None, None),
        ("7", 7),
        (7, 7),
        ("0", 0),
        ("-7", -7),
        ("007", "007"),
        ("-0", "-0"),
        ("+7", "+7"),
        ("7.0", "7.0"),
        (" 7", " 7"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("٣", "٣"),
        (cipher("SIM 1"), cipher("SIM 1")),
    ],
)
def test_sim_stamp(local: Account, sent: object, emitted: object) -> None:
    """A number on the stream when the text is one, as the contract has it; a text in the row always."""
    ((_, content),) = add(local, message(5, sim_stamp=sent))
    assert content["sim_stamp"] == emitted
    assert type(content["sim_stamp"]) is type(emitted)
    assert local.get("/messages")[0]["sim_stamp"] == (None if sent is None else str(sent))


def test_what_the_web_client_leaves_out(local: Account) -> None:
    item = message(5)
    del item["read"], item["seen"]
    ((_, content),) = add(local, item)
    unset = {"from": None, "color": None, "sent_device": -1, "sim_stamp": None, "read": False, "seen": False}
    assert content.items() >= unset.items()
    (row,) = local.get("/messages")
    assert row.items() >= {"message_from": None, "color": None, "sent_device": -1, "sim_stamp": None}.items()


def test_a_message_needs_no_conversation(local: Account) -> None:
    assert len(add(local, message(5, talk=404))) == 1
    assert local.get("/conversations/404") is None


def test_the_list_of_one_conversation(local: Account) -> None:
    add(local, message(1, 10), message(2, 30), message(3, 20, talk=9), message(4, 20))
    assert local.ids("/messages", conversation_id=8) == [2, 4, 1]
    assert local.ids("/messages", conversation_id=8, limit=1, offset=1, web="true") == [4]
    assert local.ids("/messages", conversation_id=9) == [3]
    assert local.ids("/messages", conversation_id=10) == []
    assert local.ids("/messages") == [2, 4, 3, 1]
    assert local.ids("/messages", conversation_id="") == [2, 4, 3, 1]


def test_pages_are_stable_when_all_have_the_same_time(local: Account) -> None:
    add(local, *(message(device_id) for device_id in range(100)))
    pages = [local.ids("/messages", conversation_id=8, limit=30, offset=offset) for offset in (0, 30, 60, 90)]
    assert [len(page) for page in pages] == [30, 30, 30, 10]
    assert [device_id for page in pages for device_id in page] == list(range(99, -1, -1))


def test_update_type_says_the_id_as_text_and_the_type_as_number(local: Account) -> None:
    add(local, message(5), message(6))
    expected = [("update_message_type", {"id": "5", "message_type": 0})]
    assert local.post("/messages/update_type/5", message_type="0") == expected
    assert {row["id"]: row["message_type"] for row in local.get("/messages")} == {5: 0, 6: 2}


def test_update_type_of_a_missing_message_still_emits(local: Account) -> None:
    assert local.post("/messages/update_type/5", message_type=1) == [
        ("update_message_type", {"id": "5", "message_type": 1})
    ]


@pytest.mark.parametrize(("query", "error"), [({}, MissingParameter), ({"message_type": "sent"}, WrongType)])
def test_update_type_needs_a_type(local: Account, query: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error, match="message_type"):
        local.post("/messages/update_type/5", **query)


def test_cleanup_deletes_what_is_strictly_older_with_its_media(local: Account) -> None:
    add(local, message(1, 99), message(2, 100), message(3, 101), message(4, 99, talk=9))
    for message_id in (1, 2, 4, 50):
        local.post("/media/add", {"message_id": message_id, "data": cipher("a picture")})
    assert local.post("/messages/cleanup", timestamp=100) == [("cleanup_messages", {"timestamp": 100})]
    assert local.ids("/messages") == [3, 2]
    assert media_ids(local) == [2, 50]  # 50 waits for its message


def test_cleanup_leaves_conversations(local: Account) -> None:
    local.post("/conversations/add", {"conversations": [{"device_id": 8, "timestamp": 1}]})
    local.post("/messages/cleanup", timestamp=100)
    assert local.ids("/conversations") == [8]


def test_removing_a_message_removes_its_media(local: Account) -> None:
    add(local, message(1), message(2))
    for message_id in (1, 2):
        local.post("/media/add", {"message_id": message_id, "data": cipher("a picture")})
    assert local.post("/messages/remove/1") == [("removed_message", {"id": "1"})]
    assert media_ids(local) == [2]


def test_removing_a_message_twice_is_done_twice(local: Account) -> None:
    add(local, message(1))
    assert local.post("/messages/remove/1") == local.post("/messages/remove/1") == [("removed_message", {"id": "1"})]


def media_ids(account: Account) -> list[int]:
    return [row[1] for row in account.database.rows_of(account).get("media", [])]
