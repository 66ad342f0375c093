"""Scheduled messages (rest.md 2.15, operations.md 28 to 30)."""

from tests.contract_facts import cipher
from tests.resources.conftest import Account


def test_what_is_left_out_is_null_and_never_repeated(local: Account) -> None:
    sent = {"device_id": 9, "timestamp": 1_700_000_000_000, "to": cipher("1")}
    ((_, content),) = local.post("/scheduled_messages/add", {"scheduled_messages": [sent]})
    rest = {"to": cipher("1"), "data": None, "mime_type": None, "title": None, "repeat": 0}
    assert content == {"id": 9, "timestamp": 1_700_000_000_000, **rest}


def test_the_flat_form_of_the_pulse_web_client(local: Account) -> None:
    texts = {name: cipher(name) for name in ("to", "data", "mime_type", "title")}
    sent = {"account_id": local.id, "device_id": 9, "timestamp": 5, **texts}
    ((_, content),) = local.post("/scheduled_messages/add", sent)
    assert content == {"id": 9, "timestamp": 5, "repeat": 0, **texts}


def test_an_update_may_end_the_repetition(local: Account) -> None:
    """0 is a value, not nothing."""
    local.post("/scheduled_messages/add", {"scheduled_messages": [{"device_id": 9, "timestamp": 5, "repeat": 4}]})
    ((_, content),) = local.post("/scheduled_messages/update/9", {"repeat": 0})
    assert content["repeat"] == 0
    assert local.get("/scheduled_messages")[0]["repeat"] == 0
