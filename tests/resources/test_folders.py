"""Folders and what is in them (rest.md 2.8 and 2.11, operations.md 31 to 35)."""

import pytest

from heartline.errors import MissingParameter
from tests.contract_facts import cipher
from tests.resources.conftest import Account


def folders_of_conversations(account: Account) -> dict[int, int]:
    return {row["id"]: row["folder_id"] for row in account.get("/conversations")}


@pytest.fixture
def foldered(local: Account) -> Account:
    """An account with two folders and three conversations, two of them in folder 4."""
    local.post("/folders/add", {"folders": [{"device_id": n, "name": cipher("x")} for n in (4, 5)]})
    talks = [{"device_id": n, "folder_id": folder, "timestamp": n} for n, folder in ((1, 4), (2, 5), (3, 4))]
    local.post("/conversations/add", {"conversations": talks})
    return local


def test_removing_a_folder_takes_its_conversations_out(foldered: Account) -> None:
    assert foldered.post("/folders/remove/4") == [("removed_folder", {"id": 4})]
    assert foldered.ids("/folders") == [5]
    assert folders_of_conversations(foldered) == {1: -1, 2: 5, 3: -1}


def test_a_conversation_moves_from_folder_to_folder(foldered: Account) -> None:
    emitted = foldered.post("/conversations/add_to_folder/1", folder_id=5)
    assert emitted == [("add_conversation_to_folder", {"id": 1, "folder_id": 5})]
    assert folders_of_conversations(foldered) == {1: 5, 2: 5, 3: 4}
    assert foldered.ids("/conversations/folder/5") == [2, 1]


def test_a_folder_may_be_filled_before_it_is_added(foldered: Account) -> None:
    foldered.post("/conversations/add_to_folder/1", folder_id=6)
    assert foldered.ids("/conversations/folder/6") == [1]


def test_a_conversation_leaves_its_folder(foldered: Account) -> None:
    emitted = foldered.post("/conversations/remove_from_folder/1")
    assert emitted == [("remove_conversation_from_folder", {"id": 1})]
    assert folders_of_conversations(foldered) == {1: -1, 2: 5, 3: 4}


def test_a_missing_conversation_is_moved_for_the_clients_only(foldered: Account) -> None:
    before = folders_of_conversations(foldered)
    assert len(foldered.post("/conversations/add_to_folder/404", folder_id=4)) == 1
    assert len(foldered.post("/conversations/remove_from_folder/404")) == 1
    assert folders_of_conversations(foldered) == before


def test_the_folder_is_asked_for(foldered: Account) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter folder_id$"):
        foldered.post("/conversations/add_to_folder/1")


def test_what_a_folder_was_not_given_is_zero(local: Account) -> None:
    ((_, content),) = local.post("/folders/add", {"folders": [{"device_id": 4, "name": cipher("Family")}]})
    colours = dict.fromkeys(("color", "color_dark", "color_light", "color_accent"), 0)
    assert content == {"device_id": 4, "name": cipher("Family"), **colours}
