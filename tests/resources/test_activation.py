"""Activation (rest.md 2.2, decisions.md 15)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, NotFound, WrongType
from heartline.resources.activation import EXPIRES_MS, PENDING, approve
from tests import conftest
from tests.command_line import run_command
from tests.resources.conftest import Account, Database

CODE = "C0FFEE42"


def poll(database: Database, code: str = CODE) -> Any:
    """The login reply, or None for 404."""
    try:
        reply, emitted = database.request("GET", "/activate", {"activation_code": code})
    except NotFound:
        return None
    assert emitted == []
    return reply


def approve_for(account: Account, code: str = CODE) -> None:
    with account.database.transaction() as tx:
        approve(tx.bound(account.id), code)


def test_a_code_is_approved_once_and_used_once(local: Account) -> None:
    database = local.database
    assert poll(database) is None
    assert poll(database) is None
    approve_for(local)
    reply = poll(database)
    assert reply["account_id"] == local.id
    assert reply.keys() >= {"salt1", "salt2", "phone_number", "name", "subscription_type", "base_theme"}
    assert poll(database) is None
    with pytest.raises(NotFound):
        approve_for(database.sign_up(), "DEADBEEF")


def test_an_approved_code_cannot_be_approved_for_another(local: Account) -> None:
    poll(local.database)
    approve_for(local)
    with pytest.raises(NotFound):
        approve_for(local.database.sign_up())
    assert poll(local.database)["account_id"] == local.id


def test_a_code_that_nobody_asked_with_cannot_be_approved(local: Account) -> None:
    with pytest.raises(NotFound):
        approve_for(local)
    assert poll(local.database) is None


def test_only_the_approved_code_counts(local: Account) -> None:
    for code in (CODE, "DEADBEEF"):
        poll(local.database, code)
    approve_for(local, "DEADBEEF")
    assert poll(local.database) is None
    assert poll(local.database, "DEADBEEF")["account_id"] == local.id


@pytest.mark.parametrize("is_approved", [False, True])
def test_a_code_lives_ten_minutes(local: Account, is_approved: bool) -> None:
    database = local.database
    assert EXPIRES_MS == 10 * 60 * 1000
    poll(database)
    if is_approved:
        approve_for(local)
    database.now_ms += EXPIRES_MS + 1
    with pytest.raises(NotFound):
        approve_for(local)
    assert poll(database) is None
    assert codes(database) == [CODE]  # asked for anew


def test_a_code_is_good_until_its_last_millisecond(local: Account) -> None:
    poll(local.database)
    local.database.now_ms += EXPIRES_MS
    approve_for(local)
    assert poll(local.database)["account_id"] == local.id


def test_asking_again_does_not_prolong_it(local: Account) -> None:
    poll(local.database)
    local.database.now_ms += EXPIRES_MS
    poll(local.database)
    local.database.now_ms += 1
    with pytest.raises(NotFound):
        approve_for(local)


def test_codes_that_wait_are_bounded(database: Database) -> None:
    for number in range(PENDING + 5):
        poll(database, f"{number:08X}")
    assert len(codes(database)) == PENDING


@pytest.mark.parametrize(("code", "error"), [("", MissingParameter), ("A" * 65, WrongType)])
def test_a_code_is_asked_for_and_short(database: Database, code: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="activation_code"):
        database.request("GET", "/activate", {"activation_code": code})
    assert codes(database) == []


def codes(database: Database) -> list[str]:
    return [code for (code,) in database.execute("SELECT code FROM activations")]


def test_a_television_logs_in(account: conftest.Account) -> None:
    """From the first question to the login, as device and person see it."""

    def ask() -> Any:
        reply = account.server.http.get("/api/v1/activate", params={"activation_code": "7E1E0150"})
        assert reply.headers["content-type"] == "application/json"
        return reply

    first = ask()
    assert (first.status_code, sorted(first.json())) == (404, ["code", "error"])
    run_command("account", "activate", account.name, "7E1E0150", server=account.server)
    login = account.server.http.post(
        "/api/v1/accounts/login", json={"username": account.name, "password": "Correct horse 7!"}
    )
    activated = ask()
    assert (activated.status_code, activated.json()) == (200, login.json())
    assert ask().status_code == 404
