"""Contacts (rest.md 2.7, operations.md 10 to 13)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, WrongType
from tests.contract_facts import cipher
from tests.resources.conftest import Account


def add(account: Account, *ids: int, **columns: Any) -> list[tuple[str, dict[str, Any]]]:
    contacts = [{"device_id": n, "phone_number": cipher("1"), "name": cipher("Ann"), **columns} for n in ids]
    return account.post("/contacts/add", {"contacts": contacts})


def test_only_the_number_in_the_body_is_a_change(local: Account) -> None:
    """Android repeats the number in the query, encrypted anew, to say which contact it means."""
    add(local, 33)
    anew = cipher("encrypted anew")
    ((_, content),) = local.post("/contacts/update_device_id", {"color": 7}, device_id=33, phone_number=anew)
    assert content["phone_number"] == cipher("1")
    ((_, content),) = local.post(
        "/contacts/update_device_id", {"phone_number": cipher("2")}, device_id=33, phone_number=anew
    )
    assert content["phone_number"] == cipher("2")
    assert local.get("/contacts")[0]["phone_number"] == cipher("2")


def test_a_number_in_the_query_alone_changes_and_emits_nothing(local: Account) -> None:
    add(local, 33)
    assert local.post("/contacts/update_device_id", device_id=33, phone_number=cipher("2")) == []
    assert local.get("/contacts")[0]["phone_number"] == cipher("1")


@pytest.mark.parametrize(
    ("sent", "removed", "said"),
    [
        ("44,", [44], "44"),
        (",44", [44], "44"),
        ("44,,45,", [44, 45], "44,45"),
        ("44", [44], "44"),
        ("45,44", [44, 45], "45,44"),
        ("44,17", [44], "44,17"),
        ("17", [], "17"),
    ],
)
def test_empty_ids_are_dropped(local: Account, sent: str, removed: list[int], said: str) -> None:
    add(local, 44, 45, 46)
    assert local.post(f"/contacts/remove_ids/{sent}") == [("removed_contact_by_id", {"id": said})]
    assert local.ids("/contacts") == [n for n in (44, 45, 46) if n not in removed]


def test_only_empty_ids_remove_nothing(local: Account) -> None:
    add(local, 44)
    assert local.post("/contacts/remove_ids/,,") == []
    assert local.ids("/contacts") == [44]


def test_one_wrong_id_removes_nothing(local: Account) -> None:
    add(local, 44)
    with pytest.raises(WrongType, match=r"^parameter ids has the wrong type$"):
        local.post("/contacts/remove_ids/44,x")
    assert local.ids("/contacts") == [44]


def test_the_ids_that_lists_show_are_those_that_are_removed(local: Account) -> None:
    """So they match on the phones too, whose own ids they are."""
    add(local, 44, 900719925474099)
    (row,) = local.get("/contacts/simple", limit=1, offset=1)
    local.post(f"/contacts/remove_ids/{row['id']}")
    assert local.ids("/contacts") == [44]


def test_what_is_left_out_is_null_zero_and_type_4(local: Account) -> None:
    ((_, content),) = local.post("/contacts/add", {"contacts": [{"device_id": 33}]})
    colours = dict.fromkeys(("color", "color_dark", "color_light", "color_accent"), 0)
    assert content == {"phone_number": None, "name": None, **colours, "type": 4}
    (row,) = local.get("/contacts")
    assert row.items() >= {"phone_number": None, "name": None, "id_matcher": None, "contact_type": 4}.items()


def test_the_simple_list_has_what_the_web_shows(local: Account) -> None:
    add(local, 44, 33, color=1, color_dark=2, color_light=3, color_accent=4, id_matcher=cipher("m"))
    row = {"phone_number": cipher("1"), "name": cipher("Ann"), "id_matcher": cipher("m"), "color": 1, "color_accent": 4}
    rest = {"contact_type": 4, "account_id": local.id}
    assert local.get("/contacts/simple") == [{"id": 33, **row, **rest}, {"id": 44, **row, **rest}]
    assert local.ids("/contacts/simple", limit=300, offset=0) == [33, 44]
    assert local.ids("/contacts/simple", limit=1, offset=1) == [44]


@pytest.mark.parametrize(("sent", "said"), [({}, cipher("1")), ({"phone_number": cipher("2")}, cipher("2"))])
def test_a_removed_contact_is_named_by_the_number_sent_else_stored(
    local: Account, sent: dict[str, str], said: str
) -> None:
    add(local, 33, 34)
    emitted = local.post("/contacts/remove_device_id", device_id=33, **sent)
    assert emitted == [("removed_contact", {"device_id": 33, "phone_number": said})]
    assert local.ids("/contacts") == [34]


def test_a_contact_that_never_was_is_removed_without_number(local: Account) -> None:
    emitted = local.post("/contacts/remove_device_id", device_id=33)
    assert emitted == [("removed_contact", {"device_id": 33, "phone_number": None})]


def test_clearing_removes_all_and_emits_nothing(local: Account) -> None:
    add(local, 33, 34)
    assert local.post("/contacts/clear") == []
    assert local.ids("/contacts") == []


@pytest.mark.parametrize("path", ["update_device_id", "remove_device_id"])
def test_the_contact_is_asked_for(local: Account, path: str) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter device_id$"):
        local.post(f"/contacts/{path}", {"name": cipher("Ann")})
