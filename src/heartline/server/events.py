"""The log over HTTP, for programs that want no WebSocket: `GET /api/v1/events`.

A request answers with the events after a cursor, and waits for the first one if it is asked to (long poll). With
`Accept: text/event-stream` it stays open and sends each event as it comes (Server-Sent Events). A cursor is
`<epoch>:<offset>`, in `after` or in the header `Last-Event-ID`; without one the events begin now. When some that follow the
cursor are gone, the answer is 410 with the floor.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from heartline.errors import AccountIdInvalid, HeartlineError, HistoryGone, WrongType
from heartline.server.node import Node
from heartline.server.service import error_reply, json_reply
from heartline.storage import SqlTx, log
from heartline.stream.hub import Reader
from heartline.stream.log import Cursor, Event, History

LIMIT = 1_000
"""Events in one answer at most."""
WAIT_S = 60
"""The longest that a request may wait for an event."""
COMMENT_S = 5
"""Pause after which an event stream sends a comment: shorter than the patience of proxies, and together with `dead_peer_s`
than the minute within which a vanished client must be noticed."""
BUFFER_BYTES = 64 * 1024
"""What may wait in memory for one slow client of an event stream."""
STREAM_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}
"""Of an event stream: no proxy may keep it, or wait for its end (nginx reads the last one)."""
DIGITS = 18
"""Digits of an offset, a limit or a time at most: more are no 64-bit number."""


class Page(msgspec.Struct):
    cursor: str
    """The place after the last of these events: `after` of the next request."""
    events: list[msgspec.Raw]
    """Operations, each with its `offset`."""


async def serve_events(http: Request) -> Response:
    """Answer one request; parameters are account_id, after, limit and wait (seconds)."""
    try:
        node: Node = http.state.node
        account = await node.find_account(http.query_params.get("account_id", ""))
        cursor = _cursor(http.headers.get("last-event-id") or http.query_params.get("after", ""))
        if "text/event-stream" in http.headers.get("accept", ""):
            start = await node.storage.read(lambda tx: _start(tx, account, cursor))
            if http.method == "HEAD":  # which must end, although the stream does not
                return Response(headers=STREAM_HEADERS)
            return StreamingResponse(_event_stream(node, account, start), headers=STREAM_HEADERS)
        limit = min(_number(http, "limit") or LIMIT, LIMIT)
        page = await _page(node, account, cursor, limit, min(_number(http, "wait"), WAIT_S))
        return json_reply(msgspec.json.encode(page))
    except HeartlineError as error:
        return error_reply(error)


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    epoch, _, offset = text.rpartition(":")
    if not (epoch and offset.isdecimal() and len(offset) <= DIGITS):
        raise WrongType("after")
    return Cursor(epoch, int(offset))


def _number(http: Request, name: str) -> int:
    text = http.query_params.get(name) or "0"
    if not (text.isdecimal() and len(text) <= DIGITS):
        raise WrongType(name)
    return int(text)


def _start(tx: SqlTx, account: int, cursor: Cursor | None) -> Cursor:
    """Where the answer begins. Raises `HistoryGone`."""
    position = log.position(tx, account, None)
    if position is None:
        raise AccountIdInvalid
    offset = History(cursor, None).start(position)
    if offset is None:
        raise HistoryGone(position.epoch, position.floor)
    return Cursor(position.epoch, offset)


async def _page(node: Node, account: int, cursor: Cursor | None, limit: int, wait_s: int) -> Page:
    def work(tx: SqlTx) -> tuple[Cursor, list[Event]]:
        start = _start(tx, account, cursor)
        return start, log.events(tx, account, start.offset, limit)

    start, events = await node.storage.read(work)
    if not events and wait_s:
        with _following(node, account, start) as follower, suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await follower.next()
        start, events = await node.storage.read(work)
    last = events[-1].offset if events else start.offset
    return Page(f"{start.epoch}:{last}", [_with_offset(event) for event in events])


def _with_offset(event: Event) -> msgspec.Raw:
    return msgspec.Raw(b'{"offset":%d,%s' % (event.offset, event.message[1:]))


async def _event_stream(node: Node, account: int, start: Cursor) -> AsyncIterator[bytes]:
    with _following(node, account, start) as follower:
        while True:
            try:
                async with asyncio.timeout(COMMENT_S):
                    data = await follower.next()
            except TimeoutError:
                data = b": still here\n\n"
            if not data:
                return
            yield data


@contextmanager
def _following(node: Node, account: int, start: Cursor) -> Iterator["_Follower"]:
    """A reader of the log, from a place on, for as long as the block lasts or the server runs."""
    follower = _Follower()
    reader = Reader(follower, account, _FORM)
    node.hub.subscribe(reader, history=History(start, None))
    follower.took = lambda: node.hub.catch_up(reader)
    node.followers.add(follower)
    try:
        yield follower
    finally:
        node.followers.discard(follower)
        node.hub.unsubscribe(reader)
        del follower.took  # which leads to the reader, and no garbage collector looks there


class _EventStreamForm:
    """One event in the event-stream format (HTML, section 9.2): its cursor is the id."""

    identifier = ""

    def encode(self, epoch: str, event: Event) -> bytes:
        return b"id: %s:%d\ndata: %s\n\n" % (epoch.encode(), event.offset, event.message)


_FORM = _EventStreamForm()


class _Follower:
    """The sink of a reader whose events leave in a reply."""

    def __init__(self) -> None:
        self.writable = True
        self._waiting: list[bytes] = []
        self._news = asyncio.Event()
        self._ended = False
        self.took: Callable[[], None] = lambda: None
        """Called when there is room again."""

    async def next(self) -> bytes:
        """What has come since the last call, as soon as there is something; empty at the end."""
        await self._news.wait()
        data = b"".join(self._waiting)
        self._waiting.clear()
        if not self._ended:
            self._news.clear()
        self.writable = True
        self.took()
        return data

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def deliver(self, data: bytes, last_offset: int) -> None:
        self._waiting.append(data)
        self._news.set()
        self.writable = sum(map(len, self._waiting)) < BUFFER_BYTES

    def confirmed(self, reader: Reader) -> None:
        """The status line has said it."""

    def history_answered(self, reader: Reader, *, found: bool) -> None:
        if not found:  # trimmed since the request was looked at: the client comes back and is told
            self.end()

    def account_gone(self) -> None:
        self.end()

    def log_replaced(self) -> None:
        self.end()
