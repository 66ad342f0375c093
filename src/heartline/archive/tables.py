"""The lists of an account that an export holds, each with the endpoints that read and write it. Messages, the long list, and
their media are not among them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from heartline.contract import Request
from heartline.resources import (
    auto_replies,
    blacklists,
    contacts,
    conversations,
    drafts,
    folders,
    scheduled_messages,
    templates,
)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    """Also the name of the list in the request."""
    read: Callable[..., list[Any]]
    write: Callable[..., None]
    request: type[Request]
    item: type[Struct]


TABLES = (
    Table("contacts", contacts.list_contacts, contacts.add_contacts, contacts.AddContacts, contacts.NewContact),
    Table("folders", folders.list_folders, folders.add_folders, folders.AddFolders, folders.NewFolder),
    Table(
        "conversations",
        conversations.list_conversations,
        conversations.add_conversations,
        conversations.AddConversations,
        conversations.NewConversation,
    ),
    Table("drafts", drafts.list_drafts, drafts.add_drafts, drafts.AddDrafts, drafts.NewDraft),
    Table(
        "templates", templates.list_templates, templates.add_templates, templates.AddTemplates, templates.NewTemplate
    ),
    Table(
        "scheduled_messages",
        scheduled_messages.list_scheduled_messages,
        scheduled_messages.add_scheduled_messages,
        scheduled_messages.AddScheduledMessages,
        scheduled_messages.NewScheduledMessage,
    ),
    Table(
        "blacklists",
        blacklists.list_blacklists,
        blacklists.add_blacklists,
        blacklists.AddBlacklists,
        blacklists.NewBlacklist,
    ),
    Table(
        "auto_replies",
        auto_replies.list_auto_replies,
        auto_replies.add_auto_replies,
        auto_replies.AddAutoReplies,
        auto_replies.NewAutoReply,
    ),
)
