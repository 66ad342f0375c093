"""Starts the server process and keeps it until a signal ends it."""

import asyncio
import errno
import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn

from heartline.bus.engines import check_bus, open_bus
from heartline.errors import Refusal
from heartline.server.app import make_app
from heartline.server.config import Config
from heartline.server.http import HttpProtocol
from heartline.server.node import Node
from heartline.server.tcp import watch_peers
from heartline.storage.engines import is_postgresql, open_storage, prepare_database

BACKLOG = 4096
"""Connections that may wait to be accepted: all clients of a busy node come back at once after a restart."""
KEEP_ALIVE_S = 75
"""How long an idle HTTP connection stays: longer than the usual 60 s of proxies, so that the proxy closes first."""
STOP_S = 10
"""How long requests and sockets may take to end when the server stops; then it ends without them."""


class PortInUse(Refusal):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} of {host} is in use: stop what listens there, or choose another with --port")


def listen(host: str, port: int) -> socket.socket:
    """The listening socket. Raises `PortInUse`, or `OSError` for an address that is none of this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port) from None
        raise
    return listener


class IncompleteTls(Refusal):
    def __init__(self) -> None:
        super().__init__("TLS needs both a certificate (--tls-certificate) and its key (--tls-key)")


def _check_tls(config: Config) -> None:
    files = [file for file in (config.tls_certificate, config.tls_key) if file is not None]
    if len(files) == 1:
        raise IncompleteTls
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file}")


def check(config: Config) -> None:
    """Prepare what serving needs.

    Raises `IncompleteTls`, `CannotUseBus`, `CannotOpen`, `SchemaTooNew`, `OSError` or `sqlite3.Error` when it cannot be
    served.
    """
    _check_tls(config)
    check_bus(config.bus, _postgresql_url(config))
    prepare_database(config.database_url)


def _postgresql_url(config: Config) -> str:
    """Empty when the database is on another engine."""
    return config.database_url if is_postgresql(config.database_url) else ""


def _allow_many_sockets() -> None:
    """Let the process open as many files as the system allows: many systems begin with 1024, which is meant for
    programs that use select()."""
    if sys.platform == "linux":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Server(uvicorn.Server):
    node: Node | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.node is not None:
            self.node.stop_followers()
        await super().shutdown(sockets)


def serve(config: Config, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM. Calls `started` once requests are answered.

    Raises what `check` raises, before anything is served.
    """
    check(config)
    watch_peers(listener, config.dead_peer_s)
    _allow_many_sockets()

    def open_node() -> Node:
        storage = open_storage(
            config.database_url,
            synchronous=config.synchronous,
            connections=config.connections,
            watch_s=config.poll_s,
        )
        server.node = node = Node(config, storage, open_bus(config.bus, _postgresql_url(config)))
        asyncio.get_running_loop().call_soon(started)
        # What start-up made stays for good: left out of full collections, which stop the loop, it cuts the longest one at
        # 19,000 sockets from 45 ms to 12.
        gc.collect()
        gc.freeze()
        return node

    server = _Server(
        uvicorn.Config(
            make_app(config, open_node),
            http=HttpProtocol,
            loop="uvloop",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
            forwarded_allow_ips=config.trusted_proxies,
            ssl_certfile=config.tls_certificate,
            ssl_keyfile=config.tls_key,
        )
    )
    # uvicorn repeats the signal that ended it; that it was heard is enough, the exit code stays 0.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: None)
    server.run([listener])
