"""The clients that are written in Python: our own resume, one like the Heart web client, and a plain one."""

import asyncio
import time

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from bench.journal import Journal, Place

IDENTIFIER = '{"channel":"NotificationsChannel"}'
STREAM = "notifications"
"""The `stream_id` under which the server sends the channel's events."""
EXTENDED = Subprotocol("actioncable-v1-ext-json")
RECONNECT_S = 1.0
RETRY_S = 0.25
"""Pause after an attempt that came to nothing."""
SILENCE_S = 10.0
"""A connection without even a ping for this long is given up, as known clients do."""
OPEN_S = 5.0
CLOSE_S = 0.5


class Content(msgspec.Struct):
    message: str


class Message(msgspec.Struct):
    content: Content


class Frame(msgspec.Struct):
    """What may come from the server, all in one."""

    type: str = ""
    message: Message | int | None = None
    epoch: str = ""
    offset: int = 0


class PlainClient:
    """Connects, subscribes, and does both again when its connection ends. It asks for nothing that it missed; with a
    `client_id` in its URL the server knows it again."""

    subprotocols: tuple[Subprotocol, ...] = ()

    def __init__(self, url: str, journal: Journal) -> None:
        self.url = url
        self.journal = journal

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            connections = len(self.journal.ended_s)
            try:
                await self._connect()
            except (OSError, WebSocketException, TimeoutError):
                pass
            finally:
                self.journal.end(time.monotonic())
            await asyncio.sleep(RECONNECT_S if len(self.journal.ended_s) > connections else RETRY_S)

    def subscription(self) -> dict[str, object]:
        return {"command": "subscribe", "identifier": IDENTIFIER}

    def receive(self, frame: Frame) -> None:
        """Handle an event or an answer."""
        if frame.type == "confirm_subscription":
            self.journal.confirm(time.monotonic())
        elif not frame.type and isinstance(frame.message, Message):
            place = Place(frame.epoch, frame.offset) if frame.epoch else None
            self.journal.receive(time.monotonic(), frame.message.content.message, place)

    async def _connect(self) -> None:
        async with connect(
            self.url,
            subprotocols=self.subprotocols or None,
            compression=None,
            ping_interval=None,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            proxy=None,
        ) as socket:
            while True:
                frame = await _next_frame(socket)
                if frame.type == "welcome":
                    await socket.send(msgspec.json.encode(self.subscription()).decode())
                elif frame.type == "disconnect":
                    return
                elif frame.type != "ping":
                    self.receive(frame)


class ResumingClient(PlainClient):
    """Keeps the place of the last event that it got, and asks for what follows it in its subscribe command."""

    subprotocols = (EXTENDED,)

    def __init__(self, url: str, journal: Journal, begin: Place) -> None:
        super().__init__(url, journal)
        self.place = begin
        """At first: the head of the log when the client loaded its state."""

    def subscription(self) -> dict[str, object]:
        return super().subscription() | {"history": {"streams": {STREAM: self.place}}}

    def receive(self, frame: Frame) -> None:
        super().receive(frame)
        if frame.type == "reject_history":
            self.journal.reject(time.monotonic())
        elif not frame.type and frame.epoch:
            self.place = Place(frame.epoch, frame.offset)


async def _next_frame(socket: ClientConnection) -> Frame:
    async with asyncio.timeout(SILENCE_S):
        return msgspec.json.decode(await socket.recv(), type=Frame)
