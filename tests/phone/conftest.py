"""A phone in a process of its own, which can be killed at any step, and what its radio sent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from heartline.client import Client, Cursor, MessageType, NewConversation, new_id, sign_up
from heartline.client.numbers import id_matcher
from heartline.phone import Outgoing, Script, SimulatedRadio
from tests.conftest import WAIT_S as ONE_WAIT_S
from tests.conftest import Server

ANN = "+15550100001"
WAIT_S = 6 * ONE_WAIT_S
"""Longest wait for what needs several processes to start, one after the other."""
T = TypeVar("T")


class PhoneProcess:
    """Runs tests/phone/one_phone.py."""

    def __init__(self, folder: Path, url: str, client: Client) -> None:
        self.folder = folder
        self.url = url
        self.client = client
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, die_at: str = "", wait: bool = True, **options: str) -> None:
        """Start it; with `die_at` it kills itself, as with kill -9, at the first time of that step."""
        credentials = self.client.credentials
        with (self.folder / "phone.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).parent / "one_phone.py"),
                    self.url,
                    str(self.folder),
                    die_at,
                    *(f"{name}={value}" for name, value in options.items()),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
            )
        assert self.process.stdin is not None
        self.process.stdin.write(f"{credentials.account_id} {bytes(credentials.key).hex()}\n")
        self.process.stdin.flush()
        if wait:
            assert self.process.stdout is not None
            assert self.process.stdout.readline() == "ready\n", (self.folder / "phone.log").read_text()

    def died(self) -> None:
        """Wait until it has killed itself."""
        assert self.process is not None
        assert self.process.wait(WAIT_S) == -signal.SIGKILL, (self.folder / "phone.log").read_text()
        self._close()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(WAIT_S)
            self._close()

    def _close(self) -> None:
        assert self.process is not None
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def sent(self) -> list[Outgoing]:
        """What the radio ever sent."""
        radio = SimulatedRadio(self.folder / "radio.db", Script())
        try:
            return radio.sent
        finally:
            radio.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


Phones = Callable[[Client], PhoneProcess]


@pytest.fixture
def new_phone(folder: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[Server, Client], PhoneProcess]]:
    phones: list[PhoneProcess] = []

    def make(server: Server, client: Client) -> PhoneProcess:
        phones.append(PhoneProcess(folder, server.url, client))
        return phones[-1]

    yield make
    for phone in phones:
        phone.kill()


def with_account(server: Server, test: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
    """Run a test with the client of a new account."""

    async def run() -> T:
        async with sign_up(server.url, f"{uuid4().hex}@example.org", "correct horse") as client:
            return await test(client)

    return asyncio.run(run())


async def conversation_with(client: Client, numbers: str) -> int:
    """A conversation as a phone would have stored it."""
    new = NewConversation(device_id=new_id(), title=numbers, phone_numbers=numbers, id_matcher=id_matcher(numbers))
    await client.conversations.add([new])
    return new.device_id


async def types_of(client: Client, after: Cursor, message_id: int, until: MessageType) -> list[int]:
    """The types that are reported for a message after a place in the log, live, until one comes."""
    types: list[int] = []
    async with asyncio.timeout(WAIT_S):
        async for event in client.events(after):
            content: Any = event.operation
            if content.operation == "update_message_type" and content.id == str(message_id):
                types.append(content.message_type)
                if content.message_type == until:
                    break
    return types


async def until_type(client: Client, message_id: int, wanted: MessageType) -> None:
    """Wait until the stored message has a type."""
    async with asyncio.timeout(WAIT_S):
        while True:
            async for message in client.messages.walk():
                if message.device_id == message_id and message.message_type == wanted:
                    return
            await asyncio.sleep(0.1)
