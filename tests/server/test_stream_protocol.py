"""`StreamProtocol` on a transport in memory: bytes cut anywhere, and moments that no client on a network can choose."""

import asyncio
import contextlib
import gc
import json
import weakref
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartline.bus.local import LocalBus
from heartline.resources.accounts import create_account
from heartline.resources.templates import RemovedTemplate
from heartline.server.config import Config
from heartline.server.events import _following
from heartline.server.node import Node
from heartline.server.websocket import StreamProtocol
from heartline.storage.sqlite import SqliteStorage
from heartline.stream.log import Cursor
from tests.server.raw_client import CONFIRMATION
from tests.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    client_frame,
    client_text,
    command,
    content,
    frames_in,
    upgrade_parts,
)

IDENTIFIER = '{"channel":"NotificationsChannel"}'
SUBSCRIBE = command("subscribe", IDENTIFIER)
WAIT_S = 60.0


class Socket:
    """Takes options, and is closed already when it is asked what has arrived."""

    def setsockopt(self, *_: Any) -> None:
        pass

    def fileno(self) -> int:
        return -1


class Transport(asyncio.Transport):
    """Keeps what is written, and takes no byte after the end."""

    def __init__(self) -> None:
        super().__init__({"socket": Socket()})
        self.written = b""
        self.is_reading = True
        self.is_finished = False
        """True after `write_eof`."""
        self.is_closed = False
        self._changed = asyncio.Event()

    def write(self, data: Any) -> None:
        if self.is_finished:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not self.is_closed:
            self.written += data
            self._changed.set()

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_finished = True

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True
        self._changed.set()

    abort = close

    @property
    def frames(self) -> list[Frame]:
        """All frames after the head of the reply to the upgrade, without the stream's pings."""
        _, _, data = self.written.partition(b"\r\n\r\n")
        return [frame for frame in frames_in(data) if not frame.is_ping_of_the_stream]

    async def wait_for_end(self) -> None:
        """A close frame, or the end without one."""
        async with asyncio.timeout(WAIT_S):
            while not self.is_closed and CLOSE not in [frame.opcode for frame in self.frames]:
                self._changed.clear()
                await self._changed.wait()

    async def wait_for_frames(self, count: int) -> list[Frame]:
        async with asyncio.timeout(WAIT_S):
            while len(self.frames) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.frames


