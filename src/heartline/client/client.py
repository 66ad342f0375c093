"""The client of one account."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Self

from heartline.client import lists, sending, stream
from heartline.client.conversations import Conversations
from heartline.client.events import Cursor, Event
from heartline.client.media import Media
from heartline.client.messages import Messages
from heartline.client.rest import Answer, Handler, Rest
from heartline.client.sealing import open_reply, open_struct, seal
from heartline.client.settings import Devices, SharedSettings
from heartline.contract import Request
from heartline.crypto import Key
from heartline.resources import accounts
from heartline.resources.messages import Message

if TYPE_CHECKING:
    from heartline.client.account import Credentials


class Client:
    """An account on a server: its rows and events in plaintext, encrypted before they leave.

    Made by `log_in`, `sign_up` and `connect`; use it as `async with`, or call `close`. Every method may raise a
    `HeartlineError`; `AccountIdInvalid` means that the account is gone.
    """

    def __init__(self, rest: Rest, key: Key) -> None:
        self.rest = rest
        """Calls endpoints without opening or sealing anything."""
        self.key = key
        self.conversations = Conversations(self)
        self.messages = Messages(self)
        self.media = Media(self)
        self.contacts = lists.Contacts(self)
        self.drafts = lists.Drafts(self)
        self.templates = lists.Templates(self)
        self.scheduled = lists.Scheduled(self)
        self.blacklist = lists.Blacklist(self)
        self.folders = lists.Folders(self)
        self.auto_replies = lists.AutoReplies(self)
        self.settings = SharedSettings(self)
        self.devices = Devices(self)

    def __repr__(self) -> str:
        return f"Client({str(self.rest.url)!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.rest.close()

    @property
    def credentials(self) -> "Credentials":
        """What to store for `connect`."""
        from heartline.client.account import Credentials

        return Credentials(self.rest.account_id, self.key)

    async def call(self, endpoint: Handler[Answer], request: Request | None = None) -> Answer:
        """Call any endpoint of `heartline.resources`, by its function, with plaintext in and out:

        await client.call(templates.update_template, UpdateTemplate(device_id=7, text="On my way"))
        """
        sealed = None if request is None else seal(self.key, request)
        return open_reply(self.key, await self.rest.call(endpoint, sealed))

    async def send(
        self, to: int | str | Sequence[str], text: str, *, picture: Path | None = None, message_id: int | None = None
    ) -> Message | None:
        """Ask the phone to send a text, a picture, or both (as two messages; an empty text is left out).

        `to` is a conversation's id, or one or several phone numbers. The phone reports what became of it as
        `update_message_type`. The message as it was stored, or None when there is no conversation with these numbers yet:
        then the phone makes it, and the message, when it sends. With a `message_id` of yours (`new_id()`; a picture's text
        gets the next one) you may call again after a crash: what is stored is not added again, and a phone that is asked
        twice for a new conversation can tell by the id.
        """
        return await sending.send(self, to, text, picture, message_id)

    async def events(
        self, after: Cursor | None = None, *, on_connection: stream.OnConnection | None = None
    ) -> AsyncIterator[Event]:
        """What happens to the account, each event once and in order, until the caller stops: after a stored cursor, else
        from now on. It reconnects by itself; `on_connection` is told True and False as the connection comes and goes.

        When events after the cursor are gone, a `HistoryLost` comes in their place. Your own changes come back, too.
        Raises `AccountIdInvalid` when the account is gone.
        """
        async with aclosing(stream.follow(self.rest, after, on_connection)) as events:  # type: ignore[type-var]
            async for event in events:
                open_struct(self.key, event.operation)
                yield event

    async def cursor(self) -> Cursor:
        """The place after everything that has happened. To follow lists without a gap: take it, read the lists, then
        follow `events(after=it)`."""
        return await stream.head(self.rest)

    async def count(self) -> accounts.Count:
        """How many rows of each kind there are."""
        return await self.call(accounts.count_rows)

    async def clean_account(self) -> None:
        """Delete all content; account, settings and devices stay."""
        await self.call(accounts.clean_account)

    async def remove_account(self) -> None:
        """Delete the account with everything it has."""
        await self.call(accounts.remove_account)
