"""The transport of the stream's sockets, over real sockets: what the kernel takes, what it does not, and the end."""

import asyncio
import os
import socket
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop

from heartline.server.plain import PlainTransport, Poller

BUFFER_BYTES = 64 * 1024
PATIENCE_S = 20.0


class Recorder(asyncio.Protocol):
    """What a protocol is told."""

    def __init__(self) -> None:
        self.received = b""
        self.told: list[str] = []
        self.lost = asyncio.Event()
        self.resumed = asyncio.Event()
        self.news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.news.set()

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")
        self.resumed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")
        self.lost.set()


@asynccontextmanager
async def adopted() -> AsyncIterator[tuple[PlainTransport, Recorder, socket.socket, Poller]]:
    """A socket that was uvloop's, with its new protocol, and the peer's end."""
    loop = asyncio.get_running_loop()
    first, made = Recorder(), loop.create_future()
    first.connection_made = made.set_result  # type: ignore[method-assign]
    server = await loop.create_server(lambda: first, "127.0.0.1", 0)
    poller = Poller(loop, BUFFER_BYTES)
    peer = socket.create_connection(server.sockets[0].getsockname())
    peer.setblocking(False)
    try:
        async with asyncio.timeout(PATIENCE_S):
            transport = poller.adopt(await made)
            assert transport is not None
            protocol = Recorder()
            transport.set_protocol(protocol)
            yield transport, protocol, peer, poller
            assert first.told == []  # the first one hears nothing of the end of its transport
    finally:
        peer.close()
        if not poller.epoll.closed:
            poller.close()
        server.close()


async def read_all(peer: socket.socket) -> bytes:
    loop, data = asyncio.get_running_loop(), b""
    while more := await loop.sock_recv(peer, 1 << 20):
        data += more
    return data


def run(test: object) -> None:
    uvloop.run(test())  # type: ignore[operator]


def test_both_sides_are_heard() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, _):
            peer.send(b"from the peer")
            await protocol.news.wait()
            assert protocol.received == b"from the peer"
            transport.write(b"to the peer")
            assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"to the peer"

    run(test)


def test_what_the_kernel_does_not_take_follows_in_order() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, _):
            parts = [bytes([number % 256]) * 50_000 for number in range(300)]
            for part in parts:
                transport.write(part)
            assert protocol.told == ["pause"]  # once, however much more is written
            assert transport.get_write_buffer_size() > BUFFER_BYTES
            transport.close()
            assert await read_all(peer) == b"".join(parts)  # closing waits for it
            await protocol.lost.wait()

    run(test)


def test_writing_resumes_once_there_is_room() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, _):
            while protocol.told != ["pause"]:
                transport.write(b"x" * 50_000)
            reading = asyncio.create_task(read_all(peer))
            await protocol.resumed.wait()
            assert protocol.told == ["pause", "resume"]
            assert transport.get_write_buffer_size() <= BUFFER_BYTES
            transport.close()
            await reading
            await protocol.lost.wait()
            assert protocol.told == ["pause", "resume", "lost"]

    run(test)


def test_nothing_is_read_while_paused() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, _):
            transport.pause_reading()
            peer.send(b"wait")
            for _ in range(10):
                await asyncio.sleep(0)
            assert protocol.received == b""
            transport.resume_reading()
            await protocol.news.wait()
            assert protocol.received == b"wait"

    run(test)


def test_half_closing_lets_the_last_bytes_arrive() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, _):
            transport.write(b"last words")
            transport.write_eof()
            transport.write(b"nobody hears this")
            assert await read_all(peer) == b"last words"
            peer.close()
            await protocol.lost.wait()

    run(test)


@pytest.mark.parametrize("paused", [False, True])
def test_a_reset_is_the_end(paused: bool) -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, peer, poller):
            if paused:
                transport.pause_reading()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            fd = transport.fileno()
            peer.close()
            await protocol.lost.wait()
            assert protocol.told == ["lost"]
            assert transport.fileno() == -1
            assert poller.transports[fd] is None
            transport.write(b"ignored")
            transport.close()
            transport.abort()
            for _ in range(3):
                await asyncio.sleep(0)
            assert protocol.told == ["lost"]

    run(test)


