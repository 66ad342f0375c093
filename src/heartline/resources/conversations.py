"""Conversations: whom a person writes with, how each shows, and where it is kept (rest.md 2.8)."""

from typing import Any

import msgspec
from msgspec import Struct

from heartline.contract import (
    Cipher,
    Colour,
    Label,
    Milliseconds,
    Operation,
    Page,
    Request,
    Row,
    RowId,
    Tx,
    get,
    operation,
    post,
    supplied,
)
from heartline.errors import NotImplementedHere
from heartline.resources.drafts import Draft
from heartline.resources.messages import Message, delete_messages

NO_FOLDER = -1
NEWEST_FIRST = '"timestamp" DESC, device_id DESC'
PINNED_FIRST = f"pinned DESC, {NEWEST_FIRST}"


class Conversation(Row):
    table = "conversations"

    device_id: RowId
    folder_id: RowId
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour
    led_color: Colour
    pinned: bool
    read: bool
    timestamp: Milliseconds
    title: str | None
    phone_numbers: str | None
    snippet: str | None
    ringtone: str | None
    image_uri: str | None
    id_matcher: str | None
    mute: bool
    archive: bool
    private_notifications: bool


class NewConversation(Struct):
    device_id: RowId
    folder_id: RowId = NO_FOLDER
    color: Colour = 0
    color_dark: Colour | None = None
    color_light: Colour | None = None
    color_accent: Colour | None = None
    led_color: Colour | None = None
    pinned: bool = False
    read: bool = False
    timestamp: Milliseconds | None = None
    title: Cipher | None = None
    phone_numbers: Cipher | None = None
    snippet: Cipher | None = None
    ringtone: Cipher | None = None
    image_uri: Cipher | None = None
    id_matcher: Cipher | None = None
    mute: bool = False
    archive: bool = False
    private_notifications: bool = False


class OneConversation(Request):
    device_id: RowId


class AddConversations(Request):
    conversations: list[NewConversation]


class UpdateConversationSnippet(Request):
    device_id: RowId
    read: bool | None = None
    timestamp: Milliseconds | None = None
    snippet: Cipher | None = None
    archive: bool | None = None


class UpdateConversation(UpdateConversationSnippet):
    color: Colour | None = None
    color_dark: Colour | None = None
    color_light: Colour | None = None
    color_accent: Colour | None = None
    led_color: Colour | None = None
    pinned: bool | None = None
    title: Cipher | None = None
    ringtone: Cipher | None = None
    mute: bool | None = None
    private_notifications: bool | None = None


class UpdateConversationTitle(Request):
    device_id: RowId
    title: Cipher


class MarkConversationRead(Request):
    device_id: RowId
    android_device: Label | None = None


class CleanUpConversation(Request):
    conversation_id: RowId
    timestamp: Milliseconds


class ConversationContent(Operation):
    id: RowId
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour
    led_color: Colour
    pinned: bool
    read: bool
    timestamp: Milliseconds
    title: str | None
    snippet: str | None
    ringtone: str | None
    mute: bool
    archive: bool
    private_notifications: bool


@operation("added_conversation")
class AddedConversation(ConversationContent):
    device_id: RowId
    """Equals `id`, which the phone reads."""
    folder_id: RowId
    phone_numbers: str | None
    id_matcher: str | None


@operation("updated_conversation")
class UpdatedConversation(ConversationContent):
    pass


@operation("update_conversation_snippet")
class UpdatedConversationSnippet(Operation):
    id: RowId
    read: bool
    timestamp: Milliseconds
    snippet: str | None
    archive: bool


@operation("update_conversation_title")
class UpdatedConversationTitle(Operation):
    id: RowId
    title: str


@operation("removed_conversation")
class RemovedConversation(Operation):
    id: RowId


@operation("read_conversation")
class ReadConversation(Operation):
    id: RowId
    android_device: str | None
    """The phone that did it, which need not act on this; null for other clients."""


@operation("seen_conversation")
class SeenConversation(Operation):
    id: RowId


