"""Templates (rest.md 2.16)."""

import pytest

from heartline.errors import MissingParameter, NotEncrypted
from tests.contract_facts import cipher
from tests.resources.conftest import Account


@pytest.fixture
def template(local: Account) -> dict[str, object]:
    local.post("/templates/add", {"templates": [{"device_id": 6, "text": cipher("Hi")}]})
    return {"device_id": 6, "text": cipher("Hi")}


def test_plaintext_in_the_query_is_refused(local: Account, template: dict[str, object]) -> None:
    """The old web client's bug: it would crash the phone."""
    with pytest.raises(NotEncrypted, match="parameter text is not encrypted"):
        local.post("/templates/update/6", text="Hi there")
    assert local.get("/templates") == [{"id": 6, "account_id": local.id, **template}]


def test_plaintext_in_the_query_is_refused_also_when_the_body_has_ciphertext(local: Account, template: object) -> None:
    with pytest.raises(NotEncrypted):
        local.post("/templates/update/6", {"text": cipher("Hi")}, text="Hi there")


def test_ciphertext_in_the_query_is_accepted(local: Account, template: object) -> None:
    new = cipher("Hello")
    assert local.post("/templates/update/6", text=new) == [("updated_template", {"device_id": 6, "text": new})]


def test_plaintext_in_the_body_is_stored_as_it_came(local: Account, template: object) -> None:
    assert local.post("/templates/update/6", {"text": "plain"}) == [
        ("updated_template", {"device_id": 6, "text": "plain"})
    ]
    assert local.get("/templates")[0]["text"] == "plain"


def test_an_empty_text_is_missing(local: Account, template: object) -> None:
    for body in ({"text": ""}, {"text": None}, {}):
        with pytest.raises(MissingParameter, match="missing required parameter text"):
            local.post("/templates/update/6", body)
