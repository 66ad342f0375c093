"""The command line, each command in a process of its own."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heartline import __version__
from tests.conftest import WAIT_S, NewServer

TIMEOUT_S = 60
COMMANDS = [
    "",
    "serve",
    "account",
    *("account create", "account list", "account show", "account update", "account remove", "account activate"),
    *("flag", "backup", "move", "restored", "config", "openapi", "version"),
    *("import", "export", "phone", "demo"),
]

Done = subprocess.CompletedProcess[str]


def clean_environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEARTLINE_")}
    return kept | {"COLUMNS": "200"} | variables


class Heartline:
    """Runs commands in a folder. Keyword arguments are variables, but `stdin`, which is what a command may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "heartline", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=clean_environment(**variables),
            timeout=TIMEOUT_S,
        )

    def each(self, *commands: str | list[str], stdin: str = "") -> list[Done]:
        """Several commands that have nothing to do with each other: two at a time, as each takes a while to start."""

        def run(command: str | list[str]) -> Done:
            return self(*(command.split() if isinstance(command, str) else command), stdin=stdin)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run, commands))


@pytest.fixture
def heartline(tmp_path: Path) -> Heartline:
    """Commands in an empty folder."""
    return Heartline(tmp_path)


def output(done: Done) -> str:
    """What a command printed that did its work."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def table(done: Done) -> list[list[str]]:
    return [line.split("\t") for line in output(done).splitlines()]


def refusal(done: Done) -> str:
    """The one sentence of a command that refused."""
    assert done.returncode == 1, done
    assert done.stderr.startswith("heartline: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("heartline: ").rstrip("\n")


def usage_error(done: Done) -> str:
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    return done.stderr


def create(heartline: Heartline, name: str = "pat") -> str:
    """The id of a new account."""
    ((created, account_id),) = table(heartline("account", "create", name, "--password=x"))
    assert created == name
    return account_id


# --- help and usage ---


ALL_HELP = """
import sys
from contextlib import suppress
from heartline.cli import app
for command in sys.argv[1:]:
    with suppress(SystemExit):
        app([*command.split(), "--help"])
    print(end="\\f")
