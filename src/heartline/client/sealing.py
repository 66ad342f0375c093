"""Which fields are ciphertext: the requests say so (`Mark.encrypted`), and rows and operations of the same resource have
them under the same names. Turns requests into ciphertext, and rows and operations into plaintext."""

import sys
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Struct

from heartline.contract import ENDPOINTS, Parameter, parameters_of
from heartline.crypto import Key, Unreadable
from heartline.resources import settings

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

RENAMED = {"message_from": "from_"}
"""Fields that operations have under another name than requests."""

_is_secret_setting = next(
    parameter.mark.encrypted_when
    for parameter in parameters_of(settings.UpdateSetting)
    if parameter.mark.encrypted_when is not None
)


def seal(key: Key, request: S) -> S:
    """A copy of a request in which everything that the contract calls encrypted is."""
    return _sealed(key, request, parameters_of(type(request)))


def open_reply(key: Key, reply: T) -> T:
    """A reply with its texts opened: a row, a list of rows, or what has none."""
    if isinstance(reply, list):
        for row in reply:
            open_struct(key, row)
    elif isinstance(reply, Struct):
        open_struct(key, reply)
    return reply


def open_struct(key: Key, struct: Struct) -> None:
    """Replace the ciphertext of a row or an operation by its text, or by an `Unreadable`."""
    for name, nullable in _encrypted_fields(type(struct)):
        value = getattr(struct, name)
        if isinstance(value, str):
            text = key.read_text(value)
            setattr(struct, name, Unreadable(value, "it is null") if text is None and not nullable else text)
    if isinstance(struct, settings.UpdatedSetting) and _is_secret_setting(struct):
        text = key.read_text(str(struct.value))
        struct.value = struct.value if text is None else text


def _sealed(key: Key, struct: S, parameters: tuple[Parameter, ...]) -> S:
    changes: dict[str, Any] = {}
    for parameter in parameters:
        value = getattr(struct, _attribute(struct, parameter.name))
        mark = parameter.mark
        if value is None or value is msgspec.UNSET:
            continue
        if parameter.items and parameter.is_list:
            changes[parameter.name] = [_sealed(key, item, parameter.items) for item in value]
        elif mark.encrypted or (mark.encrypted_when is not None and mark.encrypted_when(struct)):
            changes[parameter.name] = key.seal_text(value if isinstance(value, str) else str(value))
    return msgspec.structs.replace(struct, **changes) if changes else struct


def _attribute(struct: Struct, encoded: str) -> str:
    return encoded if hasattr(struct, encoded) else f"{encoded}_"


@cache
def _encrypted_fields(cls: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields of a row or an operation that hold ciphertext, and whether they may be null."""
    if cls is settings.Settings:
        return ((settings.ENCRYPTED_FIELD, True),)
    module = sys.modules[cls.__module__]
    marked = {
        name
        for endpoint in ENDPOINTS
        if endpoint.request.__module__ == module.__name__ or endpoint.handler.__module__ == module.__name__
        for parameter in parameters_of(endpoint.request)
        for name in _marked(parameter)
    }
    marked |= {RENAMED[name] for name in marked & RENAMED.keys()}
    hints = get_type_hints(cls)
    return tuple((field, type(None) in get_args(hints[field])) for field in cls.__struct_fields__ if field in marked)


def _marked(parameter: Parameter) -> set[str]:
    return (
        {parameter.name} if parameter.mark.encrypted else {name for item in parameter.items for name in _marked(item)}
    )
