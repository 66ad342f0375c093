"""`heartline login`."""

import asyncio
import base64
import os
from typing import Literal

from cyclopts import App

from heartline.cli import credentials
from heartline.cli.password import ask_password
from heartline.errors import BadRequest

app = App(
    name="login",
    help_epilogue="""
    The password is asked for, or read from a pipe, and not kept: the account's
    id and key are, in the system's keyring or else in a file that only you can
    read.

    Examples:

        heartline login ann --server https://texts.example.org

        echo "$PASSWORD" | heartline login ann""",
)
SERVER = "http://127.0.0.1:5050"


@app.default
def login(
    username: str,
    /,
    *,
    server: str | None = None,
    dialect: Literal["heart", "pulse"] = "heart",
) -> None:
    """
    Parameters
    ----------
    username
        The name of the account.
    server
        Its address; else that of the variable HEARTLINE_SERVER, else this machine, port 5050.
    dialect
        Servers that know no hash of the password need `pulse`, which sends the password itself.
    """
    from heartline.cli.session import TRIES
    from heartline.client import Dialect, get_credentials

    url = server or os.environ.get("HEARTLINE_SERVER") or SERVER
    password = ask_password()
    try:
        found = asyncio.run(get_credentials(url, username, password, dialect=Dialect(dialect), tries=TRIES))
    except ValueError as error:
        raise BadRequest(str(error)) from None
    place = credentials.store(
        credentials.Login(url, username, found.account_id, base64.b64encode(bytes(found.key)).decode())
    )
    print(f"Logged in to {url} as {username}. The key is in {place}.")
