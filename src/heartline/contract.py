"""What an endpoint, a request, a row and an operation are, and the list of all of them.

A resource file declares its row, its requests, its operations and one function an endpoint; the decorators below put them
into `ENDPOINTS` and `OPERATIONS`. Routing, decoding, OpenAPI and the conformance tests read these two lists and nothing
else, so adding an endpoint is writing one function. Nothing here does I/O or knows a framework.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Meta, Struct

# --- types of values on the wire (rest.md 1.4) ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact about a parameter that the type alone does not say; `tolerance.py` acts on it."""

    encrypted: bool = False
    """The contract calls it ciphertext (rest.md 1.6): refused in the clear when the server requires encryption."""
    encrypted_when: Callable[[Any], bool] | None = None
    """The same, for requests (their structs) of which this is true."""
    encrypted_in_query: bool = False
    """The same, always, for a value that comes in the query."""
    body_only: bool = False
    """A parameter of the same name in the query means something else and is not looked at."""
    byte_map: bool = False
    """A text that may also come as the bytes of its UTF-8 form: a list of numbers, or an object with keys "0", "1"..."""
    may_be_empty: bool = False
    """An empty text is a value, although the parameter is required."""
    also: str | None = None
    """The name that older clients use for it."""


Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
RowId = Int64
"""The id that the phone or browser gave a row (its `device_id`), unique within an account and a table."""
Milliseconds = Int64
"""Milliseconds since 1970."""
Colour = Int32
"""Signed 32-bit ARGB."""
Cipher = Annotated[str, Mark(encrypted=True)]
"""Ciphertext as its client wrote it, line breaks included; stored and returned byte for byte, never decrypted."""
Label = str | int
"""A short text that some clients write as a number; always text on output."""


class Row(Struct):
    """One row as list endpoints return it; its other fields are its table's columns.

    `id` is the row's key column (decisions.md 9) and `account_id` the text that clients know, which no table but
    `accounts` holds: rows belong to an account by its number.
    """

    table: ClassVar[str]
    key: ClassVar[str] = "device_id"

    id: RowId
    account_id: str


class Request(Struct, kw_only=True):
    """Parameters of one endpoint: those with a default may be absent, the others are required, in declared order."""


class NoParameters(Request):
    """An endpoint that needs nothing but its account."""


class Page(Request):
    """A part of a list: `limit` rows from the `offset`-th; a limit of 0 or less means all (rest.md 1.9)."""

    limit: Int64 = 0
    offset: Int64 = 0


class Operation(Struct, kw_only=True):
    """The content of one notification. Fields are always present and null when unset, unless typed `UnsetType`."""

    operation: ClassVar[str]


class PlainText(str):
    """A reply that goes out as text/plain instead of JSON."""


R = TypeVar("R", bound=Row)
S = TypeVar("S", bound=Struct)
C = TypeVar("C", bound=type[Operation])
H = TypeVar("H", bound=Callable[..., Any])