class GatedStorage(SqliteStorage):
    """A database that is as slow as the test wants."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, work: Any, *, slow: bool = False) -> Any:
        await self.gate.wait()
        return await super().read(work, slow=slow)


@contextlib.asynccontextmanager
async def all_done() -> AsyncIterator[None]:
    """Wait for every task that began within the block."""
    before = asyncio.all_tasks()
    yield
    while begun := asyncio.all_tasks() - before:
        await asyncio.wait(begun)


class Server:
    """A node with an account, and the connections that uvicorn keeps."""

    def __init__(self, runner: asyncio.Runner, storage: GatedStorage, account_id: str) -> None:
        self.run = runner.run
        self.storage = storage
        self.node = Node(Config(), storage, LocalBus())
        self.connections: set[Any] = set()
        self.account_id = account_id
        self.target = f"/stream?account_id={account_id}"

    def connect(self, **headers: str) -> tuple[StreamProtocol, Transport]:
        """A client that has asked for the upgrade."""
        transport = Transport()
        protocol = StreamProtocol(self.node, transport, self.connections)
        protocol.upgrade(*upgrade_parts(self.target, **headers))
        return protocol, transport

    @contextlib.asynccontextmanager
    async def looking_up(self, **headers: str) -> AsyncIterator[tuple[StreamProtocol, Transport]]:
        """A client whose account is found, and what follows from that done, only when the block ends."""
        async with all_done():
            self.storage.gate.clear()
            try:
                yield self.connect(**headers)
            finally:
                self.storage.gate.set()

    async def emit(self, number: int) -> None:
        """A commit with one operation."""
        await self.storage.write(lambda tx: tx.bound(self.account_id).emit(RemovedTemplate(id=number)))

    async def welcome(self, **headers: str) -> tuple[StreamProtocol, Transport]:
        protocol, transport = self.connect(**headers)
        await transport.wait_for_frames(1)
        assert transport.is_reading
        return protocol, transport

    async def talk(self, segments: list[bytes]) -> list[Frame]:
        """What a client gets after the welcome that sends these segments, and then goes."""
        protocol, transport = await self.welcome()
        for segment in segments:
            if transport.is_reading and not transport.is_closed:
                protocol.data_received(segment)
        protocol.connection_lost(None)
        return transport.frames[1:]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    async def open_storage() -> GatedStorage:
        return GatedStorage(tmp_path_factory.mktemp("node") / "heartline.db")

    async def make(storage: GatedStorage) -> Server:
        account = await storage.write(lambda tx: create_account(tx, "pat", "hash", "Pat", "+15550001111"))
        server = Server(runner, storage, account.account_id)
        # Somebody is subscribed, so the head of the log is known and others are confirmed at once.
        protocol, transport = await server.welcome()
        protocol.data_received(client_text(SUBSCRIBE))
        await transport.wait_for_frames(2)
        return server

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        storage = runner.run(open_storage())
        try:
            server = runner.run(make(storage))
        except BaseException:
            runner.run(storage.close())
            raise
        yield server
        runner.run(server.node.close())


# --- any bytes, cut anywhere ---

fragments = st.lists(st.sampled_from([b"", b"{", b'"x"', b"\xc3", b"\xbc", SUBSCRIBE.encode()]), min_size=2, max_size=4)


def in_fragments(parts: list[bytes]) -> bytes:
    """A message in fragments, with a ping between them."""
    first, *middle, last = parts
    frames = [client_frame(TEXT, first, final=False)]
    frames += [client_frame(CONTINUATION, part, final=False) for part in middle]
    return b"".join([*frames, client_frame(PING, b"between"), client_frame(CONTINUATION, last)])


good_frames = st.one_of(
    st.sampled_from([SUBSCRIBE, command("unsubscribe", IDENTIFIER), "hello", "", "x" * 4_096]).map(client_text),
    st.binary(max_size=125).map(lambda payload: client_frame(PING, payload)),
    st.just(client_frame(PONG, b"unasked")),
    fragments.map(in_fragments),
)
bad_frames = st.one_of(
    st.sampled_from(
        [
            client_frame(CLOSE, b"\x03\xe8"),
            client_frame(BINARY, b"x"),
            client_frame(TEXT, b"\xff"),
            client_frame(TEXT, b"x" * 4_097),
            client_frame(TEXT, b"x", masked=False),
            client_frame(TEXT, b"x", reserved=4),
            client_frame(CONTINUATION, b"x"),
        ]
    ),
    st.binary(min_size=1, max_size=50),
)
conversations = st.lists(st.integers(0, 9).flatmap(lambda roll: bad_frames if roll == 0 else good_frames), max_size=8)


def of_kind(opcode: int, frames: list[Frame]) -> list[Frame]:
    """In their order; pongs may stand before or after the answers to commands of the same segment."""
    return [frame for frame in frames if frame.opcode == opcode]


any_conversation = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@any_conversation
@given(conversation=conversations, data=st.data())
def test_it_does_not_matter_how_the_bytes_are_cut(
    server: Server, conversation: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(conversation)
    everywhere = set(range(len(whole)))
    cuts = data.draw(st.just(everywhere) | st.sets(st.integers(0, len(whole)), max_size=20))
    edges = [0, *sorted(cuts), len(whole)]
    cut = [whole[a:b] for a, b in pairwise(edges) if a < b]

    at_once = server.run(server.talk([whole] if whole else []))
    in_pieces = server.run(server.talk(cut))

    for opcode in (TEXT, CLOSE):
        assert of_kind(opcode, in_pieces) == of_kind(opcode, at_once)
    if not of_kind(CLOSE, at_once):  # else the pong to a ping of the same segment may be missing
        assert of_kind(PONG, in_pieces) == of_kind(PONG, at_once)


@any_conversation
@given(garbage=st.binary(min_size=1, max_size=300), cut=st.integers(0, 300))
def test_garbage_is_answered_with_one_close_frame_at_most_and_nothing_after_it(
    server: Server, garbage: bytes, cut: int
) -> None:
    answers = server.run(server.talk([segment for segment in (garbage[:cut], garbage[cut:]) if segment]))
    closes = [index for index, frame in enumerate(answers) if frame.opcode == CLOSE]
    assert closes in ([], [len(answers) - 1])
    assert all(frame.opcode in (TEXT, PONG, CLOSE) for frame in answers)


def test_no_parser_is_kept_between_messages(server: Server) -> None:
    async def talk() -> None:
        protocol, _ = await server.welcome()
        assert protocol._parser is None
        frame = client_text(SUBSCRIBE)
        protocol.data_received(frame)
        assert protocol._parser is None
        protocol.data_received(frame + frame[:1])
        assert protocol._parser is not None
        protocol.data_received(frame[1:])
        assert protocol._parser is None
        protocol.data_received(client_frame(TEXT, b"{", final=False))
        assert protocol._parser is not None
        protocol.data_received(client_frame(PING) + client_frame(CONTINUATION, b"}"))
        assert protocol._parser is None
        protocol.connection_lost(None)

    server.run(talk())


def test_empty_fragments_without_end_take_no_memory(server: Server) -> None:
    async def talk() -> int:
        protocol, transport = await server.welcome()
        protocol.data_received(client_frame(TEXT, b"", final=False))
        for _ in range(100):
            protocol.data_received(client_frame(CONTINUATION, b"", final=False) * 100)
        held = 0 if protocol._parser is None else len(protocol._parser.fragments)
        closed = any(frame.opcode == CLOSE for frame in transport.frames)
        protocol.connection_lost(None)
        return 0 if closed else held

    assert server.run(talk()) <= 4_096


# --- moments ---


def test_a_command_that_comes_before_the_account_was_found_waits_for_the_welcome(server: Server) -> None:
    """On a network: tests/server/test_websocket.py. Here the transport is shown to hold back what follows it."""

    async def talk() -> None:
        async with server.looking_up() as (protocol, transport):
            assert transport.is_reading
            protocol.data_received(client_text(SUBSCRIBE))
            assert not transport.is_reading
            assert transport.written == b""
        assert transport.is_reading
        assert transport.written.startswith(b"HTTP/1.1 101 ")
        assert [frame.text for frame in transport.frames] == ['{"type":"welcome"}', CONFIRMATION]
        protocol.connection_lost(None)

    server.run(talk())


def test_a_client_that_left_before_its_account_was_found_is_forgotten(server: Server) -> None:
    async def talk() -> None:
        async with server.looking_up() as (protocol, transport):
            transport.close()
            protocol.connection_lost(None)
        assert transport.frames == []
        assert protocol.slot is None
        assert protocol not in server.connections

    server.run(talk())


def test_who_followed_the_log_over_http_is_freed(server: Server) -> None:
    """No garbage collector looks into its reader."""

    async def follow() -> weakref.ref[object]:
        account = await server.node.find_account(server.account_id)
        async with all_done():
            with _following(server.node, account, Cursor("gone", 1)) as follower:
                return weakref.ref(follower)

    alive = server.run(follow())
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("offered", [False, True], ids=["plain", "action cable"])
def test_a_stop_before_the_account_was_found_ends_the_connection(server: Server, offered: bool) -> None:
    async def talk() -> None:
        headers = {"sec_websocket_protocol": "actioncable-v1-json"} if offered else {}
        async with server.looking_up(**headers) as (protocol, transport):
            protocol.shutdown()
            await transport.wait_for_end()
        assert transport.written == b""
        assert transport.is_closed
        assert protocol.slot is None
        protocol.connection_lost(None)

    server.run(talk())


def test_a_stop_reaches_every_client_whatever_became_of_the_others(server: Server) -> None:
    action_cable = {"sec_websocket_protocol": "actioncable-v1-json"}

    async def talk() -> None:
        failed, failed_wire = await server.welcome(**action_cable)
        failed.data_received(client_frame(TEXT, masked=False))
        refused, refused_wire = await server.welcome(**action_cable)
        refused.data_received(client_frame(BINARY))
        lost, lost_wire = await server.welcome(**action_cable)
        lost_wire.close()
        lost.connection_lost(None)
        plain, plain_wire = await server.welcome()
        other, other_wire = await server.welcome(**action_cable)

        async with all_done():
            for protocol in (failed, refused, lost, plain, other):
                protocol.shutdown()
        for protocol in (failed, refused, plain, other):
            protocol.connection_lost(None)

        assert [frame.close_code for frame in failed_wire.frames[1:]] == [1002]
        assert [frame.close_code for frame in refused_wire.frames[1:]] == [1003]
        assert plain_wire.frames[1:] == []
        assert plain_wire.is_closed
        assert [frame.close_code for frame in other_wire.frames[1:]] == [None, 1001]

    server.run(talk())


def test_a_full_transport_is_not_read_and_not_written_until_it_has_drained(server: Server) -> None:
    async def talk() -> None:
        protocol, transport = await server.welcome()
        protocol.data_received(client_text(SUBSCRIBE))
        assert len(transport.frames) == 2
        protocol.pause_writing()
        assert not transport.is_reading
        for number in range(3):
            await server.emit(number)
        assert len(transport.frames) == 2
        protocol.resume_writing()
        assert transport.is_reading
        frames = await transport.wait_for_frames(5)
        assert [content(frame.text)[1]["id"] for frame in frames[2:]] == [0, 1, 2]
        protocol.connection_lost(None)

    server.run(talk())


def test_nothing_is_left_of_a_client_that_went(server: Server) -> None:
    async def talk() -> None:
        protocol, _ = await server.welcome()
        protocol.data_received(client_text(SUBSCRIBE))
        assert protocol in server.connections
        slot = protocol.slot
        assert slot is not None
        protocol.connection_lost(ConnectionResetError())
        assert protocol not in server.connections
        assert (protocol.readers, protocol.slot) == ((), None)

    server.run(talk())


def test_a_second_subscription_hears_of_the_end_of_the_account_once(server: Server) -> None:
    async def talk() -> list[str]:
        account = await server.storage.write(lambda tx: create_account(tx, "sam", "hash", "Sam", "+15550001111"))
        server.target, usual = f"/stream?account_id={account.account_id}", server.target
        protocol, transport = await server.welcome(sec_websocket_protocol="actioncable-v1-json")
        server.target = usual
        protocol.data_received(client_text(SUBSCRIBE))
        protocol.data_received(client_text(command("subscribe", IDENTIFIER + " ")))
        await transport.wait_for_frames(3)
        server.node.hub.end(protocol.account, [b'{"operation":"removed_account","content":{"id":"x"}}'])
        frames = transport.frames[3:]
        protocol.connection_lost(None)
        return ["close" if frame.opcode == CLOSE else json.loads(frame.text).get("type", "data") for frame in frames]

    assert server.run(talk()) == ["data", "data", "disconnect", "close"]


# --- what clients of other servers may send ---


def test_a_repeated_header_does_no_harm(server: Server) -> None:
    async def talk() -> None:
        protocol, transport = await server.welcome(x_anycable_restore_sid="a\r\nx-anycable-restore-sid: b")
        assert [frame.text for frame in transport.frames] == ['{"type":"welcome"}']
        protocol.connection_lost(None)

    server.run(talk())


async def ask_for_history(server: Server, since: str, protocol_name: str | None) -> list[str | None]:
    """Subscribe, and ask for history with a repeated subscribe and alone: the types of what comes, None for events."""
    headers = {} if protocol_name is None else {"sec_websocket_protocol": protocol_name}
    protocol, transport = await server.welcome(**headers)
    protocol.data_received(client_text(SUBSCRIBE))
    async with all_done():
        for name in ("subscribe", "history"):
            identifier = json.dumps(IDENTIFIER)
            text = f'{{"command":"{name}","identifier":{identifier},"history":{{"since":{since}}}}}'
            protocol.data_received(client_text(text))
    protocol.data_received(client_frame(PING))
    _, *frames, pong = transport.frames
    protocol.connection_lost(None)
    assert pong.opcode == PONG
    return [json.loads(frame.text).get("type") for frame in frames]


@pytest.mark.parametrize("since", ["1e306", "1e300", "-1e300", "1e18", "-1", "0", "1.5", "null"])
def test_history_can_be_asked_for_since_any_moment(server: Server, since: str) -> None:
    types = server.run(ask_for_history(server, since, "actioncable-v1-ext-json"))
    assert types.count("confirm_subscription") == 2


@pytest.mark.parametrize("protocol_name", [None, "actioncable-v1-json"])
def test_clients_that_did_not_ask_for_the_extended_protocol_have_no_history(
    server: Server, protocol_name: str | None
) -> None:
    server.run(server.emit(1))
    types = server.run(ask_for_history(server, "0", protocol_name))
    assert types == ["confirm_subscription"] * 2
