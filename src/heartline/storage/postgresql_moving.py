"""PostgreSQL as one side of a move: rows come and go by COPY, one at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from heartline.storage.moving import CannotMove, Table, Values
from heartline.storage.postgresql_connection import connect


class PostgresqlSide:
    """See `moving.Side`. Raises `CannotMove` when the database fails."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        self._connection = connect(url)
        self._connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        # Others may read, but no transaction that emits can commit; and two moves to one target do not mix.
        self._connection.execute(f"LOCK TABLE accounts IN {'SHARE' if read_only else 'SHARE ROW EXCLUSIVE'} MODE")

    def version(self) -> int:
        return self._number("SELECT max(version) FROM schema_version")

    def count(self, table: Table) -> int:
        return self._number(f"SELECT count(*) FROM {table.name}")

    def _number(self, text: str) -> int:
        with _explained():
            row = self._connection.execute(text).fetchone()
        return int(row[0]) if row else 0

    def rows(self, table: Table) -> Iterator[Values]:
        with (
            _explained(),
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY ({table.select}) TO STDOUT (FORMAT BINARY)") as copy,
        ):
            copy.set_types(table.types)
            yield from copy.rows()

    def fill(self, table: Table, rows: Iterable[Values]) -> None:
        with (
            _explained(),
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table.name} ({table.names}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(table.types)
            for row in rows:
                copy.write_row(row)

    def commit(self) -> None:
        with _explained():
            self._connection.execute("COMMIT")
            self._connection.execute("ANALYZE")

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        # The first line only: the others may quote a row.
        raise CannotMove(f"PostgreSQL failed: {str(error).splitlines()[0]}") from error
