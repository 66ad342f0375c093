"""The commands on PostgreSQL."""

import subprocess
import sys

import pytest

from tests.cli.test_cli import Done, Heartline, output, refusal, table
from tests.conftest import NewServer
from tests.postgresql import PostgresqlServer


@pytest.fixture
def heartline(tmp_path_factory: pytest.TempPathFactory) -> Heartline:
    return Heartline(tmp_path_factory.mktemp("commands"))


def test_a_new_database_is_made_by_the_first_command(heartline: Heartline, postgresql: PostgresqlServer) -> None:
    database = postgresql.empty_database()

    def run(*arguments: str) -> Done:
        return heartline(*arguments, HEARTLINE_DATABASE=database)

    ((name, account_id),) = table(run("account", "create", "zoë", "--password=Correct horse 7!"))
    assert name == "zoë"
    output(run("account", "create", "Zoe", "--password=Correct horse 7!"))
    assert [row[0] for row in table(run("account", "list"))] == ["Zoe", "zoë"]
    before = dict(table(run("account", "show", "zoë")))
    assert before["account id"] == account_id
    assert output(run("flag", "pinning", "on")) == "pinning is on for 2 accounts\n"
    assert output(run("restored")) == "2 logs have a new epoch\n"
    after = dict(table(run("account", "show", "zoë")))
    assert before["events"].startswith("0 (epoch ")
    assert after["events"].startswith("1 (epoch ")
    assert after["events"][1:] != before["events"][1:]
    output(run("account", "remove", "Zoe", "--yes"))
    assert [row[0] for row in table(run("account", "list"))] == ["zoë"]
    assert not (heartline.folder / "data").exists()


def test_a_backup_is_refused_with_what_to_do(heartline: Heartline) -> None:
    said = refusal(heartline("backup", "copy.db", "--database=postgresql://nowhere/x"))
    assert said == "PostgreSQL is backed up by pg_dump; after pg_restore, run `heartline restored` before serving"
    assert not (heartline.folder / "copy.db").exists()


def test_settings_are_shown_without_the_password(heartline: Heartline) -> None:
    done = heartline("config", HEARTLINE_DATABASE="postgresql://ann:s3cret@db/heartline")
    shown = {name: (value, source) for name, value, source in table(done)}
    assert shown["database"] == ("postgresql://ann@db/heartline", "HEARTLINE_DATABASE")
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["serve --port=0", "account list"])
def test_a_database_that_is_not_there_is_refused_in_one_line(
    heartline: Heartline, postgresql: PostgresqlServer, command: str
) -> None:
    url = postgresql.url("nowhere").replace("postgres@", "postgres:s3cret@")
    said = refusal(heartline(*command.split(), f"--database={url}"))
    assert said.startswith("cannot open postgresql://postgres@/nowhere: ")
    assert "s3cret" not in said


def test_a_database_of_another_kind_is_refused(heartline: Heartline) -> None:
    said = refusal(heartline("account", "list", "--database=mysql://db/x"))
    assert said == "the setting database must be sqlite:PATH or postgresql://USER@HOST/NAME"


def test_without_psycopg_the_package_is_named() -> None:
    program = "import sys; sys.modules['psycopg_pool'] = None; from heartline.cli import main; main()"
    command = [sys.executable, "-c", program, "account", "list", "--database=postgresql://nowhere/x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "heartline: PostgreSQL needs the package psycopg: pip install 'heartline[postgresql]'\n"


def test_what_a_command_writes_reaches_the_sockets(
    heartline: Heartline, new_server: NewServer, postgresql: PostgresqlServer
) -> None:
    server = new_server(database=postgresql.new_database())
    account = server.sign_up()
    with account.stream() as stream:
        output(heartline("flag", "pinning", "on", f"--database={server.database}"))
        assert stream.operation() == ("feature_flag", {"id": "pinning", "value": True, "rollout": 100})
