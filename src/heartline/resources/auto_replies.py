"""Auto replies: rules by which the phone answers a message by itself (rest.md 2.4)."""

from typing import Annotated

from msgspec import Struct

from heartline.contract import (
    Cipher,
    Mark,
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

# Compat: the Pulse app and the first backend call it `type` (test_auto_replies: test_the_old_name_of_reply_type).
ReplyType = Annotated[str, Mark(also="type")]
"""`contact`, `keyword`, `vacation` or `driving`, in the clear."""


class AutoReply(Row):
    table = "auto_replies"

    device_id: RowId
    reply_type: str
    pattern: str | None
    response: str | None


class NewAutoReply(Struct):
    device_id: RowId
    reply_type: ReplyType
    pattern: Cipher | None = None
    response: Cipher | None = None


class AddAutoReplies(Request):
    auto_replies: list[NewAutoReply]


class UpdateAutoReply(Request):
    device_id: RowId
    reply_type: ReplyType | None = None
    pattern: Cipher | None = None
    response: Cipher | None = None


class RemoveAutoReply(Request):
    device_id: RowId


@operation("added_auto_reply")
class AddedAutoReply(Operation):
    device_id: RowId
    type: str
    pattern: str | None
    response: str | None


@operation("updated_auto_reply")
class UpdatedAutoReply(Operation):
    device_id: RowId
    type: str
    pattern: str | None
    response: str | None


@operation("removed_auto_reply")
class RemovedAutoReply(Operation):
    id: RowId


@get("/auto_replies")
def list_auto_replies(tx: Tx, request: Page) -> list[AutoReply]:
    """All auto replies, by id."""
    return tx.rows(AutoReply, limit=request.limit, offset=request.offset)


@post("/auto_replies/add")
def add_auto_replies(tx: Tx, request: AddAutoReplies) -> None:
    """Store auto replies. Emits `added_auto_reply` for each that is new or changed."""
    for item in request.auto_replies:
        if tx.insert(AutoReply, item):
            tx.emit(
                AddedAutoReply(
                    device_id=item.device_id, type=item.reply_type, pattern=item.pattern, response=item.response
                )
            )


@post("/auto_replies/update/{device_id}")
def update_auto_reply(tx: Tx, request: UpdateAutoReply) -> None:
    """Change what is given of one auto reply. Emits `updated_auto_reply`, all of it, when there is such a one."""
    changes = supplied(request, "reply_type", "pattern", "response")
    if tx.update(AutoReply, changes, device_id=request.device_id) and (
        reply := tx.row(AutoReply, device_id=request.device_id)
    ):
        tx.emit(
            UpdatedAutoReply(
                device_id=reply.device_id, type=reply.reply_type, pattern=reply.pattern, response=reply.response
            )
        )


@post("/auto_replies/remove/{device_id}")
def remove_auto_reply(tx: Tx, request: RemoveAutoReply) -> None:
    """Delete one auto reply. Emits `removed_auto_reply`, also when there was none."""
    tx.delete(AutoReply, device_id=request.device_id)
    tx.emit(RemovedAutoReply(id=request.device_id))
