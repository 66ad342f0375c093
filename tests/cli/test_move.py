"""`heartline move`: everything arrives, or nothing; and clients go on where they were."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from heartline.resources.accounts import create_account
from heartline.resources.messages import Message, NewMessage
from heartline.resources.templates import RemovedTemplate
from heartline.storage import SqlTx
from heartline.storage.engines import open_storage, prepare_database
from heartline.storage.moving import CannotMove, all_tables, move
from tests.conftest import IDENTIFIER, SUBSCRIBE, WAIT_S, Account, NewServer, Stream, query
from tests.postgresql import PostgresqlServer

MESSAGES = 100_000
STEP = 2_000
TEXTS = ("aa-:-bb", "two\nlines\r\n", "👩‍👩‍👧 é \u2028\ufeff\uffff", "tab\t\\ \\N \\. \"quote\" 'x'", "")


def ignore(table: str, done: int, total: int) -> None:
    pass


def fill(url: str, messages: int) -> str:
    """An account with so many messages and their events, of all that the columns can hold."""

    async def run() -> str:
        storage = open_storage(url)

        def add(tx: SqlTx, first: int) -> None:
            bound = tx.bound(account_id)
            for device_id in range(first, min(first + STEP, messages)):
                bound.insert(Message, message(device_id))
                bound.emit(RemovedTemplate(id=device_id))

        account_id = (
            await storage.write(lambda tx: create_account(tx, "é zoë", "hash", "Pat \\N", "+15550001111"))
        ).account_id
        for first in range(0, messages, STEP):
            await storage.write(lambda tx, first=first: add(tx, first), account_id=account_id)
        await storage.write(lambda tx: tx.sql("INSERT INTO cursors VALUES (1, 'client', 2, 3)"))
        await storage.write(lambda tx: tx.sql("INSERT INTO ended VALUES (7, 8, $1)", bytes(range(256))))
        await storage.close()
        return account_id

    return asyncio.run(run())


def message(device_id: int) -> NewMessage:
    return NewMessage(
        device_id=device_id if device_id % 2 else -(2**63) + device_id,
        device_conversation_id=2**63 - 1 - device_id,
        message_type=device_id % 7 - 3,
        data=TEXTS[device_id % len(TEXTS)],
        timestamp=device_id,
        mime_type="cc-:-dd",
        read=device_id % 3 == 0,
        color=None if device_id % 5 else -(2**31),
    )


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as another program reads it."""
    return {table.name: query(url, table.select) for table in all_tables()}


def heartline_move(source: str, target: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "heartline", "move", "--from", source, "--to", target]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_there_and_back_again(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    first, second = f"sqlite:{tmp_path / 'first.db'}", f"sqlite:{tmp_path / 'second.db'}"
    between = postgresql.empty_database()
    prepare_database(first)
    fill(first, MESSAGES)
    there = heartline_move(first, between)
    back = heartline_move(between, second)
    assert (there.returncode, there.stderr) == (0, "")
    assert (back.returncode, back.stdout) == (0, there.stdout)
    rows = {line.split("\t")[0]: int(line.split("\t")[1]) for line in there.stdout.splitlines()}
    assert (rows["accounts"], rows["messages"], rows["events"]) == (1, MESSAGES, MESSAGES)
    before = content(first)
    assert len(before["messages"]) == MESSAGES
    assert content(second) == before
    columns = [f"{table.name}.{column}" for table in all_tables() for column in table.columns]
    assert len(columns) > 100


def test_a_target_with_rows_is_refused(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    source, target = f"sqlite:{tmp_path / 'heartline.db'}", postgresql.empty_database()
    for url in (source, target):
        prepare_database(url)
        fill(url, 3)
    before = content(target)
    refused = heartline_move(source, target)
    assert refused.returncode == 1
    assert "is not empty: name a new database" in refused.stderr
    assert content(target) == before


def test_a_source_that_is_not_there_is_refused(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    with pytest.raises(CannotMove, match="there is no database"):
        move(f"sqlite:{tmp_path / 'nothing.db'}", postgresql.empty_database(), ignore)
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_row_that_changes_on_its_way_undoes_everything(
    target: str, tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    source = f"sqlite:{tmp_path / 'source.db'}"
    url = f"sqlite:{tmp_path / 'target.db'}" if target == "sqlite" else postgresql.empty_database()
    prepare_database(source)
    prepare_database(url)
    fill(source, 10)
    trigger = "UPDATE messages SET data = 'other' WHERE account = new.account AND device_id = new.device_id;"
    if target == "sqlite":
        query(url, f"CREATE TRIGGER spoil AFTER INSERT ON messages WHEN new.device_id = 3 BEGIN {trigger} END")
    else:
        function = f"BEGIN IF new.device_id = 3 THEN {trigger} END IF; RETURN NULL; END"
        query(url, f"CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ {function} $$")
        query(url, "CREATE TRIGGER spoil AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(CannotMove, match="the rows of messages did not arrive as they were sent"):
        move(source, url, ignore)
    assert not any(content(url).values())


def test_clients_go_on_where_they_were(new_server: NewServer, tmp_path: Path, postgresql: PostgresqlServer) -> None:
    before = new_server()
    account = before.sign_up()
    with subscribed(account.server.port, account.id, None) as stream:
        account.post("/templates/add", {"templates": [{"device_id": 6, "text": "aa-:-bb"}]})
        frame = stream.frame()
        cursor = {frame["stream_id"]: {"epoch": frame["epoch"], "offset": frame["offset"]}}
    account.post("/templates/add", {"templates": [{"device_id": 7, "text": "aa-:-bb"}]})
    database = before.database
    before.stop()
    there, back = postgresql.empty_database(), f"sqlite:{tmp_path / 'back.db'}"
    for source, target in ((database, there), (there, back)):
        move(source, target, ignore)
        after = new_server(database=target)
        moved = Account(after, account.name, account.id)
        with subscribed(after.port, account.id, cursor) as stream:
            missed = stream.frame()
            assert missed["message"]["operation"] == "added_template"
            assert (missed["epoch"], missed["offset"]) == (frame["epoch"], frame["offset"] + 1)
            assert stream.frame()["type"] == "confirm_history"
            moved.post("/accounts/dismissed_notification", {"id": "1"})
            frame = stream.frame()
            assert frame["message"]["operation"] == "dismissed_notification"
            cursor = {frame["stream_id"]: {"epoch": frame["epoch"], "offset": frame["offset"]}}
        moved.post("/templates/add", {"templates": [{"device_id": 8, "text": target}]})
        after.stop()


@contextmanager
def subscribed(port: int, account_id: str, cursor: dict[str, Any] | None) -> Iterator[Stream]:
    """A socket of AnyCable's kind that has been confirmed, and asks for what follows its cursor."""
    url = f"ws://127.0.0.1:{port}/stream?account_id={account_id}"
    protocol: Any = ["actioncable-v1-ext-json"]
    with connect(url, subprotocols=protocol, ping_interval=None, open_timeout=WAIT_S) as socket:
        stream = Stream(socket)
        assert stream.frame()["type"] == "welcome"
        command = json.loads(SUBSCRIBE) | ({"history": {"streams": cursor}} if cursor else {})
        socket.send(json.dumps(command))
        confirmation = stream.frame()
        assert (confirmation["type"], confirmation["identifier"]) == ("confirm_subscription", IDENTIFIER)
        yield stream
