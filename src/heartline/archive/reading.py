"""Reads an account for an export: its messages newest first, page by page, with their files."""

from collections.abc import AsyncIterator, Coroutine
from typing import Any

from heartline.client import CannotOpen, Client, Message, NotFound
from heartline.client.noun import pages
from heartline.client.sending import STORED_MEDIA, TEXT
from heartline.resources.media import GetMedia, MediaData, get_media
from heartline.resources.messages import ListMessages, list_messages

PAGE = 1_000
"""Messages read at once; some 2 MB."""


async def sealed_messages(client: Client) -> AsyncIterator[Message]:
    """All messages as stored."""

    def read(limit: int, offset: int) -> Coroutine[Any, Any, list[Message]]:
        return client.rest.call(list_messages, ListMessages(limit=limit, offset=offset))

    async for page in pages(read, PAGE):
        for message in page:
            yield message


def has_file(client: Client, message: Message) -> bool:
    """Whether a file belongs to a message as stored; assumed of one that cannot be opened."""
    try:
        return client.key.open_text(message.mime_type) != TEXT and client.key.open_text(message.data) == STORED_MEDIA
    except CannotOpen:
        return True


async def sealed_file(client: Client, message_id: int) -> str | None:
    """The file of a message as stored; None when there is none."""
    try:
        found = await client.rest.call(get_media, GetMedia(message_id=message_id))
    except NotFound:
        return None
    assert isinstance(found, MediaData)
    return found.data


async def open_file(client: Client, message_id: int) -> bytes | None:
    """The file of a message; None when there is none, or when it cannot be opened."""
    try:
        return await client.media.get(message_id)
    except (NotFound, CannotOpen):
        return None
