"""Scheduled messages: texts that the phone sends at a later time; the server only keeps them (rest.md 2.15)."""

import msgspec
from msgspec import Struct

from heartline.contract import (
    Cipher,
    Int32,
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


class ScheduledMessage(Row):
    table = "scheduled_messages"

    device_id: RowId
    to: str | None
    data: str | None
    mime_type: str | None
    timestamp: Milliseconds
    title: str | None
    repeat: Int32


class NewScheduledMessage(Struct):
    device_id: RowId
    timestamp: Milliseconds
    to: Cipher | None = None
    data: Cipher | None = None
    mime_type: Cipher | None = None
    title: Cipher | None = None
    repeat: Int32 = 0
    """0 never, 1 daily, 2 weekly, 3 monthly, 4 yearly."""


class AddScheduledMessages(Request):
    scheduled_messages: list[NewScheduledMessage]


class UpdateScheduledMessage(Request):
    device_id: RowId
    to: Cipher | None = None
    data: Cipher | None = None
    mime_type: Cipher | None = None
    timestamp: Milliseconds | None = None
    title: Cipher | None = None
    repeat: Int32 | None = None


class RemoveScheduledMessage(Request):
    device_id: RowId


@operation("added_scheduled_message")
class AddedScheduledMessage(Operation):
    id: RowId
    to: str | None
    data: str | None
    mime_type: str | None
    timestamp: Milliseconds
    title: str | None
    repeat: Int32


@operation("updated_scheduled_message")
class UpdatedScheduledMessage(Operation):
    id: RowId
    to: str | None
    data: str | None
    mime_type: str | None
    timestamp: Milliseconds
    title: str | None
    repeat: Int32


@operation("removed_scheduled_message")
class RemovedScheduledMessage(Operation):
    id: RowId


@get("/scheduled_messages")
def list_scheduled_messages(tx: Tx, request: Page) -> list[ScheduledMessage]:
    """All scheduled messages, by id."""
    return tx.rows(ScheduledMessage, limit=request.limit, offset=request.offset)


@post("/scheduled_messages/add")
def add_scheduled_messages(tx: Tx, request: AddScheduledMessages) -> None:
    """Store scheduled messages. Emits `added_scheduled_message` for each that is new or changed."""
    for item in request.scheduled_messages:
        if tx.insert(ScheduledMessage, item):
            content = msgspec.structs.asdict(item) | {"id": item.device_id}
            tx.emit(msgspec.convert(content, AddedScheduledMessage))


@post("/scheduled_messages/update/{device_id}")
def update_scheduled_message(tx: Tx, request: UpdateScheduledMessage) -> None:
    """Change what is given of one scheduled message. Emits `updated_scheduled_message`, all of it, when there is such a
    message."""
    changes = supplied(request, "to", "data", "mime_type", "timestamp", "title", "repeat")
    if tx.update(ScheduledMessage, changes, device_id=request.device_id) and (
        message := tx.row(ScheduledMessage, device_id=request.device_id)
    ):
        tx.emit(msgspec.convert(message, UpdatedScheduledMessage, from_attributes=True))


@post("/scheduled_messages/remove/{device_id}")
def remove_scheduled_message(tx: Tx, request: RemoveScheduledMessage) -> None:
    """Delete one scheduled message. Emits `removed_scheduled_message`, also when there was none."""
    tx.delete(ScheduledMessage, device_id=request.device_id)
    tx.emit(RemovedScheduledMessage(id=request.device_id))
