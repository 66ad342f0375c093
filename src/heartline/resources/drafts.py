"""Drafts: what a person has begun to write in a conversation; there may be several, such as a text and a picture
(rest.md 2.10)."""

from typing import Any

from msgspec import Struct

from heartline.contract import (
    Cipher,
    Label,
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


class Draft(Row):
    table = "drafts"

    device_id: RowId
    device_conversation_id: RowId
    data: str
    mime_type: str


class NewDraft(Struct):
    device_id: RowId
    device_conversation_id: RowId
    data: Cipher
    mime_type: Cipher


class NewDraftInConversation(Struct):
    """A draft that need not say its conversation, since the path does."""

    device_id: RowId
    data: Cipher
    mime_type: Cipher
    device_conversation_id: RowId | None = None


class ListDraftsOfConversation(Page, kw_only=True):
    device_conversation_id: RowId


class AddDrafts(Request):
    drafts: list[NewDraft]


class ReplaceDrafts(Request):
    device_conversation_id: RowId
    drafts: list[NewDraftInConversation]


class UpdateDraft(Request):
    device_id: RowId
    data: Cipher
    mime_type: Cipher | None = None


class RemoveDrafts(Request):
    device_conversation_id: RowId
    android_device: Label | None = None


@operation("added_draft")
class AddedDraft(Operation):
    id: RowId
    conversation_id: RowId
    data: str
    mime_type: str


@operation("replaced_drafts")
class ReplacedDrafts(Operation):
    """This draft takes the place of all drafts of its conversation."""

    id: RowId
    conversation_id: RowId
    data: str
    mime_type: str


@operation("removed_drafts")
class RemovedDrafts(Operation):
    id: RowId
    """The conversation's."""
    android_device: str | None
    """The phone that did it, which need not act on this; null for other clients."""


@get("/drafts")
def list_drafts(tx: Tx, request: Page) -> list[Draft]:
    """All drafts, by id."""
    return tx.rows(Draft, limit=request.limit, offset=request.offset)


@get("/drafts/{device_conversation_id}")
def list_drafts_of_conversation(tx: Tx, request: ListDraftsOfConversation) -> list[Draft]:
    """The drafts of one conversation, by id."""
    conversation = request.device_conversation_id
    return tx.rows(Draft, limit=request.limit, offset=request.offset, device_conversation_id=conversation)


@post("/drafts/add")
def add_drafts(tx: Tx, request: AddDrafts) -> None:
    """Store drafts. Emits `added_draft` for each that is new or changed."""
    for item in request.drafts:
        if tx.insert(Draft, item):
            tx.emit(AddedDraft(**_content(item)))


@post("/drafts/replace/{device_conversation_id}")
def replace_drafts(tx: Tx, request: ReplaceDrafts) -> None:
    """Put the given drafts in the place of those of one conversation. Emits `replaced_drafts` for the first of them and
    `added_draft` for the others; `removed_drafts` for an empty list."""
    tx.delete(Draft, device_conversation_id=request.device_conversation_id)
    if not request.drafts:
        tx.emit(RemovedDrafts(id=request.device_conversation_id, android_device=None))
    for position, item in enumerate(request.drafts):
        conversation = item.device_conversation_id
        draft = NewDraft(
            device_id=item.device_id,
            device_conversation_id=request.device_conversation_id if conversation is None else conversation,
            data=item.data,
            mime_type=item.mime_type,
        )
        tx.insert(Draft, draft)
        # Clients empty the conversation at each `replaced_drafts`, so only the first draft may come as one.
        tx.emit(AddedDraft(**_content(draft)) if position else ReplacedDrafts(**_content(draft)))


@post("/drafts/update/{device_id}")
def update_draft(tx: Tx, request: UpdateDraft) -> None:
    """Change what is given of one draft. Emits `replaced_drafts` when there is such a draft."""
    changes = supplied(request, "data", "mime_type")
    if tx.update(Draft, changes, device_id=request.device_id) and (draft := tx.row(Draft, device_id=request.device_id)):
        tx.emit(ReplacedDrafts(**_content(draft)))


@post("/drafts/remove/{device_conversation_id}")
def remove_drafts(tx: Tx, request: RemoveDrafts) -> None:
    """Delete all drafts of one conversation. Emits `removed_drafts`, also when there was none."""
    device = None if request.android_device in (None, "") else str(request.android_device)
    tx.delete(Draft, device_conversation_id=request.device_conversation_id)
    tx.emit(RemovedDrafts(id=request.device_conversation_id, android_device=device))


def _content(draft: Draft | NewDraft) -> dict[str, Any]:
    """A draft as operations show it."""
    return {
        "id": draft.device_id,
        "conversation_id": draft.device_conversation_id,
        "data": draft.data,
        "mime_type": draft.mime_type,
    }
