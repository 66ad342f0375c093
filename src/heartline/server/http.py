"""The HTTP side of a connection: uvicorn's, with bounds on what a client may make it hold, and errors as ours.

uvicorn leaves to a proxy what a server that people run at home has to do itself: heads of any size and requests that never
end are refused here, what is no HTTP is answered like every other error (JSON, CORS), and an upgrade request keeps its
place among the requests before it and the bytes behind it. What is overridden is not documented: uvicorn is pinned to a
minor version, and tests/server/test_http_protocol.py would fail.
"""

import asyncio
from typing import cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from heartline.errors import HeadTooLarge, HeartlineError, MalformedRequest, MethodNotAllowed, RequestTimeout
from heartline.server.node import Node
from heartline.server.service import refusal
from heartline.server.tcp import bound_send_queue
from heartline.server.websocket import StreamProtocol

HEAD_BYTES = 64 * 1024
"""Request line and headers; a query may hold a text, and ciphertext of a long one takes some 10 KiB."""
PATIENCE_S = 30.0
LEAST_BYTES = 16 * 1024
"""What a request that is not complete must bring in that time: less than the slowest telephone line does."""


class HttpProtocol(HttpToolsProtocol):
    """A connection until it is upgraded, or ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_bytes = 0
        """What has come of a head that is not complete."""
        self._gained_bytes = 0
        """What has come since the last look at the clock."""
        self._deaf = False
        """Set when nothing more that comes can be understood."""
        self._after_upgrade: bytes | None = None
        """What followed an upgrade request that waits for the replies to the requests before it."""
        self._clock = self.loop.call_later(PATIENCE_S, self._look_at_the_clock)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._after_upgrade is not None:
            self._after_upgrade += data
            return
        self._unset_keepalive_if_required()
        self._gained_bytes += len(data)
        self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade_asked(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, HeartlineError) else MalformedRequest())
        else:
            if self._head_bytes > HEAD_BYTES:
                self._refuse(HeadTooLarge(HEAD_BYTES))

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise HeadTooLarge(HEAD_BYTES)
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._after_upgrade is not None and self._is_idle() and not self.transport.is_closing():
            self._upgrade(self._after_upgrade)

    # --- upgrades ---

    def _upgrade_asked(self, rest: bytes) -> None:
        if not self._asks_for_websocket():
            self._go_on_without_upgrade(rest)
        elif self._is_idle():
            self._upgrade(rest)
        else:
            self._after_upgrade = rest
            self.flow.pause_reading()

    def _asks_for_websocket(self) -> bool:
        """The parser has seen `Connection: upgrade`; RFC 6455 4.2.1 wants HTTP/1.1 besides."""
        protocols = b",".join(value for name, value in self.headers if name == b"upgrade").lower().split(b",")
        return self.parser.get_http_version() == "1.1" and b"websocket" in map(bytes.strip, protocols)

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """A client that would rather speak HTTP/2 (curl, Java) is served in HTTP/1.1. The parser takes what follows an
        upgrade for another protocol, so it is given the request again without that wish."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":  # which is a wish for another protocol by itself
            self._refuse(MethodNotAllowed("CONNECT", allow="GET, POST, OPTIONS"))
            return
        kept = [b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        head = [b"%s %s HTTP/%s\r\n" % (method, self.url, version), *kept, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.data_received(b"".join(head) + rest)

    def _upgrade(self, rest: bytes) -> None:
        self._clock.cancel()
        self._unset_keepalive_if_required()
        node: Node = self.app_state["node"]
        buffer_bytes = node.config.socket_buffer_bytes
        bound_send_queue(self.transport.get_extra_info("socket"), buffer_bytes)
        plain = node.poller.adopt(self.transport) if node.poller is not None else None
        if plain is not None:
            self.transport = cast(asyncio.Transport, plain)
        else:
            self.transport.set_write_buffer_limits(buffer_bytes, buffer_bytes // 4)
        self.connections.discard(self)
        stream = StreamProtocol(node, self.transport, self.connections)
        self.transport.set_protocol(stream)
        stream.upgrade(self.scope["method"], self.url, self.headers)
        if rest:
            stream.data_received(rest)

    # --- what goes wrong ---

    def _refuse(self, error: HeartlineError) -> None:
        """Answer what cannot be a request, after the replies that are under way, and hang up."""
        self._deaf = True
        if self._is_idle() or (self.cycle.more_body and not self.cycle.response_started):
            self.transport.write(refusal(error))
            self.transport.close()
        elif self.cycle.more_body:
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def _look_at_the_clock(self) -> None:
        """Hang up on a client that keeps us waiting for the rest of its request."""
        gained, self._gained_bytes = self._gained_bytes, 0
        waiting = self._is_idle() or self.cycle.more_body
        if waiting and self.timeout_keep_alive_task is None and not self.flow.read_paused and gained < LEAST_BYTES:
            if gained or self._head_bytes:
                self._refuse(RequestTimeout())
            self.transport.close()
        else:
            self._clock = self.loop.call_later(PATIENCE_S, self._look_at_the_clock)

    def _is_idle(self) -> bool:
        """Whether every request so far has its reply."""
        return self.cycle is None or self.cycle.response_complete
