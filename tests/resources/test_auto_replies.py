"""Auto replies (rest.md 2.4, operations.md 39 to 41)."""

import pytest

from tests.contract_facts import cipher
from tests.resources.conftest import Account


@pytest.mark.parametrize("name", ["type", "reply_type"])
def test_the_old_name_of_reply_type(local: Account, name: str) -> None:
    added = {"device_id": 3, "type": "keyword", "pattern": None, "response": cipher("home")}
    sent = {"device_id": 3, name: "keyword", "response": cipher("home")}
    assert local.post("/auto_replies/add", {"auto_replies": [sent]}) == [("added_auto_reply", added)]
    emitted = local.post("/auto_replies/update/3", {name: "driving"})
    assert emitted == [("updated_auto_reply", {**added, "type": "driving"})]
    (row,) = local.get("/auto_replies")
    assert row["reply_type"] == "driving"
    assert "type" not in row


def test_the_new_name_of_reply_type_wins(local: Account) -> None:
    sent = {"device_id": 3, "type": "keyword", "reply_type": "vacation"}
    ((_, content),) = local.post("/auto_replies/add", {"auto_replies": [sent]})
    assert content["type"] == "vacation"


def test_the_old_name_may_stand_in_the_flat_form_too(local: Account) -> None:
    ((_, content),) = local.post("/auto_replies/add", {"device_id": 3, "type": "vacation"})
    assert content == {"device_id": 3, "type": "vacation", "pattern": None, "response": None}
