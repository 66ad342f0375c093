"""Passwords as they are stored: argon2id over a normalised form, so that one account serves both client families.

Pulse clients send the password itself, Heart clients its SHA-256 as 64 lower-case hex digits (decisions.md 18).
Hashing takes tens of milliseconds and 64 MiB on purpose: never call this on the event loop or the writer's thread.
"""

import hashlib
import re
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_SHA256_HEX = re.compile(r"[0-9a-f]{64}\Z")
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The text to store: algorithm, parameters, its own random salt, and the hash."""
    return _hasher.hash(_normalised(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. An unknown user (None) takes as long as a wrong password."""
    try:
        _hasher.verify(stored or _hash_of_nobody(), _normalised(password))
    except VerifyMismatchError:
        return False
    return stored is not None


def _normalised(password: str) -> str:
    return password if _SHA256_HEX.match(password) else hashlib.sha256(password.encode()).hexdigest()


@cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_hex())
