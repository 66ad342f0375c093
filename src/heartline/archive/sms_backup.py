"""Reads the XML of the Android app *SMS Backup & Restore*, as a stream.

    <smses count="2">
      <sms address="+15551234567" date="1700000000000" type="1" body="Hi" read="1" status="-1" contact_name="Ann" .../>
      <mms address="+15551234567~+15557654321" date="..." msg_box="1" read="1" contact_name="Ann, Bob" ...>
        <parts><part seq="0" ct="image/jpeg" data="base64" .../><part seq="1" ct="text/plain" text="Look" .../></parts>
        <addrs><addr address="+15551234567" type="137" .../> ... </addrs>
      </mms>
    </smses>

Calls are counted and passed over. The layout of a picture message (`application/smil`) is left out. A file that
ends too early, or is broken at some place, gives what stands before that place, and says so. A file that declares a
document type or entities is refused: no such backup does, and with them a small file can become gigabytes.
"""

import binascii
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from heartline.archive.entries import DELIVERED, FAILED, RECEIVED, SENT, TEXT, Entry, Part
from heartline.archive.mended import Mended

ELEMENT_BYTES = 128 * 1024 * 1024
"""The longest element: an attachment is one attribute, and the parser holds it whole."""

SMS_TYPES = {1: RECEIVED, 2: SENT, 3: SENT, 4: FAILED, 5: FAILED, 6: FAILED}
"""Android's boxes. What waits in the outbox (4) or the queue (6) becomes failed, or a phone would send it now."""
DRAFT_BOX = 3
DELIVERED_STATUS = 0
"""`status` of a delivered text."""
RETRIEVED = 129
"""`st` of a delivered picture message."""
FROM, TO = 137, 151
"""Types of the addresses of a picture message."""
ME = "insert-address-token"
"""Stands for the phone's own number."""
UNKNOWN_NAME = "(Unknown)"
LAYOUT = "application/smil"


class NotABackup(ValueError):
    """The file is no such backup, or may not be read; nothing was."""


