"""The SQL of a transaction: the implementation of `contract.Tx` for every engine.

An engine gives one function, `execute(text, values)`, that runs a statement with `$0`, `$1`... and returns a cursor; it may
give a faster way to run one statement for many rows, and the words that lock an account's row. The four verbs build their
text from the names of tables and columns in `Row` classes, never from anything a client sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import msgspec
from msgspec import Struct

from heartline.contract import Operation, Row
from heartline.errors import AccountIdInvalid

R = TypeVar("R", bound=Row)
S = TypeVar("S", bound=Struct)

ROWS_A_STATEMENT = 30
"""Rows inserted by one statement: 17 us a message on SQLite, where one statement each takes 24, and 300 together 17."""
EVENTS_A_STATEMENT = 30
"""Events inserted by one statement: 3.8 us an event of a first upload, where one statement each takes 6.9."""


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...

    @property
    def description(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Committed(NamedTuple):
    """The operations that one transaction added to one account's log."""

    account: int
    """The account's number."""
    first_offset: int
    """Offset of the first of `messages`, which follow each other without a gap."""
    messages: list[bytes]
    """JSON texts `{"operation": ..., "content": ...}`."""
    ended: bool
    """True when the transaction removed the account: these are the last messages of its log."""
    epoch: str = ""
    """The log's; empty when the account was removed."""


Execute = Callable[[str, Sequence[object]], Cursor]


