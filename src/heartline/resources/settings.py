"""Settings: what apps and web share about how they look and behave (rest.md 2.1, accounts/settings and update_setting).

Every preference is kept under the name it was written with, known or not. Some are read back under another name, as a
field of `Settings`; those are kept under that name too.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from heartline.contract import Int64, Mark, Operation, Request, Row, Tx, get, operation, post
from heartline.errors import WrongType

LIFETIME = 3
"""The subscription of everybody; the web client hides its offers for this value only."""


class Settings(Struct, kw_only=True):
    """The settings that every client reads at login; the defaults are those of a new account."""

    base_theme: str = "light"
    global_color_theme: str | None = "default"
    rounder_bubbles: bool = False
    use_global_theme: bool = False
    apply_primary_color_to_toolbar: bool = True
    apply_primary_color_toolbar: bool = True
    conversation_categories: bool = True
    message_timestamp: bool = False
    color: int = -1352590
    color_dark: int = -4311478
    color_light: int = -1
    color_accent: int = -10011977
    passcode: str | None = None
    subscription_type: int = LIFETIME


FIELD_OF_PREF = {
    "global_primary_color": "color",
    "global_primary_dark_color": "color_dark",
    "global_primary_light_color": "color_light",
    "global_accent_color": "color_accent",
    "apply_theme_globally": "use_global_theme",
    "apply_primary_color_toolbar": "apply_primary_color_to_toolbar",
    "private_conversations_passcode": "passcode",
    "bubble_style": "rounder_bubbles",
}
"""Names that are written, where they differ from the field that is read."""


ENCRYPTED_FIELD = "passcode"
"""The only setting that the contract calls ciphertext (rest.md 1.6)."""


class Setting(Row):
    table = "settings"
    key = "pref"

    pref: str
    type: str
    value: str


def _is_secret(request: "UpdateSetting") -> bool:
    return FIELD_OF_PREF.get(request.pref, request.pref) == ENCRYPTED_FIELD


class UpdateSetting(Request):
    pref: str
    type: str
    value: Annotated[str | int | float | bool, Mark(may_be_empty=True, encrypted_when=_is_secret)]


@operation("update_setting")
class UpdatedSetting(Operation):
    pref: str
    type: str
    value: str | int | bool


@get("/accounts/settings")
def get_settings(tx: Tx) -> Settings:
    """The settings that clients share."""
    stored = {setting.pref: setting.value for setting in tx.rows(Setting)}
    known = {name: stored[name] for name in Settings.__struct_fields__ if name in stored}
    settings = msgspec.convert(known, Settings, strict=False)
    settings.apply_primary_color_toolbar = settings.apply_primary_color_to_toolbar
    return settings


@post("/accounts/update_setting")
def update_setting(tx: Tx, request: UpdateSetting) -> None:
    """Store one preference, whatever its name. `type` is boolean, int, long, string or set, and `value` is cast to it.

    Emits `update_setting` with the typed value under the name that was sent. 400 when the value does not fit.
    """
    value = _typed(request.type.lower(), request.value)
    tx.insert(Setting, {"pref": request.pref, "type": request.type, "value": _text(value)})
    field = FIELD_OF_PREF.get(request.pref, request.pref)
    if field in Settings.__struct_fields__:
        seen_as = _text(value == "circle" if request.pref == "bubble_style" else value)
        _check_fits(field, seen_as)
        tx.insert(Setting, {"pref": field, "type": request.type, "value": seen_as})
    tx.emit(UpdatedSetting(pref=request.pref, type=request.type, value=value))


def _typed(type_name: str, value: str | float | bool) -> str | int | bool:
    """The value as its type says, however it was written."""
    target: Any
    match type_name:
        case "boolean":
            target = bool
        case "int" | "long":
            target = Int64
        case "string" | "set":
            return _text(value)
        case _:
            raise WrongType("type")
    try:
        typed: int | bool = msgspec.convert(value, target, strict=False)
    except msgspec.ValidationError:
        raise WrongType("value") from None
    return typed


def _text(value: str | float | bool) -> str:
    """The form in which a value is stored."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _check_fits(field: str, value: str) -> None:
    """Refuse what could not be read back: 400 `value`."""
    try:
        msgspec.convert({field: value}, Settings, strict=False)
    except msgspec.ValidationError:
        raise WrongType("value") from None
