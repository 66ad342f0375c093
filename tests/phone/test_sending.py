"""A text asked for by a program goes out of the radio exactly once, whatever dies meanwhile."""

import asyncio
from collections.abc import Callable

import pytest

from heartline.client import Client, Message, MessageType, NewMessage, new_id
from heartline.resources.messages import ForwardToPhone, forward_to_phone
from tests.conftest import NewServer, Server
from tests.phone.conftest import ANN, WAIT_S, PhoneProcess, conversation_with, types_of, until_type, with_account

NewPhone = Callable[[Server, Client], PhoneProcess]

STEPS = [
    "asked",
    "wanted",
    "handing",
    "on air",
    "returned",
    "handed",
    "report",
    "stored news",
    "done",
    "posting",
    "posted",
]
"""Every step on the way of a text (docs/phone.md)."""


def test_sent_once_and_told_live(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start()
        message_id = new_id()
        before = await client.cursor()
        await client.send(conversation, "Hi Ann", message_id=message_id)
        told = await types_of(client, before, message_id, MessageType.DELIVERED)
        assert told == [MessageType.SENT, MessageType.DELIVERED]
        assert [(text.reference, text.numbers, text.content) for text in phone.sent] == [(message_id, (ANN,), "Hi Ann")]

    with_account(server, test)


def test_a_text_that_is_added_again_is_not_sent_again_but_told_again(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start()
        message_id = new_id()
        sent = await client.send(conversation, "Hi Ann", message_id=message_id)
        assert sent is not None
        await until_type(client, message_id, MessageType.DELIVERED)
        before = await client.cursor()
        again = NewMessage(
            device_id=message_id,
            device_conversation_id=conversation,
            message_type=MessageType.SENDING,
            data="Hi Ann",
            timestamp=sent.timestamp,
            mime_type="text/plain",
        )
        await client.messages.add([again])
        assert await types_of(client, before, message_id, MessageType.DELIVERED) == [MessageType.DELIVERED]
        assert len(phone.sent) == 1

    with_account(server, test)


def test_a_text_that_is_taken_back_before_the_phone_returns_is_not_sent(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        phone.start()
        phone.kill()
        unknown_conversation, removed_id, sent_id = new_id(), new_id(), new_id()
        await client.send(unknown_conversation, "taken back", message_id=removed_id)
        await client.messages.remove(removed_id)
        await client.send(await conversation_with(client, ANN), "meant", message_id=sent_id)
        phone.start()
        await until_type(client, sent_id, MessageType.DELIVERED)
        assert [text.content for text in phone.sent] == ["meant"]

    with_account(server, test)


def test_a_phone_that_was_off(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start()
        phone.kill()
        message_id, forwarded_id = new_id(), new_id()
        await client.send(conversation, "while off", message_id=message_id)
        await client.send("+15550100002", "to somebody new", message_id=forwarded_id)
        phone.start()
        await until_type(client, message_id, MessageType.DELIVERED)
        await until_type(client, forwarded_id, MessageType.DELIVERED)
        assert [text.content for text in phone.sent] == ["while off", "to somebody new"]
        made = await client.conversations.find("+15550100002")
        assert made is not None
        assert made.snippet == "You: to somebody new"

    with_account(server, test)


def test_the_first_phone_of_an_account_sends_what_waits(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        message_id = new_id()
        await client.send(await conversation_with(client, ANN), "early", message_id=message_id)
        phone.start()
        await until_type(client, message_id, MessageType.DELIVERED)
        assert [text.content for text in phone.sent] == ["early"]

    with_account(server, test)


def test_the_server_dies_in_between(new_server: NewServer, new_phone: NewPhone) -> None:
    server = new_server()

    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start()
        ids = [new_id() for _ in range(6)]
        for number, message_id in enumerate(ids):
            await client.send(conversation, f"text {number}", message_id=message_id)
            if number in (1, 3):
                server.kill()
                await asyncio.sleep(0.2)
                server.settings["port"] = server.port
                server.start()
        for message_id in ids:
            await until_type(client, message_id, MessageType.DELIVERED)
        assert [text.reference for text in phone.sent] == ids

    with_account(server, test)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step(server: Server, new_phone: NewPhone, step: str) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start(die_at=step)
        message_id = new_id()
        await client.send(conversation, "once", message_id=message_id)
        await asyncio.to_thread(phone.died)
        phone.start()
        await until_type(client, message_id, MessageType.DELIVERED)
        assert [(text.reference, text.content) for text in phone.sent] == [(message_id, "once")]

    with_account(server, test)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_of_a_text_to_somebody_new(server: Server, new_phone: NewPhone, step: str) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        phone.start(die_at=step)
        message_id = new_id()
        await client.send(ANN, "once", message_id=message_id)
        await asyncio.to_thread(phone.died)
        phone.start()
        await until_type(client, message_id, MessageType.DELIVERED)
        assert [(text.reference, text.content) for text in phone.sent] == [(message_id, "once")]
        assert [row.phone_numbers for row in await client.conversations.list()] == [ANN]
        assert [row.device_id for row in await client.messages.list()] == [message_id]

    with_account(server, test)


@pytest.mark.parametrize(
    ("step", "doubt", "count", "end"),
    [
        ("handing", "fail", 0, MessageType.ERROR),
        ("on air", "fail", 1, MessageType.ERROR),
        ("handing", "resend", 1, MessageType.DELIVERED),
        ("on air", "resend", 2, MessageType.DELIVERED),
    ],
)
def test_a_radio_without_a_record(
    server: Server, new_phone: NewPhone, step: str, doubt: str, count: int, end: MessageType
) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start(die_at=step, remembers="no", doubt=doubt)
        message_id = new_id()
        await client.send(conversation, "perhaps", message_id=message_id)
        await asyncio.to_thread(phone.died)
        phone.start(remembers="no", doubt=doubt)
        await until_type(client, message_id, end)
        assert len(phone.sent) == count

    with_account(server, test)


def test_history_that_was_lost(new_server: NewServer, new_phone: NewPhone) -> None:
    server = new_server(retention_events=100)

    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start()
        first_id, second_id = new_id(), new_id()
        await client.send(conversation, "before", message_id=first_id)
        await until_type(client, first_id, MessageType.DELIVERED)
        phone.kill()
        await client.send(conversation, "lost", message_id=second_id)
        server.stop()
        renew_epochs(server)
        server.settings["port"] = server.port
        server.start()
        phone.start()
        await until_type(client, second_id, MessageType.DELIVERED)
        assert [text.content for text in phone.sent] == ["before", "lost"]

    with_account(server, test)


def test_what_is_too_late_or_unreadable_is_reported_and_not_sent(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        conversation = await conversation_with(client, ANN)
        phone.start(late_s="0")
        late_id, broken_id = new_id(), new_id()
        await client.send(conversation, "late", message_id=late_id)
        await until_type(client, late_id, MessageType.ERROR)
        phone.kill()
        broken = {"device_id": broken_id, "device_conversation_id": conversation, "message_type": 2, "data": "broken"}
        fields = {"timestamp": 2**42, "mime_type": client.key.seal_text("text/plain"), "sent_device": 0}
        path, account = "/api/v1/messages/add", client.rest.account_id
        body = {"account_id": account, "messages": [broken | fields]}
        reply = await asyncio.to_thread(lambda: server.http.post(path, json=body, timeout=WAIT_S))
        assert reply.status_code == 200
        phone.start()
        await until_type(client, broken_id, MessageType.ERROR)
        assert phone.sent == []
        row = await client.conversations.get(conversation)
        assert row is not None
        assert (row.snippet or "").startswith("Failed: ")

    with_account(server, test)


def renew_epochs(server: Server) -> None:
    from tests.command_line import run_command

    run_command("restored", server=server)


@pytest.mark.parametrize("step", ["asked", "wanted", "posting"])
def test_a_request_without_an_id_is_known_by_its_place_in_the_log(
    server: Server, new_phone: NewPhone, step: str
) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        phone.start(die_at=step)
        await client.call(forward_to_phone, ForwardToPhone(to=f"{ANN},+15550100002", message="hi both"))
        await asyncio.to_thread(phone.died)
        phone.start()
        message = await until_any(client)
        await until_type(client, message.device_id, MessageType.DELIVERED)
        assert [(text.numbers, text.content) for text in phone.sent] == [((ANN, "+15550100002"), "hi both")]
        assert len(await client.messages.list()) == 1
        assert [row.phone_numbers for row in await client.conversations.list()] == [f"{ANN}, +15550100002"]

    with_account(server, test)


def test_what_pulse_asks_for_in_the_clear(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        phone.start()
        await client.rest.call(forward_to_phone, ForwardToPhone(to=ANN, message="plain"))
        message = await until_any(client)
        assert message.data == "plain"
        await until_type(client, message.device_id, MessageType.DELIVERED)
        assert [text.content for text in phone.sent] == ["plain"]

    with_account(server, test)


async def until_any(client: Client) -> Message:
    """Wait for the first message."""
    async with asyncio.timeout(WAIT_S):
        while not (messages := await client.messages.list()):
            await asyncio.sleep(0.1)
    return messages[0]
