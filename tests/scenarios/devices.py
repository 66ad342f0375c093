"""Devices."""

from tests.scenarios.accounts import DEVICE
from tests.scenarios.messages import OLD, added_message, message, stored_message
from tests.scenarios.steps import ACCOUNT, failure, get, post

PHONE = {**DEVICE, "account_id": ACCOUNT}
TABLET = {
    "id": 1001,
    "account_id": ACCOUNT,
    "info": "tab",
    "name": "Tab",
    "primary": False,
    "fcm_token": "t",
    "ios": False,
}

DEVICES = [
    get("/devices", []),
    post("/devices/add", {"account_id": ACCOUNT, "device": DEVICE}, reply={"id": DEVICE["id"]}),
    post(
        "/devices/add",
        {"device": {"id": 1001, "info": "tab", "name": "Tab", "primary": False, "fcm_token": "t"}},
        reply={"id": 1001},
    ),
    post(
        "/devices/add",
        {"device": {"id": 1002, "primary": True}},
        status=409,
        reply=failure("account already has a primary device"),
    ),
    get("/devices", [TABLET, PHONE]),
    post("/devices/update/{id}", None, at=1001, name="My tablet", fcm_token="u"),
    get("/devices", [{**TABLET, "name": "My tablet", "fcm_token": "u"}, PHONE]),
    post(
        "/devices/update_primary",
        None,
        ("update_primary_device", {"new_primary_device_id": "1001"}),
        new_primary_device_id=1001,
    ),
    get(
        "/devices",
        [
            {**TABLET, "name": "My tablet", "fcm_token": "u", "primary": True},
            {**PHONE, "primary": False},
        ],
    ),
    post("/messages/add", {"messages": [message(10, sent_device=1001)]}, added_message(message(10, sent_device=1001))),
    post("/devices/remove/{id}", at=1001),
    get("/devices", [{**PHONE, "primary": False}]),
    get("/messages", [stored_message(OLD)]),
]
