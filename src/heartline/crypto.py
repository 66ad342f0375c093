"""End-to-end encryption of the Pulse and Heart apps (contract: encryption.md). For clients only: the server sees no key.

An account has one key, derived from the password, the account's id and its two salts; it seals every text and every file.

    key = Key.derive("correct horse", account_id, salt1, salt2)
    key.open_text(key.seal_text("hello")) == "hello"

The scheme is AES-256-CBC without authentication: a server can change what it stores, and a wrong key is noticed by the
padding only, so that about one value in 256 opens as garbage; most of that is no UTF-8 and noticed too.
"""

import base64
import binascii
import hashlib
import os
import re
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from heartline.errors import HeartlineError

ROUNDS = 10_000
"""Of PBKDF2-HMAC-SHA1, twice; fixed by the clients that exist."""
KEY_BYTES = 32
IV_BYTES = BLOCK_BYTES = 16
SEPARATOR = "-:-"

_LINE_BREAKS = re.compile(r"[\r\n \t]+")


class Dialect(StrEnum):
    """What a family of clients sends as the password when it logs in or signs up. The key is the same for both."""

    PULSE = "pulse"
    """The password itself: the server could derive the key."""
    HEART = "heart"
    """Its SHA-256 as lower-case hex."""


class CannotOpen(HeartlineError):
    """A value is no ciphertext of this key."""

    status = 0
    code = "cannot_open"


class Unreadable(str):
    """Stands where a text should be that could not be opened; as text it says so, and `Key.seal_text` refuses it."""

    __slots__ = ("stored", "why")

    stored: str
    """The value as the server has it."""
    why: str

    def __new__(cls, stored: str, why: str) -> "Unreadable":
        self = super().__new__(cls, f"[unreadable: {why}]")
        self.stored, self.why = stored, why
        return self

    def __repr__(self) -> str:
        return f"Unreadable({self.why!r})"

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str]]:
        return Unreadable, (self.stored, self.why)


class Key:
    """The key of one account. Its bytes show neither in `repr` nor in logs; `bytes(key)` gives them for storage."""

    __slots__ = ("_algorithm", "_bytes")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._bytes = bytes(key)
        self._algorithm = algorithms.AES(self._bytes)

    @classmethod
    def derive(cls, password: str, account_id: str, salt1: str, salt2: str) -> "Key":
        """The key for what was typed as the password, and for id and salts exactly as the server sent them. Takes some
        20 ms on purpose."""
        # The line feed is part of the scheme: Android's base64 ends with one.
        stage1 = base64.b64encode(_pbkdf2(password, salt2)).decode() + "\n"
        return cls(_pbkdf2(f"{account_id}:{stage1}", salt1))

    def __bytes__(self) -> bytes:
        return self._bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __repr__(self) -> str:
        return "Key(...)"

    def __getstate__(self) -> object:
        raise TypeError("a key is not pickled: store bytes(key) where secrets belong")

    def seal(self, data: bytes) -> str:
        """The ciphertext of some bytes, without line breaks; another one each time."""
        return self._seal(data, os.urandom(IV_BYTES))

    def seal_text(self, text: str) -> str:
        """The ciphertext of a text. Raises ValueError for an `Unreadable` and for half of a surrogate pair."""
        if isinstance(text, Unreadable):
            raise ValueError("a text that could not be opened must not be sealed and sent on")
        return self.seal(text.encode())

    def open(self, stored: str) -> bytes:
        """The bytes of a ciphertext, with or without line breaks. Raises `CannotOpen`."""
        iv64, separator, data64 = stored.partition(SEPARATOR)
        if not separator:
            raise CannotOpen("it is not encrypted")
        iv, data = _decoded(iv64), _decoded(data64)
        if len(iv) != IV_BYTES or not data or len(data) % BLOCK_BYTES:
            raise CannotOpen("it is damaged")
        decryptor = Cipher(self._algorithm, modes.CBC(iv)).decryptor()
        unpadder = PKCS7(BLOCK_BYTES * 8).unpadder()
        try:
            return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
        except ValueError:
            raise CannotOpen("it is damaged, or of another key") from None

    def open_text(self, stored: str) -> str:
        """The text of a ciphertext. Raises `CannotOpen`."""
        try:
            return self.open(stored).decode()
        except UnicodeDecodeError:
            raise CannotOpen("it is damaged, or of another key") from None

    def read_text(self, stored: str | None) -> str | None:
        """The text of a stored value, for showing: `Unreadable` when it cannot be opened, None for null (which Android
        also writes as the text `null`)."""
        if stored is None or stored == "null":
            return None
        try:
            return self.open_text(stored)
        except CannotOpen as error:
            return Unreadable(stored, str(error))

    def _seal(self, data: bytes, iv: bytes) -> str:
        padder = PKCS7(BLOCK_BYTES * 8).padder()
        encryptor = Cipher(self._algorithm, modes.CBC(iv)).encryptor()
        sealed = encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
        return base64.b64encode(iv).decode() + SEPARATOR + base64.b64encode(sealed).decode()


def login_secret(password: str, dialect: Dialect = Dialect.HEART) -> str:
    """What goes to the server in the place of the password that was typed."""
    return password if dialect is Dialect.PULSE else hashlib.sha256(password.encode()).hexdigest()


def _pbkdf2(secret: str, salt: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", secret.encode(), salt.encode(), ROUNDS, KEY_BYTES)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(_LINE_BREAKS.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        raise CannotOpen("it is damaged") from None