class Backup:
    """One file. What the attributes say is complete when `entries` has ended."""

    def __init__(self, file: BinaryIO) -> None:
        self._text = Mended(file)
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_declaration
        self._parser.EntityDeclHandler = self._refuse_declaration
        self._ready: list[Entry] = []
        self._mms: _Mms | None = None
        self._fed_bytes = 0
        self._event_bytes = 0
        self._root: str | None = None
        self.expected: int | None = None
        """Entries that the file says it has."""
        self.calls = 0
        self.unreadable: list[str] = []
        """Why entries were passed over, one sentence each."""
        self.problem: str | None = None
        """Why the file was not read to its end."""

    @property
    def mended(self) -> int:
        """Places where characters were repaired."""
        return self._text.count

    def entries(self) -> Iterator[Entry]:
        """All entries, in the file's order. Raises `NotABackup`."""
        try:
            for chunk in self._text:
                self._fed_bytes += len(chunk)
                self._parser.Parse(chunk, False)
                yield from self._take()
                if self._fed_bytes - self._event_bytes > ELEMENT_BYTES:
                    self.problem = f"an element is larger than {ELEMENT_BYTES} bytes"
                    return
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            if self._root is None:
                raise NotABackup(f"this is no XML: {expat.ErrorString(error.code)} in line {error.lineno}") from None
            yield from self._take()
            self.problem = f"line {error.lineno}: {expat.ErrorString(error.code)}"
        yield from self._take()

    def _take(self) -> Iterator[Entry]:
        ready, self._ready = self._ready, []
        yield from ready

    def _refuse_declaration(self, *_: object) -> None:
        raise NotABackup("the file declares a document type or entities, which no backup does: it is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._event_bytes = self._fed_bytes
        if self._root is None:
            if name not in ("smses", "calls"):
                raise NotABackup(f"this is no backup of messages: it begins with <{name}>, not <smses>")
            self._root = name
            self.expected = _number_or_none(attributes.get("count"))
        elif name == "sms":
            self._add(lambda: _sms(attributes))
        elif name == "mms":
            self._mms = _Mms(attributes)
        elif name == "part" and self._mms:
            self._mms.add_part(attributes)
        elif name == "addr" and self._mms:
            self._mms.addresses.append((attributes.get("type", ""), attributes.get("address", "")))
        elif name == "call":
            self.calls += 1

    def _end(self, name: str) -> None:
        self._event_bytes = self._fed_bytes
        if name == "mms" and self._mms:
            self._add(self._mms.entry)
            self._mms = None

    def _add(self, make: Callable[[], Entry]) -> None:
        try:
            self._ready.append(make())
        except _Unreadable as error:
            self.unreadable.append(f"line {self._parser.CurrentLineNumber}: {error}")


class _Unreadable(ValueError):
    """An entry that cannot be taken over; says what is wrong with it, not what is in it."""


def _sms(attributes: dict[str, str]) -> Entry:
    box = _number(attributes, "type")
    if box not in SMS_TYPES:
        raise _Unreadable(f"there is no type {box} of messages")
    numbers = _numbers(attributes.get("address", ""))
    if not numbers:
        raise _Unreadable("it has no number")
    message_type = SMS_TYPES[box]
    if message_type == SENT and _number_or_none(attributes.get("status")) == DELIVERED_STATUS:
        message_type = DELIVERED
    return Entry(
        numbers=numbers,
        timestamp_ms=_number(attributes, "date"),
        message_type=message_type,
        parts=(Part(TEXT, attributes.get("body", "")),),
        read=attributes.get("read") != "0",
        names=_names(attributes.get("contact_name"), numbers),
        draft=box == DRAFT_BOX,
    )


class _Mms:
    """A picture message while its parts come."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        self.parts: list[tuple[int, Part]] = []
        self.addresses: list[tuple[str, str]] = []

    def add_part(self, attributes: dict[str, str]) -> None:
        mime_type = attributes.get("ct", "").lower()
        if mime_type == LAYOUT:
            return
        data, text = _null(attributes.get("data")), _null(attributes.get("text"))
        content: str | bytes | None
        if mime_type == TEXT and data is None:
            content = text or ""
        elif data is not None:
            content = _decode(data)
            if mime_type == TEXT and content is not None:
                content = content.decode("utf-8", "replace")
        else:
            content = None if text is None else text.encode()
        self.parts.append((_number_or_none(attributes.get("seq")) or 0, Part(mime_type or TEXT, content)))

    def entry(self) -> Entry:
        box = _number(self.attributes, "msg_box")
        if box not in SMS_TYPES:
            raise _Unreadable(f"there is no box {box} of picture messages")
        message_type = SMS_TYPES[box]
        numbers = _numbers(self.attributes.get("address", ""))
        writers = [number for kind, number in self.addresses if kind == str(FROM) and number != ME]
        if not numbers:
            others = writers if message_type == RECEIVED else [a for kind, a in self.addresses if kind != str(FROM)]
            numbers = tuple(dict.fromkeys(number for address in others for number in _numbers(address)))
        if not numbers:
            raise _Unreadable("it has no number")
        parts = [part for _, part in sorted(self.parts, key=lambda numbered: numbered[0])]
        if subject := _null(self.attributes.get("sub")):
            parts.insert(0, Part(TEXT, subject))
        if message_type == SENT and _number_or_none(self.attributes.get("st")) == RETRIEVED:
            message_type = DELIVERED
        received_in_group = message_type == RECEIVED and len(numbers) > 1
        return Entry(
            numbers=numbers,
            timestamp_ms=_number(self.attributes, "date"),
            message_type=message_type,
            parts=tuple(parts) or (Part(TEXT, ""),),
            read=self.attributes.get("read") != "0",
            sender=writers[0] if received_in_group and writers else None,
            names=_names(self.attributes.get("contact_name"), numbers),
            draft=box == DRAFT_BOX,
        )


def _numbers(address: str) -> tuple[str, ...]:
    """The numbers of an attribute, each once."""
    numbers = (part.strip() for part in address.split("~"))
    return tuple(dict.fromkeys(number for number in numbers if number not in ("", "null", ME)))


def _names(text: str | None, numbers: tuple[str, ...]) -> tuple[str | None, ...]:
    """A name for each number, or nothing: names of a group stand in one attribute, and may have commas themselves."""
    text = _null(text)
    if text is None:
        return ()
    names = [text] if len(numbers) == 1 else text.split(", ")
    if len(names) != len(numbers):
        return ()
    return tuple(None if name in ("", UNKNOWN_NAME) else name for name in names)


def _decode(data: str) -> bytes | None:
    try:
        return binascii.a2b_base64(data)
    except (binascii.Error, ValueError):
        return None


def _null(text: str | None) -> str | None:
    """The app writes null for what is not there."""
    return None if text in (None, "", "null") else text


def _number(attributes: dict[str, str], name: str) -> int:
    number = _number_or_none(attributes.get(name))
    if number is None:
        raise _Unreadable(f"{name} is no number")
    return number


def _number_or_none(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if -(2**63) <= number < 2**63 else None
