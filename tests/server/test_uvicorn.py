"""What we rely on in uvicorn without its promise."""

import asyncio
import inspect

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from heartline.server.websocket import StreamProtocol
from tests.wire import upgrade


class Recorder(asyncio.Protocol):
    """Stands where uvicorn expects the protocol of WebSockets."""

    def __init__(self, **keywords: object) -> None:
        self.keywords = keywords
        self.calls: list[tuple[str, object]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append(("connection_made", transport))

    def data_received(self, data: bytes) -> None:
        self.calls.append(("data_received", data))


class NoTransport(asyncio.Transport):
    protocol: asyncio.BaseProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


def test_uvicorn_hands_sockets_over_as_our_protocol_expects() -> None:
    """uvicorn does not document how it calls `Config(ws=...)`."""
    state: dict[str, object] = {"node": object()}
    request = upgrade("/stream?account_id=x", x_other="kept")
    server_state, transport = ServerState(), NoTransport()

    async def hand_over() -> Config:
        config = Config(lambda: None, ws=Recorder, log_config=None)  # type: ignore[arg-type]
        config.load()
        http = HttpToolsProtocol(config, server_state, state)
        http.connection_made(transport)
        http.data_received(request)
        return config

    config = asyncio.run(hand_over())
    changed = f"uvicorn {uvicorn.__version__} hands sockets over differently: adapt StreamProtocol, then the pin"
    protocol = transport.protocol
    assert isinstance(protocol, Recorder), changed
    assert protocol.keywords == {"config": config, "server_state": server_state, "app_state": state}, changed
    assert set(inspect.signature(StreamProtocol).parameters) == set(protocol.keywords), changed
    assert protocol.calls == [("connection_made", transport), ("data_received", request)], changed
    assert server_state.connections == set(), changed
