"""Transports for sockets of the stream without TLS: one epoll for all of them, which the event loop watches as one file.

uvloop's transport does more than a stream needs: with it an idle socket took 3.0 KiB in all, without it 1.6 (5,000 sockets,
docs/performance.md). Here an idle socket is a file descriptor, and a write is the system call; only what the kernel does
not take is kept. Where there is no epoll, or with TLS, uvloop's transport stays.
"""

import asyncio
import os
import select
import socket
import sys
from typing import Any, cast

from msgspec import Struct

EVENTS = 512
"""Sockets served before the event loop gets its turn: some milliseconds of work."""
READ_BYTES = 64 * 1024
"""Read from one socket before the others get their turn."""

if sys.platform == "linux":
    IN, OUT, BROKEN = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP | select.EPOLLERR

_NOBODY = asyncio.Protocol()


class Poller:
    """The epoll and its transports. All methods are called on the event loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer_bytes: int) -> None:
        self.loop = loop
        self.high_bytes, self.low_bytes = buffer_bytes, buffer_bytes // 4
        """Where a protocol is told to pause writing, and to go on."""
        self.epoll = select.epoll()
        self.transports: list[PlainTransport | None] = []
        """By file descriptor: 8 bytes each, where a dictionary takes some 80."""
        loop.add_reader(self.epoll.fileno(), self._poll)

    def adopt(self, transport: asyncio.Transport) -> "PlainTransport | None":
        """Take over the socket of another transport, which ends without telling its protocol. None, and nothing has
        happened, when that cannot be: it is no plain socket, or has something left to write."""
        if transport.get_extra_info("sslcontext") or transport.get_write_buffer_size() or transport.is_closing():
            return None
        try:
            fd = os.dup(transport.get_extra_info("socket").fileno())
        except OSError:  # no file descriptor is left for a moment's second one
            return None
        try:
            self.epoll.register(fd, IN)
        except OSError:  # the system has no room for another watch
            os.close(fd)
            return None
        transport.set_protocol(asyncio.Protocol())
        transport.abort()
        adopted = PlainTransport(self, fd)
        if fd >= len(self.transports):
            self.transports.extend([None] * (fd + 1 - len(self.transports)))
        self.transports[fd] = adopted
        return adopted

    def close(self) -> None:
        """End all sockets, without telling their protocols, and the epoll."""
        self.loop.remove_reader(self.epoll.fileno())
        for transport in self.transports:
            if transport is not None:
                transport.vanish()
        self.epoll.close()
        self.transports.clear()

    def _poll(self) -> None:
        for fd, event in self.epoll.poll(0, EVENTS):
            transport = self.transports[fd]
            if transport is not None:
                try:
                    transport.ready(event)
                except (
                    Exception
                ) as error:  # of its protocol, whatever it is: the other sockets have nothing to do with it
                    transport.fail(error)


class PlainTransport(Struct, gc=False, eq=False):
    """See `asyncio.Transport`; what no stream needs is missing.

    Left out of garbage collections, which stop the loop for longer the more objects there are: at its end it lets go of its
    protocol, so that the two are no cycle.
    """

    _poller: Poller
    _fd: int
    """-1 once it is closed."""
    _protocol: asyncio.Protocol = _NOBODY
    _interest: int = IN
    _unsent: bytearray | None = None
    """What the kernel has not taken yet."""
    _closing: bool = False
    _ending: bool = False
    """Whether the sending side is shut down after what is unsent."""

    def fileno(self) -> int:
        return self._fd

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    # --- reading ---

    def is_reading(self) -> bool:
        return bool(self._interest & IN)

    def pause_reading(self) -> None:
        self._want(self._interest & ~IN)

    def resume_reading(self) -> None:
        if not self._closing:
            self._want(self._interest | IN)

    def ready(self, event: int) -> None:
        """The epoll has seen something."""
        if event & OUT and self._unsent is not None:
            self._flush(self._unsent)
        if self._fd < 0:
            return
        if event & IN and self._interest & IN:
            self._read()
        elif event & BROKEN:
            self._lose(None)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._want(self._interest & ~IN)
            if not self._protocol.eof_received():
                self.close()

    # --- writing ---

    def get_write_buffer_size(self) -> int:
        return len(self._unsent) if self._unsent is not None else 0

    def write(self, data: Any) -> None:
        if self._closing or self._ending:
            return
        unsent = self._unsent
        if unsent is None:
            try:
                sent = os.write(self._fd, data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._lose_soon(error)
                return
            if sent == len(data):
                return
            unsent = self._unsent = bytearray()
            data = data[sent:]
            self._want(self._interest | OUT)
        could_take = len(unsent) <= self._poller.high_bytes
        unsent += data
        if could_take and len(unsent) > self._poller.high_bytes:
            self._protocol.pause_writing()

    ping = write
    """What the wheel of pings calls."""

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._closing and not self._ending:
            self._ending = True
            if self._unsent is None:
                self._shut_down()

    def _flush(self, unsent: bytearray) -> None:
        was_full = len(unsent) > self._poller.low_bytes
        try:
            del unsent[: os.write(self._fd, unsent)]
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            return
        if not unsent:
            self._unsent = None
            self._want(self._interest & ~OUT)
            if self._ending:
                self._shut_down()
        if was_full and len(unsent) <= self._poller.low_bytes and not self._closing:
            self._protocol.resume_writing()
        if self._closing and self._unsent is None:
            self._lose(None)

    def _shut_down(self) -> None:
        end = socket.socket(fileno=self._fd)
        try:
            end.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._lose_soon(error)
        finally:
            end.detach()

    # --- the end ---

    def close(self) -> None:
        if not self._closing:
            if self._unsent is None:
                self._lose_soon(None)
            else:
                self._closing = True
                self._want(OUT)

    def abort(self) -> None:
        self._lose_soon(None)

    def fail(self, error: Exception) -> None:
        """The protocol did not expect this: report it, and end the socket."""
        context = {"message": "a stream connection failed", "exception": error, "transport": self}
        self._poller.loop.call_exception_handler(context)
        self._lose_soon(error)

    def vanish(self) -> None:
        """Close the socket, without telling the protocol. What that still writes must not reach whoever gets the file
        descriptor next."""
        fd, self._fd, self._closing, self._unsent, self._protocol = self._fd, -1, True, None, _NOBODY
        os.close(fd)

    def _lose_soon(self, error: Exception | None) -> None:
        """Not at once: a protocol does not expect its end inside a call of its own."""
        if self._fd >= 0:
            self._closing, self._unsent = True, None
            self._want(0)
            self._poller.loop.call_soon(self._lose, error)

    def _lose(self, error: Exception | None) -> None:
        if self._fd < 0:
            return
        fd, self._closing, self._unsent = self._fd, True, None
        protocol, self._protocol = self._protocol, _NOBODY
        try:
            protocol.connection_lost(error)  # before the socket is closed, which is asked what has arrived
        finally:
            if self._fd >= 0:
                self._fd = -1
                self._poller.transports[fd] = None
                self._poller.epoll.unregister(fd)
                os.close(fd)

    def _want(self, interest: int) -> None:
        if interest != self._interest and self._fd >= 0:
            self._interest = interest
            self._poller.epoll.modify(self._fd, interest)
