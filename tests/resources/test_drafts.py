"""Drafts (rest.md 2.10, operations.md 23 to 25)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter
from tests.contract_facts import cipher
from tests.resources.conftest import Account


def draft(device_id: int, talk: int = 8, text: str = "Hi") -> dict[str, Any]:
    return {"device_id": device_id, "device_conversation_id": talk, "data": cipher(text), "mime_type": cipher("t")}


def content(sent: dict[str, Any]) -> dict[str, Any]:
    names = {"id": "device_id", "conversation_id": "device_conversation_id", "data": "data", "mime_type": "mime_type"}
    return {field: sent[column] for field, column in names.items()}


@pytest.fixture
def drafts(local: Account) -> Account:
    """An account with drafts 1 and 2 in conversation 8 and draft 3 in conversation 9."""
    local.post("/drafts/add", {"drafts": [draft(1), draft(2), draft(3, 9)]})
    return local


def test_the_drafts_of_one_conversation(drafts: Account) -> None:
    assert drafts.ids("/drafts/8") == [1, 2]
    assert drafts.ids("/drafts/8", limit=1, offset=1) == [2]
    assert drafts.ids("/drafts/10") == []
    assert drafts.ids("/drafts") == [1, 2, 3]


def test_replacing_puts_the_given_ones_in_place_of_all(drafts: Account) -> None:
    emitted = drafts.post("/drafts/replace/8", {"drafts": [draft(4, text="a"), draft(5, text="b"), draft(6, text="c")]})
    assert emitted == [
        ("replaced_drafts", content(draft(4, text="a"))),
        ("added_draft", content(draft(5, text="b"))),
        ("added_draft", content(draft(6, text="c"))),
    ]
    assert drafts.ids("/drafts") == [3, 4, 5, 6]


def test_replacing_where_there_was_none_adds(local: Account) -> None:
    assert local.post("/drafts/replace/8", {"drafts": [draft(4)]}) == [("replaced_drafts", content(draft(4)))]
    assert local.ids("/drafts/8") == [4]


def test_a_replacement_need_not_name_its_conversation(drafts: Account) -> None:
    item = draft(4)
    del item["device_conversation_id"]
    assert drafts.post("/drafts/replace/8", {"drafts": [item]}) == [("replaced_drafts", content(draft(4)))]
    assert drafts.ids("/drafts/8") == [4]


def test_replacing_with_the_same_draft_still_tells_the_others_to_drop_theirs(drafts: Account) -> None:
    assert drafts.post("/drafts/replace/8", {"drafts": [draft(1)]}) == [("replaced_drafts", content(draft(1)))]
    assert drafts.ids("/drafts") == [1, 3]


def test_replacing_with_nothing_is_like_removing(drafts: Account) -> None:
    emitted = drafts.post("/drafts/replace/8", {"drafts": []})
    assert emitted == [("removed_drafts", {"id": 8, "android_device": None})]
    assert drafts.ids("/drafts") == [3]


@pytest.mark.parametrize("body", [None, {}, {"drafts": None}])
def test_a_replacement_is_asked_for_and_nothing_is_lost(drafts: Account, body: object) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter drafts$"):
        drafts.post("/drafts/replace/8", body)
    assert drafts.ids("/drafts") == [1, 2, 3]


@pytest.mark.parametrize("column", ["device_id", "data", "mime_type"])
def test_a_bad_replacement_loses_nothing(drafts: Account, column: str) -> None:
    with pytest.raises(MissingParameter, match=rf"^missing required parameter {column}$"):
        drafts.post("/drafts/replace/8", {"drafts": [draft(4), {**draft(5), column: None}]})
    assert drafts.ids("/drafts") == [1, 2, 3]


def test_an_update_emits_the_stored_draft(drafts: Account) -> None:
    changed = {**draft(2), "data": cipher("Bye")}
    assert drafts.post("/drafts/update/2", {"data": cipher("Bye")}) == [("replaced_drafts", content(changed))]
    assert drafts.ids("/drafts/8") == [1, 2]


def test_an_update_needs_data(drafts: Account) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter data$"):
        drafts.post("/drafts/update/2", {"mime_type": cipher("t")})


@pytest.mark.parametrize(
    ("query", "device"), [({}, None), ({"android_device": ""}, None), ({"android_device": 1001}, "1001")]
)
def test_removing_says_which_phone_it_was(drafts: Account, query: dict[str, Any], device: str | None) -> None:
    emitted = drafts.post("/drafts/remove/8", **query)
    assert emitted == [("removed_drafts", {"id": 8, "android_device": device})]
    assert drafts.ids("/drafts") == [3]


def test_removing_where_there_is_none_still_emits(local: Account) -> None:
    assert local.post("/drafts/remove/8") == [("removed_drafts", {"id": 8, "android_device": None})]
