"""Messages of a client."""

from builtins import list as List  # the class has a method of that name
from collections.abc import AsyncIterator, Sequence
from enum import IntEnum

from heartline.client.noun import Noun, pages
from heartline.resources import messages
from heartline.resources.messages import Message, NewMessage

PAGE_MESSAGES = 1_000
"""Messages read at once by `walk`."""


class MessageType(IntEnum):
    """The `message_type` of a row, the `type` of an operation."""

    RECEIVED = 0
    SENT = 1
    SENDING = 2
    """To be sent by the phone."""
    ERROR = 3
    DELIVERED = 4
    INFO = 5
    MEDIA = 6
    """A card about a link."""


class Messages(Noun):
    """Texts, newest first. `data` is the text; of a picture it is `firebase -1`, and `client.media` has the file."""

    async def list(self, conversation_id: int | None = None, *, limit: int = 70, offset: int = 0) -> List[Message]:
        """The newest messages of one conversation, or of all; a limit of 0 means all."""
        request = messages.ListMessages(conversation_id=conversation_id, limit=limit, offset=offset)
        return await self._call(messages.list_messages, request)

    async def walk(self, conversation_id: int | None = None) -> AsyncIterator[Message]:
        """All messages, newest first, read page by page."""

        async def read(limit: int, offset: int) -> List[Message]:
            return await self.list(conversation_id, limit=limit, offset=offset)

        async for page in pages(read, PAGE_MESSAGES):
            for message in page:
                yield message

    async def add(self, new: Sequence[NewMessage]) -> None:
        """Store messages as a phone does, up to 300 at once. To send one use `client.send`."""
        await self._call(messages.add_messages, messages.AddMessages(messages=[*new]))

    async def set_type(self, message_id: int, message_type: MessageType) -> None:
        """Say what became of a message, as a phone does."""
        request = messages.UpdateMessageType(device_id=message_id, message_type=message_type)
        await self._call(messages.update_message_type, request)

    async def remove(self, message_id: int) -> None:
        """Delete one message and its media."""
        await self._call(messages.remove_message, messages.RemoveMessage(device_id=message_id))

    async def clean_up(self, before_ms: int) -> None:
        """Delete all messages that are older."""
        await self._call(messages.clean_up_messages, messages.CleanUpMessages(timestamp=before_ms))
