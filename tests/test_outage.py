"""PostgreSQL goes away under traffic, and comes back: what was answered is there, once, and so is its event, also on the
sockets. Clients do as real ones: a request that was not answered with success is sent again as it was."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import httpx
import pytest

from tests.conftest import WAIT_S, Account, NewServer, Server, Stream, query
from tests.postgresql import PostgresqlServer

ACCOUNTS = 3
THREADS = 6
ANSWERS = 60
"""Adds that are answered between two failures."""
PATIENCE_S = 120.0
"""How long an add may be repeated: far longer than any outage here."""


class Traffic:
    """Threads that add messages, each add with ids of its own and again and again until it is answered."""

    def __init__(self, server: Server, accounts: list[Account]) -> None:
        self.server = server
        self.accounts = accounts
        self.answered: dict[str, list[int]] = {account.id: [] for account in accounts}
        self.statuses: Counter[int] = Counter()
        self._numbers = count(1)
        self._mutex = threading.Lock()
        self._answers = threading.Semaphore(0)
        self._end = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._post, args=(self.accounts[n % ACCOUNTS],)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in threads:
                thread.join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in threads), "service did not resume"

    def wait_for_answers(self) -> None:
        for _ in range(ANSWERS):
            assert self._answers.acquire(timeout=PATIENCE_S), f"service did not resume: {self.statuses}"

    def _post(self, account: Account) -> None:
        with httpx.Client(base_url=self.server.url, timeout=PATIENCE_S) as http:
            while not self._end.is_set():
                with self._mutex:
                    number = next(self._numbers)
                ids = [number * 10 + n for n in range(1 + number % 3)]
                while (status := self._add(http, account, ids)) != 200:
                    assert status in (0, 500, 503), status
                with self._mutex:
                    self.answered[account.id] += ids
                self._answers.release()

    def _add(self, http: httpx.Client, account: Account, ids: list[int]) -> int:
        body = {"account_id": account.id, "messages": [message(device_id) for device_id in ids]}
        try:
            reply = http.post("/api/v1/messages/add", json=body)
        except httpx.TransportError:
            return 0
        if reply.status_code == 503:
            assert int(reply.headers["retry-after"]) >= 1
        with self._mutex:
            self.statuses[reply.status_code] += 1
        return reply.status_code


def message(device_id: int) -> dict[str, object]:
    return {
        "device_id": device_id,
        "device_conversation_id": 1,
        "message_type": 0,
        "data": "a-:-b",
        "timestamp": device_id,
        "mime_type": "a-:-b",
    }


def check(traffic: Traffic, streams: list[Stream]) -> None:
    """Log, rows, answers and sockets say the same, in one order, each message once."""
    for account, stream in zip(traffic.accounts, streams, strict=True):
        answered = traffic.answered[account.id]
        text = (
            'SELECT "offset", message FROM events WHERE account = (SELECT account FROM accounts WHERE account_id = ?) '
            'ORDER BY "offset"'
        )
        events = query(traffic.server.database, text, account.id)
        ((head,),) = query(traffic.server.database, "SELECT head FROM accounts WHERE account_id = ?", account.id)
        logged = [json.loads(event)["content"]["id"] for _, event in events]
        assert [offset for offset, _ in events] == list(range(1, head + 1))
        assert sorted(logged) == sorted(answered)
        assert sorted(row["device_id"] for row in account.get("/messages")) == sorted(answered)
        delivered = [content["id"] for _, content in stream.operations(len(logged))]
        assert delivered == logged
        account.post("/accounts/dismissed_notification", {"id": "1"})
        assert stream.operation()[0] == "dismissed_notification"  # and nothing came twice


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    """One that may be killed."""
    server = PostgresqlServer()
    yield server
    server.close()


Fail = Callable[[PostgresqlServer], None]


def restart(postgresql: PostgresqlServer) -> None:
    postgresql.stop()
    postgresql.start()


def kill_and_start(postgresql: PostgresqlServer) -> None:
    postgresql.stop(signal.SIGKILL)
    postgresql.start()


def end_connections(postgresql: PostgresqlServer) -> None:
    """Some of them, whatever they are doing at that moment."""
    connections = "pg_stat_activity WHERE application_name = 'heartline' ORDER BY random() LIMIT 4"
    for _ in range(40):
        postgresql.run(f"SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM {connections}) AS chosen")


@pytest.mark.parametrize("fail", [restart, kill_and_start, end_connections])
def test_nothing_is_lost_or_doubled(fail: Fail, new_server: NewServer, own_postgresql: PostgresqlServer) -> None:
    server = new_server(database=own_postgresql.new_database())
    traffic = Traffic(server, [server.sign_up() for _ in range(ACCOUNTS)])
    with ExitStack() as stack:
        streams = [stack.enter_context(account.stream()) for account in traffic.accounts]
        with traffic.running():
            for _ in range(3):
                traffic.wait_for_answers()
                fail(own_postgresql)
            traffic.wait_for_answers()
        check(traffic, streams)
    assert server.stop() == 0


def test_health_tells_that_the_database_is_gone(new_server: NewServer, own_postgresql: PostgresqlServer) -> None:
    server = new_server(database=own_postgresql.new_database())
    assert server.http.get("/healthz").status_code == 200
    own_postgresql.stop()
    gone = server.http.get("/healthz", timeout=WAIT_S * 2)
    assert (gone.status_code, gone.json()["code"]) == (503, "database_unavailable")
    assert int(gone.headers["retry-after"]) >= 1
    own_postgresql.start()
    assert any(server.http.get("/healthz", timeout=WAIT_S * 2).status_code == 200 for _ in range(20))
