"""From the bytes of an HTTP request to a Request: the one place that is lenient with clients (rest.md 1.1-1.7).

Parameters come from the path, else the query, else the body; null, and an empty text where none is possible, are the
same as absent; numbers and booleans may be written as text; a list may be written flat; old names are understood; what
nobody asked for is ignored. What is still wrong after that is refused with an error that names the parameter.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args
from urllib.parse import unquote_to_bytes

import msgspec

from heartline.contract import Endpoint, Parameter, Request, parameters_of
from heartline.errors import MalformedBody, MissingParameter, NotEncrypted, NotText, WrongType

CIPHER_SEPARATOR = "-:-"
"""Stands in every ciphertext between the initialisation vector and the data (encryption.md 3), and in no base64."""

QUERY_PARAMETERS = 100
"""More parameters than any client sends; the rest of a longer query is not looked at."""

Values = dict[str, Any]

_ABSENT = object()
_NOTHING = msgspec.Raw()
_ESCAPED_NUL = rb"\u0000"


def decode(
    endpoint: Endpoint,
    *,
    path: Mapping[str, str],
    query: bytes,
    body: bytes,
    content_type: str = "",
    require_encryption: bool = False,
) -> tuple[str, Request]:
    """The account id (empty for public endpoints) and the request. Raises `BadRequest` errors."""
    source = _Source(path, parse_query(query), parse_body(body, content_type, endpoint.request), require_encryption)
    declared = parameters_of(endpoint.request)
    # The order in which missing parameters are named: a list, then its items' keys, then the account (decisions.md 5).
    account_last = any(parameter.is_list for parameter in declared)
    account_id = "" if endpoint.public or account_last else source.account_id()
    values = {p.name: value for p in declared if (value := source.value_of(p)) is not _ABSENT}
    if account_last and not endpoint.public:
        account_id = source.account_id()
    request = _convert(values, endpoint.request, declared)
    if require_encryption:
        _check_conditions(request, declared)
    return account_id, request


def parse_query(query: bytes) -> dict[str, str]:
    """Names and values of a query string; of a repeated name the last value. Raises `NotText`."""
    values = {}
    for pair in query.split(b"&", QUERY_PARAMETERS)[:QUERY_PARAMETERS]:
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        key = unquote_to_bytes(name).decode("utf-8", "replace")
        try:
            values[key] = unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise NotText(key) from None
    return values


def parse_body(body: bytes, content_type: str, request: type[Request]) -> dict[str, msgspec.Raw]:
    """Those members of a JSON object that the request can mean, each still encoded. A body that does not claim to be JSON
    counts as `{}`."""
    text = body.removeprefix(BOM_UTF8).strip()
    if not text or not ("json" in content_type or not content_type or text.startswith((b"{", b"["))):
        return {}
    names, decoder = _members(request)
    try:
        if not text.isascii():
            text.decode()  # the decoder does not look at the text of members that it skips
        found = decoder.decode(text)
    except msgspec.ValidationError:
        raise MalformedBody("is not a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedBody("is not valid JSON") from None
    except RecursionError:
        raise MalformedBody("is nested too deeply") from None
    values = msgspec.structs.astuple(found) if found else ()
    return {name: value for name, value in zip(names, values, strict=False) if value is not _NOTHING}


@cache
def _members(request: type[Request]) -> tuple[list[str], "msgspec.json.Decoder[msgspec.Struct | None]"]:
    """The names that may stand in a request's body, and a decoder for these alone: the millions of other members that fit
    into a body would take twenty times its size."""
    declared = parameters_of(request)
    names = {"account_id", *(name for parameter in declared for name in _names(parameter))}
    for parameter in declared:
        if parameter.is_list:  # it may be written flat
            names.update(name for item in parameter.items for name in ("device_id", *_names(item)))
    fields = [(f"_{i}", msgspec.Raw, msgspec.field(default=_NOTHING, name=name)) for i, name in enumerate(names)]
    return list(names), msgspec.json.Decoder(msgspec.defstruct("Members", fields) | None)


class _PlainList(NamedTuple):
    """How to read a list in which nothing has to be forgiven, and what makes an item one that has to be looked at again."""

    decoder: "msgspec.json.Decoder[list[Any]]"
    not_empty: list[str]
    encrypted: list[str]


@cache
def _plain_list(of: Any) -> _PlainList | None:
    """None for lists of which a plain item may mean something else: a field by another name, or null as its default."""
    struct = get_args(of)[0]
    fields = list(zip(msgspec.structs.fields(struct), parameters_of(struct), strict=True))
    if any(p.mark.also or p.items or (p.may_be_null and field.default is not None) for field, p in fields):
        return None
    return _PlainList(
        msgspec.json.Decoder(of),
        [field.name for field, p in fields if p.required and p.is_text and not p.mark.may_be_empty],
        [field.name for field, p in fields if p.mark.encrypted],
    )


class _Source:
    """The three places where a parameter may stand."""

    def __init__(
        self, path: Mapping[str, str], query: Mapping[str, str], body: dict[str, msgspec.Raw], encrypted: bool
    ) -> None:
        self.path, self.query, self.body = path, query, body
        self.require_encryption = encrypted

    def account_id(self) -> str:
        value = self.query.get("account_id") or self._from_body("account_id")
        if value is _ABSENT or value is None or value == "":
            raise MissingParameter("account_id")
        if not isinstance(value, str):
            raise WrongType("account_id")
        return value

    def value_of(self, parameter: Parameter) -> Any:
        if parameter.items and parameter.is_list and (plain := self._plain_items(parameter)) is not None:
            return plain
        value = self._objects(parameter) if parameter.items else self._find(parameter)
        if value is _ABSENT:
            if parameter.required:
                raise MissingParameter(parameter.name)
            return _ABSENT
        if parameter.items:
            return self._items(parameter, value)
        self._check_text(parameter, value)
        return value

    def _plain_items(self, parameter: Parameter) -> list[Any] | None:
        """The items of a list in which nothing has to be forgiven, as nearly always; None for any other. Going through each
        of their parameters takes 9 us a message, this takes 2."""
        raw = self.body.get(parameter.name)
        plain = _plain_list(parameter.type)
        if raw is None or plain is None or _ESCAPED_NUL in bytes(raw):
            return None
        try:
            items = plain.decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if any(getattr(item, name) == "" for name in plain.not_empty for item in items):
            return None
        if self.require_encryption:
            texts = (getattr(item, name) for name in plain.encrypted for item in items)
            if not all(text is None or _is_cipher(text) for text in texts):
                return None
        return items

    def _objects(self, parameter: Parameter) -> Any:
        """A list of objects, or one, which only the body can hold.

        Compat: the Pulse web client writes the fields of a list's one item directly into the body (rest.md 1.7).
        """
        value = self._from_body(parameter.name)
        if value is not _ABSENT or not parameter.is_list or self._from_body("device_id") is _ABSENT:
            return value
        names = [name for item in parameter.items for name in _names(item) if name in self.body]
        return [{name: self._from_body(name) for name in names}]

    def _find(self, parameter: Parameter) -> Any:
        for name in _names(parameter):
            candidates: list[Any] = [] if parameter.mark.body_only else [self.path.get(name), self.query.get(name)]
            for value in candidates:
                if value is not None and _says_something(parameter, value):
                    if parameter.mark.encrypted_in_query and CIPHER_SEPARATOR not in value:
                        raise NotEncrypted(name)
                    return value
            value = self._from_body(name, byte_map=parameter.mark.byte_map)
            if value is not _ABSENT and _says_something(parameter, value):
                return value
        return _ABSENT

    def _from_body(self, name: str, *, byte_map: bool = False) -> Any:
        raw = self.body.get(name)
        if raw is None:
            return _ABSENT
        try:
            value = _text_of_bytes(name, bytes(raw)) if byte_map else msgspec.json.decode(raw)
        except msgspec.ValidationError:  # a number that no type can hold
            raise WrongType(name) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise MalformedBody("is not valid JSON") from None
        except RecursionError:
            raise MalformedBody("is nested too deeply") from None
        return _ABSENT if value is None else value

    def _items(self, parameter: Parameter, value: Any) -> Any:
        objects = value if parameter.is_list else [value]
        if not isinstance(objects, list) or not all(isinstance(item, dict) for item in objects):
            raise WrongType(parameter.name)
        items = [self._item(parameter.items, item) for item in objects]
        return items if parameter.is_list else items[0]

    def _item(self, declared: Iterable[Parameter], item: Values) -> Values:
        values = {}
        for parameter in declared:
            for name in _names(parameter):
                value = item.get(name, _ABSENT)
                if value is _ABSENT or value is None or not _says_something(parameter, value):
                    continue
                self._check_text(parameter, value)
                values[parameter.name] = value
                break
            else:
                if parameter.required:
                    raise MissingParameter(parameter.name)
        return values

    def _check_text(self, parameter: Parameter, value: Any) -> None:
        if isinstance(value, str) and "\0" in value:
            raise NotText(parameter.name)
        if self.require_encryption and parameter.mark.encrypted and not _is_cipher(value):
            raise NotEncrypted(parameter.name)


def _is_cipher(value: object) -> bool:
    """Whether the server may hold it without holding a plaintext; so is an empty text, which says nothing."""
    return isinstance(value, str) and (not value or CIPHER_SEPARATOR in value)


def _check_conditions(request: Request, declared: Iterable[Parameter]) -> None:
    for parameter in declared:
        condition = parameter.mark.encrypted_when
        if condition is not None and condition(request) and not _is_cipher(getattr(request, parameter.name)):
            raise NotEncrypted(parameter.name)


def _names(parameter: Parameter) -> tuple[str, ...]:
    return (parameter.name, parameter.mark.also) if parameter.mark.also else (parameter.name,)


def _says_something(parameter: Parameter, value: object) -> bool:
    """False for an empty text where that is no value: in required parameters, and in those that are not text."""
    return value != "" or (parameter.is_text and (not parameter.required or parameter.mark.may_be_empty))


def _convert(values: Values, request: type[Request], declared: Iterable[Parameter]) -> Request:
    try:
        return msgspec.convert(values, request, strict=False)
    except msgspec.ValidationError:
        raise WrongType(_first_wrong(values, declared)) from None


def _first_wrong(values: Values, declared: Iterable[Parameter]) -> str:
    """The name of the first parameter whose value does not fit its type."""
    for parameter in declared:
        if parameter.name not in values:
            continue
        value = values[parameter.name]
        if parameter.items:
            for item in value if parameter.is_list else [value]:
                if isinstance(item, dict) and (name := _first_wrong(item, parameter.items)):
                    return name
            continue
        try:
            msgspec.convert(value, parameter.type, strict=False)
        except msgspec.ValidationError:
            return parameter.name
    return ""


_BYTE_MAP_ENTRY = re.compile(rb'\s*"(\d{1,9})"\s*:\s*(\d{1,3})\s*[,}]')


def _text_of_bytes(name: str, json: bytes) -> Any:
    """Compat: the Heart web client sends a picture's text as `{"0":104,"1":71,...}` (rest.md 2.12). Any other JSON value
    is returned as it is."""
    try:
        match json[:1]:
            case b"[":
                return bytes(msgspec.json.decode(json, type=list[int])).decode()
            case b"{":
                return _bytes_of_map(json).decode()
    except (ValueError, msgspec.ValidationError):
        raise WrongType(name) from None
    return msgspec.json.decode(json)


def _bytes_of_map(json: bytes) -> bytes:
    """Read entry by entry: as a dict, the five million entries of a large picture would take a gigabyte."""
    values = bytearray()
    end = 1
    for entry in _BYTE_MAP_ENTRY.finditer(json, 1):
        if entry.start() != end or int(entry[1]) != len(values):
            raise ValueError("the keys are not 0, 1 and so on")
        values.append(int(entry[2]))
        end = entry.end()
    if end != len(json):
        raise ValueError("a value is not a byte")
    return bytes(values)
