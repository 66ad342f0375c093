"""What comes in: the conversations of the phone, and the texts that the radio receives (client-behaviour.md 2)."""

from heartline.archive.entries import RECEIVED, Ids
from heartline.archive.people import People, colour_of
from heartline.archive.upload import PICTURE
from heartline.client import Client, NewConversation, NewMessage, Operation, new_id
from heartline.client.numbers import id_matcher, matcher, same_numbers, split_numbers
from heartline.client.sealing import seal
from heartline.client.sending import STORED_MEDIA
from heartline.phone.radio import Incoming
from heartline.phone.store import Store
from heartline.resources.blacklists import AddedBlacklist, RemovedBlacklist
from heartline.resources.conversations import (
    AddConversations,
    AddedConversation,
    RemovedConversation,
    UpdateConversationSnippet,
    add_conversations,
    update_conversation_snippet,
)
from heartline.resources.media import AddMedia, add_media
from heartline.resources.messages import AddMessages, add_messages


class Inbox:
    def __init__(self, client: Client, store: Store) -> None:
        self._client = client
        self._store = store
        self._people = People(client, Ids(bytes(client.key)))
        self._numbers: dict[int, str] = {}
        self._blocked: dict[int, tuple[str | None, str | None]] = {}

    async def prepare(self) -> None:
        """Read the account's contacts, conversations and blacklist."""
        await self._people.load()
        self._numbers = {row.device_id: row.phone_numbers or "" for row in await self._client.conversations.list()}
        self._blocked = {row.device_id: (row.phone_number, row.phrase) for row in await self._client.blacklist.list()}

    def follow(self, operation: Operation) -> None:
        """Keep them up to date."""
        match operation:
            case AddedConversation():
                self._numbers[operation.id] = operation.phone_numbers or ""
            case RemovedConversation():
                self._numbers.pop(operation.id, None)
            case AddedBlacklist():
                self._blocked[operation.id] = (operation.phone_number, operation.phrase)
            case RemovedBlacklist():
                self._blocked.pop(operation.id, None)

    async def numbers_of(self, conversation: int) -> str:
        """The numbers of a conversation; empty when there is no such."""
        if not self._numbers.get(conversation) and (row := await self._client.conversations.get(conversation)):
            self._numbers[conversation] = row.phone_numbers or ""
        return self._numbers.get(conversation, "")

    def conversation_with(self, numbers: str, timestamp_ms: int, snippet: str) -> int:
        """The id of the conversation with these people; when there is none, it is owed to the server. Call it within a
        transaction of the store."""
        for device_id, known in self._numbers.items():
            if same_numbers(known, numbers):
                return device_id
        device_id = new_id()
        people = split_numbers(numbers)
        new = NewConversation(
            device_id=device_id,
            color=colour_of(id_matcher(numbers)),
            timestamp=timestamp_ms,
            title=self._people.title_of(people),
            phone_numbers=", ".join(people),
            snippet=snippet,
            id_matcher=id_matcher(numbers),
        )
        self._store.owe(add_conversations, seal(self._client.key, AddConversations(conversations=[new])))
        self._numbers[device_id] = ", ".join(people)
        return device_id

    def take(self, text: Incoming) -> None:
        """Store what follows from a text that came in; once, however often the radio tells of it."""
        with self._store.together():
            if not self._store.receive(text.key) or self._is_blocked(text):
                return
            snippet = text.content if isinstance(text.content, str) else PICTURE
            conversation = self.conversation_with(", ".join(text.numbers), text.timestamp_ms, snippet)
            device_id = new_id()
            if isinstance(text.content, bytes):
                self._store.owe(add_media, AddMedia(message_id=device_id, data=self._client.key.seal(text.content)))
            message = NewMessage(
                device_id=device_id,
                device_conversation_id=conversation,
                message_type=RECEIVED,
                data=text.content if isinstance(text.content, str) else STORED_MEDIA,
                timestamp=text.timestamp_ms,
                mime_type=text.mime_type,
                message_from=self._people.label_of(text.sender, text.numbers) if len(text.numbers) > 1 else None,
            )
            self._store.owe(add_messages, seal(self._client.key, AddMessages(messages=[message])))
            shown = UpdateConversationSnippet(
                device_id=conversation, read=False, archive=False, timestamp=text.timestamp_ms, snippet=snippet
            )
            self._store.owe(update_conversation_snippet, seal(self._client.key, shown))

    def _is_blocked(self, text: Incoming) -> bool:
        words = text.content.casefold() if isinstance(text.content, str) else ""
        return any(
            (number and matcher(number) == matcher(text.sender)) or (phrase and phrase.casefold() in words)
            for number, phrase in self._blocked.values()
        )
