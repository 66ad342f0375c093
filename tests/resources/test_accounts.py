"""Accounts: counting, cleaning, removing, the two password dialects, who may sign up (rest.md 2.1)."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from heartline.contract import ENDPOINTS, Endpoint
from heartline.errors import AccountIdInvalid, NotFound, NotImplementedHere, UserExists, WrongLogin
from heartline.passwords import hash_password
from tests import conftest
from tests.command_line import run_command
from tests.contract_facts import Text, cipher
from tests.resources.conftest import Account, Database, connect_to
from tests.resources.nouns import NOUNS
from tests.resources.valid_requests import DEVICE, fill, valid_body, valid_path
from tests.scenarios.accounts import LOGIN, SIGNED_UP
from tests.scenarios.steps import ACCOUNT

ONE_OF_EACH = {
    "device_count": 1,
    "message_count": 1,
    "conversation_count": 1,
    "draft_count": 1,
    "scheduled_count": 1,
    "blacklist_count": 1,
    "contact_count": 1,
    "template_count": 1,
    "folder_count": 1,
    "auto_reply_count": 1,
}


@pytest.fixture
def full(local: Account) -> Account:
    """An account with a row in every table, the cursor of an old client included."""
    fill(local)
    local.database.execute("INSERT INTO cursors VALUES (?, 'client', 1, 0)", local.number)
    return local


def test_the_fixture_fills_every_table(full: Account) -> None:
    """Else the tests below would not see what stays behind."""
    tables = full.database.tables()
    assert full.database.rows_of(full).keys() == tables - {"schema_version", "activations", "ended"}


def test_counts(full: Account) -> None:
    assert full.get("/accounts/count") == ONE_OF_EACH
    assert full.database.sign_up().get("/accounts/count") == dict.fromkeys(ONE_OF_EACH, 0)


def test_cleaning_leaves_account_settings_and_devices(full: Account) -> None:
    before = full.database.rows_of(full)
    reply, emitted = full.ask("/accounts/clean_account")
    assert reply == {"success": "account cleaned"}
    assert emitted == [("cleaned_account", {"id": full.id})]
    after = full.database.rows_of(full)
    assert after.keys() == {"accounts", "settings", "devices", "events", "cursors"}
    assert (after["settings"], after["devices"]) == (before["settings"], before["devices"])
    assert len(after["events"]) == len(before["events"]) + 1


def test_removing_leaves_nothing_but_its_last_event(full: Account) -> None:
    reply, emitted = full.ask("/accounts/remove_account")
    assert reply == {"success": "account deleted"}
    assert emitted == [("removed_account", {"id": full.id})]
    left = full.database.rows_of(full)
    assert left.keys() == {"ended"}
    (end,) = left["ended"]
    assert b'"removed_account"' in end[-1]


def test_removing_forgets_activations(full: Account) -> None:
    with pytest.raises(NotFound):
        full.database.request("GET", "/activate", {"activation_code": "C0FFEE42"})
    full.database.execute("UPDATE activations SET account_id = ?", full.id)
    assert "activations" in full.database.rows_of(full)
    full.ask("/accounts/remove_account")
    assert full.database.execute("SELECT * FROM activations") == []


def test_the_account_in_other_tables_is_another_after_removal_and_sign_up(database: Database) -> None:
    """A removed account's number must not come back, or the next account would get its events."""
    first = database.sign_up("pat")
    fill(first)
    first.ask("/accounts/remove_account")
    second = database.sign_up("pat")
    assert second.id != first.id
    assert second.number != first.number
    assert database.rows_of(second).keys() == {"accounts"}


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if not e.public], ids=lambda e: f"{e.method} {e.path}")
def test_a_removed_account_is_unknown_everywhere(full: Account, endpoint: Endpoint) -> None:
    full.ask("/accounts/remove_account")
    full.database.execute("DELETE FROM ended")
    with pytest.raises(AccountIdInvalid) as error:
        full.database.request(endpoint.method, valid_path(endpoint), {"account_id": full.id}, valid_body(endpoint))
    assert error.value.status == 401
    assert full.database.rows_of(full) == {}