def test_an_abort_drops_what_is_unsent_and_tells_later() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, _peer, _):
            while "pause" not in protocol.told:
                transport.write(b"x" * 50_000)
            transport.abort()
            assert transport.is_closing()
            assert "lost" not in protocol.told  # not inside the call
            await protocol.lost.wait()

    run(test)


def test_nothing_is_written_to_who_gets_the_file_descriptor_next() -> None:
    async def test() -> None:
        async with adopted() as (transport, protocol, _peer, poller):
            near, far = socket.socketpair()
            with near, far:
                far.setblocking(False)
                fd = transport.fileno()
                poller.close()
                os.dup2(near.fileno(), fd)
                transport.write(b"an event")
                transport.close()
                transport.abort()
                await asyncio.sleep(0)
                with pytest.raises(BlockingIOError):
                    far.recv(100)
                os.close(fd)
            assert protocol.told == []

    run(test)


def test_a_transport_with_something_to_write_is_left_alone() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        transport, protocol = await loop.create_connection(Recorder, sock=near)
        poller = Poller(loop, BUFFER_BYTES)
        transport.write(b"x" * (1 << 22))
        assert poller.adopt(transport) is None
        assert transport.get_protocol() is protocol
        assert not transport.is_closing()
        transport.abort()
        await protocol.lost.wait()
        poller.close()
        far.close()

    run(test)


def test_a_socket_that_cannot_be_watched_stays_with_its_transport() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        first, made = Recorder(), loop.create_future()
        first.connection_made = made.set_result  # type: ignore[method-assign]
        server = await loop.create_server(lambda: first, "127.0.0.1", 0)
        poller = Poller(loop, BUFFER_BYTES)
        peer = socket.create_connection(server.sockets[0].getsockname())
        try:
            async with asyncio.timeout(PATIENCE_S):
                transport = await made
                # The epoll keeps a closed descriptor while the socket has another, and refuses that number next time.
                taken = os.dup(transport.get_extra_info("socket").fileno())
                poller.epoll.register(taken, 0)
                os.close(taken)
                assert poller.adopt(transport) is None
                peer.send(b"still here")
                await first.news.wait()
                assert first.received == b"still here"
                free = os.dup(peer.fileno())
                os.close(free)
                assert free == taken  # the descriptor that could not be watched was closed
        finally:
            peer.close()
            poller.close()
            server.close()

    run(test)


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_an_error_of_the_protocol_ends_its_socket_and_no_other(error: type[Exception]) -> None:
    async def test() -> None:
        errors: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        async with adopted() as (transport, protocol, peer, _), adopted() as (_, other, other_peer, _):

            def fail(_: bytes) -> None:
                raise error

            protocol.data_received = fail  # type: ignore[method-assign]
            peer.send(b"hello")
            await protocol.lost.wait()
            assert transport.is_closing()
            assert await read_all(peer) == b""
            other_peer.send(b"hello")
            await other.news.wait()
        assert [type(context["exception"]) for context in errors] == [error]

    run(test)


@pytest.mark.parametrize("end", ["close", "abort", "peer", "poller"])
def test_at_its_end_a_transport_lets_go_of_its_protocol(end: str) -> None:
    """No garbage collector would find the two."""

    async def talk() -> None:
        async with adopted() as (transport, _, peer, poller):
            protocol = Recorder()
            transport.set_protocol(protocol)
            alive, lost = weakref.ref(protocol), protocol.lost
            del protocol
            match end:
                case "close":
                    transport.close()
                case "abort":
                    transport.abort()
                case "peer":
                    peer.close()
                case "poller":
                    poller.close()
            if end != "poller":
                await lost.wait()
                await asyncio.sleep(0)
            assert alive() is None

    run(talk)
