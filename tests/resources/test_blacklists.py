"""Blacklists (rest.md 2.6, operations.md 26 and 27)."""

from typing import Any

import pytest

from tests.contract_facts import cipher
from tests.resources.conftest import Account


@pytest.mark.parametrize(
    ("item", "number", "phrase"),
    [
        ({"phone_number": cipher("1"), "phrase": ""}, cipher("1"), None),
        ({"phone_number": "", "phrase": cipher("win")}, None, cipher("win")),
        ({"phone_number": cipher("1")}, cipher("1"), None),
        ({"phone_number": None, "phrase": cipher("win")}, None, cipher("win")),
        ({"phone_number": cipher("1"), "phrase": cipher("win")}, cipher("1"), cipher("win")),
    ],
)
def test_empty_text_is_null(local: Account, item: dict[str, Any], number: str | None, phrase: str | None) -> None:
    """The phone crashes when it decrypts an empty text, and ignores the operation when a key is missing."""
    emitted = local.post("/blacklists/add", {"blacklists": [{"device_id": 5, **item}]})
    assert emitted == [("added_blacklist", {"id": 5, "phone_number": number, "phrase": phrase})]
    row = {"id": 5, "device_id": 5, "account_id": local.id, "phone_number": number, "phrase": phrase}
    assert local.get("/blacklists") == [row]


@pytest.mark.parametrize("item", [{}, {"phone_number": ""}, {"phone_number": None, "phrase": ""}])
def test_neither_number_nor_phrase_does_nothing(local: Account, item: dict[str, Any]) -> None:
    emitted = local.post("/blacklists/add", {"blacklists": [{"device_id": 5, **item}]})
    assert emitted == []
    assert local.get("/blacklists") == []


@pytest.mark.parametrize("column", ["phone_number", "phrase"])
def test_the_flat_forms_of_the_pulse_web_client(local: Account, column: str) -> None:
    ((_, content),) = local.post("/blacklists/add", {"account_id": local.id, "device_id": 5, column: cipher("x")})
    assert content == {"id": 5, "phone_number": None, "phrase": None} | {column: cipher("x")}
