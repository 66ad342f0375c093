"""Messages, media, drafts and scheduled messages."""

from typing import Any

from tests.contract_facts import Text, cipher
from tests.scenarios.steps import ACCOUNT, failure, get, post, row


def message(device_id: int, **changes: Any) -> dict[str, Any]:
    """A message with only what a client must say."""
    return {
        "device_id": device_id,
        "device_conversation_id": 8150,
        "message_type": 0,
        "data": cipher(f"text {device_id}"),
        "timestamp": 1_608_150_000_000 + device_id,
        "mime_type": cipher("text/plain"),
        **changes,
    }


def stored_message(sent: dict[str, Any], **changes: Any) -> dict[str, Any]:
    unsaid = {
        "read": False,
        "seen": False,
        "message_from": None,
        "color": None,
        "sent_device": -1,
        "sim_stamp": None,
    }
    return row(**{**unsaid, **sent, **changes})


def added_message(sent: dict[str, Any], **changes: Any) -> tuple[str, dict[str, Any]]:
    stored = stored_message(sent)
    names = {
        "device_id": "id",
        "device_conversation_id": "conversation_id",
        "message_type": "type",
        "message_from": "from",
    }
    content = {names.get(name, name): value for name, value in stored.items() if name not in ("id", "account_id")}
    return "added_message", {**content, **changes}


OLD = message(10)
FULL = message(
    481_516_234_200_001,
    message_type=2,
    read=True,
    seen=True,
    message_from=cipher("Bob"),
    color=-1352590,
    sent_device=1001,
    sim_stamp="7",
)
FLAT = message(40, sim_stamp=cipher("SIM 1"))

MESSAGES = [
    get("/messages", [], limit=5000, offset=0),
    post(
        "/messages/add",
        {"account_id": ACCOUNT, "messages": [FULL, OLD]},
        added_message(FULL, sim_stamp=7),
        added_message(OLD),
    ),
    post("/messages/add", {"account_id": ACCOUNT, **FLAT}, added_message(FLAT)),
    get("/messages", [stored_message(FULL), stored_message(FLAT), stored_message(OLD)]),
    get("/messages", [stored_message(FLAT)], conversation_id=8150, limit=1, offset=1, web="true"),
    post(
        "/messages/update/{device_id}",
        {"message_type": 4, "read": True},
        ("updated_message", {"id": 10, "type": 4, "timestamp": OLD["timestamp"], "read": True, "seen": False}),
        at=10,
    ),
    post(
        "/messages/update_type/{device_id}",
        None,
        ("update_message_type", {"id": str(FULL["device_id"]), "message_type": 0}),
        at=FULL["device_id"],
        message_type=0,
    ),
    get(
        "/messages",
        [
            stored_message(FULL, message_type=0),
            stored_message(FLAT),
            stored_message(OLD, message_type=4, read=True),
        ],
    ),
    post(
        "/messages/remove/{device_id}", None, ("removed_message", {"id": str(FULL["device_id"])}), at=FULL["device_id"]
    ),
    get("/messages", [stored_message(FLAT), stored_message(OLD, message_type=4, read=True)]),
    post(
        "/messages/cleanup", None, ("cleanup_messages", {"timestamp": FLAT["timestamp"]}), timestamp=FLAT["timestamp"]
    ),
    get("/messages", [stored_message(FLAT)]),
    post(
        "/messages/forward_to_phone",
        {"account_id": ACCOUNT, "to": "5555555555", "message": "test", "mime_type": "text/plain"},
        ("forward_to_phone", {"to": "5555555555", "message": "test", "mime_type": "text/plain", "sent_device": 0}),
    ),
    post(
        "/messages/forward_to_phone",
        {"to": cipher("1,2"), "message": cipher("firebase -1"), "message_id": 40, "sent_device": 3},
        (
            "forward_to_phone",
            {"to": cipher("1,2"), "message": cipher("firebase -1"), "message_id": 40, "sent_device": 3},
        ),
    ),
    get("/messages", [stored_message(FLAT)]),
]

