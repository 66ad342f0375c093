"""The client against a real server: plaintext on this side, ciphertext on the other."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from heartline.client import (
    AccountIdInvalid,
    AddedMessage,
    Client,
    Dialect,
    ForwardedToPhone,
    MessageType,
    NewConversation,
    NewMessage,
    NotFound,
    Unreadable,
    WrongLogin,
    connect,
    get_credentials,
    log_in,
    new_id,
    sign_up,
)
from heartline.errors import PrimaryExists, UserExists
from heartline.resources.settings import UpdatedSetting
from tests.client.conftest import PASSWORD
from tests.conftest import WAIT_S, Account, Server

BOB = NewConversation(device_id=5, title="Bob", phone_numbers="+1 (555) 000-2222", id_matcher="50002222")
TEXT = "Grüße, 世界 👩‍👩‍👧\n-:- twice"


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(WAIT_S * 6):
            await work()

    asyncio.run(bounded())


@asynccontextmanager
async def new_client(server: Server, name: str) -> AsyncIterator[Client]:
    async with sign_up(server.url, name, PASSWORD, real_name="Ann", phone_number="+15550001111") as client:
        yield client


def raw(server: Server, client: Client) -> Account:
    """The same account, without encryption."""
    return Account(server, "", client.credentials.account_id)


@pytest.mark.parametrize("signed_up", Dialect)
@pytest.mark.parametrize("logged_in", Dialect)
def test_both_dialects_open_the_same_account(server: Server, name: str, signed_up: Dialect, logged_in: Dialect) -> None:
    async def work() -> None:
        async with sign_up(server.url, name, PASSWORD, dialect=signed_up) as client:
            await client.templates.add(TEXT)
            credentials = client.credentials
        async with log_in(server.url, name, PASSWORD, dialect=logged_in) as client:
            assert client.credentials == credentials
            assert [row.text for row in await client.templates.list()] == [TEXT]

    run(work)


def test_stored_credentials_need_no_password(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.templates.add(TEXT)
        credentials = await get_credentials(server.url, name, PASSWORD)
        assert credentials.account_id not in repr(credentials)
        async with connect(server.url + "/", credentials) as client:
            assert [row.text for row in await client.templates.list()] == [TEXT]

    run(work)


def test_refusals(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            with pytest.raises(UserExists, match="user already exists"):
                async with new_client(server, name):
                    pass
            with pytest.raises(WrongLogin, match="username or password incorrect"):
                await get_credentials(server.url, name, "wrong")
            with pytest.raises(NotFound, match="no media"):
                await client.media.get(1)
            await client.devices.add("phone", primary=True)
            with pytest.raises(PrimaryExists):
                await client.devices.add("other", primary=True)
            await client.remove_account()
            with pytest.raises(AccountIdInvalid):
                await client.count()

    run(work)


def test_the_server_never_sees_a_text(strict_server: Server, name: str) -> None:
    """It refuses plaintext in every encrypted field, so each of these calls seals all it must; then all of it opens."""

    async def work() -> None:
        async with new_client(strict_server, name) as client:
            start = await client.cursor()
            await client.conversations.add([msgspec.structs.replace(BOB, snippet=TEXT, ringtone="bell", image_uri="i")])
            await client.messages.add([received(TEXT, message_from="Bob", sim_stamp="1")])
            await client.send(5, TEXT)
            await client.send("555 999 8888", TEXT)
            await client.conversations.rename(5, "Bobby")
            await client.conversations.update(5, title="Robert", ringtone="bell", snippet=TEXT, pinned=True)
            await client.drafts.replace(5, TEXT)
            template = await client.templates.add(TEXT)
            await client.templates.update(template, TEXT + "!")
            scheduled = await client.scheduled.add("5550002222", TEXT, 4_000_000_000_000, repeat=1)
            await client.scheduled.update(scheduled, data="later", title="T")
            contact = await client.contacts.add("Bob", "+15550002222")
            await client.contacts.update(contact, name="Bobby", phone_number="+15550002223")
            await client.contacts.remove(contact)
            contact = await client.contacts.add("Carol", "+15550003333", color=-1)
            await client.blacklist.add(phone_number="+15550006666")
            await client.blacklist.add(phrase="win a prize")
            folder = await client.folders.add("Family", color=-2)
            await client.folders.update(folder, name="Kin")
            await client.conversations.move(5, folder)
            reply = await client.auto_replies.add("keyword", TEXT, pattern="where")
            await client.auto_replies.update(reply, response="on my way", pattern="when")
            await client.settings.set("private_conversations_passcode", "1234")
            await client.settings.set("mute_all", True)
            await client.settings.set("private_conversations_passcode", "")
            await client.media.add(5, b"\x89PNG")

            (conversation,) = await client.conversations.in_folder(folder)
            assert (conversation.title, conversation.snippet, conversation.pinned) == ("Robert", TEXT, True)
            assert (conversation.phone_numbers, conversation.image_uri) == (BOB.phone_numbers, "i")
            sent, incoming = await client.messages.list(5)
            assert (sent.data, sent.mime_type, sent.message_type) == (TEXT, "text/plain", MessageType.SENDING)
            assert (incoming.data, incoming.message_from, incoming.sim_stamp) == (TEXT, "Bob", "1")
            assert [row.data for row in await client.drafts.list(5)] == [TEXT]
            assert [row.text for row in await client.templates.list()] == [TEXT + "!"]
            (later,) = await client.scheduled.list()
            assert (later.data, later.to, later.title, later.repeat) == ("later", "5550002222", "T", 1)
            assert [(row.name, row.phone_number) for row in await client.contacts.list()] == [("Carol", "+15550003333")]
            blocked = {(row.phone_number, row.phrase) for row in await client.blacklist.list()}
            assert blocked == {("+15550006666", None), (None, "win a prize")}
            assert [row.name for row in await client.folders.list()] == ["Kin"]
            (rule,) = await client.auto_replies.list()
            assert (rule.pattern, rule.response, rule.reply_type) == ("when", "on my way", "keyword")
            assert (await client.settings.get()).passcode == ""
            assert await client.media.get(5) == b"\x89PNG"

            end = await client.cursor()
            operations = []
            async with aclosing(client.events(start)) as events:
                async for event in events:
                    operations.append(event.operation)
                    if event.cursor == end:
                        break
            text = repr(operations)
            assert len(operations) == end.offset - start.offset > 20
            assert text.count("-:-") == text.count("-:- twice"), text
            assert "unreadable" not in text
            assert [one.to for one in operations if isinstance(one, ForwardedToPhone)] == ["555 999 8888"]
            assert [one.value for one in operations if isinstance(one, UpdatedSetting)] == ["1234", True, ""]

    run(work)


def received(text: str, **fields: object) -> NewMessage:
    values = {"device_id": new_id(), "device_conversation_id": 5, "message_type": 0, "timestamp": 1_000}
    return msgspec.convert(values | {"data": text, "mime_type": "text/plain"} | fields, NewMessage)


def test_what_cannot_be_opened_is_marked_and_hides_nothing_else(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.templates.add(TEXT)
            account = raw(server, client)
            bad = {"plain": 1, "AAAA-:-BBBB": 2, "null": 3}
            account.post("/templates/add", {"templates": [{"device_id": bad[text], "text": text} for text in bad]})
            first, second, null, good = await client.templates.list()
            assert isinstance(null.text, Unreadable)  # as a template always has a text
            assert isinstance(first.text, Unreadable)
            assert first.text.stored == "plain"
            assert isinstance(second.text, Unreadable)
            assert good.text == TEXT
            with pytest.raises(ValueError, match="must not be sealed"):
                await client.send(5, first.text)

    run(work)


def test_a_number_finds_its_conversation_however_it_is_written(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            group = NewConversation(device_id=6, title="Us", phone_numbers="+15550002222, +15550003333")
            await client.conversations.add([BOB, group])
            for number in "5550002222", "+1 555-000-2222", "(555) 000 2222":
                message = await client.send(number, "hi")
                assert message is not None
                assert message.device_conversation_id == 5
            message = await client.send(["5550003333", "+1 555 000 2222"], "hi all")
            assert message is not None
            assert message.device_conversation_id == 6
            assert await client.send("5550003333", "hello") is None  # only in the group so far

    run(work)


def test_a_picture(server: Server, name: str, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG" + bytes(300_000))

    async def work() -> None:
        async with new_client(server, name) as client:
            await client.conversations.add([BOB])
            last = await client.send(5, "my cat", picture=picture, message_id=70)
            assert last is not None
            text, image = sorted(await client.messages.list(5), key=lambda row: -row.device_id)
            assert (text.device_id, text.data) == (71, "my cat")
            assert (image.device_id, image.data, image.mime_type) == (70, "firebase -1", "image/png")
            assert await client.media.get(70) == picture.read_bytes()
            start = await client.cursor()
            assert await client.send("5550009999", "", picture=picture) is None
            async with aclosing(client.events(start)) as events:
                async for event in events:
                    asked = event.operation
                    assert isinstance(asked, ForwardedToPhone)
                    assert (asked.message, asked.mime_type) == ("firebase -1", "image/png")
                    assert isinstance(asked.message_id, int)
                    assert await client.media.get(asked.message_id) == picture.read_bytes()
                    break

    run(work)


def test_walk_reads_every_page(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            for part in range(9):
                await client.messages.add([received(str(part * 250 + n), timestamp=part * 250 + n) for n in range(250)])
            texts = [message.data async for message in client.messages.walk(5)]
            assert texts == [str(n) for n in reversed(range(2_250))]

    run(work)


def test_lists_and_flags_of_conversations(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.conversations.add([BOB])
            await client.messages.add([received("hi")])
            assert [row.device_id for row in await client.conversations.unread()] == [5]
            await client.conversations.mark_read(5)
            assert await client.conversations.unread() == []
            assert (await client.messages.list(5))[0].read
            await client.conversations.archive(5)
            assert [row.title for row in await client.conversations.archived()] == ["Bob"]
            assert await client.conversations.inbox() == []
            await client.conversations.unarchive(5)
            assert [row.title for row in await client.conversations.inbox()] == ["Bob"]
            await client.conversations.update(5, private_notifications=True)
            assert [row.title for row in await client.conversations.private()] == ["Bob"]
            await client.conversations.remove(5)
            assert await client.conversations.get(5) is None
            assert (await client.count()).message_count == 0

    run(work)


def test_nothing_secret_is_logged(server: Server, name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.conversations.add([BOB])
            start = await client.cursor()
            await client.send(5, "a secret text")
            async with aclosing(client.events(start)) as events:
                async for event in events:
                    assert isinstance(event.operation, AddedMessage)
                    break
            secrets = [client.credentials.account_id, bytes(client.key).hex(), "secret text", PASSWORD, "555"]
            assert "/api/v1/messages/add" in caplog.text  # httpx does log
            assert [secret for secret in secrets if secret in caplog.text] == []

    with caplog.at_level(logging.DEBUG):
        run(work)


def test_the_client_needs_nothing_of_the_server() -> None:
    heavy = ["starlette", "uvicorn", "sqlite3", "structlog", "cyclopts", "keyring", "psycopg", "nats"]
    code = f"import heartline.client, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
