"""A history that goes into an account comes out of it as it was, through a real server."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from heartline.archive import upload
from heartline.archive.export import export_rows, export_xml
from heartline.archive.importing import Imported, import_file
from heartline.archive.restore import NotAnExport, Restored
from heartline.client import Client, HeartlineError, MessageType, NewMessage, new_id, sign_up
from tests.archive.backups import OWN, fields_of, write_backup
from tests.conftest import Server

COUNT = 640
MESSAGES = COUNT + COUNT // 20
"""Each mms is two: the picture and the text."""
T = TypeVar("T")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "sms.xml"
    with path.open("w", encoding="utf-8") as file:
        write_backup(file, COUNT)
    return path


def with_account(server: Server, test: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with sign_up(server.url, f"{uuid4().hex}@example.org", "correct horse") as client:
            return await test(client)

    return asyncio.run(run())


async def import_path(client: Client, path: Path) -> Imported:
    with path.open("rb") as file:
        done = await import_file(client, file)
    assert isinstance(done, Imported)
    return done


async def exported_xml(client: Client, path: Path) -> Path:
    with path.open("wb") as file:
        await export_xml(client, file, own_number=OWN, on_progress=lambda messages: None)
    return path


async def exported_rows(client: Client, decrypt: bool) -> io.BytesIO:
    file = io.BytesIO()
    await export_rows(client, file, decrypt=decrypt, on_progress=lambda messages: None)
    file.seek(0)
    return file


def test_the_export_equals_the_import_field_by_field(server: Server, backup: Path) -> None:
    async def test(client: Client) -> None:
        done = await import_path(client, backup)
        assert (done.summary.messages, done.summary.known, done.summary.files) == (MESSAGES, 0, COUNT // 20)
        assert (done.problem, done.unreadable, done.mended) == (None, [], 0)
        exported = await exported_xml(client, backup.with_name("again.xml"))
        assert sum(fields_of(backup).values()) == COUNT
        assert fields_of(exported) == fields_of(backup)

    with_account(server, test)


def test_a_second_import_adds_nothing(server: Server, backup: Path) -> None:
    async def test(client: Client) -> None:
        await import_path(client, backup)
        before, cursor = await client.count(), await client.cursor()
        done = await import_path(client, backup)
        assert (done.summary.messages, done.summary.known) == (0, MESSAGES)
        assert (done.summary.conversations, done.summary.contacts, done.summary.files) == (0, 0, 0)
        assert await client.count() == before
        assert await client.cursor() == cursor

    with_account(server, test)


def test_what_the_phone_uploaded_by_itself_is_recognised(server: Server, backup: Path) -> None:
    async def test(client: Client) -> None:
        await import_path(client, backup)
        uploaded = [
            NewMessage(
                device_id=new_id(),
                device_conversation_id=message.device_conversation_id,
                message_type=message.message_type,
                data=message.data,
                timestamp=message.timestamp,
                mime_type=message.mime_type,
                read=message.read,
                seen=message.seen,
                message_from=message.message_from,
            )
            async for message in client.messages.walk()
        ]
        missing = uploaded.pop()
        for message in [message async for message in client.messages.walk()]:
            await client.messages.remove(message.device_id)
        await client.messages.add(uploaded[: len(uploaded) // 2])
        await client.messages.add(uploaded[len(uploaded) // 2 :])
        done = await import_path(client, backup)
        assert (done.summary.messages, done.summary.known) == (1, MESSAGES - 1)
        assert (done.summary.conversations, done.summary.contacts) == (0, 0)
        stored = [(message.timestamp, message.data) async for message in client.messages.walk()]
        assert sorted(stored) == sorted((message.timestamp, message.data) for message in [*uploaded, missing])
        done = await import_path(client, backup)
        assert (done.summary.messages, done.summary.known) == (0, MESSAGES)

    with_account(server, test)


def test_an_interrupted_import_goes_on(server: Server, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "BATCH", 50)

    async def test(client: Client) -> None:
        calls = 0
        call = client.rest.call

        async def cut(endpoint: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 25:
                raise HeartlineError("the cable was cut")
            return await call(endpoint, *arguments, **options)

        client.rest.call = cut  # type: ignore[method-assign]
        with pytest.raises(HeartlineError, match="cable"):
            await import_path(client, backup)
        assert 0 < (await client.count()).message_count < MESSAGES
        done = await import_path(client, backup)
        assert done.summary.known > 0
        assert done.summary.known + done.summary.messages == MESSAGES
        exported = await exported_xml(client, backup.with_name("again.xml"))
        assert fields_of(exported) == fields_of(backup)

    with_account(server, test)


@pytest.mark.parametrize("decrypt", [False, True])
def test_an_export_of_ours_restores_everything(server: Server, backup: Path, decrypt: bool) -> None:
    async def test(client: Client) -> None:
        await import_path(client, backup)
        conversation = (await client.conversations.list())[0].device_id
        await client.templates.add("On my way")
        await client.drafts.replace(conversation, "half a sentence")
        await client.scheduled.add("+15550100001", "Happy birthday", 2**42)
        await client.blacklist.add(phrase="casino")
        await client.folders.add("Work")
        await client.auto_replies.add("keyword", "I'm driving", pattern="where")
        file = await exported_rows(client, decrypt)
        everything = await exported_rows(client, True)
        counts = await client.count()
        await client.clean_account()
        restored = await import_file(client, file)
        assert isinstance(restored, Restored)
        assert (restored.messages, restored.unreadable, restored.files) == (MESSAGES, 0, COUNT // 20)
        assert await client.count() == counts
        assert without_head(await exported_rows(client, True)) == without_head(everything)
        file.seek(0)
        cursor = await client.cursor()
        again = await import_file(client, file)
        assert isinstance(again, Restored)
        assert (again.messages, again.known, again.rows) == (0, MESSAGES, 0)
        assert await client.cursor() == cursor

    with_account(server, test)


def without_head(file: io.BytesIO) -> list[bytes]:
    return sorted(file.read().splitlines()[1:])


def test_an_encrypted_export_opens_in_its_account_only(server: Server) -> None:
    async def exported(client: Client) -> io.BytesIO:
        return await exported_rows(client, False)

    file = with_account(server, exported)

    async def test(client: Client) -> None:
        with pytest.raises(NotAnExport, match="another account"):
            await import_file(client, file)

    with_account(server, test)


def test_what_waited_to_be_sent_is_not_sent_by_an_import(server: Server) -> None:
    async def test(client: Client) -> None:
        message_id = new_id()
        sending = NewMessage(
            device_id=message_id,
            device_conversation_id=1,
            message_type=MessageType.SENDING,
            data="Hi",
            timestamp=1,
            mime_type="text/plain",
        )
        await client.messages.add([sending])
        file = await exported_rows(client, False)
        await client.clean_account()
        await import_file(client, file)
        (message,) = await client.messages.list()
        assert (message.device_id, message.message_type) == (message_id, MessageType.ERROR)

    with_account(server, test)


def test_an_account_that_has_the_conversation_keeps_it(server: Server, backup: Path) -> None:
    async def test(client: Client) -> None:
        await import_path(client, backup)
        rows = {row.device_id: row.phone_numbers for row in await client.conversations.list()}
        other = backup.with_name("other.xml")
        number = next(numbers for numbers in rows.values() if numbers and "," not in numbers)
        address = number.removeprefix("+1")
        sms = f'<sms address="{address}" date="1900000000000" type="1" body="New!"/>'
        other.write_text(f'<smses count="1">{sms}</smses>')
        done = await import_path(client, other)
        assert (done.summary.messages, done.summary.conversations) == (1, 0)
        assert {row.device_id: row.phone_numbers for row in await client.conversations.list()} == rows
        assert (await client.conversations.list())[0].snippet == "New!"

    with_account(server, test)
