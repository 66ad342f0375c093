"""Messages: the texts that a person sends and receives (rest.md 2.13).

A message may be stored before its conversation, and its media before it: phones upload in that order.
"""

import re
from typing import Annotated

import msgspec
from msgspec import UNSET, Struct, UnsetType

from heartline.contract import (
    Cipher,
    Colour,
    Int32,
    Int64,
    Label,
    Mark,
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

NO_DEVICE = -1
"""`sent_device` of a message that came with the first upload, or from nobody knows where."""

PLAIN_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")


class Message(Row):
    table = "messages"

    device_id: RowId
    device_conversation_id: RowId
    message_type: Int32
    data: str
    timestamp: Milliseconds
    mime_type: str
    read: bool
    seen: bool
    message_from: str | None
    color: Colour | None
    sent_device: Int64
    sim_stamp: str | None


class NewMessage(Struct):
    device_id: RowId
    device_conversation_id: RowId
    message_type: Int32
    """0 received, 1 sent, 2 sending, 3 error, 4 delivered, 5 info, 6 media."""
    data: Cipher
    timestamp: Milliseconds
    mime_type: Cipher
    read: bool = False
    seen: bool = False
    message_from: Cipher | None = None
    color: Colour | None = None
    sent_device: Int64 = NO_DEVICE
    sim_stamp: Annotated[Label, Mark(encrypted=True)] | None = None


class ListMessages(Page):
    conversation_id: RowId | None = None


class AddMessages(Request):
    messages: list[NewMessage]


class UpdateMessage(Request):
    device_id: RowId
    # Compat: the Pulse app and the first backend call it `type` (test_messages: test_the_old_name_of_message_type).
    message_type: Annotated[Int32, Mark(also="type")] | None = None
    timestamp: Milliseconds | None = None
    read: bool | None = None
    seen: bool | None = None


class UpdateMessageType(Request):
    device_id: RowId
    message_type: Int32


class RemoveMessage(Request):
    device_id: RowId


class CleanUpMessages(Request):
    timestamp: Milliseconds


class ForwardToPhone(Request):
    to: Cipher
    """Phone numbers with commas between."""
    message: Cipher
    mime_type: Cipher | UnsetType = UNSET
    message_id: RowId | UnsetType = UNSET
    sent_device: Int64 = 0


@operation("added_message")
class AddedMessage(Operation):
    id: RowId
    conversation_id: RowId
    type: Int32
    data: str
    timestamp: Milliseconds
    mime_type: str
    read: bool
    seen: bool
    from_: str | None = msgspec.field(name="from")
    color: Colour | None
    sent_device: Int64
    sim_stamp: int | str | None


@operation("update_message_type")
class UpdatedMessageType(Operation):
    id: str
    message_type: Int32


@operation("updated_message")
class UpdatedMessage(Operation):
    id: RowId
    type: Int32
    timestamp: Milliseconds
    read: bool
    seen: bool


@operation("removed_message")
class RemovedMessage(Operation):
    id: str


@operation("cleanup_messages")
class CleanedUpMessages(Operation):
    timestamp: Milliseconds


@operation("forward_to_phone")
class ForwardedToPhone(Operation, kw_only=True):
    to: str
    message: str
    mime_type: str | UnsetType = UNSET
    message_id: RowId | UnsetType = UNSET
    sent_device: Int64


@get("/messages")
def list_messages(tx: Tx, request: ListMessages) -> list[Message]:
    """The messages of one conversation, or all, newest first."""
    conversation = request.conversation_id
    where = {} if conversation is None else {"device_conversation_id": conversation}
    order = '"timestamp" DESC, device_id DESC'
    return tx.rows(Message, order=order, limit=request.limit, offset=request.offset, **where)


@post("/messages/add")
def add_messages(tx: Tx, request: AddMessages) -> None:
    """Store messages; the primary phone sends type 2. Emits `added_message` for each that is new or changed."""
    messages = [_with_text_stamp(item) for item in request.messages]
    for item in tx.insert_all(Message, messages):
        tx.emit(
            AddedMessage(
                id=item.device_id,
                conversation_id=item.device_conversation_id,
                type=item.message_type,
                data=item.data,
                timestamp=item.timestamp,
                mime_type=item.mime_type,
                read=item.read,
                seen=item.seen,
                from_=item.message_from,
                color=item.color,
                sent_device=item.sent_device,
                sim_stamp=_number_or_text(item.sim_stamp),
            )
        )


@post("/messages/update/{device_id}")
def update_message(tx: Tx, request: UpdateMessage) -> None:
    """Change what is given of one message. Emits `updated_message`, all of it, when there is such a message."""
    changes = supplied(request, "message_type", "timestamp", "read", "seen")
    if tx.update(Message, changes, device_id=request.device_id) and (
        message := tx.row(Message, device_id=request.device_id)
    ):
        tx.emit(
            UpdatedMessage(
                id=message.device_id,
                type=message.message_type,
                timestamp=message.timestamp,
                read=message.read,
                seen=message.seen,
            )
        )


@post("/messages/update_type/{device_id}")
def update_message_type(tx: Tx, request: UpdateMessageType) -> None:
    """Say what became of one message. Emits `update_message_type`, also when there is no such message."""
    tx.update(Message, {"message_type": request.message_type}, device_id=request.device_id)
    tx.emit(UpdatedMessageType(id=str(request.device_id), message_type=request.message_type))


@post("/messages/remove/{device_id}")
def remove_message(tx: Tx, request: RemoveMessage) -> None:
    """Delete one message and its media. Emits `removed_message`, also when there was none."""
    delete_messages(tx, "device_id = $1", request.device_id)
    tx.emit(RemovedMessage(id=str(request.device_id)))


@post("/messages/cleanup")
def clean_up_messages(tx: Tx, request: CleanUpMessages) -> None:
    """Delete the messages that are older than a time, and their media; conversations stay. Emits `cleanup_messages`."""
    delete_messages(tx, '"timestamp" < $1', request.timestamp)
    tx.emit(CleanedUpMessages(timestamp=request.timestamp))


@post("/messages/forward_to_phone")
def forward_to_phone(tx: Tx, request: ForwardToPhone) -> None:
    """Ask the primary phone to send a text. Stores nothing, emits `forward_to_phone` with what is given and no more."""
    # Compat: the phone takes null for a value (test_messages: test_forward_to_phone_leaves_out_what_is_unset).
    tx.emit(ForwardedToPhone(**msgspec.structs.asdict(request)))


def delete_messages(tx: Tx, condition: str, *values: object) -> None:
    """Delete the messages that meet a condition (SQL, `$1` for the first value) and their media. Emits nothing."""
    messages = f"FROM messages WHERE account = $0 AND {condition}"
    tx.sql(f"DELETE FROM media WHERE account = $0 AND message_id IN (SELECT device_id {messages})", *values)
    tx.sql(f"DELETE {messages}", *values)


def _with_text_stamp(item: NewMessage) -> NewMessage:
    stamp = item.sim_stamp
    return msgspec.structs.replace(item, sim_stamp=str(stamp)) if isinstance(stamp, int) else item


def _number_or_text(sim_stamp: Label | None) -> Label | None:
    """Compat: the contract's type is a number, clients send ciphertext (test_messages: test_sim_stamp)."""
    if (
        isinstance(sim_stamp, str)
        and PLAIN_NUMBER.fullmatch(sim_stamp)
        and -(2**63) <= (number := int(sim_stamp)) < 2**63
    ):
        return number
    return sim_stamp
