"""An entry: one text, picture message or draft of a history, in no particular file format."""

import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from heartline.client.noun import LARGEST_ID
from heartline.client.numbers import id_matcher

RECEIVED, SENT, SENDING, FAILED, DELIVERED = range(5)
"""Types of messages (client-behaviour.md 6)."""
TEXT = "text/plain"

PARTS = 1_000
"""Parts of one entry at most; their ids follow each other."""


class TooManyParts(ValueError):
    def __init__(self, count: int) -> None:
        super().__init__(f"a message of {count} parts: {PARTS} are the most")


@dataclass(frozen=True, slots=True)
class Part:
    mime_type: str
    content: str | bytes | None
    """Text for text/plain, else the file; None when the file could not be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    numbers: tuple[str, ...]
    """The people on the other side: one, or several in a group."""
    timestamp_ms: int
    message_type: int
    parts: tuple[Part, ...]
    """At least one. A part becomes a message, as clients show one text or one picture each."""
    read: bool = True
    sender: str | None = None
    """Whose it is, of a received one in a group."""
    names: tuple[str | None, ...] = ()
    """What the numbers are called, in their order; empty when that is not known."""
    draft: bool = False

    @property
    def people(self) -> str:
        """The numbers as a conversation's row holds them."""
        return ", ".join(self.numbers)


class Ids:
    """Ids of rows, made from what is in them: the same history gets the same ids each time it is imported.

    They are keyed with the account's key. A plain hash of a phone number, which has ten digits, would tell the server the
    number.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"heartline: ids of imported rows", "sha256")

    def conversation(self, entry: Entry) -> int:
        return self._id("conversation", id_matcher(entry.people))

    def contact(self, number: str) -> int:
        return self._id("contact", number)

    def parts(self, entry: Entry) -> range:
        """One id for each part, one after the other: so an export finds the parts of a message again.

        Whether it was read, delivered or failed is no part of it. Raises `TooManyParts`.
        """
        if len(entry.parts) > PARTS:
            raise TooManyParts(len(entry.parts))
        kind = "draft" if entry.draft else "received" if entry.message_type == RECEIVED else "sent"
        parts = [(part.mime_type, _digest(part.content)) for part in entry.parts]
        first = self._id(kind, id_matcher(entry.people), entry.timestamp_ms, entry.sender, parts)
        return range(first, first + len(entry.parts))

    def _id(self, *content: object) -> int:
        digest = hmac.digest(self._key, msgspec.json.encode(content), "sha256")
        return 1 + int.from_bytes(digest[:16], "big") % (LARGEST_ID - PARTS)


def _digest(content: str | bytes | None) -> str | None:
    if content is None:
        return None
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