def test_what_is_not_there(local: Account) -> None:
    with pytest.raises(NotImplementedHere, match=r"^not implemented$") as not_implemented:
        local.get("/accounts")
    assert not_implemented.value.status == 501
    with pytest.raises(NotFound):
        local.get("/accounts/view_subscription")
    assert local.post("/accounts/update_subscription", subscription_type=1, subscription_expiration=5) == []
    assert local.get("/accounts/settings")["subscription_type"] == 3


# --- signing up and in ---

RAW = "Correct horse 7!"
HASHED = hashlib.sha256(RAW.encode()).hexdigest()
hashed = cache(hash_password)
"""Slow on purpose, so each password is hashed once."""


def sign_up(database: Database, name: str, password: str) -> Any:
    body = {"name": name, "password": password, "phone_number": "+1555", "real_name": "Pat"}
    reply, emitted = database.request("POST", "/accounts/signup", {}, body, hashed(password))
    assert emitted == []
    return reply


def log_in(database: Database, name: str, password: str) -> Any:
    reply, emitted = database.request("POST", "/accounts/login", {}, {"username": name, "password": password})
    assert emitted == []
    return reply


@pytest.mark.parametrize("signed_up_with", [RAW, HASHED], ids=["Pulse", "Heart"])
def test_one_account_serves_both_families(database: Database, signed_up_with: str) -> None:
    """Pulse clients send the password, Heart clients its SHA-256."""
    ids = sign_up(database, "pat", signed_up_with)
    assert ids == SIGNED_UP
    for password in (RAW, HASHED):
        reply = log_in(database, "pat", password)
        assert {name: reply[name] for name in ids} == ids


def test_a_wrong_password_is_refused(database: Database) -> None:
    sign_up(database, "pat", RAW)
    for password in ("correct horse 7!", HASHED.upper(), HASHED[:-1], HASHED + "0", HASHED + "\n", f" {RAW}"):
        with pytest.raises(WrongLogin, match=r"^username or password incorrect$") as error:
            log_in(database, "pat", password)
        assert error.value.status == 401


@pytest.mark.parametrize("name", ["nobody", "Pat", "pat "])
def test_an_unknown_user_is_refused_like_a_wrong_password(database: Database, name: str) -> None:
    sign_up(database, "pat", RAW)
    with pytest.raises(WrongLogin, match=r"^username or password incorrect$"):
        log_in(database, name, RAW)


def test_the_login_reply(database: Database) -> None:
    ids = sign_up(database, "pat", RAW)
    reply = log_in(database, "pat", RAW)
    assert {**reply, "account_id": ACCOUNT} == {**LOGIN, "phone_number": "+1555"}
    assert reply["account_id"] == ids["account_id"]


def test_the_login_reply_has_the_settings(database: Database) -> None:
    ids = sign_up(database, "pat", RAW)
    account = Account(database, "pat", ids["account_id"])
    account.post("/accounts/update_setting", pref="global_primary_color", type="int", value=7)
    reply = log_in(database, "pat", RAW)
    assert reply["color"] == 7
    assert account.get("/accounts/settings").items() <= reply.items()


def test_salts_and_ids_are_each_ones_own_and_never_change(database: Database) -> None:
    first, second = sign_up(database, "pat", RAW), sign_up(database, "sam", RAW)
    assert not set(first.values()) & set(second.values())
    assert first["salt1"] != first["salt2"]
    account = Account(database, "pat", first["account_id"])
    account.ask("/accounts/clean_account")
    assert log_in(database, "pat", RAW).items() >= first.items()


def test_a_name_is_taken_once(database: Database) -> None:
    ids = sign_up(database, "pat", RAW)
    with pytest.raises(UserExists, match=r"^user already exists$") as error:
        sign_up(database, "pat", "another")
    assert error.value.status == 400
    assert log_in(database, "pat", RAW).items() >= ids.items()


def test_no_password_is_stored(database: Database) -> None:
    sign_up(database, "pat", RAW)
    ((stored,),) = database.execute("SELECT password_hash FROM accounts")
    assert stored.startswith("$argon2id$")
    assert RAW not in stored
    assert HASHED not in stored


