"""The SQL of the logs: reading them, trimming them, and the cursors of clients that cannot keep their own.

These functions take an account by its number and a transaction that is bound to none.
"""

import secrets
from collections.abc import Mapping

import msgspec

from heartline.storage.tx import SqlTx
from heartline.stream.cursors import Key
from heartline.stream.log import Event, Position

DAY_MS = 24 * 60 * 60 * 1000
TRIM_EVENTS = 1_000
"""Events deleted in one transaction: a few milliseconds of the writer's time."""
CURSOR_DAYS = 7
"""How long an old client may be away before its cursor is forgotten."""
CURSORS = 32
"""Old clients of one account whose cursors are kept, the latest ones."""


def changed(tx: SqlTx, known: Mapping[int, tuple[str, int]]) -> list[tuple[int, str | None, int | None]]:
    """Account, epoch and head of the logs that have another epoch or head than is known of them; None for both when the
    account was removed. One statement for all: usually it finds nothing."""
    # An object, as both engines have a json_each of objects. Of its values PostgreSQL shows the quotes, SQLite does not.
    text = (
        "SELECT known.key, accounts.epoch, accounts.head FROM json_each($1) AS known "
        "LEFT JOIN accounts ON accounts.account = CAST(known.key AS bigint) "
        "WHERE accounts.epoch || ':' || accounts.head IS DISTINCT FROM trim(CAST(known.value AS text), '\"')"
    )
    logs = msgspec.json.encode({account: f"{epoch}:{head}" for account, (epoch, head) in known.items()})
    return [(int(account), epoch, head) for account, epoch, head in tx.sql(text, logs.decode())]


def position(tx: SqlTx, account: int, since_ms: int | None) -> Position | None:
    """What a log holds; see `Position` for what the moment asks for. None when there is no such account."""
    found = tx.sql("SELECT epoch, floor, head, floor_ms FROM accounts WHERE account = $1", account)
    if not found:
        return None
    epoch, floor, last, floor_ms = found[0]
    before_since = None
    if since_ms is not None and (floor == 1 or since_ms > floor_ms):
        before_since = _offset_before(tx, account, since_ms, floor, last)
    return Position(epoch, floor, last, before_since)


def claim(tx: SqlTx, key: Key, node: str, in_memory: int | None, position: Position) -> Position:
    """An old client subscribes on a node, which has its cursor from now on: what others still say of it is ignored. Adds
    where it had stopped; what the node itself remembers counts if it was the last to have it."""
    text = 'SELECT "offset", node FROM cursors WHERE account = $1 AND client_id = $2'
    found = tx.sql(text, key.account, key.client_id)
    remembered = None
    if found:
        stored, owner = found[0]
        remembered = in_memory if owner == node and in_memory is not None else stored
    known = remembered is not None and position.can_resume_after(remembered)
    text = (
        'INSERT INTO cursors (account, client_id, "offset", updated_ms, node) VALUES ($1, $2, $3, $4, $5) '
        'ON CONFLICT (account, client_id) DO UPDATE SET "offset" = excluded."offset", updated_ms = excluded.updated_ms, '
        "node = excluded.node"
    )
    tx.sql(text, key.account, key.client_id, remembered if known else position.head, tx.now_ms, node)
    return position._replace(remembered=remembered)


def _offset_before(tx: SqlTx, account: int, since_ms: int, floor: int, last: int) -> int:
    """The offset before the first event at or after a moment, by bisection: times only grow within a log."""
    low, high = floor, last + 1
    while low < high:
        middle = (low + high) // 2
        text = 'SELECT timestamp_ms FROM events WHERE account = $1 AND "offset" = $2'
        if tx.sql(text, account, middle)[0][0] < since_ms:
            low = middle + 1
        else:
            high = middle
    return low - 1


def events(tx: SqlTx, account: int, after: int, limit: int) -> list[Event]:
    """At most `limit` events that follow an offset."""
    text = 'SELECT "offset", message FROM events WHERE account = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3'
    return [Event(*row) for row in tx.sql(text, account, after, limit)]


