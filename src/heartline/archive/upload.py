"""Uploads a history the way a phone does its first time (client-behaviour.md 1.3): encrypted here, 300 messages a request.

Ids are made from the content (`Ids`), and what the account has already is left alone: so an upload that was interrupted is
resumed by starting it again, and a second one adds nothing. What a phone uploaded has ids of the phone's; it is known by its
content (`_likeness`). A file goes up before its message, a batch of messages before the conversations that are new in it.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from heartline.archive.entries import RECEIVED, TEXT, Entry, Ids, Part, TooManyParts
from heartline.archive.people import People, colour_of
from heartline.client import Client, Conversation, Message
from heartline.client.noun import pages
from heartline.client.numbers import id_matcher, split_numbers
from heartline.client.sending import STORED_MEDIA
from heartline.contract import Page
from heartline.crypto import Key
from heartline.errors import BodyTooLarge
from heartline.resources.conversations import (
    AddConversations,
    NewConversation,
    UpdateConversationSnippet,
    add_conversations,
    list_conversations,
    update_conversation_snippet,
)
from heartline.resources.drafts import AddDrafts, NewDraft, add_drafts, list_drafts
from heartline.resources.media import AddMedia, add_media
from heartline.resources.messages import AddMessages, ListMessages, NewMessage, add_messages, list_messages

BATCH = 300
"""Messages in one request, as many as phones send."""
LISTED = 2_000
"""Messages on a page when it is looked up which are there already; some 3 MB."""
PICTURE = "<i>Picture Message</i>"
"""The snippet of a file, as the web client writes it."""


@dataclass(slots=True)
class Summary:
    """What an upload did, in messages (an entry has one for each of its parts), files, and so on."""

    messages: int = 0
    known: int = 0
    """Messages and drafts that the account had already."""
    files: int = 0
    files_missing: int = 0
    """Files that could not be read or are larger than the server takes; their messages are there."""
    drafts: int = 0
    conversations: int = 0
    contacts: int = 0
    refused: int = 0
    """Entries with more parts than a message can have."""


@dataclass(slots=True)
class _Conversation:
    device_id: int
    numbers: str
    stored_ms: int | None
    """The time of its last message as the account knows it; None while the account does not have it."""
    timestamp_ms: int = 0
    snippet: str = ""
    read: bool = True


class Upload:
    """One upload into one account. `add` every entry, then `finish`."""

    def __init__(self, client: Client, on_progress: Callable[[int], None] = lambda messages: None) -> None:
        self._client = client
        self._on_progress = on_progress
        self._ids = Ids(bytes(client.key))
        self._known: set[int] = set()
        self._alike: Counter[int] = Counter()
        """How many messages the account had of each likeness, less those that were met in this upload."""
        self._conversations: dict[str, _Conversation] = {}
        self._messages: list[NewMessage] = []
        self._unsettled: set[int] = set()
        """Conversations of messages that were there: an interrupted upload may have left them out."""
        self.people = People(client, self._ids)
        self.summary = Summary()

    async def prepare(self) -> None:
        """Learn what the account has."""
        await self.people.load()

        def conversations(limit: int, offset: int) -> Coroutine[Any, Any, list[Conversation]]:
            return self._client.call(list_conversations, Page(limit=limit, offset=offset))

        def messages(limit: int, offset: int) -> Coroutine[Any, Any, list[Message]]:
            return self._client.rest.call(list_messages, ListMessages(limit=limit, offset=offset))

        async for page in pages(conversations, BATCH):
            for row in page:
                numbers = row.phone_numbers or ""
                known = _Conversation(row.device_id, numbers, row.timestamp)
                self._conversations.setdefault(id_matcher(numbers), known)
        async for stored in pages(messages, LISTED):
            for message in stored:
                self._known.add(message.device_id)
                self._alike[_stored_likeness(self._client.key, message)] += 1
        for draft in await self._client.call(list_drafts):
            self._known.add(draft.device_id)

    async def add(self, entry: Entry) -> int:
        """Store one entry, now or with the next ones; the id of its conversation."""
        self.people.learn(entry)
        conversation = self._conversation(entry)
        try:
            ids = self._ids.parts(entry)
        except TooManyParts:
            self.summary.refused += 1
            return conversation.device_id
        for device_id, part in zip(ids, entry.parts, strict=True):
            if self._is_known(entry, conversation, device_id, part):
                self.summary.known += 1
                self._unsettled.add(conversation.device_id)
            elif entry.draft:
                await self._add_draft(conversation, device_id, part)
            else:
                self._messages.append(await self._message(entry, conversation, device_id, part))
            self._known.add(device_id)
        if len(self._messages) >= BATCH:
            await self._flush()
        return conversation.device_id

    async def finish(self) -> Summary:
        """Store what is left, and what the conversations show."""
        await self._flush()
        await self._store_conversations(self._unsettled)
        for conversation in self._conversations.values():
            if conversation.stored_ms is not None and conversation.timestamp_ms > conversation.stored_ms:
                await self._client.call(
                    update_conversation_snippet,
                    UpdateConversationSnippet(
                        device_id=conversation.device_id,
                        read=conversation.read,
                        timestamp=conversation.timestamp_ms,
                        snippet=conversation.snippet,
                    ),
                )
        return self.summary

    def _is_known(self, entry: Entry, conversation: _Conversation, device_id: int, part: Part) -> bool:
        """Whether the account has it, by its id, or as one of so many alike (a person may send the same twice)."""
        text = part.content if isinstance(part.content, str) else None
        likeness = _likeness(conversation.device_id, entry.timestamp_ms, entry.message_type, part.mime_type, text)
        alike = not entry.draft and self._alike[likeness] > 0
        if alike:
            self._alike[likeness] -= 1
        return alike or device_id in self._known

    def _conversation(self, entry: Entry) -> _Conversation:
        matcher = id_matcher(entry.people)
        conversation = self._conversations.get(matcher)
        if conversation is None:
            conversation = _Conversation(self._ids.conversation(entry), entry.people, None)
            self._conversations[matcher] = conversation
        if not entry.draft and entry.timestamp_ms >= conversation.timestamp_ms:
            conversation.timestamp_ms = entry.timestamp_ms
            conversation.snippet = snippet_of(entry)
            conversation.read = entry.read
        return conversation

    async def _message(self, entry: Entry, conversation: _Conversation, device_id: int, part: Part) -> NewMessage:
        data = part.content
        if not isinstance(data, str):
            await self._add_file(device_id, data)
            data = STORED_MEDIA
        return NewMessage(
            device_id=device_id,
            device_conversation_id=conversation.device_id,
            message_type=entry.message_type,
            data=data,
            timestamp=entry.timestamp_ms,
            mime_type=part.mime_type,
            read=entry.read,
            seen=True,
            message_from=self.people.label_of(entry.sender, entry.numbers) if entry.sender else None,
        )

    async def _add_file(self, device_id: int, content: bytes | None) -> None:
        if content is None:
            self.summary.files_missing += 1
            return
        try:
            sealed = self._client.key.seal(content)
            await self._client.rest.call(add_media, AddMedia(message_id=device_id, data=sealed))
            self.summary.files += 1
        except BodyTooLarge:
            self.summary.files_missing += 1

    async def _add_draft(self, conversation: _Conversation, device_id: int, part: Part) -> None:
        if not isinstance(part.content, str):  # an app keeps the file of a draft to itself
            self.summary.files_missing += 1
            return
        draft = NewDraft(
            device_id=device_id,
            device_conversation_id=conversation.device_id,
            data=part.content,
            mime_type=part.mime_type,
        )
        await self._client.call(add_drafts, AddDrafts(drafts=[draft]))
        self.summary.drafts += 1
        await self._store_conversations({conversation.device_id})

    async def _flush(self) -> None:
        messages, self._messages = self._messages, []
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            await self._client.call(add_messages, AddMessages(messages=batch))
            self.summary.messages += len(batch)
            self._on_progress(len(batch))
        self.summary.contacts += await self.people.store()
        await self._store_conversations({message.device_conversation_id for message in messages})

    async def _store_conversations(self, device_ids: set[int]) -> None:
        """Upload those of the conversations that the account does not have."""
        new = [c for c in self._conversations.values() if c.device_id in device_ids and c.stored_ms is None]
        rows = [
            NewConversation(
                device_id=conversation.device_id,
                color=colour_of(id_matcher(conversation.numbers)),
                read=conversation.read,
                timestamp=conversation.timestamp_ms,
                title=self.people.title_of(split_numbers(conversation.numbers)),
                phone_numbers=conversation.numbers,
                snippet=conversation.snippet,
                id_matcher=id_matcher(conversation.numbers),
            )
            for conversation in new
        ]
        for start in range(0, len(rows), BATCH):
            await self._client.call(add_conversations, AddConversations(conversations=rows[start : start + BATCH]))
        for conversation in new:
            conversation.stored_ms = conversation.timestamp_ms
        self.summary.conversations += len(new)


def _likeness(conversation_id: int, timestamp_ms: int, message_type: int, mime_type: str, text: str | None) -> int:
    """The same for messages of one conversation, millisecond, direction, kind and text. As small as can be: an account may
    have millions of messages."""
    return hash((conversation_id, timestamp_ms, message_type == RECEIVED, mime_type, text))


def _stored_likeness(key: Key, message: Message) -> int:
    mime_type = key.read_text(message.mime_type) or TEXT
    text = key.read_text(message.data) if mime_type == TEXT else None
    return _likeness(message.device_conversation_id, message.timestamp, message.message_type, mime_type, text)


def snippet_of(entry: Entry) -> str:
    """What a list of conversations shows of an entry."""
    texts = [part.content for part in entry.parts if part.mime_type == TEXT and isinstance(part.content, str)]
    text = texts[-1] if texts else PICTURE
    return text if entry.message_type == RECEIVED else f"You: {text}"
