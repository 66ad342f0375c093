"""Moves everything from one database to another, of the same engine or not: offsets and epochs included, so that no client
notices.

The target is filled, read back and compared in one transaction. Rows go one by one from reader to writer, so memory is
bounded by the largest row, and both are read by their key, so that one running checksum a table suffices.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from heartline.storage.engines import CannotOpen, is_postgresql, path_of, prepare_database, without_password
from heartline.storage.sqlite import _connect, open_database

PROGRESS_ROWS = 1_000
"""Rows between two reports of progress."""

Tell = Callable[[str, int, int], None]
"""Called with the name of a table, how many of its rows were moved or compared, and how many that will be."""
Values = tuple[Any, ...]


class CannotMove(Exception):
    """Nothing was moved; says why."""


class Table(NamedTuple):
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def select(self) -> str:
        return f"SELECT {self.names} FROM {self.name} ORDER BY {', '.join(map(_quoted, self.key))}"

    @property
    def names(self) -> str:
        return ", ".join(map(_quoted, self.columns))


class Moved(NamedTuple):
    table: str
    rows: int
    checksum: str
    """Of all values in the order of the key, the same on every engine."""


class Side(Protocol):
    """One of the two databases, in a transaction that ends with `commit` or without a trace."""

    def version(self) -> int: ...

    def count(self, table: Table) -> int: ...

    def rows(self, table: Table) -> Iterator[Values]: ...

    def fill(self, table: Table, rows: Iterable[Values]) -> None: ...

    def commit(self) -> None: ...

    def close(self) -> None: ...


def move(source: str, target: str, tell: Tell) -> list[Moved]:
    """Copy every row of every table from one URL to the other; what was moved, by table.

    Both get the newest schema first. Meanwhile nobody else can write to either. Raises `CannotMove`, `CannotOpen`,
    `SchemaTooNew`, `OSError`, `sqlite3.Error`; then the target is as it was.
    """
    if not is_postgresql(source) and not path_of(source).exists():
        raise CannotMove(f"there is no database {path_of(source)}")
    if source == target:
        raise CannotMove("source and target are the same database")
    for url in (source, target):
        prepare_database(url)
    with closing(_open(source, holds_rows=True)) as old, closing(_open(target, holds_rows=False)) as new:
        if old.version() != new.version():
            raise CannotMove("the databases have different schemas: use the newest Heartline")
        tables = all_tables()
        if any(new.count(table) for table in tables):
            raise CannotMove(f"{without_password(target)} is not empty: name a new database")
        moved = [_move_table(table, old, new, tell) for table in tables]
        new.commit()
    return moved


def _move_table(table: Table, old: Side, new: Side, tell: Tell) -> Moved:
    total = 2 * old.count(table)
    tell(table.name, 0, total)
    sent, found = _Tally(table.name, total, tell), _Tally(table.name, total, tell, total // 2)
    new.fill(table, sent.watch(old.rows(table)))
    for _ in found.watch(new.rows(table)):
        pass
    if sent.result() != found.result():
        raise CannotMove(f"the rows of {table.name} did not arrive as they were sent")
    tell(table.name, total, total)
    return sent.result()


def all_tables() -> list[Table]:
    """The tables of the newest schema but that of its versions, by name."""
    with closing(open_database(Path(":memory:"))) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return [_table(connection, name) for (name,) in names if name != "schema_version"]


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
    key = sorted((place, column) for _, column, *_, place in columns if place)
    return Table(
        name,
        columns=tuple(column[1] for column in columns),
        types=tuple(column[2].lower() for column in columns),
        key=tuple(column for _, column in key),
    )


def _quoted(name: str) -> str:
    return f'"{name}"'


class _Tally:
    """Counts rows, and adds them to a checksum, as they pass."""

    def __init__(self, table: str, total: int, tell: Tell, before: int = 0) -> None:
        self._table = table
        self._total = total
        self._tell = tell
        self._before = before
        self._count = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def watch(self, rows: Iterator[Values]) -> Iterator[Values]:
        for row in rows:
            self._hash.update(msgspec.json.encode(row) + b"\n")  # numbers, texts, booleans, null, and bytes as base64
            self._count += 1
            if self._count % PROGRESS_ROWS == 0:
                self._tell(self._table, self._before + self._count, self._total)
            yield row

    def result(self) -> Moved:
        return Moved(self._table, self._count, self._hash.hexdigest())


def _open(url: str, *, holds_rows: bool) -> Side:
    if not is_postgresql(url):
        return _Sqlite(path_of(url))
    import psycopg

    from heartline.storage.postgresql_moving import PostgresqlSide

    try:
        return PostgresqlSide(url, read_only=holds_rows)
    except psycopg.Error as error:
        raise CannotOpen(f"cannot open {without_password(url)}: {' '.join(str(error).split())}") from error


class _Sqlite:
    def __init__(self, path: Path) -> None:
        self._connection = _connect(path)
        self._connection.execute("BEGIN IMMEDIATE")

    def version(self) -> int:
        return int(self._connection.execute("SELECT max(version) FROM schema_version").fetchone()[0])

    def count(self, table: Table) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])

    def rows(self, table: Table) -> Iterator[Values]:
        yield from self._connection.execute(table.select)

    def fill(self, table: Table, rows: Iterable[Values]) -> None:
        places = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} ({table.names}) VALUES ({places})", rows)

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
