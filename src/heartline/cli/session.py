"""Commands and the client: with the stored login, in an event loop of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from heartline.cli.credentials import load
from heartline.client import Client, Conversation, Credentials, Key, NoConversation, connect
from heartline.client.numbers import is_number, split_numbers

T = TypeVar("T")

TRIES = 3
"""A person is waiting: after about two seconds without a server they are told."""


def run(work: Callable[[Client], Awaitable[T]]) -> T:
    """Run work with the client of who is logged in. Raises `NotLoggedIn`."""
    login = load()

    async def working() -> T:
        credentials = Credentials(login.account_id, Key(login.key_bytes))
        async with connect(login.url, credentials, tries=TRIES) as client:
            return await work(client)

    return asyncio.run(working())


async def find_conversation(client: Client, who: str) -> Conversation:
    """The conversation that a person means by a name, a part of one, or a number: rather one person than a group that has
    the name in its title. Raises `NoConversation`."""
    if is_number(who):
        if found := await client.conversations.find(who):
            return found
        raise NoConversation(f"there is no conversation with {who}")
    wanted = who.casefold()
    everybody = await client.conversations.list()
    titles = [(one, (one.title or "").casefold()) for one in everybody]
    matches = [one for one, title in titles if title == wanted] or [one for one, title in titles if wanted in title]
    alone = [one for one in matches if len(split_numbers(one.phone_numbers or "")) == 1]
    if len(alone) == 1:
        return alone[0]
    if not matches:
        raise NoConversation(f"there is no conversation called {who!r}")
    if len(matches) > 1:
        names = ", ".join(f"{one.title} ({one.phone_numbers})" for one in matches[:5])
        raise NoConversation(f"{len(matches)} conversations are called like that: {names}; say the number")
    return matches[0]
