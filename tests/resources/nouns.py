"""The nouns that have an `add`, for the tests that hold for all of them."""

from dataclasses import dataclass, field
from typing import Any

from tests.contract_facts import cipher
from tests.resources.conftest import Account

Columns = dict[str, Any]


@dataclass(frozen=True)
class Noun:
    """How a noun's rows look and what changes them."""

    name: str
    """In the paths, and of the list in the body of `add`."""
    full: Columns
    """A row without its id, with another value than the default in each column."""
    required: tuple[str, ...]
    """What `add` needs beside the id, in the order of rest.md."""
    added: str
    updated: str = ""
    """Empty: there is no update."""
    removed: str = ""
    """Empty: rows are not removed by their own id."""
    renamed: Columns = field(default_factory=dict)
    """Columns that operations call otherwise; None when they do not show them."""
    newest_first: bool = False

    def item(self, device_id: Any = 5, **changes: Any) -> Columns:
        return {"device_id": device_id, **self.full, **changes}

    def bare(self) -> Columns:
        """A row of what must be said, and the time, which would else be now."""
        said = ("device_id", *self.required, "timestamp", *(["phrase"] if self.name == "blacklists" else []))
        return {name: value for name, value in self.item().items() if name in said}

    def add(self, account: Account, *items: Columns) -> list[tuple[str, Columns]]:
        return account.post(f"/{self.name}/add", {self.name: list(items)})

    def update(self, account: Account, device_id: int, **changes: Any) -> list[tuple[str, Columns]]:
        if self.name == "contacts":
            return account.post("/contacts/update_device_id", changes, device_id=device_id)
        return account.post(f"/{self.name}/update/{device_id}", changes)

    def remove(self, account: Account, device_id: int) -> list[tuple[str, Columns]]:
        if self.name == "contacts":
            return account.post("/contacts/remove_device_id", device_id=device_id)
        return account.post(f"/{self.name}/remove/{device_id}")

    def stored(self, account: Account) -> list[Columns]:
        """The rows of the list, as they were posted."""
        rows: list[Columns] = account.get(f"/{self.name}")
        for row in rows:
            assert row.pop("id") == row["device_id"]
            assert row.pop("account_id") == account.id
        return rows

    def shown(self, operation: str, stored: Columns) -> Columns:
        """The operation's content in terms of the row's columns, as far as it shows them."""
        names = {column: self.renamed.get(column, column) for column in stored}
        return {name: stored[column] for column, name in names.items() if name}


COLOURS = {"color": 1, "color_dark": 2, "color_light": 3, "color_accent": -4}
NOUNS = [
    Noun(
        "auto_replies",
        {"reply_type": "keyword", "pattern": cipher("where"), "response": cipher("home")},
        ("reply_type",),
        "added_auto_reply",
        "updated_auto_reply",
        "removed_auto_reply",
        {"reply_type": "type"},
    ),
    Noun(
        "blacklists",
        {"phone_number": cipher("1"), "phrase": cipher("win")},
        (),
        "added_blacklist",
        removed="removed_blacklist",
        renamed={"device_id": "id"},
    ),
    Noun(
        "contacts",
        {"phone_number": cipher("1"), "name": cipher("Ann"), **COLOURS, "contact_type": 2, "id_matcher": cipher("m")},
        (),
        "added_contact",
        "updated_contact",
        "removed_contact",
        {"contact_type": "type", "id_matcher": None},
    ),
    Noun(
        "conversations",
        {
            "folder_id": 4,
            **COLOURS,
            "led_color": 5,
            **dict.fromkeys(("pinned", "read", "mute", "archive", "private_notifications"), True),
            "timestamp": 1_600_000_000_123,
            **{
                name: cipher(name)
                for name in ("title", "phone_numbers", "snippet", "ringtone", "image_uri", "id_matcher")
            },
        },
        (),
        "added_conversation",
        "updated_conversation",
        "removed_conversation",
        {"image_uri": None},
        newest_first=True,
    ),
    Noun(
        "drafts",
        {"device_conversation_id": 8, "data": cipher("Hi"), "mime_type": cipher("text/plain")},
        ("device_conversation_id", "data", "mime_type"),
        "added_draft",
        "replaced_drafts",
        renamed={"device_id": "id", "device_conversation_id": "conversation_id"},
    ),
    Noun(
        "folders",
        {"name": cipher("Family"), **COLOURS},
        ("name",),
        "added_folder",
        "updated_folder",
        "removed_folder",
    ),
    Noun(
        "messages",
        {
            "device_conversation_id": 8,
            "message_type": 2,
            "data": cipher("Hi"),
            "timestamp": 1_600_000_000_123,
            "mime_type": cipher("text/plain"),
            "read": True,
            "seen": True,
            "message_from": cipher("Bob"),
            "color": 7,
            "sent_device": 1001,
            "sim_stamp": cipher("SIM 1"),
        },
        ("device_conversation_id", "message_type", "data", "timestamp", "mime_type"),
        "added_message",
        "updated_message",
        "removed_message",
        {
            "device_id": "id",
            "device_conversation_id": "conversation_id",
            "message_type": "type",
            "message_from": "from",
        },
        newest_first=True,
    ),
    Noun(
        "scheduled_messages",
        {
            **{name: cipher(name) for name in ("to", "data", "mime_type", "title")},
            "timestamp": 1_700_000_000_123,
            "repeat": 2,
        },
        ("timestamp",),
        "added_scheduled_message",
        "updated_scheduled_message",
        "removed_scheduled_message",
        {"device_id": "id"},
    ),
    Noun(
        "templates",
        {"text": cipher("Hi")},
        ("text",),
        "added_template",
        "updated_template",
        "removed_template",
    ),
]

CHANGES: dict[str, list[Columns]] = {
    "auto_replies": [{"reply_type": "driving"}, {"pattern": cipher("p")}, {"response": cipher("r")}],
    "contacts": [{"phone_number": cipher("2")}, {"name": cipher("B")}, *({name: 9} for name in COLOURS)],
    "conversations": [
        *({name: 9} for name in (*COLOURS, "led_color", "timestamp")),
        *({name: False} for name in ("pinned", "read", "mute", "archive", "private_notifications")),
        *({name: cipher("x")} for name in ("title", "snippet", "ringtone")),
        {"read": False, "timestamp": 10, "snippet": cipher("three at once")},
    ],
    "drafts": [{"data": cipher("x")}, {"data": cipher("x"), "mime_type": cipher("image/png")}],
    "folders": [{"name": cipher("x")}, *({name: 9} for name in COLOURS)],
    "messages": [{"message_type": 4}, {"timestamp": 9}, {"read": False}, {"seen": False}],
    "scheduled_messages": [
        *({name: cipher("x")} for name in ("to", "data", "mime_type", "title")),
        {"timestamp": 9},
        {"repeat": 0},
    ],
    "templates": [{"text": cipher("x")}],
}
"""Partial updates: each column that an update may change."""