MEDIA = [
    get("/media/{message_id}", failure(Text(".+")), at=10, status=404),
    post("/media/add", {"message_id": 10, "data": cipher("a picture")}),
    get("/media/{message_id}", {"data": cipher("a picture")}, at=10),
    post("/media/add", {"message_id": 10, "data": dict(enumerate(b"aXY=-:-aGV5"))}),
    get("/media/{message_id}", {"data": "aXY=-:-aGV5"}, at=10),
    post("/messages/add", {"messages": [OLD]}, added_message(OLD)),
    post("/messages/remove/{device_id}", None, ("removed_message", {"id": "10"}), at=10),
    get("/media/{message_id}", failure(Text(".+")), at=10, status=404),
]


def draft(device_id: int, talk: int, text: str) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "device_conversation_id": talk,
        "data": cipher(text),
        "mime_type": cipher("text/plain"),
    }


def draft_content(sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": sent["device_id"],
        "conversation_id": sent["device_conversation_id"],
        "data": sent["data"],
        "mime_type": sent["mime_type"],
    }


HELLO, PICTURE, FAREWELL = draft(77, 8150, "Hello"), draft(78, 8150, "A picture"), draft(79, 8151, "Good bye")

DRAFTS = [
    get("/drafts", []),
    post(
        "/drafts/add",
        {"drafts": [HELLO, FAREWELL]},
        ("added_draft", draft_content(HELLO)),
        ("added_draft", draft_content(FAREWELL)),
    ),
    get("/drafts", [row(**HELLO), row(**FAREWELL)]),
    get("/drafts/{device_conversation_id}", [row(**FAREWELL)], at=8151),
    post(
        "/drafts/replace/{device_conversation_id}",
        {"drafts": [PICTURE, draft(80, 8150, "and a text")]},
        ("replaced_drafts", draft_content(PICTURE)),
        ("added_draft", draft_content(draft(80, 8150, "and a text"))),
        at=8150,
    ),
    get("/drafts", [row(**PICTURE), row(**FAREWELL), row(**draft(80, 8150, "and a text"))]),
    post(
        "/drafts/update/{device_id}",
        {"data": cipher("Bye")},
        ("replaced_drafts", draft_content(draft(79, 8151, "Bye"))),
        at=79,
    ),
    get("/drafts/{device_conversation_id}", [row(**draft(79, 8151, "Bye"))], at=8151),
    post(
        "/drafts/remove/{device_conversation_id}",
        None,
        ("removed_drafts", {"id": 8150, "android_device": "1001"}),
        at=8150,
        android_device=1001,
    ),
    post(
        "/drafts/replace/{device_conversation_id}",
        {"drafts": []},
        ("removed_drafts", {"id": 8151, "android_device": None}),
        at=8151,
    ),
    get("/drafts", []),
]

TOMORROW = {
    "device_id": 9,
    "to": cipher("+15551"),
    "data": cipher("Happy birthday"),
    "mime_type": cipher("text/plain"),
    "timestamp": 1_608_236_858_000,
    "title": cipher("Ann"),
    "repeat": 4,
}
BARE = {"device_id": 8, "to": None, "data": None, "mime_type": None, "timestamp": 5, "title": None, "repeat": 0}


def scheduled_content(sent: dict[str, Any]) -> dict[str, Any]:
    return {"id" if name == "device_id" else name: value for name, value in sent.items()}


SCHEDULED_MESSAGES = [
    get("/scheduled_messages", []),
    post(
        "/scheduled_messages/add",
        {"account_id": ACCOUNT, "scheduled_messages": [TOMORROW, {"device_id": 8, "timestamp": 5}]},
        ("added_scheduled_message", scheduled_content(TOMORROW)),
        ("added_scheduled_message", scheduled_content(BARE)),
    ),
    get("/scheduled_messages", [row(**BARE), row(**TOMORROW)]),
    post(
        "/scheduled_messages/update/{device_id}",
        {"repeat": 0, "title": cipher("Anna")},
        ("updated_scheduled_message", scheduled_content({**TOMORROW, "repeat": 0, "title": cipher("Anna")})),
        at=9,
    ),
    get("/scheduled_messages", [row(**BARE), row(**TOMORROW | {"repeat": 0, "title": cipher("Anna")})]),
    post("/scheduled_messages/remove/{device_id}", None, ("removed_scheduled_message", {"id": 9}), at=9),
    get("/scheduled_messages", [row(**BARE)]),
]
