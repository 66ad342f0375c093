"""Which fields are ciphertext: the requests say so (`Mark.encrypted`), and rows and operations of the same resource have
them under the same names. Turns requests into ciphertext, and rows and operations into plaintext."""

import sys
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from heartline.contract import ENDPOINTS, Parameter, parameters_of
from heartline.crypto import Key
from heartline.resources import settings

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

RENAMED = {"message_from": "from_"}
"""Fields that operations have under another name than requests."""


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
    for name in _encrypted_fields(type(struct)):
        value = getattr(struct, name)
        if isinstance(value, str):
            setattr(struct, name, key.read_text(value))
    if isinstance(struct, settings.UpdatedSetting) and settings._is_secret(struct):  # type: ignore[arg-type]
        struct.value = key.read_text(str(struct.value)) or ""


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
def _encrypted_fields(cls: type[Struct]) -> tuple[str, ...]:
    """The fields of a row or an operation that hold ciphertext."""
    if cls is settings.Settings:
        return (settings.ENCRYPTED_FIELD,)
    module = sys.modules[cls.__module__]
    marked = {
        name
        for endpoint in ENDPOINTS
        if endpoint.request.__module__ == module.__name__ or endpoint.handler.__module__ == module.__name__
        for parameter in parameters_of(endpoint.request)
        for name in _marked(parameter)
    }
    marked |= {RENAMED[name] for name in marked & RENAMED.keys()}
    return tuple(field for field in cls.__struct_fields__ if field in marked)


def _marked(parameter: Parameter) -> set[str]:
    return (
        {parameter.name} if parameter.mark.encrypted else {name for item in parameter.items for name in _marked(item)}
    )
