"""The resources without a server: a request is decoded as on the wire, and its handler runs in a transaction of an SQLite
database in memory, or of a PostgreSQL database, on the test's own thread.

Every operation that a test causes is held against operations.json on the way.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
import pytest

from heartline.errors import HeartlineError
from heartline.resources.accounts import create_account
from heartline.storage import SqlTx, postgresql_connection
from heartline.storage.engines import path_of
from heartline.storage.sqlite import _executor, open_database
from heartline.tolerance import decode
from tests.conftest import Engine
from tests.contract_facts import check_operation
from tests.registry import find_endpoint

Emitted = list[tuple[str, dict[str, Any]]]


class Database:
    """A database and its clock."""

    def __init__(self, connection: sqlite3.Connection | postgresql_connection.Connection) -> None:
        self.connection = connection
        self.now_ms = 1_700_000_000_000

    @contextmanager
    def transaction(self) -> Iterator[SqlTx]:
        self.connection.execute("BEGIN")
        try:
            yield self._tx()
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _tx(self) -> SqlTx:
        connection = self.connection
        if isinstance(connection, sqlite3.Connection):
            return SqlTx(_executor(connection), self.now_ms)
        return SqlTx(postgresql_connection.executor(connection), self.now_ms, lock=" FOR UPDATE")

    def execute(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a statement, outside of any transaction; `?` for a value."""
        if isinstance(self.connection, sqlite3.Connection):
            return self.connection.execute(text, values).fetchall()
        numbers = count(1)
        cursor = self.connection.execute(re.sub(r"\?", lambda _: f"${next(numbers)}", text), values)
        return cursor.fetchall() if cursor.description else []

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
        """All rows of an account, of every table that has any, whatever the schema is."""
        found: dict[str, list[Any]] = {}
        searched = 0
        for table in self.tables():
            head = self.connection.execute(f"SELECT * FROM {table} LIMIT 0").description or ()
            for column, value in (("account", account.number), ("account_id", account.id)):
                if column in [name for name, *_ in head]:
                    searched += 1
                    if rows := self.execute(f"SELECT * FROM {table} WHERE {column} = ? ORDER BY 1, 2", value):
                        found[table] = rows
        assert searched > 10
        return found

    def tables(self) -> set[str]:
        sqlite = "SELECT name FROM sqlite_master WHERE type = 'table'"
        postgresql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        text = sqlite if isinstance(self.connection, sqlite3.Connection) else postgresql
        return {name for (name,) in self.execute(text)}


@contextmanager
def opened(engine: Engine) -> Iterator[Database]:
    """An empty database."""
    url = "sqlite::memory:" if engine.name == "sqlite" else engine.cleared_database(Path())
    with closing(connect_to(url)) as connection:
        yield Database(connection)


def connect_to(url: str) -> sqlite3.Connection | postgresql_connection.Connection:
    return open_database(path_of(url)) if url.startswith("sqlite:") else postgresql_connection.connect(url)


class Account:
    """An account of a database, with its requests."""

    def __init__(self, database: Database, name: str, account_id: str) -> None:
        self.database = database
        self.name = name
        self.id = account_id
        ((self.number,),) = database.execute("SELECT account FROM accounts WHERE account_id = ?", account_id)

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
def database(engine: Engine) -> Iterator[Database]:
    with opened(engine) as database:
        yield database


@pytest.fixture
def local(database: Database) -> Account:
    """A new account."""
    return database.sign_up()
