"""Accounts, activation, and what has no effect."""

from tests.contract_facts import Text, cipher
from tests.scenarios.steps import ACCOUNT, NAME, NOT_IMPLEMENTED, PASSWORD, Command, Step, command, failure, get, post

SETTINGS = {
    "base_theme": "light",
    "global_color_theme": "default",
    "rounder_bubbles": False,
    "use_global_theme": False,
    "apply_primary_color_to_toolbar": True,
    "apply_primary_color_toolbar": True,
    "conversation_categories": True,
    "message_timestamp": False,
    "color": -1352590,
    "color_dark": -4311478,
    "color_light": -1,
    "color_accent": -10011977,
    "passcode": None,
    "subscription_type": 3,
}
LOGIN = {
    "account_id": ACCOUNT,
    "salt1": Text("[0-9a-f]{128}"),
    "salt2": Text("[0-9a-f]{128}"),
    "phone_number": "+15550001111",
    "name": "Pat",
    "real_name": "Pat",
    "subscription_expiration": 4_102_444_800_000,
    **SETTINGS,
}
SIGNED_UP = {"account_id": Text("[0-9a-f]{64}"), "salt1": Text("[0-9a-f]{128}"), "salt2": Text("[0-9a-f]{128}")}
EMPTY = {
    "device_count": 0,
    "message_count": 0,
    "conversation_count": 0,
    "draft_count": 0,
    "scheduled_count": 0,
    "blacklist_count": 0,
    "contact_count": 0,
    "template_count": 0,
    "folder_count": 0,
    "auto_reply_count": 0,
}
TEMPLATE = {"device_id": 6, "text": cipher("Thanks!")}
DEVICE = {
    "id": 1_033_427_673,
    "info": "Google Pixel",
    "name": "Pixel",
    "primary": True,
    "fcm_token": None,
    "ios": False,
}

ACCOUNTS: list[Step | Command] = [
    get("/accounts", NOT_IMPLEMENTED, status=501),
    post(
        "/accounts/login",
        {"username": NAME, "password": "nope"},
        public=True,
        status=401,
        reply=failure("username or password incorrect"),
    ),
    post("/accounts/login", {"username": NAME, "password": PASSWORD}, public=True, reply=LOGIN),
    post(
        "/accounts/signup",
        {"name": NAME, "password": "x", "phone_number": "1", "real_name": "x"},
        public=True,
        status=400,
        reply=failure("user already exists"),
    ),
    post(
        "/accounts/signup",
        {"name": f"other than {NAME}", "password": "x", "phone_number": "1", "real_name": "x"},
        public=True,
        reply=SIGNED_UP,
    ),
    get("/accounts/settings", SETTINGS, limit=75),
    post(
        "/accounts/update_setting",
        None,
        ("update_setting", {"pref": "global_primary_color", "type": "int", "value": -12_627_531}),
        pref="global_primary_color",
        type="int",
        value="-12627531",
    ),
    post(
        "/accounts/update_setting",
        {"account_id": ACCOUNT},
        ("update_setting", {"pref": "apply_theme_globally", "type": "boolean", "value": True}),
        pref="apply_theme_globally",
        type="boolean",
        value="true",
    ),
    post(
        "/accounts/update_setting",
        None,
        ("update_setting", {"pref": "base_theme", "type": "string", "value": "dark"}),
        pref="base_theme",
        type="string",
        value="dark",
    ),
    get("/accounts/settings", {**SETTINGS, "color": -12_627_531, "use_global_theme": True, "base_theme": "dark"}),
    post(
        "/accounts/dismissed_notification",
        None,
        ("dismissed_notification", {"id": "8150", "device_id": None}),
        id=8150,
    ),
    post(
        "/accounts/dismissed_notification",
        None,
        ("dismissed_notification", {"id": "8150", "device_id": "1001"}),
        id=8150,
        device_id=1001,
    ),
    get("/accounts/view_subscription", failure(Text(".+")), status=404),
    post("/accounts/update_subscription", None, subscription_type=1, subscription_expiration=1_600_789_518_254),
    get("/accounts/count", EMPTY),
    post("/templates/add", {"templates": [TEMPLATE]}, ("added_template", TEMPLATE)),
    post("/devices/add", {"device": DEVICE}, reply={"id": DEVICE["id"]}),
    get("/accounts/count", {**EMPTY, "template_count": 1, "device_count": 1}),
    post(
        "/accounts/clean_account",
        None,
        ("cleaned_account", {"id": ACCOUNT}),
        reply={"success": "account cleaned"},
    ),
    get("/accounts/count", {**EMPTY, "device_count": 1}),
    command(
        "account",
        "update",
        NAME,
        "--real-name",
        "Ann Example",
        emits=[("updated_account", {"id": ACCOUNT, "real_name": "Ann Example", "phone_number": "+15550001111"})],
    ),
    command(
        "flag",
        "some_flag",
        "on",
        emits=[("feature_flag", {"id": "some_flag", "value": True, "rollout": 100})],
    ),
    post(
        "/accounts/remove_account",
        None,
        ("removed_account", {"id": ACCOUNT}),
        reply={"success": "account deleted"},
        removes_account=True,
    ),
]

ACTIVATION: list[Step | Command] = [
    get("/activate", failure("missing required parameter activation_code"), public=True, status=400),
    get("/activate", failure(Text(".+")), public=True, status=404, activation_code="C0FFEE42"),
    command("account", "activate", NAME, "C0FFEE42", emits=[]),
    get("/activate", LOGIN, public=True, activation_code="C0FFEE42"),
    get("/activate", failure(Text(".+")), public=True, status=404, activation_code="C0FFEE42"),
]

WITHOUT_EFFECT = [
    get("/article", NOT_IMPLEMENTED, status=501, url="https://example.org"),
    post("/beta/register"),
    post("/beta/remove"),
    post("/purchases/record", public=True, type=2),
    get("/accounts/count", EMPTY),
]
