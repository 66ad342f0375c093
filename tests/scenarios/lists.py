"""Auto replies, blacklists, templates and contacts."""

from typing import Any

from tests.contract_facts import cipher
from tests.scenarios.accounts import TEMPLATE
from tests.scenarios.steps import ACCOUNT, COLOURS, NO_COLOURS, get, post, row

REPLY = {"device_id": 3, "reply_type": "keyword", "pattern": cipher("where"), "response": cipher("at home")}
VACATION = {"device_id": 4, "reply_type": "vacation", "pattern": None, "response": None}

AUTO_REPLIES = [
    get("/auto_replies", []),
    post(
        "/auto_replies/add",
        {"account_id": ACCOUNT, "auto_replies": [REPLY, {"device_id": 4, "type": "vacation"}]},
        (
            "added_auto_reply",
            {"device_id": 3, "type": "keyword", "pattern": cipher("where"), "response": cipher("at home")},
        ),
        ("added_auto_reply", {"device_id": 4, "type": "vacation", "pattern": None, "response": None}),
    ),
    get("/auto_replies", [row(**REPLY), row(**VACATION)]),
    post(
        "/auto_replies/update/{device_id}",
        {"response": cipher("out")},
        (
            "updated_auto_reply",
            {"device_id": 3, "type": "keyword", "pattern": cipher("where"), "response": cipher("out")},
        ),
        at=3,
    ),
    get("/auto_replies", [row(**REPLY | {"response": cipher("out")}), row(**VACATION)]),
    post("/auto_replies/remove/{device_id}", None, ("removed_auto_reply", {"id": 3}), at=3),
    get("/auto_replies", [row(**VACATION)]),
]

BLACKLISTS = [
    get("/blacklists", []),
    post(
        "/blacklists/add",
        {
            "account_id": ACCOUNT,
            "blacklists": [
                {"device_id": 5, "phone_number": cipher("+1555")},
                {"device_id": 7, "phrase": cipher("win")},
            ],
        },
        ("added_blacklist", {"id": 5, "phone_number": cipher("+1555"), "phrase": None}),
        ("added_blacklist", {"id": 7, "phone_number": None, "phrase": cipher("win")}),
    ),
    get(
        "/blacklists",
        [
            row(device_id=5, phone_number=cipher("+1555"), phrase=None),
            row(device_id=7, phone_number=None, phrase=cipher("win")),
        ],
    ),
    post("/blacklists/remove/{device_id}", None, ("removed_blacklist", {"id": 5}), at=5),
    get("/blacklists", [row(device_id=7, phone_number=None, phrase=cipher("win"))]),
]

TEMPLATES = [
    get("/templates", []),
    post(
        "/templates/add",
        {"templates": [TEMPLATE, {"device_id": 2, "text": cipher("Later")}]},
        ("added_template", TEMPLATE),
        ("added_template", {"device_id": 2, "text": cipher("Later")}),
    ),
    get("/templates", [row(device_id=2, text=cipher("Later")), row(**TEMPLATE)]),
    post("/templates/add", {"templates": [TEMPLATE]}),  # a retry: nothing changes
    post(
        "/templates/update/{device_id}",
        {"text": cipher("Thank you")},
        ("updated_template", {"device_id": 6, "text": cipher("Thank you")}),
        at=6,
    ),
    get("/templates", [row(device_id=2, text=cipher("Later")), row(device_id=6, text=cipher("Thank you"))]),
    post("/templates/remove/{device_id}", None, ("removed_template", {"id": 2}), at=2),
    get("/templates", [row(device_id=6, text=cipher("Thank you"))]),
]


ANN = {
    "device_id": 33,
    "phone_number": cipher("+15551"),
    "name": cipher("Ann"),
    **COLOURS,
    "contact_type": 2,
    "id_matcher": cipher("15551"),
}
BOB = {
    "device_id": 44,
    "phone_number": cipher("+15552"),
    "name": None,
    **NO_COLOURS,
    "contact_type": 4,
    "id_matcher": None,
}


def contact_content(contact: dict[str, Any], *more: str) -> dict[str, Any]:
    """A contact as operations show it."""
    shown = {name: contact[name] for name in ("phone_number", "name", *COLOURS, *more)}
    return {**shown, "type": contact["contact_type"]}


def simple(contact: dict[str, Any]) -> dict[str, Any]:
    names = ("phone_number", "name", "id_matcher", "color", "color_accent", "contact_type")
    return {"id": contact["device_id"], "account_id": ACCOUNT} | {name: contact[name] for name in names}


ANNA = {**ANN, "name": cipher("Anna"), "color": 5}

CONTACTS = [
    get("/contacts", []),
    post(
        "/contacts/add",
        {
            "account_id": ACCOUNT,
            "contacts": [{"device_id": 44, "phone_number": cipher("+15552")}, ANN],
        },
        ("added_contact", contact_content(BOB)),
        ("added_contact", contact_content(ANN)),
    ),
    get("/contacts", [row(**ANN), row(**BOB)], limit=1000, offset=0),
    get("/contacts/simple", [simple(ANN), simple(BOB)], limit=300, offset=0),
    post(
        "/contacts/update_device_id",
        {"name": cipher("Anna"), "color": 5},
        ("updated_contact", contact_content(ANNA, "device_id")),
        device_id=33,
        phone_number=cipher("encrypted anew"),
    ),
    get("/contacts", [row(**ANNA), row(**BOB)]),
    post(
        "/contacts/remove_device_id",
        None,
        ("removed_contact", {"device_id": 33, "phone_number": cipher("as sent")}),
        device_id=33,
        phone_number=cipher("as sent"),
    ),
    get("/contacts", [row(**BOB)]),
    post("/contacts/remove_ids/{ids}", None, ("removed_contact_by_id", {"id": "44,17"}), at="44,17,"),
    get("/contacts", []),
    post("/contacts/add", {"contacts": [ANN]}, ("added_contact", contact_content(ANN))),
    post("/contacts/clear"),
    get("/contacts", []),
]
