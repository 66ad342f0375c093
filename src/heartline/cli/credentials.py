"""Where a login is kept: in the system's keyring where one works, else in a file that only its owner can read. Never the
password: the account's id and its key are enough."""

import base64
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from heartline.errors import HeartlineError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE, ENTRY = "heartline", "login"
"""The name of our secret in the keyring."""


class NotLoggedIn(HeartlineError):
    status = 0
    code = "not_logged_in"

    def __init__(self) -> None:
        super().__init__("you are not logged in: run `heartline login`")


class Login(msgspec.Struct):
    url: str
    username: str
    account_id: str
    key: str
    """In base64."""

    def __repr__(self) -> str:
        return f"Login({self.url!r})"

    @property
    def key_bytes(self) -> bytes:
        return base64.b64decode(self.key)


def login_file() -> Path:
    if sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "heartline" / "login.json"


def store(login: Login) -> str:
    """Keep a login, in the place of an earlier one; says where."""
    forget()
    text = msgspec.json.encode(login).decode()
    keyring = _keyring()
    if keyring is not None:
        from keyring.errors import KeyringError

        with contextlib.suppress(KeyringError):
            keyring.set_password(SERVICE, ENTRY, text)
            return f"the keyring ({keyring.name})"
    file = login_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    return str(file)


def load() -> Login:
    """The login that is kept. Raises `NotLoggedIn`."""
    text: str | None = None
    try:
        text = login_file().read_text("utf-8")
    except FileNotFoundError:
        if (keyring := _keyring()) is not None:
            from keyring.errors import KeyringError

            with contextlib.suppress(KeyringError):
                text = keyring.get_password(SERVICE, ENTRY)
    try:
        return msgspec.json.decode(text or "", type=Login)
    except msgspec.MsgspecError:
        raise NotLoggedIn from None


def forget() -> bool:
    """Remove what is kept; False when there was nothing."""
    found = False
    with contextlib.suppress(FileNotFoundError):
        login_file().unlink()
        found = True
    if (keyring := _keyring()) is not None:
        from keyring.errors import KeyringError

        with contextlib.suppress(KeyringError):
            keyring.delete_password(SERVICE, ENTRY)
            found = True
    return found


def _keyring() -> "KeyringBackend | None":
    """The system's keyring, if it has one that works."""
    import keyring
    from keyring.backends import fail, null

    backend = keyring.get_keyring()
    return None if isinstance(backend, fail.Keyring | null.Keyring) else backend