def statuses(server: conftest.Server, *names: str) -> Iterator[int]:
    for name in names:
        body = {"name": name, "password": "x", "phone_number": "", "real_name": ""}
        reply = server.http.post("/api/v1/accounts/signup", json=body)
        if reply.status_code == 403:
            assert reply.json()["error"] == "username is not allowed"
        elif reply.status_code == 200:
            assert reply.json() == SIGNED_UP
        yield reply.status_code


@pytest.mark.parametrize(
    ("signup", "expected"),
    [
        ("first", [200, 403, 403]),
        ("open", [200, 200, 200]),
        ("closed", [403, 403, 403]),
        ("sam, kim", [403, 200, 200]),
    ],
)
def test_who_may_sign_up(new_server: conftest.NewServer, signup: str, expected: list[int]) -> None:
    server = new_server(signup=signup)
    assert list(statuses(server, "pat", "sam", "kim")) == expected
    taken = [name for name, status in zip(("pat", "sam", "kim"), expected, strict=True) if status == 200]
    allowed_again = 403 if signup == "first" else 400
    assert list(statuses(server, *taken)) == [allowed_again] * len(taken)
    assert list(statuses(server, "SAM")) == [200 if signup == "open" else 403]


def test_an_account_may_be_created_on_a_closed_server_by_command(new_server: conftest.NewServer) -> None:
    server = new_server(signup="closed")
    run_command("account", "create", "pat", "--password", RAW, "--real-name", "Pat", server=server)
    reply = server.http.post("/api/v1/accounts/login", json={"username": "pat", "password": HASHED})
    assert reply.status_code == 200
    assert reply.json()["account_id"] == Text("[0-9a-f]{64}")


# --- removing, with sockets ---


def test_all_sockets_hear_of_the_removal_and_are_closed(account: conftest.Account) -> None:
    other = account.server.sign_up()
    with account.stream() as first, account.stream() as second, other.stream() as others:
        assert account.post("/accounts/remove_account") == {"success": "account deleted"}
        for stream in (first, second):
            assert stream.operation() == ("removed_account", {"id": account.id})
            assert stream.close_code() == 1008
        other.post("/accounts/clean_account")
        assert others.operation() == ("cleaned_account", {"id": other.id})


def test_the_database_file_keeps_nothing_but_the_last_event(account: conftest.Account) -> None:
    with closing(connect_to(account.server.database)) as connection:
        stored = Account(Database(connection), account.name, account.id)
        for noun in NOUNS:
            account.post(f"/{noun.name}/add", {noun.name: [noun.item()]})
        account.post("/media/add", {"message_id": 5, "data": cipher("a picture")})
        account.post("/devices/add", {"device": DEVICE})
        account.post("/accounts/update_setting", pref="base_theme", type="string", value="dark")
        assert len(stored.database.rows_of(stored)) == 14
        account.post("/accounts/remove_account")
        left = stored.database.rows_of(stored)
    assert left.keys() == {"ended"}
    assert len(left["ended"]) == 1


def test_sockets_hear_of_a_removal_by_command(account: conftest.Account) -> None:
    with account.stream() as stream:
        run_command("account", "remove", account.name, "--yes", server=account.server)
        assert stream.operation() == ("removed_account", {"id": account.id})
        assert stream.close_code() == 1008
    gone = account.try_post("/contacts/clear")
    assert (gone.status_code, gone.json()["error"]) == (401, "account id invalid")


def test_updates_by_command_name_both_fields(account: conftest.Account) -> None:
    with account.stream() as stream:
        run_command("account", "update", account.name, "--phone-number", "+2", server=account.server)
        expected = {"id": account.id, "real_name": "Pat", "phone_number": "+2"}
        assert stream.operation() == ("updated_account", expected)


def test_a_flag_reaches_every_account(account: conftest.Account) -> None:
    other = account.server.sign_up()
    with account.stream() as first, other.stream() as second:
        run_command("flag", "some_flag", "off", "--rollout", "5", server=account.server)
        for stream in (first, second):
            assert stream.operation() == ("feature_flag", {"id": "some_flag", "value": False, "rollout": 5})
