"""What was answered is there after the server's end, however it ended, and nothing is half there."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.conftest import WAIT_S, Account, NewServer, Server, query

ACCOUNTS = 3
THREADS = 6
ANSWERS = 90
"""Adds that are answered before the server's end; others are under way then."""
SIZES = (1, 20)
"""Messages in one add, by turns."""


@dataclass
class Add:
    """One request to messages/add."""

    account: Account
    ids: list[int]
    answered: bool = False


@dataclass
class Load:
    """Threads that add messages until the server no longer answers. Every add has ids of its own."""

    server: Server
    accounts: list[Account]
    adds: list[Add] = field(default_factory=list)
    refusals: list[httpx.Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = iter(range(1, 1_000_000))
        self._lock = threading.Lock()
        self._answers = threading.Semaphore(0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Begin, and come back once `ANSWERS` adds were answered; the block must end the server."""
        threads = [threading.Thread(target=self._post, args=(self.accounts[n % ACCOUNTS],)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for _ in range(ANSWERS):
            assert self._answers.acquire(timeout=WAIT_S)
        yield
        for thread in threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()

    def _post(self, account: Account) -> None:
        with httpx.Client(base_url=self.server.url, timeout=WAIT_S) as http:
            while True:
                add = self._next_add(account)
                body = {"account_id": account.id, "messages": [message(device_id) for device_id in add.ids]}
                try:
                    reply = http.post("/api/v1/messages/add", json=body)
                except httpx.TransportError:
                    return
                if not reply.is_success:
                    self.refusals.append(reply)
                    return
                add.answered = True
                self._answers.release()

    def _next_add(self, account: Account) -> Add:
        with self._lock:
            number = next(self._numbers)
            add = Add(account, [number * 100 + n for n in range(SIZES[number % len(SIZES)])])
            self.adds.append(add)
            return add


def message(device_id: int) -> dict[str, object]:
    return {
        "device_id": device_id,
        "device_conversation_id": 1,
        "message_type": 0,
        "data": f"{device_id}-:-data\n",
        "timestamp": device_id,
        "mime_type": "a-:-b",
    }


def log_of(server: Server, account: Account) -> tuple[int, list[int], list[int]]:
    """Head, offsets, and the ids of added messages, in the order of the account's log."""
    if server.database.startswith("sqlite:"):
        assert query(server.database, "PRAGMA integrity_check") == [("ok",)]
    rows = query(server.database, "SELECT account, head FROM accounts WHERE account_id = ?", account.id)
    ((number, head),) = rows
    text = 'SELECT "offset", message FROM events WHERE account = ? ORDER BY "offset"'
    events = [(offset, json.loads(event)) for offset, event in query(server.database, text, number)]
    assert all(event["operation"] == "added_message" for _, event in events)
    return head, [offset for offset, _ in events], [event["content"]["id"] for _, event in events]


def check(server: Server, load: Load) -> None:
    """Everything that was answered is there, nothing is half there, and every message has exactly one event."""
    for account in load.accounts:
        reply = server.http.get("/api/v1/messages", params={"account_id": account.id})
        assert reply.status_code == 200
        rows = {row["device_id"]: row for row in reply.json()}
        head, offsets, emitted = log_of(server, account)
        assert offsets == list(range(1, head + 1))
        assert sorted(emitted) == sorted(rows)
        for add in load.adds:
            if add.account is account:
                stored = [device_id for device_id in add.ids if device_id in rows]
                assert stored in ([add.ids] if add.answered else [[], add.ids])
                if stored:
                    first = emitted.index(stored[0])
                    assert emitted[first : first + len(stored)] == stored
        mine = {device_id for add in load.adds if add.account is account for device_id in add.ids}
        assert set(rows) <= mine
        assert all(row["data"] == f"{device_id}-:-data\n" for device_id, row in rows.items())


def is_stored(server: Server, add: Add) -> bool:
    messages = server.http.get("/api/v1/messages", params={"account_id": add.account.id}).json()
    return bool(set(add.ids) & {row["device_id"] for row in messages})


def test_kill_9_in_the_middle_of_a_load_of_adds(new_server: NewServer) -> None:
    server = new_server()
    load = Load(server, [server.sign_up() for _ in range(ACCOUNTS)])
    for _ in range(3):
        with load.running():
            server.kill()
        server.start()
        check(server, load)
    assert load.refusals == []
    assert sum(add.answered for add in load.adds) >= 3 * ANSWERS


def test_sigterm_in_the_middle_of_a_load_of_adds(new_server: NewServer) -> None:
    server = new_server()
    load = Load(server, [server.sign_up() for _ in range(ACCOUNTS)])
    for _ in range(3):
        with load.running():
            assert server.stop() == 0
        server.start()
        check(server, load)
        # A graceful end leaves nobody in doubt: what was not answered was not done.
        assert not any(is_stored(server, add) for add in load.adds if not add.answered)
    assert [reply.status_code for reply in load.refusals if reply.status_code != 503] == []
