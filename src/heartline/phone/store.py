"""What the phone must not forget: its place in the log, the texts that it was asked to send, and what it owes the server.

One SQLite file of this phone. Where two things must be remembered together or not at all, they are one transaction: the
cursor moves past a request to send in the very commit that stores the text.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from heartline.contract import ENDPOINTS, Endpoint, Request
from heartline.errors import HeartlineError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS texts (
    number INTEGER PRIMARY KEY, device_id INTEGER NOT NULL UNIQUE, conversation INTEGER NOT NULL, numbers TEXT NOT NULL,
    mime_type TEXT NOT NULL, content TEXT NOT NULL, asked_ms INTEGER NOT NULL, state INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS texts_by_state ON texts (state);
CREATE TABLE IF NOT EXISTS posts (number INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS received (key TEXT PRIMARY KEY);
"""


class State(IntEnum):
    """Where a text is on its way out. It only ever moves down this list, but for HANDING, which may go back to WANTED when
    the radio says that it never got it."""

    WANTED = 0
    """Asked for; the radio has not been touched."""
    HANDING = 1
    """About to be handed to the radio, or already: the one moment in which a crash leaves a doubt."""
    HANDED = 2
    """The radio has it."""
    SENT = 3
    DELIVERED = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class Text:
    device_id: int
    conversation: int
    numbers: str
    """As the conversation has them; empty while it is not known."""
    mime_type: str
    content: str
    """The text, or the mark of a file that is stored as media."""
    asked_ms: int
    state: State = State.WANTED


@dataclass(frozen=True, slots=True)
class Post:
    """A write that the server has not yet confirmed. It is stored sealed: repeated, it is the same to the last byte."""

    number: int
    endpoint: Endpoint
    request: Request


_endpoints = {endpoint.name: endpoint for endpoint in ENDPOINTS}


class StoreInUse(HeartlineError):
    """Another process is this phone. Two would send each text twice."""

    status = 0
    code = "store_in_use"


class Store:
    def __init__(self, file: Path) -> None:
        """Raises `StoreInUse`."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = file.with_name(f"{file.name}.lock").open("wb")  # let go with the process, however that ends
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StoreInUse(f"another process is the phone whose memory is in {file.parent}") from None
        file.touch(mode=0o600)  # it holds texts in the clear until they are sent
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()
        self._lock.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything in the block is stored, or nothing of it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def want(self, text: Text) -> bool:
        """Store a text that is to be sent; False when it was asked for before."""
        values = (
            text.device_id,
            text.conversation,
            text.numbers,
            text.mime_type,
            text.content,
            text.asked_ms,
            text.state,
        )
        return (
            self._database.execute("INSERT OR IGNORE INTO texts VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", values).rowcount
            == 1
        )

    def text(self, device_id: int) -> Text | None:
        return next(self._texts("device_id = ?", device_id), None)

    def texts(self, state: State) -> list[Text]:
        """The texts in a state, in the order in which they were asked for."""
        return list(self._texts("state = ? ORDER BY number", state))

    def move(self, device_id: int, state: State) -> None:
        self._database.execute("UPDATE texts SET state = ? WHERE device_id = ?", (state, device_id))
        if state >= State.SENT:
            self._database.execute("UPDATE texts SET content = '', numbers = '' WHERE device_id = ?", (device_id,))

    def forget_wanted(self, device_id: int) -> None:
        """Do not send a text, unless the radio has been touched for it."""
        values = (State.FAILED, device_id, State.WANTED)
        self._database.execute("UPDATE texts SET state = ? WHERE device_id = ? AND state = ?", values)

    def owe(self, handler: Callable[..., Any], request: Request) -> None:
        """Store a write for the server, sealed, behind those that wait already."""
        body = msgspec.json.encode(request)
        self._database.execute("INSERT INTO posts (endpoint, body) VALUES (?, ?)", (handler.__name__, body))

    def next_post(self) -> Post | None:
        row = self._database.execute("SELECT number, endpoint, body FROM posts ORDER BY number LIMIT 1").fetchone()
        if row is None:
            return None
        number, name, body = row
        endpoint = _endpoints[name]
        return Post(number, endpoint, msgspec.json.decode(body, type=endpoint.request))

    def settle(self, post: Post) -> None:
        self._database.execute("DELETE FROM posts WHERE number = ?", (post.number,))

    def receive(self, key: str) -> bool:
        """Remember that a piece of the radio's news was taken; False when it was before."""
        return self._database.execute("INSERT OR IGNORE INTO received VALUES (?)", (key,)).rowcount == 1

    def _texts(self, condition: str, *values: object) -> Iterator[Text]:
        for row in self._database.execute(f"SELECT * FROM texts WHERE {condition}", values).fetchall():
            _, device_id, conversation, numbers, mime_type, content, asked_ms, state = row
            yield Text(device_id, conversation, numbers, mime_type, content, asked_ms, State(state))
