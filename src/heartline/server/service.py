"""One endpoint over HTTP: from a request to its handler and back.

The order is body, decoding, limits, slow preparation, one transaction on a thread of the storage, reply. The storage
publishes the transaction's events before it answers, so nobody who has a reply has overtaken its own notification
(decisions.md 27).
"""

import asyncio
import time
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from heartline.contract import Endpoint, PlainText
from heartline.errors import HeartlineError, StorageFailure
from heartline.server.body import read_body
from heartline.server.config import Config
from heartline.server.limits import Limiter
from heartline.server.node import Node
from heartline.server.signup import check_may_sign_up
from heartline.storage import SqlTx
from heartline.tolerance import decode

log = structlog.get_logger()

CORS = [(b"access-control-allow-origin", b"*")]
"""What every reply carries, errors too: without it a browser does not show its page what went wrong (rest.md 1.1)."""

DECODED_IN_A_THREAD_BYTES = 64 * 1024
"""Bodies from this size on are decoded in a thread: a smaller one holds up the event loop for less than a millisecond."""


class Service:
    """Answers the requests of one endpoint: an ASGI application."""

    def __init__(self, endpoint: Endpoint, config: Config, limiter: Limiter) -> None:
        self.endpoint = endpoint
        self._config = config
        self._limiter = limiter
        self._limit_bytes = config.media_bytes if endpoint.path == "/media/add" else config.body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer_or_say_why_not(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer_or_say_why_not(self, http: Request) -> Response:
        started = time.perf_counter()
        try:
            response = await self._answer(http)
        except HeartlineError as error:
            response = error_reply(error)
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody reads it
        except Exception as error:
            # The end of the line for what nobody foresaw; the log tells its type and place (server/logs.py).
            log.error("request failed", path=self.endpoint.path, exc_info=error)
            response = error_reply(StorageFailure())
        elapsed_ms = round((time.perf_counter() - started) * 1000, 1)
        log.debug("request", path=self.endpoint.path, status=response.status_code, elapsed_ms=elapsed_ms)
        return response

    async def _answer(self, http: Request) -> Response:
        body = await read_body(http, self._limit_bytes)
        if len(body) < DECODED_IN_A_THREAD_BYTES:
            account_id, request = self._decode(http, body)
        else:
            work = partial(self._decode, http, body)
            account_id, request = await asyncio.get_running_loop().run_in_executor(http.state.node.decoders, work)
        limit = self.endpoint.limit
        if limit is None:
            return await self._transact(http.state.node, account_id, request)
        address = http.client.host if http.client else ""
        caller = (self.endpoint.path, address, getattr(request, limit.parameter) if limit.parameter else "")
        self._limiter.take(limit, time.monotonic(), *caller)
        response = await self._transact(http.state.node, account_id, request)
        if limit.only_failures:
            self._limiter.give_back(limit, *caller)
        return response

    def _decode(self, http: Request, body: bytes) -> tuple[str, Any]:
        query: bytes = http.scope["query_string"]
        if http.headers.get("accept", "").startswith("text/plain"):
            query = b"raw=true&" + query  # the same wish, said differently (decisions.md 12)
        return decode(
            self.endpoint,
            path=http.path_params,
            query=query,
            body=body,
            content_type=http.headers.get("content-type", ""),
            require_encryption=self._config.require_encryption,
        )

    async def _transact(self, node: Node, account_id: str, request: Any) -> Response:
        endpoint = self.endpoint
        arguments = [request] if endpoint.takes_request else []
        if endpoint.gated:  # before the server works hard for somebody whom it will refuse
            await node.storage.read(lambda tx: check_may_sign_up(tx, self._config.signup, request.name, writing=False))
        if endpoint.prepare is not None:
            arguments.append(await node.storage.prepare(endpoint.prepare, request))

        def work(tx: SqlTx) -> Response:
            if endpoint.gated:  # again: of two first accounts one is refused
                check_may_sign_up(tx, self._config.signup, request.name)
            value = endpoint.handler(tx if endpoint.public else tx.bound(account_id), *arguments)
            return json_reply(b"{}") if endpoint.reply is None else _reply(value)

        if endpoint.runs == "writer":
            return await node.storage.write(work, account_id=account_id)
        return await node.storage.read(work, slow=endpoint.runs == "hasher")


def _reply(value: Any) -> Response:
    """What a handler returned, encoded where the handler ran: off the event loop."""
    if isinstance(value, HeartlineError):
        return error_reply(value)
    if isinstance(value, PlainText):
        return Response(value, media_type="text/plain")
    return json_reply(msgspec.json.encode(value))


def json_reply(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def error_reply(error: HeartlineError) -> Response:
    """The one place where errors become HTTP replies (decisions.md 7)."""
    response = json_reply(msgspec.json.encode({"error": str(error), "code": error.code, **error.details}), error.status)
    if error.retry_after_s is not None:
        response.headers["retry-after"] = str(error.retry_after_s)
    response.headers.update(error.headers)
    return response


def refusal(error: HeartlineError) -> bytes:
    """The same as the last bytes of a connection, for what does not reach the application."""
    response = error_reply(error)
    headers = [*response.raw_headers, *CORS, (b"connection", b"close, upgrade" if error.status == 426 else b"close")]
    lines = [b"HTTP/1.1 %d %s" % (error.status, HTTPStatus(error.status).phrase.encode()), *map(b": ".join, headers)]
    return b"\r\n".join([*lines, b"", bytes(response.body)])
