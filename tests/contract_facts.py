"""The contract as facts to hold against what the server says: the operations of operations.json, and JSON types."""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

OPERATIONS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "contract" / "operations.json").read_text("utf-8")
)

TYPES = {
    "integer": lambda value: type(value) is int and -(2**63) <= value < 2**63,
    "string": lambda value: type(value) is str,
    "boolean": lambda value: type(value) is bool,
    "any": lambda value: type(value) in (int, str, bool),
}


class Text:
    """Equals every text that the pattern matches as a whole, for what the server makes up."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Text({self.pattern!r})"


def cipher(text: str) -> str:
    """What looks like the ciphertext of a text, with Android's line breaks."""
    return f"aXY=\n-:-{b64encode(text.encode()).decode()}\n"


def typed(value: Any) -> Any:
    """The same JSON value, in which 1, 1.0 and true differ."""
    match value:
        case dict():
            return {name: typed(member) for name, member in value.items()}
        case list():
            return [typed(member) for member in value]
        case bool() | int() | float():
            return (type(value).__name__, value)
    return value


def check_operation(name: str, content: Any) -> None:
    """Field by field as in operations.json: exactly these keys, of these types, null only where marked."""
    declared = OPERATIONS[name]["content"]
    required = {field for field, facts in declared.items() if not facts["optional"]}
    assert type(content) is dict, f"{name}: the content is no object"
    assert required <= set(content) <= set(declared), f"{name}: wrong fields {sorted(content)}"
    for field, value in content.items():
        facts = declared[field]
        if value is None:
            assert facts["nullable"], f"{name}: {field} is null"
        else:
            fits = any(TYPES[kind](value) for kind in facts["type"].split("|"))
            assert fits, f"{name}: {field} is {value!r}, not {facts['type']}"
