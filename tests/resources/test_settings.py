"""Settings (rest.md 2.1, accounts/settings and update_setting; operations.md 42)."""

from typing import Any

import pytest

from heartline.errors import MissingParameter, WrongType
from tests.contract_facts import cipher
from tests.resources.conftest import Account
from tests.scenarios.accounts import SETTINGS


def write(account: Account, pref: str, type_name: str, value: object) -> Any:
    """The typed value of the operation."""
    ((name, content),) = account.post("/accounts/update_setting", pref=pref, type=type_name, value=value)
    assert name == "update_setting"
    assert (content["pref"], content["type"]) == (pref, type_name)
    return content["value"]


def test_the_defaults_of_a_new_account(local: Account) -> None:
    assert local.get("/accounts/settings") == SETTINGS
    assert local.get("/accounts/settings", limit=75) == SETTINGS


@pytest.mark.parametrize(
    ("pref", "type_name", "value", "field", "seen"),
    [
        ("global_primary_color", "int", "-12627531", "color", -12627531),
        ("global_primary_dark_color", "int", "5", "color_dark", 5),
        ("global_primary_light_color", "int", "5", "color_light", 5),
        ("global_accent_color", "int", "5", "color_accent", 5),
        ("apply_theme_globally", "boolean", "true", "use_global_theme", True),
        ("apply_primary_color_toolbar", "boolean", "false", "apply_primary_color_to_toolbar", False),
        ("apply_primary_color_toolbar", "boolean", "false", "apply_primary_color_toolbar", False),
        ("apply_primary_color_to_toolbar", "boolean", "false", "apply_primary_color_toolbar", False),
        ("private_conversations_passcode", "string", cipher("1234"), "passcode", cipher("1234")),
        ("bubble_style", "string", "circle", "rounder_bubbles", True),
        ("base_theme", "string", "day_night", "base_theme", "day_night"),
        ("conversation_categories", "boolean", "false", "conversation_categories", False),
        ("message_timestamp", "boolean", "true", "message_timestamp", True),
        ("rounder_bubbles", "boolean", "true", "rounder_bubbles", True),
        ("global_color_theme", "string", "blue", "global_color_theme", "blue"),
    ],
)
def test_what_is_written_under_one_name_is_read_under_another(
    local: Account, pref: str, type_name: str, value: str, field: str, seen: object
) -> None:
    write(local, pref, type_name, value)
    settings = local.get("/accounts/settings")
    assert settings[field] == seen
    assert type(settings[field]) is type(seen)
    both = {"apply_primary_color_to_toolbar", "apply_primary_color_toolbar"}
    touched = both if field in both else {field}
    assert {name for name in SETTINGS if settings[name] != SETTINGS[name]} == touched
    assert settings.keys() == SETTINGS.keys()


def test_another_bubble_style_is_not_round(local: Account) -> None:
    write(local, "bubble_style", "string", "circle")
    assert write(local, "bubble_style", "string", "rounded") == "rounded"
    assert local.get("/accounts/settings")["rounder_bubbles"] is False


def test_of_two_names_for_one_field_the_last_written_counts(local: Account) -> None:
    for pref, value in (("color", 1), ("global_primary_color", 2), ("color", 3)):
        write(local, pref, "int", value)
        assert local.get("/accounts/settings")["color"] == value


@pytest.mark.parametrize(
    ("type_name", "sent", "emitted"),
    [
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", "1", True),
        ("boolean", "0", False),
        ("BOOLEAN", "TRUE", True),
        ("Int", "-5", -5),
        ("int", "5", 5),
        ("long", "1608150458123", 1608150458123),
        ("LONG", "-9223372036854775808", -(2**63)),
        ("string", "5", "5"),
        ("string", "007", "007"),
        ("string", "true", "true"),
        ("string", "True", "True"),
        ("string", "null", "null"),
        ("string", "1e3", "1e3"),
        ("String", "", ""),
        ("set", "", ""),
        ("set", "a,b c\nd", "a,b c\nd"),
        ("string", "a+b&c=d %41 😀", "a+b&c=d %41 😀"),
    ],
)
def test_the_value_is_typed(local: Account, type_name: str, sent: str, emitted: object) -> None:
    value = write(local, "some_pref", type_name, sent)
    assert value == emitted
    assert type(value) is type(emitted)


@pytest.mark.parametrize(
    ("type_name", "sent", "emitted"),
    [
        ("boolean", True, True),
        ("boolean", 0, False),
        ("int", 5, 5),
        ("int", 5.0, 5),
        ("string", 5, "5"),
        ("string", True, "true"),
        ("string", "x", "x"),
    ],
)
def test_the_value_may_be_json(local: Account, type_name: str, sent: object, emitted: object) -> None:
    body = {"pref": "some_pref", "type": type_name, "value": sent}
    ((_, content),) = local.post("/accounts/update_setting", body)
    assert content["value"] == emitted
    assert type(content["value"]) is type(emitted)


@pytest.mark.parametrize(
    ("pref", "type_name", "value", "wrong"),
    [
        ("x", "boolean", "perhaps", "value"),
        ("x", "boolean", "2", "value"),
        ("x", "boolean", "", "value"),
        ("x", "int", "five", "value"),
        ("x", "int", "", "value"),
        ("x", "int", "5.5", "value"),
        ("x", "long", "9223372036854775808", "value"),
        ("x", "long", "1" * 5000, "value"),
        ("x", "colour", "5", "type"),
        ("global_primary_color", "string", "red", "value"),
        ("apply_theme_globally", "int", "7", "value"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    local: Account, pref: str, type_name: str, value: str, wrong: str
) -> None:
    with pytest.raises(WrongType, match=rf"^parameter {wrong} has the wrong type$"):
        local.post("/accounts/update_setting", pref=pref, type=type_name, value=value)
    assert "settings" not in local.database.rows_of(local)


@pytest.mark.parametrize("digits", [20, 4_000, 10_000])
@pytest.mark.parametrize("type_name", ["int", "long", "boolean"])
def test_a_json_number_beyond_64_bits_is_refused(local: Account, type_name: str, digits: int) -> None:
    body = f'{{"pref":"x","type":"{type_name}","value":{"9" * digits}}}'.encode()
    with pytest.raises(WrongType, match=r"^parameter value has the wrong type$"):
        local.post("/accounts/update_setting", body)


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ({}, "pref"),
        ({"pref": "x"}, "type"),
        ({"pref": "x", "type": "string"}, "value"),
        ({"type": "string", "value": "y"}, "pref"),
        ({"pref": "", "type": "string", "value": "y"}, "pref"),
        ({"pref": "x", "type": "", "value": "y"}, "type"),
    ],
)
def test_each_parameter_is_asked_for(local: Account, query: dict[str, str], missing: str) -> None:
    with pytest.raises(MissingParameter, match=rf"^missing required parameter {missing}$"):
        local.post("/accounts/update_setting", **query)


def test_names_that_nobody_knows_are_stored_too(local: Account) -> None:
    write(local, "group_mms", "boolean", "true")
    assert local.get("/accounts/settings") == SETTINGS
    ((_, pref, type_name, value),) = local.database.rows_of(local)["settings"]
    assert (pref, type_name, value) == ("group_mms", "boolean", "true")


def test_the_web_writes_with_the_account_in_the_body(local: Account) -> None:
    query = {"pref": "base_theme", "type": "string", "value": "dark"}
    _, emitted = local.database.request("POST", "/accounts/update_setting", query, {"account_id": local.id})
    assert emitted == [("update_setting", query)]
    assert local.get("/accounts/settings")["base_theme"] == "dark"
