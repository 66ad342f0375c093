"""How a text is sent: through the phone, asked for by a message of type 2 or, to a new number, by `forward_to_phone`."""

import asyncio
import mimetypes
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from heartline.client import stream
from heartline.client.messages import MessageType
from heartline.client.noun import new_id
from heartline.client.sealing import seal
from heartline.resources import messages
from heartline.resources.messages import Message, NewMessage

if TYPE_CHECKING:
    from heartline.client.client import Client

DESKTOP = 3
"""`sent_device` of a program: below 1000, where the ids of phones begin."""
STORED_MEDIA = "firebase -1"
"""The `data` of a message whose file is in the media store."""
TEXT = "text/plain"
RECENT_MESSAGES = 70
"""Where a message that was just added must be."""


async def send(
    client: "Client", to: int | str | Sequence[str], text: str, picture: Path | None, message_id: int | None
) -> Message | None:
    """See `Client.send`."""
    if not text and picture is None:
        raise ValueError("there is nothing to send")
    numbers = "" if isinstance(to, int) else to if isinstance(to, str) else ",".join(to)
    conversation_id = to if isinstance(to, int) else None
    if conversation_id is None and (found := await client.conversations.find(*numbers.split(","))):
        conversation_id = found.device_id
    sent: Message | None = None
    repeated = message_id is not None
    if picture is not None:
        data = await asyncio.to_thread(picture.read_bytes)
        mime_type = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
        first_id = message_id or new_id()
        await client.media.add(first_id, data)
        sent = await _send_one(client, conversation_id, numbers, STORED_MEDIA, mime_type, first_id, repeated)
        # Derived, so that a call that is repeated has the same two ids.
        message_id = None if message_id is None else message_id + 1
    if text:
        sent = await _send_one(client, conversation_id, numbers, text, TEXT, message_id or new_id(), repeated)
    return sent


async def _send_one(
    client: "Client",
    conversation_id: int | None,
    numbers: str,
    data: str,
    mime_type: str,
    message_id: int,
    repeated: bool,
) -> Message | None:
    if conversation_id is None:
        await _forward(client, numbers, data, mime_type, message_id)
        return None
    if repeated and (stored := await _stored(client, conversation_id, message_id)):
        return stored
    return await _add(client, conversation_id, data, mime_type, message_id)


async def _add(client: "Client", conversation_id: int, data: str, mime_type: str, message_id: int) -> Message:
    """Store the message that the phone shall send, and show it in the conversation."""
    new = NewMessage(
        device_id=message_id,
        device_conversation_id=conversation_id,
        message_type=MessageType.SENDING,
        data=data,
        timestamp=time.time_ns() // 1_000_000,
        mime_type=mime_type,
        read=True,
        seen=True,
        sent_device=DESKTOP,
    )

    async def is_there() -> bool:
        return await _stored(client, conversation_id, message_id) is not None

    # Not added again when it is there: the phone may have sent it, and it would be "sending" once more.
    sealed = seal(client.key, messages.AddMessages(messages=[new]))
    await client.rest.call(messages.add_messages, sealed, happened=is_there)
    snippet = f"You: {data}" if mime_type == TEXT else "You: <i>Picture Message</i>"
    await client.conversations.update(conversation_id, read=True, timestamp=new.timestamp, snippet=snippet)
    row = msgspec.structs.asdict(new) | {"id": message_id, "account_id": client.rest.account_id}
    return msgspec.convert(row, Message)


async def _stored(client: "Client", conversation_id: int, message_id: int) -> Message | None:
    """The message of that id, if it was added lately."""
    newest = await client.messages.list(conversation_id, limit=RECENT_MESSAGES)
    return next((message for message in newest if message.device_id == message_id), None)


async def _forward(client: "Client", numbers: str, data: str, mime_type: str, message_id: int) -> None:
    """Ask the phone to begin a conversation. The server keeps no row of it, only the event: whether an attempt without an
    answer was taken is read from the log."""
    request = messages.ForwardToPhone(
        to=numbers, message=data, mime_type=mime_type, message_id=message_id, sent_device=DESKTOP
    )
    before = await stream.head(client.rest)

    async def was_emitted() -> bool:
        return await stream.has_operation(client.rest, before, messages.ForwardedToPhone, message_id)

    await client.rest.call(messages.forward_to_phone, seal(client.key, request), happened=was_emitted)
