"""Passwords: what is stored, and what fits it."""

import hashlib

import pytest
from argon2 import PasswordHasher

from heartline import passwords
from heartline.passwords import hash_password, verify_password

PASSWORD = "Correct horse 7!"
SHA256_HEX = hashlib.sha256(PASSWORD.encode()).hexdigest()


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password(PASSWORD)


def test_the_right_password_fits_and_no_other(stored: str) -> None:
    assert verify_password(stored, PASSWORD) is True
    for wrong in ("", "correct horse 7!", PASSWORD + " ", PASSWORD + "\0", stored):
        assert verify_password(stored, wrong) is False


def test_what_is_stored_is_argon2id_with_a_salt_of_its_own(stored: str) -> None:
    assert stored.startswith("$argon2id$")
    assert hash_password(PASSWORD) != stored
    assert PASSWORD not in stored
    assert SHA256_HEX not in stored


def test_a_password_fits_as_itself_and_as_its_sha256(stored: str) -> None:
    """One account serves Pulse clients, which send the first, and Heart clients, which send the second."""
    assert verify_password(stored, SHA256_HEX) is True
    assert verify_password(hash_password(SHA256_HEX), PASSWORD) is True


@pytest.mark.parametrize("text", [SHA256_HEX.upper(), SHA256_HEX[:-1], SHA256_HEX + "0", SHA256_HEX + "\n"])
def test_only_64_lower_case_hex_digits_are_taken_for_a_sha256(stored: str, text: str) -> None:
    assert verify_password(stored, text) is False
    assert verify_password(hash_password(text), text) is True


@pytest.mark.parametrize("password", ["ñandú 🎉", "x" * 100_000, "a\0b"])
def test_any_text_can_be_a_password(password: str) -> None:
    stored = hash_password(password)
    assert verify_password(stored, password) is True
    assert verify_password(stored, password[:-1]) is False


class Counting(PasswordHasher):
    """Counts how often it did the slow work."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.verified += 1
        return super().verify(hash, password)


def test_an_unknown_user_costs_as_much_as_a_wrong_password(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    monkeypatch.setattr(passwords, "_hasher", counting)
    assert verify_password(None, PASSWORD) is False
    assert counting.verified == 1
    assert verify_password(stored, "wrong") is False
    assert counting.verified == 2
    # The same parameters, so the same time.
    of_nobody = passwords._hash_of_nobody()
    assert of_nobody.split("$")[:4] == stored.split("$")[:4]


def test_nobody_can_log_in_as_an_unknown_user() -> None:
    for password in ("", PASSWORD, passwords._hash_of_nobody()):
        assert verify_password(None, password) is False
