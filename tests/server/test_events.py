"""The log over HTTP: long poll and Server-Sent Events, on a real server."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conftest import WAIT_S, Account, NewServer
from tests.server.raw_client import emit

EVENT_STREAM = {"accept": "text/event-stream"}


def ask(account: Account, **query: object) -> httpx.Response:
    parameters: dict[str, Any] = {"account_id": account.id, **query}
    return account.server.http.get("/api/v1/events", params=parameters)


def page(account: Account, **query: object) -> tuple[str, list[tuple[int, int]]]:
    """The cursor of an answer, and offset and number of each event."""
    reply = ask(account, **query)
    assert reply.status_code == 200, reply.text
    return reply.json()["cursor"], [numbered(event, event["offset"]) for event in reply.json()["events"]]


def numbered(event: dict[str, Any], offset: int) -> tuple[int, int]:
    assert event["operation"] == "forward_to_phone"
    return offset, int(event["content"]["message"])


@contextmanager
def event_stream(account: Account, headers: dict[str, str] | None = None, **query: object) -> Iterator[Iterator[str]]:
    """The fields of an event stream, line by line."""
    parameters: dict[str, Any] = {"account_id": account.id, **query}
    wishes = EVENT_STREAM | (headers or {})
    with account.server.http.stream("GET", "/api/v1/events", params=parameters, headers=wishes) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["cache-control"] == "no-store"
        yield (line for line in reply.iter_lines() if line and not line.startswith(":"))


def sent(lines: Iterator[str], count: int) -> list[tuple[str, int]]:
    """Cursor and number of the next events."""
    events = []
    for _ in range(count):
        name, _, cursor = next(lines).partition(": ")
        assert name == "id"
        name, _, data = next(lines).partition(": ")
        assert name == "data"
        events.append((cursor, numbered(json.loads(data), 0)[1]))
    return events


def test_without_a_cursor_the_events_begin_now(account: Account) -> None:
    emit(account)
    cursor, events = page(account)
    assert events == []
    number = emit(account)
    assert page(account, after=cursor)[1] == [(2, number)]


def test_pages_follow_each_other_without_a_gap(account: Account) -> None:
    cursor, _ = page(account)
    numbers = [emit(account) for _ in range(5)]
    events: list[tuple[int, int]] = []
    for _ in range(3):
        cursor, some = page(account, after=cursor, limit=2)
        events += some
    assert events == list(enumerate(numbers, 1))
    assert page(account, after=cursor) == (cursor, [])


def test_a_request_waits_for_the_first_event(account: Account) -> None:
    cursor, _ = page(account)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(httpx.get, f"{account.server.url}/api/v1/events", timeout=WAIT_S, params={
            "account_id": account.id, "after": cursor, "wait": 60,
        })  # fmt: skip
        number = emit(account)
        events = waiting.result().json()["events"]
    assert [numbered(event, event["offset"]) for event in events] == [(1, number)]


def test_an_event_stream_sends_what_was_missed_and_then_what_comes(account: Account) -> None:
    cursor, _ = page(account)
    epoch = cursor.partition(":")[0]
    missed = [emit(account) for _ in range(3)]
    with event_stream(account, after=cursor) as lines:
        assert sent(lines, 3) == [(f"{epoch}:{offset}", number) for offset, number in enumerate(missed, 1)]
        number = emit(account)
        assert sent(lines, 1) == [(f"{epoch}:4", number)]


def test_an_event_stream_goes_on_after_the_last_event_id(account: Account) -> None:
    cursor, _ = page(account)
    epoch = cursor.partition(":")[0]
    numbers = [emit(account) for _ in range(3)]
    with event_stream(account, {"last-event-id": f"{epoch}:2"}, after=cursor) as lines:
        assert sent(lines, 1) == [(f"{epoch}:3", numbers[2])]


def test_both_doors_go_on_after_a_crash_of_the_server(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    cursor, _ = page(account)
    numbers = [emit(account) for _ in range(3)]
    server.kill()
    server.start()
    assert page(account, after=cursor)[1] == list(enumerate(numbers, 1))
    with event_stream(account, after=cursor) as lines:
        assert [number for _, number in sent(lines, 3)] == numbers


def test_a_stop_ends_requests_that_wait_and_streams(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    cursor, _ = page(account)
    with ThreadPoolExecutor(2) as pool, event_stream(account, after=cursor) as lines:
        waiting = pool.submit(httpx.get, f"{server.url}/api/v1/events", timeout=WAIT_S, params={
            "account_id": account.id, "after": cursor, "wait": 60,
        })  # fmt: skip
        emit(account)
        sent(lines, 1)
        waiting.result()
        server.process.terminate()
        assert list(lines) == []
    assert server._end() == 0


def test_the_end_of_the_account_ends_an_event_stream(account: Account) -> None:
    with event_stream(account) as lines:
        account.post("/accounts/remove_account")
        assert next(lines).startswith("id: ")
        assert json.loads(next(lines).removeprefix("data: "))["operation"] == "removed_account"
        assert list(lines) == []


@pytest.mark.parametrize("headers", [{}, EVENT_STREAM])
def test_history_that_is_gone_is_told_with_the_floor(account: Account, headers: dict[str, str]) -> None:
    emit(account)
    epoch = page(account)[0].partition(":")[0]
    for cursor in ("other:1", f"{epoch}:2"):
        query = {"account_id": account.id, "after": cursor}
        reply = account.server.http.get("/api/v1/events", params=query, headers=headers)
        assert reply.status_code == 410
        assert reply.json()["code"] == "history_gone"
        assert (reply.json()["epoch"], reply.json()["floor"]) == (epoch, 1)


@pytest.mark.parametrize(
    ("query", "status", "error"),
    [
        ({"account_id": ""}, 400, "missing required parameter account_id"),
        ({"account_id": "nobody"}, 401, "account id invalid"),
        ({"after": "x"}, 400, "parameter after has the wrong type"),
        ({"after": ":1"}, 400, "parameter after has the wrong type"),
        ({"after": "x:-1"}, 400, "parameter after has the wrong type"),
        ({"after": "x:" + "9" * 30}, 400, "parameter after has the wrong type"),
        ({"limit": "-1"}, 400, "parameter limit has the wrong type"),
        ({"wait": "soon"}, 400, "parameter wait has the wrong type"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    account: Account, query: dict[str, object], status: int, error: str
) -> None:
    reply = ask(account, **query)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_head_ends_although_an_event_stream_does_not(account: Account) -> None:
    reply = account.server.http.head("/api/v1/events", params={"account_id": account.id}, headers=EVENT_STREAM)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/event-stream"
