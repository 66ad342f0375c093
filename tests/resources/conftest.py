"""The resources without a server: a request is decoded as on the wire, and its handler runs in a transaction of an SQLite
database in memory, on the test's own thread.

Every operation that a test causes is held against operations.json on the way.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
import pytest

from heartline.errors import HeartlineError
from heartline.resources.accounts import create_account
from heartline.storage import SqlTx
from heartline.storage.sqlite import _executor, open_database
from heartline.tolerance import decode
from tests.contract_facts import check_operation
from tests.registry import find_endpoint

Emitted = list[tuple[str, dict[str, Any]]]


class Database:
    """An SQLite database and its clock."""

    def __init__(self) -> None:
        self.connection = open_database(Path(":memory:"))
        self.now_ms = 1_700_000_000_000

    @contextmanager
    def transaction(self) -> Iterator[SqlTx]:
        self.connection.execute("BEGIN")
        try:
            yield SqlTx(_executor(self.connection), self.now_ms)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def request(
        self, method: str, path: str, query: dict[str, Any], body: object = None, *extra: object
    ) -> tuple[Any, Emitted]:
        """The reply as JSON has it, and the operations that were emitted. A body of bytes is sent as it is."""
        endpoint, in_path = find_endpoint(method, path)
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        account_id, request = decode(endpoint, path=in_path, query=urlencode(query).encode(), body=raw)
        arguments = [request] if endpoint.takes_request else []
        with self.transaction() as tx:
            reply = endpoint.handler(tx if endpoint.public else tx.bound(account_id), *arguments, *extra)
            committed = tx.append_events()
        if isinstance(reply, HeartlineError):  # returned, not raised, by a handler whose changes stay
            raise reply
        assert len(committed) <= 1, "a request concerns one account"
        return str(reply) if isinstance(reply, str) else msgspec.to_builtins(reply), list(
            decoded(committed[0].messages if committed else [])
        )

    def sign_up(self, name: str | None = None) -> "Account":
        name = name or f"{uuid4().hex}@example.org"
        with self.transaction() as tx:
            signed_up = create_account(tx, name, "no hash", "Pat", "+15550001111")
        return Account(self, name, signed_up.account_id)

    def rows_of(self, account: "Account") -> dict[str, list[Any]]:
        return rows_by_table(self.connection, account.number, account.id)


def rows_by_table(connection: sqlite3.Connection, number: int, account_id: str) -> dict[str, list[Any]]:
    """All rows of an account, of every table that has any, whatever the schema is."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, list[Any]] = {}
    searched = 0
    for table in tables:
        columns = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
        for column, value in (("account", number), ("account_id", account_id)):
            if column in columns:
                searched += 1
                rows = connection.execute(f"SELECT * FROM {table} WHERE {column} = ? ORDER BY 1, 2", [value]).fetchall()
                if rows:
                    found[table] = rows
    assert searched > 10
    return found


def number_of(connection: sqlite3.Connection, account_id: str) -> int:
    """An account's number, which its rows have."""
    found = connection.execute("SELECT account FROM accounts WHERE account_id = ?", [account_id]).fetchone()
    return int(found[0])


class Account:
    """An account of a database, with its requests."""

    def __init__(self, database: Database, name: str, account_id: str) -> None:
        self.database = database
        self.name = name
        self.id = account_id
        self.number = number_of(database.connection, account_id)

    def get(self, path: str, **query: object) -> Any:
        """The reply of a GET, which must emit nothing."""
        reply, emitted = self.database.request("GET", path, {"account_id": self.id, **query})
        assert emitted == []
        return reply

    def post(self, path: str, body: object = None, **query: object) -> Emitted:
        """The operations that a POST emits; its reply must be empty."""
        reply, emitted = self.ask(path, body, **query)
        assert reply is None
        return emitted

    def ask(self, path: str, body: object = None, **query: object) -> tuple[Any, Emitted]:
        """Reply and operations of a POST."""
        return self.database.request("POST", path, {"account_id": self.id, **query}, body)

    def ids(self, path: str, **query: object) -> list[int]:
        """The ids of the rows of a list, in its order."""
        return [row["id"] for row in self.get(path, **query)]


def decoded(messages: list[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for message in messages:
        event = msgspec.json.decode(message)
        check_operation(event["operation"], event["content"])
        yield event["operation"], event["content"]


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database()
    yield database
    database.connection.close()


@pytest.fixture
def local(database: Database) -> Account:
    """A new account."""
    return database.sign_up()
