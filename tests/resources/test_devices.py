"""Devices (rest.md 2.9, decisions.md 10 and 11, operations.md 44)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, PrimaryExists, UnknownDevice, WrongType
from tests.contract_facts import cipher
from tests.resources.conftest import Account


def add(account: Account, **device: Any) -> int:
    """The id of the reply. Registering emits nothing."""
    reply, emitted = account.ask("/devices/add", {"account_id": account.id, "device": device})
    assert emitted == []
    assert reply.keys() == {"id"}
    assert type(reply["id"]) is int
    return reply["id"]


def device(account: Account, device_id: int) -> dict[str, Any]:
    (found,) = (row for row in account.get("/devices") if row["id"] == device_id)
    return found


def primaries(account: Account) -> list[int]:
    return [row["id"] for row in account.get("/devices") if row["primary"]]


@pytest.mark.parametrize("sent", [{"id": 0}, {"id": "0"}, {"id": None}, {"id": -1}, {"id": ""}, {}])
def test_an_app_gets_an_id(local: Account, sent: dict[str, Any]) -> None:
    """Apps always send 0. Browsers use 0 to 3 as `sent_device`, and apps hold an id in 32 bits."""
    allotted = {add(local, name="Pixel", **sent) for _ in range(20)}
    assert len(allotted) == 20
    assert all(1000 <= device_id < 2**31 for device_id in allotted)
    assert local.ids("/devices") == sorted(allotted)


def test_the_bounds_of_what_is_allotted(local: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda bound: 0)
    assert add(local) == 1000
    monkeypatch.setattr("secrets.randbelow", lambda bound: bound - 1)
    assert add(local) == 2**31 - 1


def test_what_is_allotted_is_free(local: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([5, 5, 5, 6])
    monkeypatch.setattr("secrets.randbelow", lambda bound: next(drawn))
    assert [add(local), add(local)] == [1005, 1006]


@pytest.mark.parametrize("device_id", [1, 2, 1001, 2**31 - 1, "7"])
def test_a_given_id_is_used(local: Account, device_id: object) -> None:
    assert add(local, id=device_id, name="Pixel") == int(str(device_id))
    assert local.ids("/devices") == [int(str(device_id))]


def test_the_same_device_again_replaces_itself(local: Account) -> None:
    add(local, id=7, name="Pixel", info="a", primary=True, fcm_token="old")
    assert add(local, id=7, name="Pixel 2", info="a", primary=True) == 7
    row = {
        "id": 7,
        "account_id": local.id,
        "name": "Pixel 2",
        "info": "a",
        "primary": True,
        "fcm_token": None,
        "ios": False,
    }
    assert local.get("/devices") == [row]


def test_what_a_device_does_not_say_is_null(local: Account) -> None:
    add(local, id=7)
    unset = {"info": None, "name": None, "primary": False, "fcm_token": None, "ios": False}
    assert local.get("/devices") == [{"id": 7, "account_id": local.id, **unset}]


@pytest.mark.parametrize("sent", [{"id": 8}, {"id": 0}, {}])
def test_a_second_primary_is_refused(local: Account, sent: dict[str, int]) -> None:
    add(local, id=7, primary=True)
    with pytest.raises(PrimaryExists, match=r"^account already has a primary device$") as error:
        add(local, primary=True, **sent)
    assert error.value.status == 409
    assert local.ids("/devices") == [7]


def test_what_the_app_does_after_a_refusal(local: Account) -> None:
    """It removes the old phone, or adds itself without being primary and then takes over."""
    add(local, id=7, primary=True)
    add(local, id=8, primary=False)
    assert primaries(local) == [7]
    local.post("/devices/update_primary", new_primary_device_id=8)
    assert primaries(local) == [8]
    local.post("/devices/remove/8")
    assert add(local, id=9, primary=True) == 9
    assert primaries(local) == [9]


def test_another_account_may_have_its_primary(local: Account) -> None:
    add(local, id=7, primary=True)
    assert add(local.database.sign_up(), id=7, primary=True) == 7


@pytest.mark.parametrize(
    ("device", "error", "name"),
    [
        ({"id": 2**31}, WrongType, "id"),
        ({"id": "x"}, WrongType, "id"),
        ({"id": 1, "primary": "perhaps"}, WrongType, "primary"),
        ({"id": 1, "name": 5}, WrongType, "name"),
        (None, MissingParameter, "device"),
        ([], WrongType, "device"),
    ],
)
def test_only_bad_input_fails(local: Account, device: object, error: type[Exception], name: str) -> None:
    with pytest.raises(error, match=rf"parameter {name}( |$)"):
        local.ask("/devices/add", {"device": device})


def test_an_update_changes_what_is_given(local: Account) -> None:
    add(local, id=7, name="Pixel", info="a", primary=True, fcm_token="old")
    add(local, id=8, name="Tab")
    before = device(local, 7)
    assert local.post("/devices/update/7", fcm_token="new") == []
    assert device(local, 7) == {**before, "fcm_token": "new"}
    assert local.post("/devices/update/7", name="My phone") == []
    assert device(local, 7) == {**before, "fcm_token": "new", "name": "My phone"}
    assert local.post("/devices/update/7") == []
    assert local.post("/devices/update/404", name="x") == []
    assert device(local, 7)["name"] == "My phone"
    assert device(local, 8)["name"] == "Tab"


def test_removing_a_device_clears_it_from_its_messages(local: Account) -> None:
    add(local, id=1001)
    add(local, id=1002)
    ids = {"device_conversation_id": 8, "message_type": 1, "timestamp": 1}
    texts = {"data": cipher("Hi"), "mime_type": cipher("t")}
    messages = [{"device_id": sender, "sent_device": sender, **ids, **texts} for sender in (1001, 1002, 3)]
    local.post("/messages/add", {"messages": messages})
    assert local.post("/devices/remove/1001") == []
    assert local.ids("/devices") == [1002]
    assert {row["id"]: row["sent_device"] for row in local.get("/messages")} == {1001: -1, 1002: 1002, 3: 3}
    assert local.post("/devices/remove/1001") == []


def test_the_primary_changes_hands(local: Account) -> None:
    for device_id in (7, 8, 9):
        add(local, id=device_id, primary=device_id == 7)
    expected = [("update_primary_device", {"new_primary_device_id": "9"})]
    assert local.post("/devices/update_primary", new_primary_device_id="9") == expected
    assert primaries(local) == [9]


def test_an_unknown_device_cannot_be_primary(local: Account) -> None:
    add(local, id=7, primary=True)
    with pytest.raises(UnknownDevice) as error:
        local.post("/devices/update_primary", new_primary_device_id=8)
    assert error.value.status == 400
    assert primaries(local) == [7]


def test_the_new_primary_is_asked_for(local: Account) -> None:
    with pytest.raises(MissingParameter, match=r"^missing required parameter new_primary_device_id$"):
        local.post("/devices/update_primary")
