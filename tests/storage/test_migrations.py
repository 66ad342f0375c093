"""How a database gets to the newest schema, or is left alone."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from heartline.storage import migrations
from heartline.storage.migrations import SchemaTooNew
from heartline.storage.sqlite import SqliteStorage, open_database

NEWEST = max(int(path.stem) for path in (Path(migrations.__file__).parent / "schema").glob("*.sql"))

Steps = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "heartline.db"


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Puts these texts, as 001.sql and so on, in the place of the program's own."""
    folder = tmp_path / "package" / "schema"
    folder.mkdir(parents=True)
    monkeypatch.setattr(migrations.resources, "files", lambda package: folder.parent)

    def write(*texts: str) -> None:
        for number, text in enumerate(texts, 1):
            (folder / f"{number:03}.sql").write_text(text)

    return write


def query(path: Path, text: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(text).fetchall()
    finally:
        connection.close()


def versions(path: Path) -> list[int]:
    return [version for (version,) in query(path, "SELECT version FROM schema_version ORDER BY version")]


def tables(path: Path) -> list[str]:
    return [name for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def write_newer_schema(path: Path) -> None:
    open_database(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"INSERT INTO schema_version VALUES ({NEWEST + 5})")
    connection.commit()
    connection.close()


def test_a_new_database_gets_the_newest_schema(path: Path) -> None:
    open_database(path).close()
    assert versions(path) == list(range(1, NEWEST + 1))
    assert {"accounts", "events", "messages", "templates"} <= set(tables(path))


def test_a_database_of_the_newest_schema_is_left_as_it_is(path: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()
    open_database(path).close()
    assert versions(path) == list(range(1, NEWEST + 1))
    assert path.read_bytes() == before


def test_missing_steps_are_applied_in_order_and_rows_stay(path: Path, steps: Steps) -> None:
    steps("CREATE TABLE a (x bigint);\n")
    connection = open_database(path)
    connection.execute("INSERT INTO a VALUES (7)")
    connection.close()
    steps(
        "this one was applied before;\n",
        "ALTER TABLE a ADD COLUMN y bigint;\nUPDATE a SET y = x + 1;\n",
        "-- a comment; with a semicolon\nALTER TABLE a RENAME COLUMN y TO z;\n",
    )
    open_database(path).close()
    assert versions(path) == [1, 2, 3]
    assert query(path, "SELECT x, z FROM a") == [(7, 8)]


def test_more_than_nine_steps_keep_their_order(path: Path, steps: Steps) -> None:
    steps("CREATE TABLE a (x0 bigint);\n", *(f"ALTER TABLE a RENAME COLUMN x{n} TO x{n + 1};\n" for n in range(11)))
    open_database(path).close()
    assert versions(path) == list(range(1, 13))
    assert query(path, "SELECT x11 FROM a") == []


@pytest.mark.parametrize("failing", ["ALTER TABLE a ADD COLUMN z bigint;\nno SQL;\n", "INSERT INTO a VALUES (1);\nx\n"])
def test_a_step_that_fails_leaves_nothing_of_a_new_database(path: Path, steps: Steps, failing: str) -> None:
    steps("CREATE TABLE a (x bigint);\n", failing)
    with pytest.raises(sqlite3.OperationalError):
        open_database(path)
    assert tables(path) == []


def test_a_step_that_fails_leaves_an_old_database_as_it_was(path: Path, steps: Steps) -> None:
    steps("CREATE TABLE a (x bigint);\n")
    connection = open_database(path)
    connection.execute("INSERT INTO a VALUES (7)")
    connection.close()
    steps("", "CREATE TABLE b (y bigint);\nUPDATE a SET x = 8;\n", "DROP TABLE a;\nno SQL;\n")
    with pytest.raises(sqlite3.OperationalError):
        open_database(path)
    assert tables(path) == ["a", "schema_version"]
    assert versions(path) == [1]
    assert query(path, "SELECT x FROM a") == [(7,)]
    steps("", "CREATE TABLE b (y bigint);\n", "")
    open_database(path).close()
    assert versions(path) == [1, 2, 3]


def test_a_newer_schema_is_refused_with_a_sentence(path: Path) -> None:
    write_newer_schema(path)
    before = path.read_bytes()
    sentence = f"the database has schema {NEWEST + 5}, this Heartline knows {NEWEST}: run a newer Heartline on it"
    with pytest.raises(SchemaTooNew) as refusal:
        open_database(path)
    assert str(refusal.value) == sentence

    async def open_storage() -> None:
        SqliteStorage(path)

    with pytest.raises(SchemaTooNew):
        asyncio.run(open_storage())
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [["serve", "--port=0"], ["account", "list"]])
def test_commands_refuse_a_newer_schema_in_one_line(path: Path, command: list[str]) -> None:
    write_newer_schema(path)
    done = subprocess.run(
        [sys.executable, "-m", "heartline", *command, f"--data={path.parent}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"heartline: the database has schema {NEWEST + 5}, this Heartline knows {NEWEST}: run a newer Heartline on it\n"
    )
    assert done.stdout == ""
