"""Folders, under which a person sorts conversations, and which conversations are in them (rest.md 2.8, 2.11)."""

import msgspec
from msgspec import Struct

from heartline.contract import (
    Cipher,
    Colour,
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
from heartline.resources.conversations import NO_FOLDER, Conversation, OneConversation, list_pinned_first


class Folder(Row):
    table = "folders"

    device_id: RowId
    name: str
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour


class NewFolder(Struct):
    device_id: RowId
    name: Cipher
    color: Colour = 0
    color_dark: Colour = 0
    color_light: Colour = 0
    color_accent: Colour = 0


class AddFolders(Request):
    folders: list[NewFolder]


class UpdateFolder(Request):
    device_id: RowId
    name: Cipher | None = None
    color: Colour | None = None
    color_dark: Colour | None = None
    color_light: Colour | None = None
    color_accent: Colour | None = None


class RemoveFolder(Request):
    device_id: RowId


class ListConversationsOfFolder(Page, kw_only=True):
    folder_id: RowId


class AddConversationToFolder(Request):
    device_id: RowId
    folder_id: RowId


@operation("added_folder")
class AddedFolder(Operation):
    device_id: RowId
    name: str
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour


@operation("updated_folder")
class UpdatedFolder(Operation):
    device_id: RowId
    name: str
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour


@operation("removed_folder")
class RemovedFolder(Operation):
    id: RowId


@operation("add_conversation_to_folder")
class AddedConversationToFolder(Operation):
    id: RowId
    """The conversation's."""
    folder_id: RowId


@operation("remove_conversation_from_folder")
class RemovedConversationFromFolder(Operation):
    id: RowId
    """The conversation's."""


@get("/folders")
def list_folders(tx: Tx, request: Page) -> list[Folder]:
    """All folders, by id."""
    return tx.rows(Folder, limit=request.limit, offset=request.offset)


@post("/folders/add")
def add_folders(tx: Tx, request: AddFolders) -> None:
    """Store folders. Emits `added_folder` for each that is new or changed."""
    for item in request.folders:
        if tx.insert(Folder, item):
            tx.emit(msgspec.convert(item, AddedFolder, from_attributes=True))


@post("/folders/update/{device_id}")
def update_folder(tx: Tx, request: UpdateFolder) -> None:
    """Change what is given of one folder. Emits `updated_folder`, all of it, when there is such a folder."""
    changes = supplied(request, "name", "color", "color_dark", "color_light", "color_accent")
    if tx.update(Folder, changes, device_id=request.device_id) and (
        folder := tx.row(Folder, device_id=request.device_id)
    ):
        tx.emit(msgspec.convert(folder, UpdatedFolder, from_attributes=True))


@post("/folders/remove/{device_id}")
def remove_folder(tx: Tx, request: RemoveFolder) -> None:
    """Delete one folder; its conversations are then in none. Emits `removed_folder` only, also when there was none."""
    tx.delete(Folder, device_id=request.device_id)
    tx.update(Conversation, {"folder_id": NO_FOLDER}, folder_id=request.device_id)
    tx.emit(RemovedFolder(id=request.device_id))


@get("/conversations/folder/{folder_id}")
def list_conversations_of_folder(tx: Tx, request: ListConversationsOfFolder) -> list[Conversation]:
    """The conversations in one folder, pinned ones first, then newest."""
    return list_pinned_first(tx, request, folder_id=request.folder_id)


@post("/conversations/add_to_folder/{device_id}")
def add_conversation_to_folder(tx: Tx, request: AddConversationToFolder) -> None:
    """Put one conversation into a folder, out of the one it was in. Emits `add_conversation_to_folder`."""
    folder_id = max(request.folder_id, NO_FOLDER)
    tx.update(Conversation, {"folder_id": folder_id}, device_id=request.device_id)
    tx.emit(AddedConversationToFolder(id=request.device_id, folder_id=folder_id))


@post("/conversations/remove_from_folder/{device_id}")
def remove_conversation_from_folder(tx: Tx, request: OneConversation) -> None:
    """Take one conversation out of its folder. Emits `remove_conversation_from_folder`."""
    tx.update(Conversation, {"folder_id": NO_FOLDER}, device_id=request.device_id)
    tx.emit(RemovedConversationFromFolder(id=request.device_id))
