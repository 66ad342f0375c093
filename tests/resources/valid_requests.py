"""One valid request to every endpoint, about the rows that `fill` stores."""

import re
from typing import Any

from heartline.contract import Endpoint
from tests.contract_facts import cipher
from tests.resources.conftest import Account
from tests.resources.nouns import NOUNS

DEVICE = {"id": 1001, "info": "Google Pixel", "name": "Pixel", "primary": True, "fcm_token": "t"}
IN_PATH = {"device_conversation_id": 8, "device_id": 5, "folder_id": 4, "message_id": 5, "ids": "5,6", "id": 1001}


def fill(account: Account) -> None:
    """A row in every table that an account can have rows in."""
    for noun in NOUNS:
        noun.add(account, noun.item())
    account.ask("/devices/add", {"device": DEVICE})
    account.post("/media/add", {"message_id": 5, "data": cipher("a picture")})
    account.post("/media/add", {"message_id": 99, "data": cipher("of no message")})
    account.post("/accounts/update_setting", pref="base_theme", type="string", value="dark")


def valid_path(endpoint: Endpoint) -> str:
    return re.sub(r"{(\w+)}", lambda found: str(IN_PATH[found[1]]), endpoint.path)


def valid_body(endpoint: Endpoint) -> dict[str, Any]:
    """All parameters that this endpoint or another one has, each with a value that changes something."""
    body: dict[str, Any] = {
        "activation_code": "C0FFEE42",
        "color": 99,
        "conversation_id": 8,
        "data": cipher("new"),
        "device": {**DEVICE, "name": "new"},
        "device_id": 5,
        "folder_id": 77,
        "id": 1001,
        "message": cipher("new"),
        "message_id": 5,
        "message_type": 1,
        "name": cipher("new"),
        "new_primary_device_id": 1001,
        "pref": "base_theme",
        "read": False,
        "repeat": 0,
        "snippet": cipher("new"),
        "text": cipher("new"),
        "timestamp": 1_900_000_000_000,
        "title": cipher("new"),
        "to": cipher("new"),
        "type": "string",
        "username": "nobody",
        "password": "nothing",
        "value": "new",
    }
    nouns = {noun.name: [noun.item(**{first_text(noun.full): cipher("new")})] for noun in NOUNS}
    return {**body, **{name: items for name, items in nouns.items() if endpoint.path.startswith(f"/{name}/")}}


def first_text(columns: dict[str, Any]) -> str:
    return next(name for name, value in columns.items() if isinstance(value, str))
