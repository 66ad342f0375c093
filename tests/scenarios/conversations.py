"""Conversations and folders."""

from typing import Any

from tests.contract_facts import cipher
from tests.scenarios.messages import OLD, added_message, message, stored_message
from tests.scenarios.steps import ACCOUNT, COLOURS, NO_COLOURS, NOT_IMPLEMENTED, get, post, row

TALK = {
    "device_id": 8150,
    "folder_id": -1,
    **COLOURS,
    "led_color": -1,
    "pinned": False,
    "read": False,
    "timestamp": 1_608_150_458_123,
    "title": cipher("Ann"),
    "phone_numbers": cipher("+15551"),
    "snippet": cipher("See you"),
    "ringtone": cipher("bell"),
    "image_uri": cipher("content://1"),
    "id_matcher": cipher("15551"),
    "mute": True,
    "archive": False,
    "private_notifications": False,
}
OTHER = {
    **dict.fromkeys(TALK),
    "device_id": 8151,
    "folder_id": -1,
    **dict.fromkeys((*COLOURS, "led_color"), 7),
    **dict.fromkeys(("pinned", "read", "mute", "archive", "private_notifications"), False),
    "timestamp": 1_608_150_459_000,
}
LOOK = (
    *COLOURS,
    "led_color",
    "pinned",
    "read",
    "timestamp",
    "title",
    "snippet",
    "ringtone",
    "mute",
    "archive",
    "private_notifications",
)


def added_talk(talk: dict[str, Any]) -> dict[str, Any]:
    return {name: talk[name] for name in (*LOOK, "device_id", "folder_id", "phone_numbers", "id_matcher")} | {
        "id": talk["device_id"]
    }


def updated_talk(talk: dict[str, Any]) -> dict[str, Any]:
    return {"id": talk["device_id"]} | {name: talk[name] for name in LOOK}


PINNED = {**TALK, "pinned": True, "color": 9}
SNIPPET = {**PINNED, "snippet": cipher("Bye"), "timestamp": 1_608_150_458_500}
TITLED = {**SNIPPET, "title": cipher("Anna")}
READ = {**TITLED, "read": True}
PRIVATE = {**READ, "private_notifications": True}


NEW = message(20)
ELSEWHERE = message(30, device_conversation_id=8151)

