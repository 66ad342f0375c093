"""Accounts and history, written straight into a database: what would take a phone weeks."""

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

from heartline.storage.sqlite import open_database

CIPHER = "q0Kc3Yx2T1mB7uWfH8rXzg==-:-" + "k3JxVQ9d2mZ0wA7nFyTzq1cLr8uPbG5iHsEoXvKtN4M=" * 2
"""As long as an encrypted text message of some 60 letters."""
FIRST_MS = 1_600_000_000_000
_EVENT = b'{"operation":"forward_to_phone","content":{"to":"1","message":"%s","sent_device":0}}' % CIPHER.encode()


def account_id(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def add_accounts(database: Path, count: int) -> list[str]:
    """Add so many accounts to those that are there; their ids. Their numbers go on from the number of accounts."""
    connection = open_database(database)
    try:
        (first,) = connection.execute("SELECT count(*) FROM accounts").fetchone()
        ids = [account_id(number) for number in range(first, first + count)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO accounts (account, account_id, username, password_hash, salt1, salt2, phone_number, created_ms, "
            "epoch) VALUES (?, ?, ?, '', '', '', '', 0, '5eed5eed')",
            [(_number(first + i), ids[i], f"user-{first + i}") for i in range(count)],
        )
        connection.execute("COMMIT")
    finally:
        connection.close()
    return ids


def add_messages(database: Path, account: int, conversation: int, count: int) -> None:
    """Give an account, by its place, a conversation of so many messages; their ids follow the ones it has."""
    connection = open_database(database)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        connection.execute("BEGIN IMMEDIATE")
        number = _number(account)
        (first,) = connection.execute(
            "SELECT coalesce(max(device_id), 0) FROM messages WHERE account = ?", (number,)
        ).fetchone()
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $4) "
            "INSERT INTO messages SELECT $0, $3 + i, $1, i % 2, $2, $5 + ($3 + i) * 1000, "
            "'dGV4dC9wbGFpbg==-:-abcd', 1, 1, NULL, NULL, -1, NULL FROM n",
            dict(zip("012345", (number, conversation, CIPHER, first, count, FIRST_MS), strict=True)),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def add_events(database: Path, account: int, count: int) -> None:
    """Give an account, by its place, a log of so many events; it must have none."""
    connection = open_database(database)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "
            'INSERT INTO events (account, "offset", timestamp_ms, message) SELECT $0, i, $3, $2 FROM n',
            dict(zip("0123", (_number(account), count, _EVENT, time.time_ns() // 1_000_000), strict=True)),
        )
        connection.execute("UPDATE accounts SET head = ? WHERE account = ?", (count, _number(account)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def add_few_messages(database: Path, accounts: Iterable[int], count: int) -> None:
    """Give many accounts, by their places, so many messages each."""
    connection = open_database(database)
    rows = (
        (_number(account), n, n % 3 + 1, n % 2, CIPHER, FIRST_MS + n * 1000, CIPHER[:28])
        for account in accounts
        for n in range(count)
    )
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1, NULL, NULL, -1, NULL)",
            rows,
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def add_conversations(database: Path, account: int, count: int) -> None:
    """Give an account so many conversations."""
    connection = open_database(database)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "
            "INSERT INTO conversations SELECT $0, i, 0, 0, 0, 0, 0, 0, i % 50 = 0, 1, $3 + i * 1000, $2, $2, $2, NULL, "
            "NULL, $2, 0, i % 10 = 0, 0 FROM n",
            dict(zip("0123", (_number(account), count, CIPHER, FIRST_MS), strict=True)),
        )
        connection.execute("COMMIT")
    finally:
        connection.close()


def _number(place: int) -> int:
    """An account's number: anywhere in 62 bits, as the server's are."""
    return int.from_bytes(hashlib.sha256(b"number %d" % place).digest()[:8], "big") >> 2
