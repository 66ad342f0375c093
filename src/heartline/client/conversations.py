"""Conversations of a client."""

from builtins import list as List  # the class has a method of that name
from collections.abc import Sequence
from typing import Any

from heartline.client.noun import Noun
from heartline.client.numbers import same_numbers
from heartline.contract import Page
from heartline.resources import accounts, conversations, folders
from heartline.resources.conversations import Conversation, NewConversation


class Conversations(Noun):
    """Whom a person writes with. `title`, `phone_numbers` and `snippet` are the texts that lists show."""

    async def list(self, *, limit: int = 0, offset: int = 0) -> List[Conversation]:
        """All conversations, newest first; a limit of 0 means all."""
        return await self._call(conversations.list_conversations, Page(limit=limit, offset=offset))

    async def inbox(self) -> List[Conversation]:
        """Those neither archived nor private; pinned ones first, then newest."""
        return await self._call(conversations.list_unarchived_conversations)

    async def unread(self) -> List[Conversation]:
        return await self._call(conversations.list_unread_conversations)

    async def archived(self) -> List[Conversation]:
        return await self._call(conversations.list_archived_conversations)

    async def private(self) -> List[Conversation]:
        return await self._call(conversations.list_private_conversations)

    async def in_folder(self, folder_id: int) -> List[Conversation]:
        request = folders.ListConversationsOfFolder(folder_id=folder_id)
        return await self._call(folders.list_conversations_of_folder, request)

    async def get(self, conversation_id: int) -> Conversation | None:
        return await self._call(
            conversations.get_conversation, conversations.OneConversation(device_id=conversation_id)
        )

    async def find(self, *phone_numbers: str) -> Conversation | None:
        """The newest conversation with exactly these numbers, however they are written. The server cannot search in
        ciphertext, so this reads the list."""
        wanted = ",".join(phone_numbers)
        found = (one for one in await self.list() if same_numbers(one.phone_numbers or "", wanted))
        return next(found, None)

    async def add(self, new: Sequence[NewConversation]) -> None:
        """Store conversations as a phone does."""
        await self._call(conversations.add_conversations, conversations.AddConversations(conversations=[*new]))

    async def update(self, conversation_id: int, **changes: Any) -> None:
        """Change what is named: fields of `UpdateConversation`, such as `pinned=True`, `mute=True` or `read=False`."""
        request = conversations.UpdateConversation(device_id=conversation_id, **changes)
        await self._call(conversations.update_conversation, request)

    async def rename(self, conversation_id: int, title: str) -> None:
        request = conversations.UpdateConversationTitle(device_id=conversation_id, title=title)
        await self._call(conversations.update_conversation_title, request)

    async def mark_read(self, conversation_id: int) -> None:
        """Also marks its messages read, and dismisses its notification on all devices."""
        request = conversations.MarkConversationRead(device_id=conversation_id)
        await self._call(conversations.mark_conversation_read, request)
        await self._call(accounts.dismiss_notification, accounts.DismissedNotificationOf(id=conversation_id))

    async def archive(self, conversation_id: int) -> None:
        """Put it into the archive, out of its folder."""
        request = conversations.OneConversation(device_id=conversation_id)
        await self._call(conversations.archive_conversation, request)

    async def unarchive(self, conversation_id: int) -> None:
        request = conversations.OneConversation(device_id=conversation_id)
        await self._call(conversations.unarchive_conversation, request)

    async def move(self, conversation_id: int, folder_id: int | None) -> None:
        """Put it into a folder, or with None into none."""
        if folder_id is None:
            one = conversations.OneConversation(device_id=conversation_id)
            await self._call(folders.remove_conversation_from_folder, one)
        else:
            request = folders.AddConversationToFolder(device_id=conversation_id, folder_id=folder_id)
            await self._call(folders.add_conversation_to_folder, request)

    async def remove(self, conversation_id: int) -> None:
        """Delete it with its messages, their media, and its drafts."""
        request = conversations.OneConversation(device_id=conversation_id)
        await self._call(conversations.remove_conversation, request)