class Tx(Protocol):
    """One transaction, bound to one account: every statement sees and changes that account's rows only.

    What a handler changes and what it emits is stored together or not at all. Statements raise `StorageFailure`
    when the database fails; a handler lets it pass.
    """

    account_id: str
    now_ms: int
    """The time of the transaction."""

    def bound(self, account_id: str) -> Self:
        """The same transaction for the account of that id. Raises `AccountIdInvalid` when there is none."""

    def rows(self, row: type[R], *, order: str = "", limit: int = 0, offset: int = 0, **where: object) -> list[R]:
        """The rows whose columns equal `where`, by `order` (SQL; the key when empty), which must be total."""

    def row(self, row: type[R], **where: object) -> R | None:
        """The first of `rows`, or None."""

    def insert(self, row: type[Row], values: Struct | Mapping[str, object]) -> bool:
        """Store one row, or replace the one with the same key. False when it was stored exactly so before."""

    def insert_all(self, row: type[Row], items: Sequence[S]) -> list[S]:
        """`insert` for each of them, in order; those for which it is True. Many rows cost less so."""

    def update(self, row: type[Row], changes: Mapping[str, object], **where: object) -> int:
        """Set columns where columns equal `where`; how many rows matched. No changes: no statement, 0."""

    def delete(self, row: type[Row], **where: object) -> int:
        """Delete the rows whose columns equal `where` (all rows of the account without it); how many."""

    def sql(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Any statement, `$1` for the first value and so on; `$0` is the account's number."""

    def emit(self, operation: Operation) -> None:
        """Append an operation to the account's log. Its readers get it after the commit, in this order."""


# --- the registry --------------------------------------------------------------------------------------------------

Runs = Literal["reader", "writer", "hasher"]
"""Where a handler runs: a reader's thread (it only reads), the writer's, or a reader's that may take its time hashing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one caller may fail, or ask, before 429 (see `server/limits.py`)."""

    attempts: int
    window_s: int
    parameter: str | None = None
    """Attempts count per address and value of this parameter, and `PER_ADDRESS` times as many per address alone."""
    only_failures: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: Literal["GET", "POST"]
    path: str
    """Below `/api/v1`, with `{name}` for parameters."""
    handler: Callable[..., Any]
    request: type[Request]
    reply: Any
    """The type that the handler returns; None means the reply `{}`."""
    public: bool
    """True when it takes no `account_id`."""
    runs: Runs
    prepare: Callable[[Any], Any] | None
    """Slow work on the request, done in a thread before the transaction; its result is the handler's third argument."""
    limit: Limit | None
    implemented: bool
    """False when it only answers 501."""
    gated: bool
    """True when the server's settings may refuse it (server/signup.py)."""
    takes_request: bool

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def resource(self) -> str:
        return self.path.split("/")[1]


ENDPOINTS: list[Endpoint] = []
"""The API of Pulse and Heart SMS."""
EXTENSIONS: list[Endpoint] = []
"""What only our own web client calls."""
OPERATIONS: dict[str, type[Operation]] = {}


def get(path: str, **options: Any) -> Callable[[H], H]:
    """Register a function as a GET endpoint. Options: see `_endpoint`."""
    return _endpoint("GET", path, **{"runs": "reader"} | options)


def post(path: str, **options: Any) -> Callable[[H], H]:
    """Register a function as a POST endpoint. Options: see `_endpoint`."""
    return _endpoint("POST", path, **{"runs": "writer"} | options)


def _endpoint(
    method: Literal["GET", "POST"],
    path: str,
    *,
    runs: Runs,
    public: bool = False,
    prepare: Callable[[Any], Any] | None = None,
    limit: Limit | None = None,
    implemented: bool = True,
    gated: bool = False,
    extension: bool = False,
) -> Callable[[H], H]:
    def register(handler: H) -> H:
        hints = get_type_hints(handler, include_extras=True)
        reply = hints.pop("return")
        (EXTENSIONS if extension else ENDPOINTS).append(
            Endpoint(
                method=method,
                path=path,
                handler=handler,
                request=hints.get("request", NoParameters),
                reply=None if reply is type(None) else reply,
                public=public,
                runs=runs,
                prepare=prepare,
                limit=limit,
                implemented=implemented,
                gated=gated,
                takes_request="request" in hints,
            )
        )
        return handler

    return register


def operation(name: str) -> Callable[[C], C]:
    """Register an Operation under its name on the wire."""

    def register(cls: C) -> C:
        cls.operation = name
        OPERATIONS[name] = cls
        return cls

    return register


# --- what a request declares ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a Request, or of an item of its list."""

    name: str
    type: Any
    required: bool
    mark: Mark
    is_text: bool
    """True when an empty text is a possible value of it."""
    may_be_null: bool
    items: tuple["Parameter", ...]
    """The fields of each item of a list, or of an object; else empty."""
    is_list: bool


@cache
def parameters_of(struct: type[Struct]) -> tuple[Parameter, ...]:
    """The declared fields of a Request or item, in order."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(_parameter(field, hints[field.name]) for field in msgspec.structs.fields(struct))


def _parameter(field: msgspec.structs.FieldInfo, hint: Any) -> Parameter:
    parts = list(_parts(hint))
    marks = [part for part in parts if isinstance(part, Mark)]
    lists = [part for part in parts if get_origin(part) is list]
    structs = [part for part in (*parts, *(get_args(part)[0] for part in lists)) if _is_struct(part)]
    return Parameter(
        name=field.encode_name,
        type=hint,
        required=field.required,
        mark=marks[0] if marks else Mark(),
        is_text=str in parts,
        may_be_null=type(None) in parts,
        items=parameters_of(structs[0]) if structs else (),
        is_list=bool(lists),
    )


def _parts(hint: Any) -> Any:
    """A type and everything that it is made of, through `Annotated` and unions."""
    yield hint
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *metadata = get_args(hint)
        yield from metadata
        yield from _parts(inner)
    elif origin in (Union, UnionType):
        for arg in get_args(hint):
            yield from _parts(arg)


def _is_struct(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Struct)


def supplied(request: Request, *names: str) -> dict[str, Any]:
    """Those of the named parameters that the request gives: the columns to change."""
    return {name: value for name in names if (value := getattr(request, name)) is not None}
