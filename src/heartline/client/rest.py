"""Calls the endpoints of a server, in the form of the wire; `sealing.py` has what turns plaintext into it and back.

An endpoint is named by its function in `heartline.resources`, whose signature gives the types of request and reply.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_args
from urllib.parse import quote

import httpx
import msgspec

import heartline.resources  # noqa: F401  fills the registry
from heartline import __version__
from heartline.client.errors import UnexpectedReply, Unreachable, error_of
from heartline.contract import ENDPOINTS, Endpoint, NoParameters, PlainText, Request

TRIES = 5
"""Times that a call is made at most while the server is gone, busy, or does not answer."""
FIRST_PAUSE_S = 0.5
"""Before the second try, each further one twice as long, all cut by up to half at random."""
LONGEST_PAUSE_S = 8.0
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
"""Longest silence while a request is sent or its reply awaited."""
CONNECTIONS = 10

REQUESTS_THAT_WERE_NOT_TAKEN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
STATUS_TO_TRY_AGAIN = {500, 502, 503, 504}

Answer = TypeVar("Answer")
Handler = Callable[..., Answer]

_endpoints: dict[Any, Endpoint] = {endpoint.handler: endpoint for endpoint in ENDPOINTS}


class _WithoutQuery(logging.Filter):
    """httpx logs addresses, and the account's id is in their query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())


class Rest:
    """A server, and the account that is called for (none before it is known)."""

    def __init__(self, url: str, account_id: str = "", *, tries: int = TRIES) -> None:
        self.account_id = account_id
        self.tries = tries
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        limits = httpx.Limits(max_connections=CONNECTIONS)
        agent = {"User-Agent": f"heartline/{__version__}"}
        self.url = httpx.URL(url.rstrip("/"))
        if self.url.scheme not in ("http", "https") or not self.url.host:
            raise ValueError("the address of a server looks like https://example.org or http://127.0.0.1:5050")
        self._http = httpx.AsyncClient(base_url=f"{self.url}/api/v1", timeout=timeout, limits=limits, headers=agent)

    async def close(self) -> None:
        await self._http.aclose()

    async def call(
        self,
        handler: Handler[Answer],
        request: Request | None = None,
        *,
        happened: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer:
        """Call one endpoint and return its reply.

        A call is repeated, with the same ids and the same ciphertext, until there is an answer: all writes but one can be
        repeated without doing more. `happened` is asked before a repetition, when it is not known whether the server took
        the request; when it says yes the call is done, and the reply None.
        """
        endpoint = _endpoints[handler]
        path, values = _parameters(endpoint, request or NoParameters())
        if not endpoint.public:
            values["account_id"] = self.account_id
        if endpoint.method == "GET":
            query = {name: _query_text(value) for name, value in values.items()}
            sent = self._http.build_request("GET", path, params=query)
        else:  # in the body: a proxy's log shows queries
            sent = self._http.build_request(
                "POST", path, content=msgspec.json.encode(values), headers={"Content-Type": "application/json"}
            )
        reply = await self._send(sent, happened)
        if endpoint.reply is None or reply is None:
            return None  # type: ignore[return-value]
        return _decoded(reply, endpoint.reply)  # type: ignore[no-any-return]

    async def get(self, path: str, reply: type[Answer], **query: str) -> Answer:
        """Read what is no endpoint of the registry."""
        sent = self._http.build_request("GET", path, params={"account_id": self.account_id, **query})
        answer = await self._send(sent, None)
        assert answer is not None
        return _decoded(answer, reply)  # type: ignore[no-any-return]

    async def _send(
        self, request: httpx.Request, happened: Callable[[], Awaitable[bool]] | None
    ) -> httpx.Response | None:
        failure: Exception
        for tried in range(self.tries):
            if tried:
                pause_s = min(FIRST_PAUSE_S * 2 ** (tried - 1), LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s * random.uniform(0.5, 1))
            taken = True
            try:
                reply = await self._http.send(request)
            except REQUESTS_THAT_WERE_NOT_TAKEN:
                failure, taken = Unreachable(f"no server answers at {self.url}"), False
            except httpx.TransportError:
                failure = Unreachable(f"the server at {self.url} did not answer")
            else:
                if reply.is_success:
                    return reply
                failure = error_of(reply.status_code, reply.content, reply.headers.get("retry-after"))
                if reply.status_code not in STATUS_TO_TRY_AGAIN:
                    raise failure
                taken = isinstance(failure, UnexpectedReply)  # our own 5xx say that nothing was stored
            if happened is not None and taken and await happened():
                return None
        raise failure


def _parameters(endpoint: Endpoint, request: Request) -> tuple[str, dict[str, Any]]:
    """The path, and the parameters that are not in it; null is as good as absent."""
    values = msgspec.to_builtins(request)
    named = {name: values.pop(name) for name in tuple(values) if f"{{{name}}}" in endpoint.path}
    path = endpoint.path.format(**{name: quote(str(value), safe="") for name, value in named.items()})
    return path, {name: value for name, value in values.items() if value is not None}


def _query_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _decoded(reply: httpx.Response, as_type: Any) -> Any:
    for kind in get_args(as_type):
        if kind is PlainText:  # only sent when asked for
            as_type = next(other for other in get_args(as_type) if other is not PlainText)
    try:
        return msgspec.json.decode(reply.content, type=as_type)
    except msgspec.MsgspecError:
        raise UnexpectedReply(f"what answers at {reply.url.host} does not speak Heartline's API") from None