@operation("seen_conversations")
class SeenConversations(Operation):
    pass


@operation("archive_conversation")
class ArchivedConversation(Operation):
    id: RowId
    archive: bool
    """False when it was taken out of the archive."""


@operation("cleanup_conversation_messages")
class CleanedUpConversationMessages(Operation):
    timestamp: Milliseconds
    conversation_id: str


def list_pinned_first(tx: Tx, page: Page, **where: bool | int) -> list[Conversation]:
    """The conversations whose columns equal `where`, pinned ones first, then newest."""
    # Compat: the web clients show rows in the order they come (test_conversations: test_pinned_ones_come_first).
    return tx.rows(Conversation, order=PINNED_FIRST, limit=page.limit, offset=page.offset, **where)


@get("/conversations")
def list_conversations(tx: Tx, request: Page) -> list[Conversation]:
    """All conversations, newest first."""
    return tx.rows(Conversation, order=NEWEST_FIRST, limit=request.limit, offset=request.offset)


@get("/conversations/index_public_unarchived")
def list_unarchived_conversations(tx: Tx, request: Page) -> list[Conversation]:
    """The conversations that are neither archived nor private, those in folders too; pinned ones first, then newest."""
    return list_pinned_first(tx, request, archive=False, private_notifications=False)


@get("/conversations/index_public_unread")
def list_unread_conversations(tx: Tx, request: Page) -> list[Conversation]:
    """The unread conversations that are not private, archived ones too; pinned ones first, then newest."""
    return list_pinned_first(tx, request, read=False, private_notifications=False)


@get("/conversations/index_archived")
def list_archived_conversations(tx: Tx, request: Page) -> list[Conversation]:
    """The archived conversations that are in no folder, pinned ones first, then newest."""
    return list_pinned_first(tx, request, archive=True, folder_id=NO_FOLDER)


@get("/conversations/index_private")
def list_private_conversations(tx: Tx, request: Page) -> list[Conversation]:
    """The private conversations that are in no folder, pinned ones first, then newest."""
    return list_pinned_first(tx, request, private_notifications=True, folder_id=NO_FOLDER)


@get("/conversations/{device_id}")
def get_conversation(tx: Tx, request: OneConversation) -> Conversation | None:
    """One conversation, or null."""
    return tx.row(Conversation, device_id=request.device_id)


@post("/conversations/add")
def add_conversations(tx: Tx, request: AddConversations) -> None:
    """Store conversations. Emits `added_conversation` for each that is new or changed."""
    for item in request.conversations:
        columns = _columns(item, tx.now_ms)
        if tx.insert(Conversation, columns):
            tx.emit(msgspec.convert(columns | {"id": item.device_id}, AddedConversation))


@post("/conversations/update/{device_id}")
def update_conversation(tx: Tx, request: UpdateConversation) -> None:
    """Change what is given of one conversation. Emits `updated_conversation`, all of it, when there is such a one."""
    if conversation := _update(tx, request):
        tx.emit(msgspec.convert(conversation, UpdatedConversation, from_attributes=True))


@post("/conversations/update_snippet/{device_id}")
def update_conversation_snippet(tx: Tx, request: UpdateConversationSnippet) -> None:
    """Change what is given of a conversation's preview. Emits `update_conversation_snippet`, all of it, when there is
    such a conversation."""
    if conversation := _update(tx, request):
        tx.emit(msgspec.convert(conversation, UpdatedConversationSnippet, from_attributes=True))


@post("/conversations/update_title/{device_id}")
def update_conversation_title(tx: Tx, request: UpdateConversationTitle) -> None:
    """Name one conversation. Emits `update_conversation_title`."""
    tx.update(Conversation, {"title": request.title}, device_id=request.device_id)
    tx.emit(UpdatedConversationTitle(id=request.device_id, title=request.title))


