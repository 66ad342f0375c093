"""Signing up and in, and what has to be kept to come back without the password."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from heartline.client.client import Client
from heartline.client.rest import TRIES, Rest
from heartline.crypto import Dialect, Key, login_secret
from heartline.resources import accounts


@dataclass(frozen=True)
class Credentials:
    """What opens an account: store it where secrets belong. It shows nothing in `repr`."""

    account_id: str = field(repr=False)
    key: Key = field(repr=False)


def connect(url: str, credentials: Credentials, *, tries: int = TRIES) -> Client:
    """A client of an account whose credentials were stored. Nothing is sent yet. A call is tried so many times."""
    return Client(Rest(url, credentials.account_id, tries=tries), credentials.key)


@asynccontextmanager
async def log_in(url: str, username: str, password: str, *, dialect: Dialect = Dialect.HEART) -> AsyncIterator[Client]:
    """A client for as long as the block lasts. Raises `WrongLogin`, `Unreachable` and other `HeartlineError`s.

    The dialect is what the server accepts as the password: Heartline takes both, and with `HEART` never sees it.
    """
    async with connect(url, await get_credentials(url, username, password, dialect=dialect)) as client:
        yield client


@asynccontextmanager
async def sign_up(
    url: str,
    username: str,
    password: str,
    *,
    real_name: str = "",
    phone_number: str = "",
    dialect: Dialect = Dialect.HEART,
) -> AsyncIterator[Client]:
    """Create an account, and be its client for as long as the block lasts. Raises `UserExists`, `UsernameNotAllowed`."""
    request = accounts.SignUp(
        name=username, password=login_secret(password, dialect), phone_number=phone_number, real_name=real_name
    )
    rest = Rest(url)
    try:
        created = await rest.call(accounts.sign_up, request)
    finally:
        await rest.close()
    key = await asyncio.to_thread(Key.derive, password, created.account_id, created.salt1, created.salt2)
    async with connect(url, Credentials(created.account_id, key)) as client:
        yield client


async def get_credentials(
    url: str, username: str, password: str, *, dialect: Dialect = Dialect.HEART, tries: int = TRIES
) -> Credentials:
    """Log in once, for credentials to store. Raises `WrongLogin`."""
    rest = Rest(url, tries=tries)
    try:
        request = accounts.LogIn(username=username, password=login_secret(password, dialect))
        found = await rest.call(accounts.log_in, request)
    finally:
        await rest.close()
    key = await asyncio.to_thread(Key.derive, password, found.account_id, found.salt1, found.salt2)
    return Credentials(found.account_id, key)
