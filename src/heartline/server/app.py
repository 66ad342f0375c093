"""The ASGI application: which path is answered by what."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import heartline.resources  # noqa: F401  fills ENDPOINTS
from heartline import __version__
from heartline.contract import ENDPOINTS, EXTENSIONS
from heartline.errors import HeartlineError, MethodNotAllowed, StorageFailure, UnknownPath, UpgradeRequired
from heartline.server.config import Config
from heartline.server.events import serve_events
from heartline.server.limits import Limiter
from heartline.server.node import Node
from heartline.server.openapi import openapi_json
from heartline.server.service import CORS, Service, error_reply, json_reply
from heartline.server.web import WebClient

PREFLIGHT_AGE_S = 24 * 60 * 60
"""How long a browser may remember the answer to a preflight; browsers cap it at a day or less."""

PREFLIGHT = [
    *CORS,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Content-Type, *"),
    (b"access-control-max-age", str(PREFLIGHT_AGE_S).encode()),
]


def make_app(config: Config, open_node: Callable[[], Node]) -> ASGIApp:
    """The application. `open_node` is called on the event loop when the server starts."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        node = open_node()
        try:
            yield {"node": node}  # in the state of every request, and uvicorn gives it to `HttpProtocol` as app_state
        finally:
            await node.close()

    web = WebClient()
    limiter = Limiter()
    services = [Service(endpoint, config, limiter) for endpoint in [*ENDPOINTS, *EXTENSIONS]]

    async def greet(http: Request) -> Response:
        return await web.answer_page(http) or _greeting()

    app = Starlette(
        routes=[
            Route("/", greet),
            Route("/healthz/", _check_health),
            Route("/openapi.json/", _describe),
            Route("/stream/", _ask_to_upgrade),
            Mount(
                "/api/v1",
                routes=[*_resources(services), Route("/events/", serve_events), Route("/stream/", _ask_to_upgrade)],
            ),
            *(Route(f"{path}/", web.answer) for path in web.paths),
        ],
        lifespan=lifespan,
        exception_handlers={404: _unknown_path, 405: _wrong_method, HeartlineError: _failed, Exception: _crashed},
    )
    app.router.redirect_slashes = False
    return _outermost(app, {(each.endpoint.method, f"/api/v1{each.endpoint.path}/"): each for each in services})


def _outermost(app: ASGIApp, services: dict[tuple[str, str], Service]) -> ASGIApp:
    """CORS on every reply, preflights included; and a path that always ends with a slash, as clients write both forms and
    must not be redirected (rest.md 1.1). A request for one of the services, by method and path, does not pass the routes:
    they are tried one after the other, which takes a third of what the event loop does for a message."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *CORS]
            await send(message)

        scope["path"] = scope["path"].rstrip("/") + "/"
        answer = services.get((scope["method"], scope["path"]), app)
        await answer(scope, receive, send_with_cors)

    return serve


def _resources(services: list[Service]) -> Iterator[BaseRoute]:
    """One mount a resource and in it one route an endpoint, literal paths before those with parameters."""
    ordered = sorted(services, key=lambda service: (service.endpoint.resource, "{" in service.endpoint.path))
    for resource, group in groupby(ordered, lambda service: service.endpoint.resource):
        prefix = f"/{resource}"
        yield Mount(
            prefix,
            routes=[
                Route(each.endpoint.path.removeprefix(prefix) + "/", each, methods=[each.endpoint.method])
                for each in group
            ],
        )


def _greeting() -> Response:
    return PlainTextResponse(
        f"Heartline {__version__}: a sync server for text messages.\n\n"
        "Web client     /             (open it in a browser)\n"
        "REST API       /api/v1       described at /openapi.json\n"
        "Notifications  /stream?account_id=...  (WebSocket)\n"
        "Health         /healthz\n"
    )


async def _check_health(http: Request) -> Response:
    """200 when the database answers."""
    await http.state.node.storage.read(lambda tx: tx.sql("SELECT 1"))
    return json_reply(b'{"status":"ok"}')


async def _describe(_: Request) -> Response:
    return json_reply(openapi_json())


async def _ask_to_upgrade(_: Request) -> Response:
    return error_reply(UpgradeRequired())


async def _failed(_: Request, error: Exception) -> Response:
    return error_reply(cast(HeartlineError, error))


async def _crashed(_: Request, __: Exception) -> Response:
    return error_reply(StorageFailure())  # uvicorn logs what it was


async def _unknown_path(http: Request, _: Exception) -> Response:
    return error_reply(UnknownPath(http.scope["raw_path"].decode("ascii", "replace")))


async def _wrong_method(http: Request, error: Exception) -> Response:
    headers = cast(HTTPException, error).headers or {}
    return error_reply(MethodNotAllowed(http.method, allow=headers.get("Allow", "GET, POST")))
