"""The smaller lists of a client. `add` makes and returns the id of the new row."""

from builtins import list as List  # classes here have a method of that name
from typing import Any

from heartline.client.noun import Noun, new_id
from heartline.client.numbers import id_matcher
from heartline.contract import Page
from heartline.resources import auto_replies, blacklists, contacts, drafts, folders, scheduled_messages, templates


class Contacts(Noun):
    """The phone's address book, as far as it was uploaded."""

    async def list(self, *, limit: int = 0, offset: int = 0) -> List[contacts.Contact]:
        return await self._call(contacts.list_contacts, Page(limit=limit, offset=offset))

    async def add(self, name: str, phone_number: str, **fields: Any) -> int:
        """Further fields are those of `NewContact`."""
        new = contacts.NewContact(
            device_id=new_id(), name=name, phone_number=phone_number, id_matcher=id_matcher(phone_number), **fields
        )
        await self._call(contacts.add_contacts, contacts.AddContacts(contacts=[new]))
        return new.device_id

    async def update(self, contact_id: int, **changes: Any) -> None:
        """Change fields of `UpdateContact`."""
        await self._call(contacts.update_contact, contacts.UpdateContact(device_id=contact_id, **changes))

    async def remove(self, contact_id: int) -> None:
        await self._call(contacts.remove_contact, contacts.RemoveContact(device_id=contact_id))


class Drafts(Noun):
    """What was begun to be written in a conversation."""

    async def list(self, conversation_id: int | None = None) -> List[drafts.Draft]:
        if conversation_id is None:
            return await self._call(drafts.list_drafts)
        request = drafts.ListDraftsOfConversation(device_conversation_id=conversation_id)
        return await self._call(drafts.list_drafts_of_conversation, request)

    async def replace(self, conversation_id: int, text: str) -> int:
        """Put this text in the place of all drafts of a conversation."""
        new = drafts.NewDraftInConversation(device_id=new_id(), data=text, mime_type="text/plain")
        request = drafts.ReplaceDrafts(device_conversation_id=conversation_id, drafts=[new])
        await self._call(drafts.replace_drafts, request)
        return new.device_id

    async def remove(self, conversation_id: int) -> None:
        await self._call(drafts.remove_drafts, drafts.RemoveDrafts(device_conversation_id=conversation_id))


class Templates(Noun):
    """Texts to send again."""

    async def list(self) -> List[templates.Template]:
        return await self._call(templates.list_templates)

    async def add(self, text: str) -> int:
        new = templates.NewTemplate(device_id=new_id(), text=text)
        await self._call(templates.add_templates, templates.AddTemplates(templates=[new]))
        return new.device_id

    async def update(self, template_id: int, text: str) -> None:
        await self._call(templates.update_template, templates.UpdateTemplate(device_id=template_id, text=text))

    async def remove(self, template_id: int) -> None:
        await self._call(templates.remove_template, templates.RemoveTemplate(device_id=template_id))


class Scheduled(Noun):
    """Texts that the phone sends later."""

    async def list(self) -> List[scheduled_messages.ScheduledMessage]:
        return await self._call(scheduled_messages.list_scheduled_messages)

    async def add(self, to: str, text: str, timestamp_ms: int, *, title: str = "", repeat: int = 0) -> int:
        """`to` is a number, or several with commas between; `repeat` 0 never, 1 daily, 2 weekly, 3 monthly, 4 yearly."""
        new = scheduled_messages.NewScheduledMessage(
            device_id=new_id(),
            to=to,
            data=text,
            mime_type="text/plain",
            timestamp=timestamp_ms,
            title=title or to,
            repeat=repeat,
        )
        request = scheduled_messages.AddScheduledMessages(scheduled_messages=[new])
        await self._call(scheduled_messages.add_scheduled_messages, request)
        return new.device_id

    async def update(self, scheduled_id: int, **changes: Any) -> None:
        """Change fields of `UpdateScheduledMessage`."""
        request = scheduled_messages.UpdateScheduledMessage(device_id=scheduled_id, **changes)
        await self._call(scheduled_messages.update_scheduled_message, request)

    async def remove(self, scheduled_id: int) -> None:
        request = scheduled_messages.RemoveScheduledMessage(device_id=scheduled_id)
        await self._call(scheduled_messages.remove_scheduled_message, request)


class Blacklist(Noun):
    """Numbers and phrases whose messages the phone drops."""

    async def list(self) -> List[blacklists.Blacklist]:
        return await self._call(blacklists.list_blacklists)

    async def add(self, *, phone_number: str | None = None, phrase: str | None = None) -> int:
        """One of both."""
        if (phone_number is None) == (phrase is None):
            raise ValueError("a blacklist has either a phone number or a phrase")
        new = blacklists.NewBlacklist(device_id=new_id(), phone_number=phone_number, phrase=phrase)
        await self._call(blacklists.add_blacklists, blacklists.AddBlacklists(blacklists=[new]))
        return new.device_id

    async def remove(self, blacklist_id: int) -> None:
        await self._call(blacklists.remove_blacklist, blacklists.RemoveBlacklist(device_id=blacklist_id))


class Folders(Noun):
    """Under which conversations are sorted; `client.conversations.move` puts them there."""

    async def list(self) -> List[folders.Folder]:
        return await self._call(folders.list_folders)

    async def add(self, name: str, **colours: int) -> int:
        new = folders.NewFolder(device_id=new_id(), name=name, **colours)
        await self._call(folders.add_folders, folders.AddFolders(folders=[new]))
        return new.device_id

    async def update(self, folder_id: int, **changes: Any) -> None:
        """Change fields of `UpdateFolder`."""
        await self._call(folders.update_folder, folders.UpdateFolder(device_id=folder_id, **changes))

    async def remove(self, folder_id: int) -> None:
        await self._call(folders.remove_folder, folders.RemoveFolder(device_id=folder_id))


class AutoReplies(Noun):
    """Rules by which the phone answers by itself."""

    async def list(self) -> List[auto_replies.AutoReply]:
        return await self._call(auto_replies.list_auto_replies)

    async def add(self, reply_type: str, response: str, *, pattern: str | None = None) -> int:
        """`reply_type` is `contact`, `keyword`, `vacation` or `driving`; the pattern is a contact or a keyword."""
        new = auto_replies.NewAutoReply(device_id=new_id(), reply_type=reply_type, pattern=pattern, response=response)
        await self._call(auto_replies.add_auto_replies, auto_replies.AddAutoReplies(auto_replies=[new]))
        return new.device_id

    async def update(self, auto_reply_id: int, **changes: Any) -> None:
        """Change fields of `UpdateAutoReply`."""
        request = auto_replies.UpdateAutoReply(device_id=auto_reply_id, **changes)
        await self._call(auto_replies.update_auto_reply, request)

    async def remove(self, auto_reply_id: int) -> None:
        await self._call(auto_replies.remove_auto_reply, auto_replies.RemoveAutoReply(device_id=auto_reply_id))
