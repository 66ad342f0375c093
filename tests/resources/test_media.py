"""Media (rest.md 2.12, decisions.md 12), over HTTP where the form of the reply is what matters."""

import pytest

from heartline.errors import MissingParameter, NotFound
from tests import conftest
from tests.contract_facts import cipher
from tests.resources.conftest import Account

DATA = cipher("a picture") * 3


def test_data_comes_back_byte_for_byte(local: Account) -> None:
    assert local.post("/media/add", {"message_id": 10, "data": DATA}) == []
    assert local.get("/media/10") == {"data": DATA}


@pytest.mark.parametrize(
    "form",
    [
        {str(position): byte for position, byte in enumerate(DATA.encode())},
        list(DATA.encode()),
    ],
    ids=["object", "list"],
)
def test_bytes_are_the_text_they_spell(local: Account, form: object) -> None:
    """The Heart web client sends a serialised Uint8Array."""
    local.post("/media/add", {"message_id": 10, "data": form})
    assert local.get("/media/10") == {"data": DATA}


def test_bytes_beyond_ascii_are_utf_8(local: Account) -> None:
    local.post("/media/add", {"message_id": 10, "data": list("héllo 😀".encode())})
    assert local.get("/media/10") == {"data": "héllo 😀"}


def test_a_repeat_replaces(local: Account) -> None:
    for data in (DATA, DATA, cipher("another")):
        assert local.post("/media/add", {"message_id": 10, "data": data}) == []
    assert local.get("/media/10") == {"data": cipher("another")}
    assert len(local.database.rows_of(local)["media"]) == 1


def test_media_may_come_before_its_message(local: Account) -> None:
    local.post("/media/add", {"message_id": 10, "data": DATA})
    assert local.ids("/messages") == []
    assert local.get("/media/10") == {"data": DATA}


def test_what_was_never_stored_is_404(local: Account) -> None:
    with pytest.raises(NotFound) as error:
        local.get("/media/10")
    assert error.value.status == 404


@pytest.mark.parametrize(("body", "name"), [({"data": DATA}, "message_id"), ({"message_id": 1}, "data")])
def test_both_parameters_are_asked_for(local: Account, body: dict[str, object], name: str) -> None:
    for wrong in (body, {**dict.fromkeys(("message_id", "data")), **body}, {"message_id": "", "data": "", **body}):
        with pytest.raises(MissingParameter, match=rf"^missing required parameter {name}$"):
            local.post("/media/add", wrong)


AXIOS = "application/json, text/plain, */*"


@pytest.mark.parametrize(
    ("query", "accept", "is_raw"),
    [
        ({}, AXIOS, False),
        ({}, "*/*", False),
        ({}, "application/json", False),
        ({}, "text/plain", True),
        ({}, "text/plain, application/json;q=0.5", True),
        ({"raw": "true"}, AXIOS, True),
        ({"raw": "1"}, AXIOS, True),
        ({"raw": "false"}, AXIOS, False),
        ({"raw": "false"}, "text/plain", False),
    ],
)
def test_the_bare_text_for_who_asks_for_it(
    account: conftest.Account, query: dict[str, str], accept: str, is_raw: bool
) -> None:
    """The Pulse web client takes the whole body for the ciphertext; both web clients send the same `Accept`."""
    account.post("/media/add", {"message_id": 10, "data": DATA})
    reply = account.server.http.get(
        "/api/v1/media/10", params={"account_id": account.id, **query}, headers={"accept": accept}
    )
    assert reply.status_code == 200
    if is_raw:
        assert reply.headers["content-type"].startswith("text/plain")
        assert reply.content == DATA.encode()
    else:
        assert reply.headers["content-type"] == "application/json"
        assert reply.json() == {"data": DATA}


def test_eight_megabytes_of_ciphertext(account: conftest.Account) -> None:
    """More than the largest picture of the apps."""
    data = cipher("x" * 6_000_000)
    account.post("/media/add", {"message_id": 10, "data": data})
    assert account.get("/media/10") == {"data": data}
