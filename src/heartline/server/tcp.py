"""What the operating system knows of a socket's other end. Linux tells most; elsewhere the defaults remain."""

import asyncio
import fcntl
import socket
import struct
import sys
from typing import Any

SIOCOUTQ = 0x5411
"""Linux: bytes in the send queue that the peer has not acknowledged."""


def watch_peers(listener: socket.socket, dead_after_s: int) -> None:
    """Let the system end each connection that the listener accepts, and that inherits this, when its peer has vanished:
    when it has acknowledged nothing for this long, neither what was sent (pings are, every few seconds) nor, if nothing
    was, a keepalive probe."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, dead_after_s * 1000)
        # Often, as a silent peer is given up at the first probe after that time.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, dead_after_s // 10))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, dead_after_s // 10))


def bound_send_queue(connection: Any, size_bytes: int) -> None:
    """Let no more than this wait in the system for a peer that takes nothing: it would take some 4 MB, and a slow client
    would show minutes late."""
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size_bytes)


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """Bytes that were written to the transport and have not arrived at the peer's system yet; also right in
    `connection_lost`, before the socket is closed. Elsewhere than on Linux: those that have not left the process."""
    waiting = transport.get_write_buffer_size()
    if sys.platform != "linux":
        return waiting
    try:
        answer = fcntl.ioctl(transport.get_extra_info("socket").fileno(), SIOCOUTQ, b"\0" * 4)
    except (OSError, ValueError):
        return sys.maxsize  # the socket is gone already: nothing is known to have arrived
    unacknowledged: int = struct.unpack("i", answer)[0]
    return waiting + unacknowledged
