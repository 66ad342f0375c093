"""Connections to PostgreSQL: how they are set up, how they run our SQL, and the newest schema."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import psycopg
from psycopg import RawCursor
from psycopg.types.numeric import Int8Dumper

from heartline.storage.migrations import migrate
from heartline.storage.tx import Cursor, Execute

Connection: TypeAlias = psycopg.Connection[Any]

OLDEST_POSTGRESQL = 140_000
CONNECT_S = 5
"""How long one attempt to connect may take."""
STATEMENT_S = 60
"""The longest statement: removing the largest account takes seconds."""
LOCK_S = 10
"""How long a transaction waits for another one of its account before its request is told to come again."""
IDLE_S = 60
"""How long a transaction may do nothing: then its node is stuck, and others wait for its lock."""
DEAD_PEER_S = 15
"""After how long without an answer a connection is given up, on both sides."""
MIGRATION_LOCK = 7_237_134_001
"""The advisory lock of migrations: nodes that start together do it one after the other."""
OVERLAP = 1
"""Schemas newer than the program's that it works on: so that nodes can be replaced one by one (docs/decisions.md)."""


def connect_options() -> dict[str, Any]:
    """Parameters of every connection; those that the URL names win."""
    return {
        "autocommit": True,  # BEGIN and COMMIT are ours
        "cursor_factory": RawCursor,  # `$1`, as our SQL is written
        "connect_timeout": CONNECT_S,
        "application_name": "heartline",
        "client_encoding": "UTF8",
        "keepalives_idle": DEAD_PEER_S // 3,
        "keepalives_interval": DEAD_PEER_S // 3,
        "keepalives_count": 2,
        "tcp_user_timeout": DEAD_PEER_S * 1000,
    }


def set_up(connection: Connection, synchronous: str = "full") -> None:
    """Bound what a connection may take, and say how safe a commit is."""
    connection.adapters.register_dumper(int, Int8Dumper)  # else each size of number is a statement of its own
    settings = {
        "statement_timeout": f"{STATEMENT_S}s",
        "lock_timeout": f"{round(LOCK_S * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
        "tcp_keepalives_idle": str(DEAD_PEER_S // 3),
        "tcp_keepalives_interval": str(DEAD_PEER_S // 3),
        "tcp_keepalives_count": "2",
        "synchronous_commit": "on" if synchronous == "full" else "off",
    }
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))


def connect(url: str) -> Connection:
    """One connection, outside of any pool. Raises `psycopg.Error`."""
    connection: Connection = psycopg.connect(url, **connect_options())
    set_up(connection)
    return connection


def migrate_database(url: str) -> None:
    """Bring a database to the newest schema. Raises `SchemaTooNew`, `psycopg.Error`."""
    with connect(url) as connection:
        if connection.info.server_version < OLDEST_POSTGRESQL:
            raise psycopg.NotSupportedError("PostgreSQL 14 or newer is needed")
        connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        connection.execute("BEGIN")
        connection.execute("SELECT pg_advisory_xact_lock($1)", (MIGRATION_LOCK,))
        if migrate(executor(connection), overlap=OVERLAP):
            _compare_bytes(connection)
        connection.execute("COMMIT")


def _compare_bytes(connection: Connection) -> None:
    """Texts are ordered by their bytes, as on SQLite, whatever the database's locale says."""
    text = (
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_collation o ON o.oid = a.attcollation WHERE c.relkind = 'r' AND a.attnum > 0 "
        "AND c.relnamespace = current_schema()::regnamespace AND o.collname <> 'C'"
    )
    for table, column in connection.execute(text).fetchall():
        connection.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE text COLLATE "C"')


def executor(connection: Connection) -> Execute:
    def execute(text: str, values: Sequence[object]) -> Cursor:
        if not values:
            return connection.execute(text)
        renumbered, used = _renumber(text)
        return connection.execute(renumbered, [values[number] for number in used])

    return execute


@lru_cache(maxsize=1024)
def _renumber(text: str) -> tuple[str, tuple[int, ...]]:
    """A statement with `$0` and gaps in its numbers as PostgreSQL wants it, and the values it uses, in their order."""
    used = tuple(sorted({int(number) for number in re.findall(r"\$(\d+)", text)}))
    places = {number: place for place, number in enumerate(used, 1)}
    return re.sub(r"\$(\d+)", lambda match: f"${places[int(match[1])]}", text), used
