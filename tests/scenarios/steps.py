"""One scenario a resource: requests in order, each with its whole reply and the operations that it causes, as the contract
has them. `test_conformance.py` plays them against a server.

Texts in capitals stand for what only the run knows: `ACCOUNT` for the account's id, `NAME` for its user name.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.contract_facts import Text

ACCOUNT, NAME = "<account id>", "<user name>"
PASSWORD = "Correct horse 7!"
"""What `tests.conftest.Server.sign_up` signs up with."""

Operations = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Step:
    """A request to an endpoint."""

    endpoint: str
    """Method and path as in rest.md."""
    path: dict[str, object] = field(default_factory=dict)
    """Values for the parameters in the path."""
    query: dict[str, object] = field(default_factory=dict)
    body: object = None
    public: bool = False
    """True when it is sent without an account id."""
    status: int = 200
    reply: object = field(default_factory=dict)
    emits: Operations = field(default_factory=list)
    removes_account: bool = False


@dataclass(frozen=True)
class Command:
    """A call of the command line, while the server runs."""

    arguments: tuple[str, ...]
    emits: Operations = field(default_factory=list)


def get(
    path: str, reply: object, *, at: object = None, status: int = 200, public: bool = False, **query: object
) -> Step:
    return Step(f"GET {path}", _filled(path, at), query, public=public, status=status, reply=reply)


def post(
    path: str,
    body: object = None,
    *emits: tuple[str, dict[str, Any]],
    at: object = None,
    reply: object = None,
    status: int = 200,
    public: bool = False,
    removes_account: bool = False,
    **query: object,
) -> Step:
    reply = {} if reply is None else reply
    return Step(f"POST {path}", _filled(path, at), query, body, public, status, reply, list(emits), removes_account)


def command(*arguments: str, emits: Operations) -> Command:
    return Command(arguments, emits)


def _filled(path: str, value: object) -> dict[str, object]:
    """The one parameter that a path has, if it has one."""
    name = path.partition("{")[2].rstrip("}")
    assert bool(name) == (value is not None), path
    return {name: value} if name else {}


def row(**columns: Any) -> dict[str, Any]:
    """A row of a list, of the columns that a client gave."""
    return {"id": columns.get("device_id"), "account_id": ACCOUNT, **columns}


def failure(sentence: str | Text) -> dict[str, Any]:
    return {"error": sentence, "code": Text("[a-z_]+")}


NOT_IMPLEMENTED = failure("not implemented")


COLOURS = {"color": -1352590, "color_dark": -4311478, "color_light": -1, "color_accent": -10011977}
NO_COLOURS = dict.fromkeys(COLOURS, 0)
