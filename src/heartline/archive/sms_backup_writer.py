"""Writes the XML of the Android app *SMS Backup & Restore* (see `sms_backup.py`), one entry after the other."""

import binascii
import re
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO, Self
from xml.sax.saxutils import quoteattr

from heartline.archive.entries import DELIVERED, FAILED, RECEIVED, SENDING, SENT, TEXT, Entry
from heartline.archive.sms_backup import DELIVERED_STATUS, DRAFT_BOX, FROM, ME, RETRIEVED, TO, UNKNOWN_NAME

BOXES = {RECEIVED: 1, SENT: 2, DELIVERED: 2, SENDING: 4, FAILED: 5}
COUNT_DIGITS = 12
"""Room for the count at the top of the file, which is known at its end."""
RECEIVED_PDU, SENT_PDU = 132, 128
"""`m_type` of a picture message."""
UTF8 = 106
"""The number of UTF-8 among character sets (IANA)."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


class BackupWriter:
    """The file is complete when the block ends."""

    def __init__(self, file: BinaryIO, own_number: str = "") -> None:
        self._file = file
        self._own_number = own_number
        self.count = 0

    def __enter__(self) -> Self:
        self._line("<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>")
        self._count_at = self._file.tell()
        self._line(f"<smses {'':{len(_count(0))}}>")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._line("</smses>")
        self._file.seek(self._count_at + len("<smses "))
        self._file.write(_count(self.count).encode())
        self._file.seek(0, 2)

    def add(self, entry: Entry) -> None:
        """One text to or from one person is an sms, everything else an mms."""
        self.count += 1
        if len(entry.numbers) == 1 and len(entry.parts) == 1 and entry.parts[0].mime_type == TEXT:
            self._sms(entry)
        else:
            self._mms(entry)

    def _sms(self, entry: Entry) -> None:
        status = DELIVERED_STATUS if entry.message_type == DELIVERED else -1
        self._element(
            "  <sms",
            protocol=0,
            address=entry.numbers[0],
            date=entry.timestamp_ms,
            type=DRAFT_BOX if entry.draft else BOXES[entry.message_type],
            subject=None,
            body=entry.parts[0].content,
            toa=None,
            sc_toa=None,
            service_center=None,
            read=int(entry.read),
            status=status,
            locked=0,
            readable_date=_readable(entry.timestamp_ms),
            contact_name=_names(entry),
            end=" />",
        )

    def _mms(self, entry: Entry) -> None:
        received = entry.message_type == RECEIVED and not entry.draft
        self._element(
            "  <mms",
            date=entry.timestamp_ms,
            msg_box=DRAFT_BOX if entry.draft else BOXES[entry.message_type],
            address="~".join(entry.numbers),
            m_type=RECEIVED_PDU if received else SENT_PDU,
            ct_t="application/vnd.wap.multipart.related",
            st=RETRIEVED if entry.message_type == DELIVERED else None,
            sub=None,
            read=int(entry.read),
            seen=1,
            text_only=int(all(part.mime_type == TEXT for part in entry.parts)),
            readable_date=_readable(entry.timestamp_ms),
            contact_name=_names(entry),
            end=">",
        )
        self._line("    <parts>")
        for seq, part in enumerate(entry.parts):
            if isinstance(part.content, str):
                self._element("      <part", seq=seq, ct=part.mime_type, chset=UTF8, text=part.content, end=" />")
            else:
                data = None if part.content is None else binascii.b2a_base64(part.content, newline=False).decode()
                self._element("      <part", seq=seq, ct=part.mime_type, chset=None, text=None, data=data, end=" />")
        self._line("    </parts>")
        self._line("    <addrs>")
        for kind, number in self._addresses(entry, received):
            self._element("      <addr", address=number, type=kind, charset=UTF8, end=" />")
        self._line("    </addrs>")
        self._line("  </mms>")

    def _addresses(self, entry: Entry, received: bool) -> list[tuple[int, str]]:
        """Who wrote it, and everybody else who got it; the phone's own number where it is known."""
        if not received:
            return [(FROM, ME), *((TO, number) for number in entry.numbers)]
        sender = entry.sender or (entry.numbers[0] if len(entry.numbers) == 1 else None)
        others = [number for number in entry.numbers if number != sender]
        if self._own_number:
            others.append(self._own_number)
        return [*([(FROM, sender)] if sender else []), *((TO, number) for number in others)]

    def _element(self, start: str, *, end: str, **attributes: object) -> None:
        texts = (f"{name}={_quoted(value)}" for name, value in attributes.items())
        self._line(f"{start} {' '.join(texts)}{end}")

    def _line(self, text: str) -> None:
        self._file.write(text.encode() + b"\n")


def _count(count: int) -> str:
    text = f'count="{count}"'
    return f"{text:<{len('count=') + 2 + COUNT_DIGITS}}"


def _names(entry: Entry) -> str:
    names = entry.names or (None,) * len(entry.numbers)
    return ", ".join(name or UNKNOWN_NAME for name in names)


def _quoted(value: object) -> str:
    if value is None:
        return '"null"'
    return quoteattr(_NOT_IN_XML.sub("\ufffd", str(value)), _ESCAPES)


def _readable(timestamp_ms: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%b %d, %Y %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return ""
