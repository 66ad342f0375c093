"""Conversations (rest.md 2.8, operations.md 9 and 14 to 22)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, NotImplementedHere
from tests.contract_facts import cipher
from tests.resources.conftest import Account
from tests.resources.test_messages import media_ids, message


def talk(device_id: int = 8, timestamp: int = 100, **more: Any) -> dict[str, Any]:
    return {"device_id": device_id, "timestamp": timestamp, **more}


def add(account: Account, *talks: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return account.post("/conversations/add", {"conversations": list(talks)})


def add_messages(account: Account, *messages: dict[str, Any]) -> None:
    account.post("/messages/add", {"messages": list(messages)})


# --- lists ---


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/conversations/index_public_unarchived", {}),
        ("/conversations/index_public_unread", {}),
        ("/conversations/index_archived", {"archive": True}),
        ("/conversations/index_private", {"private_notifications": True}),
        ("/conversations/folder/4", {"folder_id": 4}),
    ],
)
def test_pinned_ones_come_first(local: Account, path: str, kept: dict[str, Any]) -> None:
    """The web clients show the rows in the order they come."""
    add(
        local,
        talk(1, 10, pinned=True, **kept),
        talk(2, 40, **kept),
        talk(3, 20, pinned=True, **kept),
        talk(4, 30, **kept),
        talk(5, 40, **kept),
        talk(6, 10, pinned=True, **kept),
    )
    assert local.ids(path) == [3, 6, 1, 5, 2, 4]
    assert local.ids(path, limit=2, offset=2) == [1, 5]


def test_the_plain_list_is_by_time_only(local: Account) -> None:
    add(local, talk(1, 10, pinned=True), talk(2, 40), talk(3, 40))
    assert local.ids("/conversations") == [3, 2, 1]


LISTS = {
    "/conversations/index_public_unarchived": [1, 2, 6],
    "/conversations/index_public_unread": [1, 3, 6, 7],
    "/conversations/index_archived": [3, 5],
    "/conversations/index_private": [4, 5],
    "/conversations/folder/4": [6, 7, 8],
    "/conversations/folder/-1": [1, 2, 3, 4, 5],
    "/conversations": [1, 2, 3, 4, 5, 6, 7, 8],
}


@pytest.mark.parametrize("path", LISTS)
def test_what_is_in_each_list(local: Account, path: str) -> None:
    add(
        local,
        talk(1),
        talk(2, read=True),
        talk(3, archive=True),
        talk(4, private_notifications=True),
        talk(5, private_notifications=True, archive=True),
        talk(6, folder_id=4),
        talk(7, folder_id=4, archive=True),
        talk(8, folder_id=4, private_notifications=True),
    )
    assert sorted(local.ids(path)) == LISTS[path]


def test_one_conversation_or_null(local: Account) -> None:
    add(local, talk(8), talk(9))
    assert local.get("/conversations/9") == local.get("/conversations")[0]
    assert local.get("/conversations/10") is None


# --- adding ---


def test_what_android_leaves_out(local: Account) -> None:
    local.database.now_ms = 1_608_150_458_123
    ((_, content),) = add(local, {"device_id": 8, "color": -7, "color_dark": 3})
    (row,) = local.get("/conversations")
    flags = dict.fromkeys(("pinned", "read", "mute", "archive", "private_notifications"), False)
    texts = dict.fromkeys(("title", "phone_numbers", "snippet", "ringtone", "id_matcher"))
    colours = {"color": -7, "color_dark": 3, "color_light": -7, "color_accent": -7, "led_color": -7}
    common = {"id": 8, "device_id": 8, "folder_id": -1, "timestamp": 1_608_150_458_123, **flags, **texts, **colours}
    assert content == common
    assert row == {**common, "account_id": local.id, "image_uri": None}


def test_without_any_colour_it_is_zero(local: Account) -> None:
    add(local, talk())
    (row,) = local.get("/conversations")
    assert [row[name] for name in ("color", "color_dark", "color_light", "color_accent", "led_color")] == [0] * 5


@pytest.mark.parametrize("folder_id", [-1, -2, None])
def test_no_folder_is_always_minus_one(local: Account, folder_id: int | None) -> None:
    ((_, content),) = add(local, talk(folder_id=folder_id))
    assert content["folder_id"] == local.get("/conversations/8")["folder_id"] == -1


# --- updating ---


def test_the_web_clients_update_after_sending(local: Account) -> None:
    add(local, talk(title=cipher("Ann"), pinned=True, mute=True))
    ((name, content),) = local.post(
        "/conversations/update/8", {"account_id": local.id, "read": True, "timestamp": 200, "snippet": cipher("Hi")}
    )
    assert name == "updated_conversation"
    shown = {
        "title": cipher("Ann"),
        "pinned": True,
        "mute": True,
        "read": True,
        "timestamp": 200,
        "snippet": cipher("Hi"),
    }
    assert content.items() >= shown.items()


def test_a_snippet_update_emits_all_four_fields(local: Account) -> None:
    add(local, talk(snippet=cipher("Hi"), read=True))
    content = {"id": 8, "read": True, "timestamp": 100, "snippet": cipher("Hi"), "archive": True}
    emitted = local.post("/conversations/update_snippet/8", {"archive": True})
    assert emitted == [("update_conversation_snippet", content)]
    assert local.get("/conversations/8")["archive"] is True


def test_a_snippet_update_changes_nothing_else(local: Account) -> None:
    add(local, talk(title=cipher("Ann")))
    local.post("/conversations/update_snippet/8", {"read": True, "title": cipher("Bob"), "pinned": True})
    row = local.get("/conversations/8")
    assert (row["title"], row["pinned"], row["read"]) == (cipher("Ann"), False, True)


def test_a_snippet_update_without_fields_or_row_emits_nothing(local: Account) -> None:
    assert local.post("/conversations/update_snippet/8", {"read": True}) == []
    add(local, talk())
    assert local.post("/conversations/update_snippet/8", {}) == []


def test_a_title_is_kept_as_it_was_sent(local: Account) -> None:
    add(local, talk())
    title = "ab+/=\n-:-cd+/=\n"
    assert local.post("/conversations/update_title/8", title=title) == [
        ("update_conversation_title", {"id": 8, "title": title})
    ]
    assert local.get("/conversations/8")["title"] == title


def test_a_title_is_asked_for(local: Account) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter title$"):
        local.post("/conversations/update_title/8")


# --- read, seen, archive, folder ---


def test_reading_marks_the_conversation_and_its_messages(local: Account) -> None:
    add(local, talk(8), talk(9))
    unread = {"read": False, "seen": False}
    add_messages(local, message(1, **unread), message(2, read=True, seen=False), message(3, talk=9, **unread))
    local.post("/conversations/read/8")
    assert {row["id"]: row["read"] for row in local.get("/conversations")} == {8: True, 9: False}
    flags = {row["id"]: (row["read"], row["seen"]) for row in local.get("/messages")}
    assert flags == {1: (True, True), 2: (True, True), 3: (False, False)}


@pytest.mark.parametrize(
    ("query", "device"), [({}, None), ({"android_device": ""}, None), ({"android_device": "1001"}, "1001")]
)
@pytest.mark.parametrize("exists", [True, False])
def test_reading_says_which_phone_it_was(
    local: Account, query: dict[str, str], device: str | None, exists: bool
) -> None:
    if exists:
        add(local, talk())
    assert local.post("/conversations/read/8", **query) == [("read_conversation", {"id": 8, "android_device": device})]


def test_an_android_device_may_be_a_number_in_the_body(local: Account) -> None:
    ((_, content),) = local.post("/conversations/read/8", {"android_device": 1001})
    assert content["android_device"] == "1001"


def test_seeing_one_conversation_marks_its_messages_seen_only(local: Account) -> None:
    add(local, talk(8))
    unread = {"read": False, "seen": False}
    add_messages(local, message(1, **unread), message(2, talk=9, **unread))
    assert local.post("/conversations/seen/8") == [("seen_conversation", {"id": 8})]
    flags = {row["id"]: (row["read"], row["seen"]) for row in local.get("/messages")}
    assert flags == {1: (False, True), 2: (False, False)}
    assert local.get("/conversations/8")["read"] is False


def test_seeing_all_conversations(local: Account) -> None:
    unread = {"read": False, "seen": False}
    add_messages(local, message(1, **unread), message(2, talk=9, **unread))
    assert local.post("/conversations/seen") == [("seen_conversations", {})]
    assert [(row["read"], row["seen"]) for row in local.get("/messages")] == [(False, True)] * 2


@pytest.mark.parametrize(("path", "archive"), [("archive", True), ("unarchive", False)])
def test_archiving_and_unarchiving_clear_the_folder(local: Account, path: str, archive: bool) -> None:
    add(local, talk(8, folder_id=4, archive=not archive), talk(9, folder_id=4))
    expected = [("archive_conversation", {"id": 8, "archive": archive})]
    assert local.post(f"/conversations/{path}/8") == expected
    row = local.get("/conversations/8")
    assert (row["archive"], row["folder_id"], row["read"]) == (archive, -1, False)
    assert local.get("/conversations/9")["folder_id"] == 4
    assert local.post(f"/conversations/{path}/404") == [("archive_conversation", {"id": 404, "archive": archive})]


# --- removing ---


def test_removing_takes_messages_media_and_drafts_along(local: Account) -> None:
    add(local, talk(8), talk(9))
    add_messages(local, message(1), message(2), message(3, talk=9))
    for message_id in (1, 3, 50):
        local.post("/media/add", {"message_id": message_id, "data": cipher("a picture")})
    draft = {"data": cipher("Hi"), "mime_type": cipher("text/plain")}
    local.post("/drafts/add", {"drafts": [{"device_id": n, "device_conversation_id": n, **draft} for n in (8, 9)]})
    later = {"device_id": 1, "timestamp": 5}
    local.post("/scheduled_messages/add", {"scheduled_messages": [later]})
    assert local.post("/conversations/remove/8") == [("removed_conversation", {"id": 8})]
    assert local.ids("/conversations") == [9]
    assert local.ids("/messages") == [3]
    assert media_ids(local) == [3, 50]
    assert local.ids("/drafts") == [9]
    assert local.ids("/scheduled_messages") == [1]


def test_removing_a_missing_conversation_takes_what_came_before_it(local: Account) -> None:
    add_messages(local, message(1))
    assert local.post("/conversations/remove/8") == [("removed_conversation", {"id": 8})]
    assert local.ids("/messages") == []


def test_cleanup_of_one_conversation_is_strictly_less(local: Account) -> None:
    add(local, talk(8, 1))
    add_messages(local, message(1, 99), message(2, 100), message(3, 101), message(4, 99, talk=9))
    for message_id in (1, 2, 4):
        local.post("/media/add", {"message_id": message_id, "data": cipher("a picture")})
    emitted = local.post("/conversations/cleanup_messages", conversation_id=8, timestamp=100)
    assert emitted == [("cleanup_conversation_messages", {"timestamp": 100, "conversation_id": "8"})]
    assert local.ids("/messages") == [3, 2, 4]
    assert media_ids(local) == [2, 4]
    assert local.ids("/conversations") == [8]


def test_cleaning_conversations_is_not_implemented(local: Account) -> None:
    with pytest.raises(NotImplementedHere, match=r"^not implemented$"):
        local.post("/conversations/clean")
