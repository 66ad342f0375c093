"""What the radio receives is in the account, once, and shown in its conversation."""

import asyncio
import json
import sqlite3
from collections.abc import Callable

import pytest

from heartline.client import Client, Message, MessageType
from heartline.phone import Script, SimulatedRadio
from tests.conftest import Server
from tests.phone.conftest import ANN, WAIT_S, PhoneProcess, conversation_with, with_account

NewPhone = Callable[[Server, Client], PhoneProcess]
BOB = "+15550100002"


async def until_messages(client: Client, count: int) -> list[Message]:
    """Wait for so many messages; oldest first."""
    async with asyncio.timeout(WAIT_S):
        while len(messages := await client.messages.list()) < count:
            await asyncio.sleep(0.1)
    return messages[::-1]


def receive(phone: PhoneProcess, sender: str, content: str | bytes, mime_type: str = "text/plain") -> None:
    """Let somebody write while the phone is off."""
    radio = SimulatedRadio(phone.folder / "radio.db", Script())
    radio.receive(sender, content, mime_type)
    radio.close()


def test_a_text_from_somebody_new_and_a_picture(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        await client.contacts.add("Ann", ANN)
        phone = new_phone(server, client)
        receive(phone, ANN, "Hello there")
        receive(phone, ANN, b"\x89PNG", "image/png")
        phone.start()
        text, picture = await until_messages(client, 2)
        assert (text.data, text.message_type, text.read, text.sent_device) == ("Hello there", 0, False, -1)
        assert (picture.data, picture.mime_type) == ("firebase -1", "image/png")
        assert await client.media.get(picture.device_id) == b"\x89PNG"
        (conversation,) = await client.conversations.list()
        assert (conversation.title, conversation.phone_numbers, conversation.read) == ("Ann", ANN, False)
        assert text.device_conversation_id == picture.device_conversation_id == conversation.device_id

    with_account(server, test)


def test_a_new_text_takes_its_conversation_out_of_the_archive(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        conversation = await conversation_with(client, "(555) 010-0001")
        await client.conversations.archive(conversation)
        phone = new_phone(server, client)
        receive(phone, ANN, "Are you there?")
        phone.start()
        (message,) = await until_messages(client, 1)
        assert message.device_conversation_id == conversation
        async with asyncio.timeout(WAIT_S):
            while (row := await client.conversations.get(conversation)) is None or row.archive:
                await asyncio.sleep(0.1)
        assert row.snippet == "Are you there?"

    with_account(server, test)


def test_the_blacklist(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        await client.blacklist.add(phone_number="555 010 0002")
        await client.blacklist.add(phrase="Casino")
        phone = new_phone(server, client)
        receive(phone, BOB, "you don't want to read this")
        receive(phone, ANN, "win at the CASINO now")
        receive(phone, ANN, "dinner?")
        phone.start()
        (message,) = await until_messages(client, 1)
        assert message.data == "dinner?"

    with_account(server, test)


def test_a_group(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        await client.contacts.add("Ann", ANN)
        phone = new_phone(server, client)
        receive(phone, ANN, "hi both")
        with sqlite3.connect(phone.folder / "radio.db") as radio:
            radio.execute("UPDATE news SET people = ?", (json.dumps([ANN, BOB]),))
        radio.close()
        phone.start()
        (message,) = await until_messages(client, 1)
        assert message.message_from == "Ann"
        (conversation,) = await client.conversations.list()
        assert (conversation.title, conversation.phone_numbers) == (f"Ann, {BOB}", f"{ANN}, {BOB}")

    with_account(server, test)


@pytest.mark.parametrize("step", ["incoming", "stored news", "done", "posting", "posted"])
def test_killed_at_each_step(server: Server, new_phone: NewPhone, step: str) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        receive(phone, ANN, "only once")
        phone.start(die_at=step, wait=False)
        await asyncio.to_thread(phone.died)
        phone.start()
        await until_messages(client, 1)
        receive(phone, ANN, "the second")
        phone.kill()
        phone.start()
        messages = await until_messages(client, 2)
        assert [message.data for message in messages] == ["only once", "the second"]
        assert all(message.message_type == MessageType.RECEIVED for message in messages)
        assert len(await client.conversations.list()) == 1

    with_account(server, test)
