"""How texts of other people are shown: no character of theirs may steer the terminal, and columns stay columns."""

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from heartline.cli.output import print_table
from heartline.contract import Row

# Control characters (C0, DEL, C1) and those that turn the direction of writing; joiners of emoji are none of them.
_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile(r"</?[ib]>")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def clean(text: str | None) -> str:
    """The text with control characters as pictures of them; line feeds stay, tabs are spaces."""
    return _STEERING.sub(_picture, (text or "").replace("\r\n", "\n").replace("\t", "    "))


def one_line(text: str | None) -> str:
    """The text in one line, for a table."""
    return " ".join(clean(text).split())


def snippet(text: str | None) -> str:
    """A preview without the tags that the apps put around what is no text."""
    return one_line(_TAGS.sub("", text or ""))


def field(text: str | None) -> str:
    """The text as one value between tabs: line breaks and tabs escaped, nothing else lost."""
    return clean("".join(_ESCAPES.get(character, character) for character in text or ""))


def print_rows(head: Sequence[str], rows: Iterable[Sequence[str]], *, cut: str = "") -> None:
    """A table of cleaned values on a terminal, else lines of escaped ones."""
    show = one_line if sys.stdout.isatty() else field
    print_table(head, ([show(value) for value in row] for row in rows), cut=cut)


def print_json(row: Row | dict[str, Any]) -> None:
    """One JSON object in a line. Without the account's id, which opens the account."""
    values = {name: value for name, value in _values(row).items() if name != "account_id"}
    text = msgspec.json.encode({name: _plain(value) for name, value in values.items()}).decode()
    print(_STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text), flush=True)


def time_of(timestamp_ms: int) -> datetime:
    """A time in the person's own zone; the first or last that a calendar has for nonsense."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000).astimezone()
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0).astimezone()


def when(timestamp_ms: int) -> str:
    """The time for a table: today only the clock; in a pipe, all of it with the zone."""
    moment = time_of(timestamp_ms)
    if not sys.stdout.isatty():
        return moment.isoformat(timespec="seconds")
    now = datetime.now().astimezone()
    if moment.date() == now.date():
        return moment.strftime("%H:%M")
    return moment.strftime("%d %b %H:%M" if moment.year == now.year else "%d %b %Y")


def _values(row: Row | dict[str, Any]) -> dict[str, Any]:
    return row if isinstance(row, dict) else msgspec.structs.asdict(row)


def _plain(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, str) else value


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\ufffd"