@post("/conversations/remove/{device_id}")
def remove_conversation(tx: Tx, request: OneConversation) -> None:
    """Delete one conversation with its messages, their media, and its drafts. Emits `removed_conversation` only, also
    when there was none."""
    delete_messages(tx, "device_conversation_id = $1", request.device_id)
    tx.delete(Draft, device_conversation_id=request.device_id)
    tx.delete(Conversation, device_id=request.device_id)
    tx.emit(RemovedConversation(id=request.device_id))


@post("/conversations/read/{device_id}")
def mark_conversation_read(tx: Tx, request: MarkConversationRead) -> None:
    """Mark one conversation read, and its messages read and seen. Emits `read_conversation`."""
    device = None if request.android_device in (None, "") else str(request.android_device)
    tx.update(Conversation, {"read": True}, device_id=request.device_id)
    # Two updates, so that rows that need no change are not written again: most messages of a long thread.
    tx.update(Message, {"read": True}, device_conversation_id=request.device_id, read=False)
    tx.update(Message, {"seen": True}, device_conversation_id=request.device_id, seen=False)
    tx.emit(ReadConversation(id=request.device_id, android_device=device))


@post("/conversations/seen")
def mark_conversations_seen(tx: Tx) -> None:
    """Mark all messages seen. Emits `seen_conversations`."""
    tx.update(Message, {"seen": True}, seen=False)
    tx.emit(SeenConversations())


@post("/conversations/seen/{device_id}")
def mark_conversation_seen(tx: Tx, request: OneConversation) -> None:
    """Mark the messages of one conversation seen. Emits `seen_conversation`."""
    tx.update(Message, {"seen": True}, device_conversation_id=request.device_id, seen=False)
    tx.emit(SeenConversation(id=request.device_id))


@post("/conversations/archive/{device_id}")
def archive_conversation(tx: Tx, request: OneConversation) -> None:
    """Put one conversation into the archive, out of its folder. Emits `archive_conversation`."""
    _archive(tx, request.device_id, True)


@post("/conversations/unarchive/{device_id}")
def unarchive_conversation(tx: Tx, request: OneConversation) -> None:
    """Take one conversation out of the archive, and its folder. Emits `archive_conversation`."""
    _archive(tx, request.device_id, False)


@post("/conversations/cleanup_messages")
def clean_up_conversation(tx: Tx, request: CleanUpConversation) -> None:
    """Delete the messages of one conversation that are older than a time, and their media. Emits
    `cleanup_conversation_messages`."""
    conversation_id, timestamp = request.conversation_id, request.timestamp
    delete_messages(tx, 'device_conversation_id = $1 AND "timestamp" < $2', conversation_id, timestamp)
    tx.emit(CleanedUpConversationMessages(timestamp=timestamp, conversation_id=str(conversation_id)))


@post("/conversations/clean", implemented=False)
def clean_conversations(tx: Tx) -> None:
    """Not implemented: the Android app declares it, nobody calls it, and what it should do is not known."""
    raise NotImplementedHere


def _columns(item: NewConversation, now_ms: int) -> dict[str, Any]:
    """The item with what it left open: a colour variant is the colour, the time is now."""
    columns = msgspec.structs.asdict(item) | {"folder_id": max(item.folder_id, NO_FOLDER)}
    defaults = dict.fromkeys(("color_dark", "color_light", "color_accent", "led_color"), item.color)
    defaults["timestamp"] = now_ms
    return columns | {name: value for name, value in defaults.items() if columns[name] is None}


def _update(tx: Tx, request: UpdateConversationSnippet) -> Conversation | None:
    """Change what the request gives; the conversation as it is then, None when there is none or nothing is given."""
    names = [name for name in request.__struct_fields__ if name != "device_id"]
    found = tx.update(Conversation, supplied(request, *names), device_id=request.device_id)
    return tx.row(Conversation, device_id=request.device_id) if found else None


def _archive(tx: Tx, device_id: RowId, archive: bool) -> None:
    tx.update(Conversation, {"archive": archive, "folder_id": NO_FOLDER}, device_id=device_id)
    tx.emit(ArchivedConversation(id=device_id, archive=archive))
