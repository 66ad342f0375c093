"""Writes an account into a file: as Heartline's own export, sealed or open, or as XML of *SMS Backup & Restore*.

Heartline's export is JSON lines. The first says what it is, each other one is a row:

    {"heartline_export": 1, "encrypted": true, "key_check": "..."}
    {"table": "conversations", "row": {"device_id": 7, "title": "...", ...}}
    {"table": "media", "row": {"message_id": 8, "data": "..."}}
    {"table": "messages", "row": {"device_id": 8, "device_conversation_id": 7, ...}}

A file stands before its message. `encrypted` means every field exactly as the server has it; without, texts are texts and
files are base64. It holds what an account holds but its settings and devices.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from heartline.archive.entries import SENT, Entry, Ids, Part
from heartline.archive.people import People
from heartline.archive.reading import has_file, open_file, sealed_file, sealed_messages
from heartline.archive.sms_backup_writer import BOXES, BackupWriter
from heartline.archive.tables import TABLES
from heartline.client import Client, Message, Unreadable
from heartline.client.numbers import split_numbers
from heartline.client.sealing import open_struct
from heartline.client.sending import STORED_MEDIA, TEXT

VERSION = 1
KEY_CHECK = "heartline"
"""What `key_check` says when it is opened with the right key."""
UNKNOWN = "Unknown"
"""The number of messages whose conversation is gone."""

Progress = Callable[[int], None]


@dataclass(slots=True)
class Written:
    """What an export wrote."""

    messages: int = 0
    files: int = 0
    rows: int = 0
    """Of all other tables."""
    files_missing: int = 0
    unreadable: int = 0
    """Values that could not be opened: they stand in the file as stored."""
    left_out: int = 0
    """Messages that the format cannot hold: notes and cards of links, in XML."""


async def export_rows(client: Client, file: BinaryIO, *, decrypt: bool, on_progress: Progress) -> Written:
    """Write Heartline's own export."""
    written = Written()
    check = client.key.seal_text(KEY_CHECK)
    _line(file, {"heartline_export": VERSION, "encrypted": not decrypt, "key_check": check})
    for table in TABLES:
        for row in await client.rest.call(table.read):
            _line(file, {"table": table.name, "row": _row(client, row, decrypt, written)})
            written.rows += 1
    async for message in sealed_messages(client):
        if has_file(client, message):
            await _export_file(client, file, message.device_id, decrypt, written)
        _line(file, {"table": "messages", "row": _row(client, message, decrypt, written)})
        written.messages += 1
        on_progress(1)
    return written


async def _export_file(client: Client, file: BinaryIO, message_id: int, decrypt: bool, written: Written) -> None:
    data: str | None
    if decrypt:
        content = await open_file(client, message_id)
        data = None if content is None else base64.b64encode(content).decode()
    else:
        data = await sealed_file(client, message_id)
    if data is None:
        written.files_missing += 1
        return
    _line(file, {"table": "media", "row": {"message_id": message_id, "data": data}})
    written.files += 1


def _row(client: Client, row: Struct, decrypt: bool, written: Written) -> dict[str, Any]:
    if decrypt:
        open_struct(client.key, row)
    values = {name: getattr(row, name) for name in row.__struct_fields__ if name not in ("id", "account_id")}
    for name, value in values.items():
        if isinstance(value, Unreadable):
            values[name] = value.stored
            written.unreadable += 1
    return values


def _line(file: BinaryIO, content: dict[str, Any]) -> None:
    file.write(msgspec.json.encode(content) + b"\n")


async def export_xml(client: Client, file: BinaryIO, *, own_number: str = "", on_progress: Progress) -> Written:
    """Write the XML, newest first. `own_number` goes into the addresses of picture messages."""
    written = Written()
    people = People(client, Ids(bytes(client.key)))
    await people.load()
    conversations = {row.device_id: row for row in await client.conversations.list()}

    def numbers_of(conversation: int) -> tuple[str, ...]:
        row = conversations.get(conversation)
        return tuple(split_numbers(row.phone_numbers or "") if row else ()) or (UNKNOWN,)

    async def add(messages: list[Message], writer: BackupWriter) -> None:
        """Messages that were parts of one, last part first."""
        first = messages[-1]
        numbers = numbers_of(first.device_conversation_id)
        parts = [await _part(client, message, written) for message in reversed(messages)]
        sender = people.number_of(first.message_from, numbers) if len(numbers) > 1 else None
        names = tuple(people.name_of(number) for number in numbers)
        writer.add(Entry(numbers, first.timestamp, first.message_type, tuple(parts), first.read, sender, names))
        written.messages += len(messages)

    with BackupWriter(file, own_number) as writer:
        for draft in await client.drafts.list():
            row = conversations.get(draft.device_conversation_id)
            numbers = numbers_of(draft.device_conversation_id)
            names = tuple(people.name_of(number) for number in numbers)
            timestamp_ms = row.timestamp if row else 0
            part = Part(draft.mime_type, draft.data)
            writer.add(Entry(numbers, timestamp_ms, SENT, (part,), True, None, names, draft=True))
            written.rows += 1
        together: list[Message] = []
        async for message in sealed_messages(client):
            on_progress(1)
            if message.message_type not in BOXES:
                written.left_out += 1
                continue
            open_struct(client.key, message)
            if together and not _belong_together(together[-1], message):
                await add(together, writer)
                together = []
            together.append(message)
        if together:
            await add(together, writer)
    return written


def _belong_together(later: Message, message: Message) -> bool:
    """Whether a message is the part before the other one: the ids of parts follow each other (`Ids.parts`)."""
    return (
        message.device_id == later.device_id - 1
        and message.timestamp == later.timestamp
        and message.device_conversation_id == later.device_conversation_id
        and message.message_type == later.message_type
    )


async def _part(client: Client, message: Message, written: Written) -> Part:
    for value in (message.data, message.mime_type):
        if isinstance(value, Unreadable):
            written.unreadable += 1
            return Part(TEXT, value.stored)
    if message.mime_type == TEXT or message.data != STORED_MEDIA:
        return Part(TEXT, message.data)
    content = await open_file(client, message.device_id)
    if content is None:
        written.files_missing += 1
    else:
        written.files += 1
    return Part(message.mime_type, content)
