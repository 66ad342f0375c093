"""Following an account: every event once and in order, whatever happens to the connection."""

import asyncio
from contextlib import aclosing

import msgspec
import pytest

from heartline.client import AccountIdInvalid, AddedMessage, Cursor, Event, HistoryLost, UnknownOperation, connect
from heartline.client.events import operation_of
from heartline.resources.accounts import RemovedAccount
from tests.client.cable import Cable
from tests.client.test_client import BOB, new_client, received, run
from tests.command_line import run_command
from tests.conftest import NewServer, Server


def test_every_event_once_while_the_cable_is_cut(server: Server, name: str) -> None:
    count = 60

    async def work() -> None:
        async with new_client(server, name) as writer, Cable(server.port) as cable:
            start = await writer.cursor()
            states: list[bool] = []
            events: list[Event] = []

            async def follow() -> None:
                async with (
                    connect(cable.url, writer.credentials) as client,
                    aclosing(client.events(start, on_connection=states.append)) as arriving,
                ):
                    async for event in arriving:
                        events.append(event)
                        if len(events) == count:
                            return

            following = asyncio.create_task(follow())
            for number in range(count):
                await writer.messages.add([received(str(number))])
                if number % 20 == 10:
                    while len(events) < number - 5:
                        await asyncio.sleep(0.01)
                    cable.cut()
            await following
            texts = [event.operation.data for event in events if isinstance(event.operation, AddedMessage)]
            assert texts == [str(number) for number in range(count)]
            assert [event.cursor.offset for event in events] == list(range(1, count + 1))
            assert states.count(True) >= 2
            assert False in states

    run(work)


def test_from_now_on_without_a_cursor(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            await client.messages.add([received("before")])
            connected = asyncio.Event()
            events = client.events(on_connection=lambda up: connected.set())
            following = asyncio.ensure_future(anext(events))
            await connected.wait()
            await client.messages.add([received("after")])
            operation = (await following).operation
            assert isinstance(operation, AddedMessage)
            assert operation.data == "after"
            await events.aclose()  # type: ignore[attr-defined]

    run(work)


def test_across_a_restart_and_a_kill(new_server: NewServer, name: str) -> None:
    server = new_server()

    async def work() -> None:
        async with new_client(server, name) as client:
            start = await client.cursor()
            received_texts: list[str] = []

            async def follow() -> None:
                async with aclosing(client.events(start)) as events:
                    async for event in events:
                        assert isinstance(event.operation, AddedMessage)
                        received_texts.append(event.operation.data)
                        if len(received_texts) == 3:
                            return

            following = asyncio.create_task(follow())
            server.settings["port"] = server.port
            for text, end in ("one", server.stop), ("two", server.kill), ("three", None):
                await client.messages.add([received(text)])
                if end is not None:
                    await asyncio.to_thread(end)
                    await asyncio.to_thread(server.start)
            await following
            assert received_texts == ["one", "two", "three"]

    run(work)


def test_lost_history_is_told(new_server: NewServer, name: str) -> None:
    server = new_server()

    async def work() -> None:
        async with new_client(server, name) as client:
            await client.messages.add([received("one")])
            old = await client.cursor()
            await asyncio.to_thread(run_command, "restored", server=server)
            await client.messages.add([received("two")])
            events = client.events(old)
            lost = await anext(events)
            assert isinstance(lost.operation, HistoryLost)
            assert lost.cursor.epoch != old.epoch
            await client.messages.add([received("three")])
            live = await anext(events)
            assert isinstance(live.operation, AddedMessage)
            assert (live.operation.data, live.cursor.offset) == ("three", lost.cursor.offset + 1)
            await events.aclose()  # type: ignore[attr-defined]

    run(work)


def test_a_removed_account_ends_it(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as client:
            start = await client.cursor()
            await client.conversations.add([BOB])
            events = client.events(start)
            await anext(events)
            await client.remove_account()
            assert isinstance((await anext(events)).operation, RemovedAccount)
            with pytest.raises(AccountIdInvalid):
                await anext(events)

    run(work)


def test_a_cursor_as_text() -> None:
    assert Cursor.parse(str(Cursor("a:b", 12))) == Cursor("a:b", 12)
    for text in "", "12", ":12", "a:", "a:-1":
        with pytest.raises(ValueError, match="EPOCH:OFFSET"):
            Cursor.parse(text)


def test_an_operation_of_a_newer_server() -> None:
    assert operation_of("sang_a_song", msgspec.Raw(b'{"key":1}')) == UnknownOperation(
        name="sang_a_song", content={"key": 1}
    )
    assert isinstance(operation_of("added_message", msgspec.Raw(b'{"id":1}')), UnknownOperation)