class SqlTx:
    """See `contract.Tx` for the promises."""

    __slots__ = ("_emitted", "_execute", "_lock", "account", "account_id", "now_ms")

    def __init__(
        self,
        execute: Execute,
        now_ms: int,
        *,
        lock: str = "",
    ) -> None:
        self._execute = execute
        self._lock = lock
        self._emitted: dict[int, list[bytes]] = {}
        self.now_ms = now_ms
        self.account = 0
        self.account_id = ""

    def bound(self, account_id: str) -> Self:
        if "\0" in account_id:  # which PostgreSQL cannot even compare
            raise AccountIdInvalid
        found = self.sql(f"SELECT account FROM accounts WHERE account_id = $1{self._lock}", account_id)
        if not found:
            raise AccountIdInvalid
        bound = copy(self)
        bound.account, bound.account_id = found[0][0], account_id
        return bound

    def rows(self, row: type[R], *, order: str = "", limit: int = 0, offset: int = 0, **where: object) -> list[R]:
        return self._select(row, where, order, limit, offset)

    def row(self, row: type[R], **where: object) -> R | None:
        found = self._select(row, where, "", 1, 0)
        return found[0] if found else None

    def _select(self, row: type[R], where: Mapping[str, object], order: str, limit: int, offset: int) -> list[R]:
        text = _select(row, tuple(where), order, limit > 0)
        page = (limit, max(offset, 0)) if limit > 0 else ()
        account_id = self.account_id
        return [row(key, account_id, *rest) for key, *rest in self.sql(text, *where.values(), *page)]

    def insert(self, row: type[Row], values: Struct | Mapping[str, object]) -> bool:
        columns = msgspec.structs.asdict(values) if isinstance(values, Struct) else values
        return bool(self.sql(_insert(row, tuple(columns), 1), *columns.values()))

    def insert_all(self, row: type[Row], items: Sequence[S]) -> list[S]:
        stored: list[S] = []
        for part in _parts(items, row.key):
            text = _insert(row, part[0].__struct_fields__, len(part))
            keys = {key for (key,) in self.sql(text, *chain.from_iterable(map(msgspec.structs.astuple, part)))}
            stored += [item for item in part if getattr(item, row.key) in keys]
        return stored

    def update(self, row: type[Row], changes: Mapping[str, object], **where: object) -> int:
        if not changes:
            return 0
        return self._run(_update(row, tuple(changes), tuple(where)), *changes.values(), *where.values()).rowcount

    def delete(self, row: type[Row], **where: object) -> int:
        return self._run(f"DELETE FROM {row.table} WHERE {_equal(tuple(where))}", *where.values()).rowcount

    def sql(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        cursor = self._run(text, *values)
        return cursor.fetchall() if cursor.description else []

    def emit(self, operation: Operation) -> None:
        name = operation.operation.encode()
        message = b'{"operation":"%s","content":%s}' % (name, msgspec.json.encode(operation))
        self._emitted.setdefault(self.account, []).append(message)

    def append_events(self) -> list[Committed]:
        """Write what was emitted to the logs, at the next offsets. The engine calls this last, before the commit."""
        # In the same order everywhere: on PostgreSQL this locks the accounts, if they are not locked yet.
        return [self._append(account, messages) for account, messages in sorted(self._emitted.items())]

    def _append(self, account: int, messages: list[bytes]) -> Committed:
        count = len(messages)
        text = "UPDATE accounts SET head = head + $1 WHERE account = $2 RETURNING head, epoch"
        moved = self.sql(text, count, account)
        if not moved:
            return self._end(account, messages)
        head, epoch = moved[0]
        first = head - count + 1
        self._insert_events(account, first, messages)
        return Committed(account, first, messages, ended=False, epoch=epoch)

    def _end(self, account: int, messages: list[bytes]) -> Committed:
        """The transaction removed the account: of its log only the last message stays, for readers in other processes."""
        first = self.sql('SELECT coalesce(max("offset"), 0) + 1 FROM events WHERE account = $1', account)[0][0]
        self._run("DELETE FROM events WHERE account = $1", account)
        text = "INSERT INTO ended (account, timestamp_ms, message) VALUES ($1, $2, $3)"
        self._run(text, account, self.now_ms, messages[-1])
        return Committed(account, first, messages, ended=True)

    def _insert_events(self, account: int, first: int, messages: list[bytes]) -> None:
        for begin in range(0, len(messages), EVENTS_A_STATEMENT):
            part = messages[begin : begin + EVENTS_A_STATEMENT]
            places = (value for pair in enumerate(part, first + begin) for value in pair)
            self._run(_insert_some_events(len(part)), account, self.now_ms, *places)

    def _run(self, text: str, *values: object) -> Cursor:
        return self._execute(text, (self.account, *values))


def _equal(columns: tuple[str, ...], first: int = 1) -> str:
    return " AND ".join(["account = $0", *(f'"{name}" = ${i}' for i, name in enumerate(columns, first))])


@lru_cache(maxsize=EVENTS_A_STATEMENT)
def _insert_some_events(count: int) -> str:
    rows = ", ".join(f"($1, ${place}, $2, ${place + 1})" for place in range(3, 3 + 2 * count, 2))
    return f'INSERT INTO events (account, "offset", timestamp_ms, message) VALUES {rows}'


@lru_cache(maxsize=512)
def _select(row: type[Row], where: tuple[str, ...], order: str, paged: bool) -> str:
    fields = [f'"{name}"' for name in row.__struct_fields__ if name not in ("id", "account_id")]
    text = f"SELECT {', '.join([row.key, *fields])} FROM {row.table} WHERE {_equal(where)} ORDER BY {order or row.key}"
    return f"{text} LIMIT ${len(where) + 1} OFFSET ${len(where) + 2}" if paged else text


def _parts(items: Sequence[S], key: str) -> Iterator[list[S]]:
    """The items in their order, in parts for one statement each: PostgreSQL lets none of them change a row twice."""
    part: dict[object, S] = {}
    for item in items:
        value = getattr(item, key)
        if len(part) == ROWS_A_STATEMENT or value in part:
            yield list(part.values())
            part = {}
        part[value] = item
    if part:
        yield list(part.values())


@lru_cache(maxsize=512)
def _insert(row: type[Row], columns: tuple[str, ...], count: int) -> str:
    """It returns the keys of the rows that are new or changed."""
    names = [f'"{name}"' for name in columns]
    rest = [name for name in names if name != f'"{row.key}"']
    changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
    old = ", ".join(f"{row.table}.{name}" for name in rest)
    new = ", ".join(f"excluded.{name}" for name in rest)
    width = len(names)
    rows = [
        ", ".join(["$0", *(f"${place}" for place in range(first, first + width))])
        for first in range(1, 1 + width * count, width)
    ]
    return (
        f"INSERT INTO {row.table} (account, {', '.join(names)}) "
        f"VALUES ({'), ('.join(rows)}) "
        f"ON CONFLICT (account, {row.key}) DO UPDATE SET {changes} WHERE ({old}) IS DISTINCT FROM ({new}) "
        f"RETURNING {row.key}"
    )


@lru_cache(maxsize=512)
def _update(row: type[Row], changes: tuple[str, ...], where: tuple[str, ...]) -> str:
    assignments = ", ".join(f'"{name}" = ${i}' for i, name in enumerate(changes, 1))
    return f"UPDATE {row.table} SET {assignments} WHERE {_equal(where, len(changes) + 1)}"
