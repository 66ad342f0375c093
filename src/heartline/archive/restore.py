"""Reads Heartline's own export (`export.py`) back into an account. Rows keep their ids, and those that are there are left
alone: so it can be repeated, and resumed."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from heartline.archive.entries import FAILED, SENDING
from heartline.archive.export import KEY_CHECK, VERSION
from heartline.archive.reading import sealed_messages
from heartline.archive.tables import TABLES, Table
from heartline.archive.upload import BATCH
from heartline.client import CannotOpen, Client
from heartline.client.sealing import seal
from heartline.errors import BodyTooLarge
from heartline.resources.media import AddMedia, add_media
from heartline.resources.messages import AddMessages, NewMessage, add_messages

LINE_BYTES = 256 * 1024 * 1024
"""The longest line: a file is one."""


class NotAnExport(ValueError):
    """The file is no export, or not one that this account can open."""


@dataclass(slots=True)
class Restored:
    messages: int = 0
    known: int = 0
    """Messages that were there already."""
    files: int = 0
    files_missing: int = 0
    """Files that are larger than the server takes, or damaged."""
    rows: int = 0
    """Of all other tables."""
    unreadable: int = 0
    """Lines that are no row; left out."""


class _Head(Struct):
    heartline_export: int
    encrypted: bool
    key_check: str


class _Line(Struct):
    table: str
    row: dict[str, Any]


class Restore:
    def __init__(self, client: Client, file: BinaryIO, on_progress: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._file = file
        self._on_progress = on_progress
        self._encrypted = False
        self._messages: list[NewMessage] = []
        self._rows: list[Struct] = []
        self._table: Table | None = None
        self._known: set[int] = set()
        self.restored = Restored()

    async def run(self) -> Restored:
        """Raises `NotAnExport`."""
        self._read_head()
        tables = {table.name: table for table in TABLES}
        async for message in sealed_messages(self._client):
            self._known.add(message.device_id)
        while text := self._file.readline(LINE_BYTES):
            self._on_progress()
            try:
                line = msgspec.json.decode(text, type=_Line)
                if line.table == "media":
                    await self._add_file(line.row)
                elif line.table == "messages":
                    await self._add_message(msgspec.convert(line.row, NewMessage))
                else:
                    await self._add_row(tables[line.table], line.row)
            except (msgspec.MsgspecError, KeyError):
                self.restored.unreadable += 1
        await self._flush_rows()
        await self._flush_messages()
        return self.restored

    def _read_head(self) -> None:
        try:
            head = msgspec.json.decode(self._file.readline(LINE_BYTES), type=_Head)
        except msgspec.MsgspecError:
            raise NotAnExport("this is no export of Heartline") from None
        if head.heartline_export > VERSION:
            raise NotAnExport("this export was made by a newer version")
        self._encrypted = head.encrypted
        if head.encrypted:
            try:
                same = self._client.key.open_text(head.key_check) == KEY_CHECK
            except CannotOpen:
                same = False
            if not same:
                raise NotAnExport(
                    "this export is encrypted with the key of another account: there, make one with --decrypt"
                )

    async def _add_file(self, row: dict[str, Any]) -> None:
        message_id, data = row["message_id"], row["data"]
        if message_id in self._known:
            return
        try:
            if not self._encrypted:
                data = self._client.key.seal(base64.b64decode(data, validate=True))
            await self._client.rest.call(add_media, AddMedia(message_id=message_id, data=data))
            self.restored.files += 1
        except (BodyTooLarge, binascii.Error):
            self.restored.files_missing += 1

    async def _add_message(self, message: NewMessage) -> None:
        if message.device_id in self._known:
            self.restored.known += 1
            return
        self._known.add(message.device_id)
        if message.message_type == SENDING:  # or the phone would send it now
            message.message_type = FAILED
        self._messages.append(message)
        if len(self._messages) >= BATCH:
            await self._flush_messages()

    async def _add_row(self, table: Table, row: dict[str, Any]) -> None:
        item = msgspec.convert(row, table.item)
        if table is not self._table:
            await self._flush_rows()
            self._table = table
        self._rows.append(item)

    async def _flush_rows(self) -> None:
        """Store the rows of one table that are not there."""
        rows, self._rows = self._rows, []
        if not rows or self._table is None:
            return
        there = {row.device_id for row in await self._client.rest.call(self._table.read)}
        new = [row for row in rows if getattr(row, "device_id", None) not in there]
        for start in range(0, len(new), BATCH):
            request = self._table.request(**{self._table.name: new[start : start + BATCH]})
            await self._client.rest.call(self._table.write, self._sealed(request))
        self.restored.rows += len(new)

    async def _flush_messages(self) -> None:
        messages, self._messages = self._messages, []
        if messages:
            await self._client.rest.call(add_messages, self._sealed(AddMessages(messages=messages)))
            self.restored.messages += len(messages)

    def _sealed(self, request: Any) -> Any:
        return request if self._encrypted else seal(self._client.key, request)
