"""A retry never doubles anything, and ends."""

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path

import pytest

from heartline.client import (
    AddedMessage,
    Client,
    ForwardedToPhone,
    MessageType,
    Operation,
    Refused,
    UnexpectedReply,
    Unreachable,
    connect,
    get_credentials,
    rest,
    sign_up,
)
from heartline.client.errors import error_of
from heartline.errors import HistoryGone, MissingParameter, TooManyAttempts
from tests.client.cable import Cable
from tests.client.conftest import PASSWORD
from tests.client.test_client import BOB, new_client, run
from tests.conftest import Server


async def operations_since(client: Client, start: object) -> list[Operation]:
    end = await client.cursor()
    found: list[Operation] = []
    async with aclosing(client.events(start)) as events:  # type: ignore[arg-type, type-var]
        async for event in events:
            found.append(event.operation)
            if event.cursor == end:
                break
    return found


def test_a_lost_reply_does_not_double_a_text(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as direct, Cable(server.port) as cable:
            await direct.conversations.add([BOB])
            start = await direct.cursor()
            cable.lose_replies_to = {b"/messages/add": 2, b"/conversations/update": 1}
            async with connect(cable.url, direct.credentials) as client:
                sent = await client.send(5, "once")
            assert cable.lost >= 2
            assert sent is not None
            added = [one for one in await operations_since(direct, start) if isinstance(one, AddedMessage)]
            assert [(one.id, one.data) for one in added] == [(sent.device_id, "once")]
            assert len(await direct.messages.list(5)) == 1

    run(work)


def test_a_retry_does_not_take_back_what_the_phone_reported(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as phone, Cable(server.port) as cable:
            await phone.conversations.add([BOB])
            cable.lose_replies_to = {b"/messages/add": 1}

            async def act_as_phone() -> None:
                async with aclosing(phone.events(start)) as events:
                    async for event in events:
                        if isinstance(event.operation, AddedMessage):
                            await phone.messages.set_type(event.operation.id, MessageType.SENT)
                            return

            start = await phone.cursor()
            acting = asyncio.create_task(act_as_phone())
            async with connect(cable.url, phone.credentials) as client:
                await client.send(5, "once")
            await acting
            assert cable.lost == 1
            assert [row.message_type for row in await phone.messages.list(5)] == [MessageType.SENT]

    run(work)


def test_a_lost_reply_does_not_double_a_text_to_a_new_number(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as direct, Cable(server.port) as cable:
            start = await direct.cursor()
            cable.lose_replies_to = {b"/messages/forward_to_phone": 1}
            async with connect(cable.url, direct.credentials) as client:
                await client.send("5550009999", "once")
            assert cable.lost == 1
            (asked,) = await operations_since(direct, start)
            assert isinstance(asked, ForwardedToPhone)
            assert asked.message == "once"

    run(work)


def test_a_call_again_with_the_same_id_adds_nothing(server: Server, name: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.conversations.add([BOB])
            start = await client.cursor()
            first = await client.send(5, "once", message_id=77)
            await client.messages.set_type(77, MessageType.DELIVERED)
            again = await client.send(5, "once", message_id=77)
            assert first is not None
            assert again is not None
            assert (again.device_id, again.message_type) == (77, MessageType.DELIVERED)
            added = [one for one in await operations_since(client, start) if isinstance(one, AddedMessage)]
            assert len(added) == 1

    run(work)


def test_no_server(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        async def work() -> None:
            with pytest.raises(Unreachable, match="no server answers at"):
                await get_credentials(url, name, PASSWORD)

        run(work)


def test_a_server_that_comes_back_in_time(server: Server, name: str) -> None:
    async def work() -> None:
        async with (
            new_client(server, name) as direct,
            Cable(1) as cable,  # nothing listens there
            connect(cable.url, direct.credentials) as client,
        ):
            calling = asyncio.create_task(client.count())
            while not cable.connections:
                await asyncio.sleep(0.01)
            cable.server_port = server.port
            assert (await calling).message_count == 0

    run(work)


def test_another_program_answers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "FIRST_PAUSE_S", 0.01)
    replies = [b"200 OK", b"404 Not Found", b"502 Bad Gateway"]

    async def work() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
            url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
            for status in replies:  # noqa: B007  answer() reads it
                with pytest.raises(UnexpectedReply):
                    async with sign_up(url, name, PASSWORD):
                        pass

    run(work)


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    async def work() -> None:
        with pytest.raises(ValueError, match="the address of a server looks like"):
            await get_credentials(url, "ann", PASSWORD)

    run(work)


def test_errors_come_as_the_servers_classes() -> None:
    missing = error_of(400, b'{"error":"missing required parameter x","code":"missing_parameter"}', None)
    assert type(missing) is MissingParameter
    assert str(missing) == "missing required parameter x"
    wait = error_of(429, b'{"error":"too many","code":"too_many_attempts"}', "7")
    assert type(wait) is TooManyAttempts
    assert wait.retry_after_s == 7
    assert type(error_of(410, b'{"error":"gone","code":"history_gone","epoch":"e","floor":1}', None)) is HistoryGone
    new = error_of(418, b'{"error":"I am a teapot","code":"teapot"}', None)
    assert (type(new), new.status, str(new)) == (Refused, 418, "I am a teapot")
