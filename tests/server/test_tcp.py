"""What the system is told about a socket's other end."""

import socket
import sys

import pytest

from heartline.server.config import Config
from heartline.server.events import COMMENT_S
from heartline.server.tcp import watch_peers
from heartline.stream.wheel import PING_INTERVAL_S


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us say how long")
def test_a_vanished_peer_is_noticed_within_a_minute() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        watch_peers(listener, Config().dead_peer_s)
        peer = socket.create_connection(listener.getsockname())
        tcp, _ = listener.accept()
    with peer, tcp:
        timeout_ms = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        probes_s = tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == probes_s
    # Silence shows at the next probe; what is sent, when it was not acknowledged for that long.
    assert timeout_ms / 1000 + max(probes_s, PING_INTERVAL_S, COMMENT_S) < 60


def test_a_peer_that_is_slow_is_told_so_before_it_is_given_up() -> None:
    assert Config().stall_s + 2 * PING_INTERVAL_S < Config().dead_peer_s