"""
"""In one process, as starting twenty takes a while and only what they print is of interest."""


def test_every_command_has_help() -> None:
    program = [sys.executable, "-c", ALL_HELP, *COMMANDS]
    done = subprocess.run(program, capture_output=True, text=True, timeout=TIMEOUT_S, env=clean_environment())
    helps = output(done).split("\f")[:-1]
    for command, text in zip(COMMANDS, helps, strict=True):
        assert text.startswith(f"Usage: heartline {command}".rstrip())
        assert len(text.splitlines()) > 3
    assert all(f" {command} " in helps[0] for command in COMMANDS if command and " " not in command)
    assert all(f"--{name}" in helps[1] for name in ("host", "port", "data", "signup", "tls-certificate", "log-level"))


def test_the_version_is_printed(heartline: Heartline) -> None:
    assert [output(done) for done in heartline.each("version", "--version")] == [f"{__version__}\n"] * 2


def test_wrong_usage_is_2_and_says_what(heartline: Heartline) -> None:
    wrong = {
        "nothing": "nothing",
        "serve --port=x": "--port",
        "serve --port=65536": "--port",
        "serve --nothing=5": "--nothing",
        "account create": "USERNAME",
        "account show pat doe": "doe",
        "flag pinning perhaps": "perhaps",
        "flag pinning on --rollout=101": "--rollout",
    }
    for done, said in zip(heartline.each(*wrong), wrong.values(), strict=True):
        assert said in usage_error(done)
    assert not (heartline.folder / "data").exists()


# --- accounts ---


def test_an_account_is_created_listed_shown_updated_and_removed(heartline: Heartline) -> None:
    flags = ("--password=x", "--real-name=Pat Doe", "--phone-number=+15550001111")
    ((name, account_id),) = table(heartline("account", "create", "pat", *flags))
    assert (name, len(account_id)) == ("pat", 64)
    assert refusal(heartline("account", "create", "pat", "--password=y")) == "user already exists"
    other_id = create(heartline, "alex")
    rows = table(heartline("account", "list"))
    assert [row[:3] for row in rows] == [["alex", other_id, ""], ["pat", account_id, "Pat Doe"]]

    assert output(heartline("account", "update", "pat", "--real-name=Pat Roe")) == ""
    shown = dict(table(heartline("account", "show", "pat")))
    assert shown["account id"] == account_id
    assert (shown["name"], shown["phone number"]) == ("Pat Roe", "+15550001111")
    assert (shown["messages"], shown["events"].split()[0]) == ("0", "1")

    assert output(heartline("account", "remove", "pat", "--yes")) == ""
    assert [row[0] for row in table(heartline("account", "list"))] == ["alex"]


def test_an_account_needs_a_name(heartline: Heartline) -> None:
    assert heartline("account", "create", "", "--password=x").returncode in (1, 2)


def test_a_password_may_come_through_a_pipe(heartline: Heartline, new_server: NewServer) -> None:
    server = new_server()
    for name, stdin in (("pat", "secret"), ("alex", "secret\nmore\n")):
        ((_, account_id),) = table(heartline("account", "create", name, f"--database={server.database}", stdin=stdin))
        reply = server.http.post("/api/v1/accounts/login", json={"username": name, "password": "secret"})
        assert reply.json()["account_id"] == account_id


def test_an_empty_password_is_refused(heartline: Heartline) -> None:
    assert refusal(heartline("account", "create", "pat", stdin="")) == "the password is empty"
    assert refusal(heartline("account", "create", "pat", "--password=", stdin="\n")) == "the password is empty"


def test_an_account_is_removed_only_after_its_name_was_typed(heartline: Heartline) -> None:
    create(heartline)
    assert refusal(heartline("account", "remove", "pat", stdin="y\n")) == "nothing was deleted"
    assert heartline("account", "remove", "pat", stdin="pat\n").returncode == 0
    assert output(heartline("account", "list")) == ""


def test_an_account_is_not_removed_when_nobody_can_be_asked(heartline: Heartline) -> None:
    create(heartline)
    done = heartline("account", "remove", "pat", stdin="")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_an_account_that_does_not_exist_is_named(heartline: Heartline) -> None:
    commands = ["show nobody", "update nobody", "remove nobody --yes", "activate nobody 0123ABCD"]
    for done in heartline.each(*(f"account {command}" for command in commands)):
        assert refusal(done) == "there is no account 'nobody'"


@pytest.mark.parametrize("name", ["[bold]pat", "[/b] 🎉"])
def test_a_sentence_shows_a_name_as_it_was_typed(heartline: Heartline, name: str) -> None:
    assert refusal(heartline("account", "show", name)) == f"there is no account {name!r}"


def test_a_terminal_shows_a_name_as_it_was_typed(heartline: Heartline) -> None:
    output(heartline("account", "create", "[bold]pat", "--password=x", "--real-name=[/b] Doe"))
    shown, stdout = os.openpty()
    try:
        command = [sys.executable, "-m", "heartline", "account", "list"]
        environment = clean_environment(TERM="dumb", NO_COLOR="1")
        subprocess.run(command, stdout=stdout, cwd=heartline.folder, env=environment, timeout=TIMEOUT_S, check=True)
        text = os.read(shown, 65536).decode()
    finally:
        os.close(stdout)
        os.close(shown)
    assert "account id" in text.splitlines()[0]
    assert "[bold]pat" in text
    assert "[/b] Doe" in text


def test_a_device_that_waits_is_activated_once(heartline: Heartline, new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    params = {"activation_code": "0123ABCD"}
    assert server.http.get("/api/v1/activate", params=params).status_code == 404

    def activate(code: str) -> Done:
        return heartline("account", "activate", account.name, code, f"--database={server.database}")

    assert refusal(activate("0123ABCE")) == "no device is waiting with this activation code"
    assert output(activate("0123ABCD")) == ""
    assert refusal(activate("0123ABCD")) == "no device is waiting with this activation code"
    reply = server.http.get("/api/v1/activate", params=params)
    assert (reply.status_code, reply.json()["account_id"]) == (200, account.id)
    assert server.http.get("/api/v1/activate", params=params).status_code == 404


def test_clients_of_a_running_server_hear_what_commands_do(heartline: Heartline, new_server: NewServer) -> None:
    server = new_server()
    account, data = server.sign_up(), f"--database={server.database}"
    with account.stream() as stream:
        output(heartline("account", "update", account.name, "--phone-number=+1555", data))
        content = {"id": account.id, "real_name": "Pat", "phone_number": "+1555"}
        assert stream.operation() == ("updated_account", content)
        assert output(heartline("flag", "pinning", "on", "--rollout=50", data)) == "pinning is on for 1 accounts\n"
        assert stream.operation() == ("feature_flag", {"id": "pinning", "value": True, "rollout": 50})
        assert output(heartline("flag", "pinning", "off", data)) == "pinning is off for 1 accounts\n"
        assert stream.operation() == ("feature_flag", {"id": "pinning", "value": False, "rollout": 100})
        output(heartline("account", "remove", account.name, "--yes", data))
        assert stream.operation() == ("removed_account", {"id": account.id})
        assert stream.close_code() == 1008
    assert server.http.get("/api/v1/templates", params={"account_id": account.id}).status_code == 401


# --- copies of the database ---


def test_a_backup_of_a_running_server_is_a_whole_database_with_logs_of_its_own(
    heartline: Heartline, new_server: NewServer
) -> None:
    server = new_server()
    account = server.sign_up()
    account.post("/templates/add", {"templates": [{"device_id": 1, "text": "a-:-b"}]})
    (heartline.folder / "copy").mkdir()
    command = ("backup", "copy/heartline.db", f"--database={server.database}")
    if server.database.startswith("postgresql:"):
        assert "pg_dump" in refusal(heartline(*command))
        return
    assert output(heartline(*command)).startswith("copy/heartline.db: ")
    assert refusal(heartline(*command)) == "copy/heartline.db exists already"
    account.post("/templates/remove/1")

    shown = dict(table(heartline("account", "show", account.name, "--data=copy")))
    assert (shown["account id"], shown["templates"], shown["events"].split()[0]) == (account.id, "1", "1")
    original = dict(table(heartline("account", "show", account.name, f"--database={server.database}")))
    assert original["events"].split()[1:] != shown["events"].split()[1:]


def test_a_backup_needs_a_database(heartline: Heartline) -> None:
    assert refusal(heartline("backup", "copy.db", "--data=nowhere")) == "there is no database nowhere/heartline.db"
    assert list(heartline.folder.iterdir()) == []


def test_a_backup_is_its_owners_only(heartline: Heartline) -> None:
    """It holds what the folder of the database keeps from others: messages, and account ids, which are the credentials."""
    create(heartline)
    output(heartline("backup", "copy.db"))
    assert stat.S_IMODE((heartline.folder / "copy.db").stat().st_mode) == 0o600


def test_a_restored_database_has_logs_of_its_own(heartline: Heartline) -> None:
    create(heartline)
    before = dict(table(heartline("account", "show", "pat")))
    assert output(heartline("restored")) == "1 logs have a new epoch\n"
    after = dict(table(heartline("account", "show", "pat")))
    assert before.pop("events") != after.pop("events")
    assert before == after


# --- settings ---


def settings(done: Done) -> dict[str, tuple[str, str]]:
    return {name: (value, source) for name, value, source in table(done)}


def test_settings_come_from_flags_then_variables_then_the_file_then_defaults(
    heartline: Heartline, tmp_path: Path
) -> None:
    (tmp_path / "heartline.toml").write_text(
        'port = 7000\nsignup = "open"\nhost = "0.0.0.0"\nrequire_encryption = true\ntrusted_proxies = "10.0.0.1"\n'
    )
    found = settings(heartline("config", "--port=7002", HEARTLINE_PORT="7001", HEARTLINE_SIGNUP="closed"))
    file = str(tmp_path / "heartline.toml")
    assert found["port"] == ("7002", "flag")
    assert found["signup"] == ("closed", "HEARTLINE_SIGNUP")
    assert found["host"] == ("0.0.0.0", file)
    assert found["require_encryption"] == ("True", file)
    assert found["trusted_proxies"] == ("10.0.0.1", file)
    assert found["synchronous"] == ("full", "default")
    assert found["tls_key"] == ("", "default")


def test_settings_without_anything_are_the_defaults(heartline: Heartline) -> None:
    found = settings(heartline("config"))
    assert {source for _, source in found.values()} == {"default"}
    assert (found["host"][0], found["port"][0], found["data"][0]) == ("127.0.0.1", "5050", "data")
    assert (found["signup"][0], found["synchronous"][0]) == ("first", "full")
    assert (found["body_bytes"][0], found["media_bytes"][0]) == (str(16 * 2**20), str(64 * 2**20))


def test_a_variable_may_name_another_file(heartline: Heartline, tmp_path: Path) -> None:
    (tmp_path / "heartline.toml").write_text("port = 7000\n")
    (tmp_path / "other.toml").write_text("port = 7001\n")
    found = settings(heartline("config", HEARTLINE_CONFIG=str(tmp_path / "other.toml")))
    assert found["port"] == ("7001", str(tmp_path / "other.toml"))


def test_an_unknown_setting_in_the_file_is_named(heartline: Heartline, tmp_path: Path) -> None:
    (tmp_path / "heartline.toml").write_text("port = 7000\ncolour = 5\n")
    for done in heartline.each("config", "account list"):
        said = usage_error(done)
        assert "colour" in said
        assert "heartline.toml" in said


@pytest.mark.parametrize("text", ["port = ", 'port = "x"\n'])
def test_a_file_that_cannot_be_read_is_wrong_usage(heartline: Heartline, tmp_path: Path, text: str) -> None:
    (tmp_path / "heartline.toml").write_text(text)
    usage_error(heartline("config"))


def test_a_variable_that_cannot_be_read_is_named(heartline: Heartline) -> None:
    assert "HEARTLINE_PORT" in usage_error(heartline("config", HEARTLINE_PORT="x"))


def test_a_good_file_is_in_no_commands_way(heartline: Heartline, tmp_path: Path) -> None:
    (tmp_path / "heartline.toml").write_text(f'port = 7000\ndata = "{tmp_path}/elsewhere"\n')
    create(heartline)
    assert (tmp_path / "elsewhere" / "heartline.db").exists()
    for done in heartline.each("version", "account list", "flag pinning on"):
        assert output(done)


def test_names_and_passwords_come_from_no_variable_and_no_file(heartline: Heartline) -> None:
    done = heartline("account", "create", "pat", HEARTLINE_PASSWORD="from the environment", HEARTLINE_USERNAME="alex")
    assert refusal(done) == "the password is empty"


# --- openapi ---


def test_openapi_is_printed_as_json(heartline: Heartline) -> None:
    document = json.loads(output(heartline("openapi")))
    assert document["openapi"].startswith("3.1.")
    assert len(document["paths"]) == 83


# --- serve ---


def test_a_port_in_use_is_refused_in_one_sentence(heartline: Heartline) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = heartline("serve", f"--port={port}")
    sentence = f"port {port} of 127.0.0.1 is in use: stop what listens there, or choose another with --port"
    assert refusal(done) == sentence
    assert done.stdout == ""


def test_what_cannot_be_served_is_refused_in_one_sentence(heartline: Heartline) -> None:
    (heartline.folder / "a-file").write_text("text")
    (heartline.folder / "no-database").mkdir()
    (heartline.folder / "no-database" / "heartline.db").write_text("text, and no database\n" * 1_000)
    flags = ["--host=192.0.2.1", "--data=a-file", "--data=no-database", "--tls-certificate=a-file --tls-key=a-file"]
    refused = heartline.each(*(f"serve --port=0 {flag}" for flag in flags))
    for done, said in zip(refused, ("address", "a-file", "not a database", ""), strict=True):
        assert said in refusal(done)
        assert done.stdout == ""


def test_a_tls_file_that_is_not_there_is_named(heartline: Heartline) -> None:
    done = heartline("serve", "--port=0", "--tls-certificate=nowhere.pem", "--tls-key=nowhere.pem")
    assert "nowhere.pem" in refusal(done)


def test_a_tls_key_without_a_certificate_is_refused(heartline: Heartline) -> None:
    done = heartline("serve", "--port=0", "--tls-key=nowhere.pem")
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "certificate" in done.stderr


def test_ctrl_c_ends_the_server_in_peace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "heartline", "serve", "--port=0", "--data=[b]data"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=clean_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = [process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        said += process.stdout.readlines()
        errors = process.stderr.read()
        process.wait(WAIT_S)
    assert (process.returncode, errors) == (0, "")
    assert said[0].startswith("Heartline is running")
    for words in ("/api/v1", "/stream?account_id=", "[b]data/heartline.db", "account create"):
        assert any(words in line for line in said), words