CONVERSATIONS = [
    get("/conversations", []),
    get("/conversations/{device_id}", None, at=8150),
    post(
        "/conversations/add",
        {
            "account_id": ACCOUNT,
            "conversations": [
                TALK,
                {"device_id": 8151, "color": 7, "timestamp": OTHER["timestamp"]},
            ],
        },
        ("added_conversation", added_talk(TALK)),
        ("added_conversation", added_talk(OTHER)),
    ),
    get("/conversations", [row(**OTHER), row(**TALK)], limit=500, offset=0),
    get("/conversations/{device_id}", row(**TALK), at=8150),
    post(
        "/conversations/update/{device_id}",
        {"account_id": ACCOUNT, "pinned": True, "color": 9},
        ("updated_conversation", updated_talk(PINNED)),
        at=8150,
    ),
    get("/conversations/index_public_unarchived", [row(**PINNED), row(**OTHER)], limit=75),
    post(
        "/conversations/update_snippet/{device_id}",
        {"snippet": cipher("Bye"), "timestamp": 1_608_150_458_500},
        (
            "update_conversation_snippet",
            {
                "id": 8150,
                "read": False,
                "timestamp": 1_608_150_458_500,
                "snippet": cipher("Bye"),
                "archive": False,
            },
        ),
        at=8150,
    ),
    post(
        "/conversations/update_title/{device_id}",
        None,
        ("update_conversation_title", {"id": 8150, "title": cipher("Anna")}),
        at=8150,
        title=cipher("Anna"),
    ),
    get("/conversations/index_public_unread", [row(**TITLED), row(**OTHER)]),
    post(
        "/messages/add",
        {"messages": [OLD, NEW, ELSEWHERE]},
        added_message(OLD),
        added_message(NEW),
        added_message(ELSEWHERE),
    ),
    post("/conversations/seen/{device_id}", None, ("seen_conversation", {"id": 8151}), at=8151),
    get("/messages", [stored_message(ELSEWHERE, seen=True), stored_message(NEW), stored_message(OLD)]),
    post("/conversations/read/{device_id}", None, ("read_conversation", {"id": 8150, "android_device": None}), at=8150),
    post(
        "/conversations/read/{device_id}",
        None,
        ("read_conversation", {"id": 8150, "android_device": "1001"}),
        at=8150,
        android_device="1001",
    ),
    get("/conversations/index_public_unread", [row(**OTHER)]),
    get(
        "/messages",
        [
            stored_message(NEW, read=True, seen=True),
            stored_message(OLD, read=True, seen=True),
        ],
        conversation_id=8150,
    ),
    post("/messages/add", {"messages": [ELSEWHERE]}, added_message(ELSEWHERE)),
    post("/conversations/seen", None, ("seen_conversations", {})),
    get("/messages", [stored_message(ELSEWHERE, seen=True)], conversation_id=8151),
    post(
        "/conversations/add_to_folder/{device_id}",
        None,
        ("add_conversation_to_folder", {"id": 8150, "folder_id": 4}),
        at=8150,
        folder_id=4,
    ),
    get("/conversations/folder/{folder_id}", [row(**READ | {"folder_id": 4})], at=4),
    post("/conversations/archive/{device_id}", None, ("archive_conversation", {"id": 8150, "archive": True}), at=8150),
    get("/conversations/index_archived", [row(**READ | {"archive": True})]),
    get("/conversations/folder/{folder_id}", [], at=4),
    post(
        "/conversations/unarchive/{device_id}", None, ("archive_conversation", {"id": 8150, "archive": False}), at=8150
    ),
    get("/conversations/index_archived", []),
    post(
        "/conversations/add_to_folder/{device_id}",
        {"folder_id": 4},
        ("add_conversation_to_folder", {"id": 8150, "folder_id": 4}),
        at=8150,
    ),
    post(
        "/conversations/remove_from_folder/{device_id}",
        None,
        ("remove_conversation_from_folder", {"id": 8150}),
        at=8150,
    ),
    get("/conversations/{device_id}", row(**READ), at=8150),
    post(
        "/conversations/update/{device_id}",
        {"private_notifications": True},
        ("updated_conversation", updated_talk(PRIVATE)),
        at=8150,
    ),
    get("/conversations/index_private", [row(**PRIVATE)]),
    get("/conversations/index_public_unarchived", [row(**OTHER)]),
    post(
        "/conversations/cleanup_messages",
        None,
        ("cleanup_conversation_messages", {"timestamp": NEW["timestamp"], "conversation_id": "8150"}),
        conversation_id=8150,
        timestamp=NEW["timestamp"],
    ),
    get("/messages", [stored_message(ELSEWHERE, seen=True), stored_message(NEW, read=True, seen=True)]),
    post("/conversations/clean", reply=NOT_IMPLEMENTED, status=501),
    post("/conversations/remove/{device_id}", None, ("removed_conversation", {"id": 8150}), at=8150),
    get("/conversations", [row(**OTHER)]),
    get("/messages", [stored_message(ELSEWHERE, seen=True)]),
]

FAMILY = {"device_id": 4, "name": cipher("Family"), **COLOURS}
WORK = {"device_id": 5, "name": cipher("Work"), **NO_COLOURS}

FOLDERS = [
    get("/folders", []),
    post(
        "/folders/add",
        {"account_id": ACCOUNT, "folders": [FAMILY, {"device_id": 5, "name": cipher("Work")}]},
        ("added_folder", FAMILY),
        ("added_folder", WORK),
    ),
    get("/folders", [row(**FAMILY), row(**WORK)]),
    post("/folders/update/{device_id}", {"color": 1}, ("updated_folder", {**FAMILY, "color": 1}), at=4),
    get("/folders", [row(**FAMILY | {"color": 1}), row(**WORK)]),
    post(
        "/conversations/add",
        {"conversations": [{**TALK, "folder_id": 4}]},
        ("added_conversation", added_talk({**TALK, "folder_id": 4})),
    ),
    post("/folders/remove/{device_id}", None, ("removed_folder", {"id": 4}), at=4),
    get("/folders", [row(**WORK)]),
    get("/conversations", [row(**TALK)]),
]
