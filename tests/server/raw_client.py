"""A client of the stream on a bare TCP connection."""

import contextlib
import socket
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Self

from tests.conftest import WAIT_S, Account, Server
from tests.wire import CLOSE, Frame, client_frame, client_text, content, split, upgrade

WELCOME = '{"type":"welcome"}'
SUBSCRIBE = r'{"command":"subscribe","identifier":"{\"channel\":\"NotificationsChannel\"}"}'
CONFIRMATION = r'{"identifier":"{\"channel\":\"NotificationsChannel\"}","type":"confirm_subscription"}'
ACTION_CABLE = "actioncable-v1-json"


class RawClient:
    """A TCP connection to the server."""

    def __init__(self, server: Server, *, receive_bytes: int | None = None) -> None:
        self.tcp = socket.socket()
        self.tcp.settimeout(WAIT_S)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_bytes is not None:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.tcp.connect(("127.0.0.1", server.port))
        self._unread = b""
        self._frames: deque[Frame] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tcp.close()

    def send(self, *data: bytes) -> None:
        self.tcp.sendall(b"".join(data))

    def say(self, *texts: str) -> None:
        self.send(*map(client_text, texts))

    def head(self) -> str:
        """The head of an HTTP reply."""
        while b"\r\n\r\n" not in self._unread:
            assert self._receive(), f"the server hung up after {self._unread!r}"
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head.decode("ascii")

    def skip(self, size_bytes: int) -> None:
        """The body of an HTTP reply."""
        while len(self._unread) < size_bytes:
            assert self._receive(), "the server hung up"
        self._unread = self._unread[size_bytes:]

    def body(self) -> bytes:
        """What comes until the server hangs up."""
        while self._receive():
            pass
        body, self._unread = self._unread, b""
        return body

    def frame(self) -> Frame | None:
        """The next frame but for the stream's pings; None when the server has hung up."""
        while (frame := self._next()) is not None and frame.is_ping_of_the_stream:
            pass
        return frame

    def ping(self) -> str:
        """The next frame, which must be a ping of the stream."""
        frame = self._next()
        assert frame is not None, "the server hung up"
        assert frame.is_ping_of_the_stream, frame
        return frame.text

    def text(self) -> str:
        """The next frame, which must be text."""
        frame = self.frame()
        assert frame is not None, "the server hung up"
        return frame.text

    def texts(self, count: int) -> list[str]:
        return [self.text() for _ in range(count)]

    def rest(self) -> list[Frame]:
        """All frames until the server hangs up."""
        return list(iter(self.frame, None))

    def is_closed(self) -> tuple[int, str]:
        """Answer the close frame that must come next, see the server hang up, hang up; return the code and the reason."""
        frame = self.frame()
        assert frame is not None, "the server hung up without a close frame"
        assert frame.close_code is not None, frame
        self.send(client_frame(CLOSE, frame.payload))
        assert self.rest() == []
        self.tcp.close()
        return frame.close_code, frame.close_reason

    def _next(self) -> Frame | None:
        while True:
            frames, self._unread = split(self._unread)
            self._frames.extend(frames)
            if self._frames:
                return self._frames.popleft()
            if not self._receive():
                assert self._unread == b"", f"the server hung up within a frame: {self._unread!r}"
                return None

    def _receive(self) -> bool:
        received = self.tcp.recv(65536)
        self._unread += received
        return bool(received)


def stream_of(account: Account, path: str = "/stream") -> str:
    return f"{path}?account_id={account.id}"


@contextlib.contextmanager
def opened(server: Server, target: str, **headers: str) -> Iterator[RawClient]:
    """A socket whose upgrade was accepted, before its first frame."""
    with RawClient(server) as client:
        client.send(upgrade(target, **headers))
        assert client.head().startswith("HTTP/1.1 101 ")
        yield client


@contextlib.contextmanager
def welcomed(account: Account, **headers: str) -> Iterator[RawClient]:
    with opened(account.server, stream_of(account), **headers) as client:
        assert client.text() == WELCOME
        yield client


@contextlib.contextmanager
def subscribed(account: Account, **headers: str) -> Iterator[RawClient]:
    with welcomed(account, **headers) as client:
        client.say(SUBSCRIBE)
        assert client.text() == CONFIRMATION
        yield client


numbers = count(1)


def emit(account: Account) -> int:
    """Cause one operation; the number by which it is recognised."""
    number = next(numbers)
    account.post("/messages/forward_to_phone", {"to": "5555555555", "message": str(number)})
    return number


def number_in(text: str) -> int:
    operation, what = content(text)
    assert operation == "forward_to_phone"
    return int(what["message"])