def last_message(tx: SqlTx, account: int) -> list[bytes]:
    """The message with which the log of a removed account ended, in a list; nothing when that is forgotten."""
    return [row[0] for row in tx.sql("SELECT message FROM ended WHERE account = $1", account)]


def renew_epoch(tx: SqlTx, account: int) -> None:
    """Give one log another epoch, as its history is not what clients know."""
    tx.sql("UPDATE accounts SET epoch = $1 WHERE account = $2", secrets.token_hex(4), account)
    tx.sql("DELETE FROM cursors WHERE account = $1", account)


def renew_all_epochs(tx: SqlTx) -> int:
    """The same for every log, after a backup was restored; how many."""
    accounts = tx.sql("SELECT account FROM accounts")
    for (account,) in accounts:
        renew_epoch(tx, account)
    return len(accounts)


def store_cursors(tx: SqlTx, changes: Mapping[Key, int], node: str) -> None:
    """Remember where old clients have stopped, but for those that have gone on to another node."""
    text = 'UPDATE cursors SET "offset" = $1, updated_ms = $2 WHERE account = $3 AND client_id = $4 AND node = $5'
    for key, offset in sorted(changes.items()):  # two nodes that store the same ones do not meet head-on
        tx.sql(text, offset, tx.now_ms, key.account, key.client_id, node)


def accounts_to_trim(tx: SqlTx, days: int, most_events: int) -> list[int]:
    """The accounts that have events which retention no longer asks for."""
    text = (
        "SELECT account FROM accounts WHERE head - floor + 1 > $1 UNION "
        "SELECT accounts.account FROM accounts JOIN events "
        'ON events.account = accounts.account AND events."offset" = accounts.floor WHERE events.timestamp_ms < $2'
    )
    return [row[0] for row in tx.sql(text, most_events, tx.now_ms - days * DAY_MS)]


def trim(tx: SqlTx, account: int, days: int, most_events: int) -> bool:
    """Delete the oldest events, at most `TRIM_EVENTS`, and move the floor; True when there may be more to delete."""
    # An update that changes nothing: it locks the row, so that two nodes do not trim one log at the same time.
    found = tx.sql("UPDATE accounts SET floor = floor WHERE account = $1 RETURNING floor, head", account)
    if not found:
        return False
    floor, last = found[0]
    slice_end = floor + TRIM_EVENTS
    text = (
        'SELECT max("offset"), max(timestamp_ms) FROM events '
        'WHERE account = $1 AND "offset" < $2 AND ("offset" <= $3 OR timestamp_ms < $4)'
    )
    until, until_ms = tx.sql(text, account, slice_end, last - most_events, tx.now_ms - days * DAY_MS)[0]
    if until is None:
        return False
    tx.sql('DELETE FROM events WHERE account = $1 AND "offset" <= $2', account, until)
    tx.sql("UPDATE accounts SET floor = $1, floor_ms = $2 WHERE account = $3", until + 1, until_ms, account)
    return bool(until + 1 == slice_end)


def forget_old(tx: SqlTx) -> None:
    """Forget the cursors of clients that were away too long or are too many, and how removed accounts ended."""
    tx.sql("DELETE FROM cursors WHERE updated_ms < $1", tx.now_ms - CURSOR_DAYS * DAY_MS)
    tx.sql("DELETE FROM ended WHERE timestamp_ms < $1", tx.now_ms - CURSOR_DAYS * DAY_MS)
    for account, count in tx.sql(
        "SELECT account, count(*) FROM cursors GROUP BY account HAVING count(*) > $1", CURSORS
    ):
        text = (
            "DELETE FROM cursors WHERE account = $1 AND client_id IN "
            "(SELECT client_id FROM cursors WHERE account = $1 ORDER BY updated_ms, client_id LIMIT $2)"
        )
        tx.sql(text, account, count - CURSORS)
