"""The commands for people: log in, read, send, follow. Each runs in a process of its own, against a real server."""

import asyncio
import base64
import contextlib
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pytest

from heartline.cli import tail as tail_command
from heartline.cli.shown import clean, field, one_line, print_json
from heartline.client import (
    Client,
    Cursor,
    Event,
    MessageType,
    NewConversation,
    NewMessage,
    Unreadable,
    new_id,
    sign_up,
)
from heartline.resources.templates import AddedTemplate, Template
from tests.cli.test_cli import TIMEOUT_S, Done, clean_environment, output, refusal
from tests.conftest import Server

PASSWORD = "Correct horse 7!"
EVIL = "evil \x1b]0;owned\x07 \x9b31m \u202e[bold]x[/bold]\tend\nnext 👩‍👩‍👧"
PICTURE = "<i>Picture Message</i>"


class Person:
    """Somebody with an account, a folder, and a login in it."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server = server
        self.home = home
        self.name = f"{uuid4().hex}@example.org"
        self.variables = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "TZ": "UTC",
        }

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "heartline", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=clean_environment(**self.variables | variables),
            timeout=TIMEOUT_S,
        )

    def on_a_terminal(self, *arguments: str) -> str:
        """What a command shows on a terminal of 100 columns."""
        ours, theirs = pty.openpty()
        variables = clean_environment(**self.variables | {"COLUMNS": "100", "LINES": "40", "TERM": "xterm"})
        process = subprocess.Popen(
            [sys.executable, "-m", "heartline", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.home,
            env=variables,
        )
        os.close(theirs)
        shown = bytearray()
        try:
            while data := os.read(ours, 4096):
                shown += data
        except OSError:  # how Linux says that the other side is closed
            pass
        os.close(ours)
        assert process.wait(TIMEOUT_S) == 0, shown
        return shown.decode().replace("\r\n", "\n")

    def do(self, work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
        """Use the account in a program."""
        from heartline.client import log_in

        async def working() -> None:
            async with asyncio.timeout(TIMEOUT_S), log_in(self.server.url, self.name, PASSWORD) as client:
                await work(client)

        asyncio.run(working())


@pytest.fixture
def stranger(server: Server, tmp_path: Path) -> Person:
    """Somebody who has an account with a few texts, and has not logged in."""
    person = Person(server, tmp_path)

    async def fill() -> None:
        async with sign_up(server.url, person.name, PASSWORD) as client:
            await client.conversations.add(
                [
                    conversation(5, "Bob 🚀", "+1 555 000 2222", snippet=EVIL, pinned=True),
                    conversation(
                        6, "世界 Family", "+15550003333, +15550004444", snippet="<i>Picture Message</i>", read=True
                    ),
                    conversation(7, "Bobby", "+15550005555", snippet="x" * 500, read=True),
                ]
            )
            await client.messages.add(
                [
                    message("hello from Bob", timestamp=1_000),
                    message(EVIL, timestamp=2_000),
                    message("Answered", timestamp=3_000, message_type=MessageType.DELIVERED),
                    message("firebase -1", timestamp=4_000, mime_type="image/png", device_id=99),
                    message("hello all", timestamp=5_000, device_conversation_id=6, message_from="Dan"),
                ]
            )
            await client.contacts.add("Zoë", "+15550006666")
            await client.contacts.add("Bob 🚀", "+15550002222")

    asyncio.run(fill())
    return person


@pytest.fixture
def person(stranger: Person) -> Person:
    output(stranger("login", stranger.name, "--server", stranger.server.url, stdin=PASSWORD + "\n"))
    return stranger


def conversation(key: int, title: str, numbers: str, **fields: Any) -> NewConversation:
    return NewConversation(device_id=key, title=title, phone_numbers=numbers, timestamp=10_000 - key, **fields)


def message(data: str, **fields: Any) -> NewMessage:
    values = {"device_id": new_id(), "device_conversation_id": 5, "message_type": 0, "mime_type": "text/plain"}
    return NewMessage(**values | {"data": data} | fields)


def lines(done: Done) -> list[list[str]]:
    return [line.split("\t") for line in output(done).splitlines()]


def test_a_login_is_a_file_for_its_owner_only(stranger: Person) -> None:
    told = output(stranger("login", stranger.name, stdin=PASSWORD + "\n", HEARTLINE_SERVER=stranger.server.url))
    file = stranger.home / "config" / "heartline" / "login.json"
    assert str(file) in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()
    assert set(json.loads(file.read_text())) == {"url", "username", "account_id", "key"}
    assert len(lines(stranger("contacts"))) == 2
    assert output(stranger("logout")) == "Logged out.\n"
    assert not file.exists()
    assert refusal(stranger("contacts")) == "you are not logged in: run `heartline login`"
    assert output(stranger("logout")) == "You were not logged in.\n"


def test_a_login_is_in_the_keyring_where_one_works(stranger: Person) -> None:
    keyring = stranger.home / "keyring.json"
    stranger.variables |= {
        "PYTHON_KEYRING_BACKEND": "tests.cli.keyring_in_a_file.Keyring",
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        "TEST_KEYRING": str(keyring),
    }
    told = output(stranger("login", stranger.name, "--server", stranger.server.url, stdin=PASSWORD + "\n"))
    assert "the keyring" in told
    assert not (stranger.home / "config").exists()
    (secret,) = json.loads(keyring.read_text()).values()
    assert PASSWORD not in secret
    assert len(base64.b64decode(json.loads(secret)["key"])) == 32
    assert len(lines(stranger("contacts"))) == 2
    assert output(stranger("logout")) == "Logged out.\n"
    assert json.loads(keyring.read_text()) == {}


def test_refusals_are_one_sentence(stranger: Person) -> None:
    server = stranger.server.url
    wrong = refusal(stranger("login", stranger.name, "--server", server, stdin="wrong\n"))
    assert wrong == "username or password incorrect"
    assert "looks like https://" in refusal(stranger("login", "ann", "--server", "example.org", stdin="pw\n"))
    assert "the password is empty" in refusal(stranger("login", "ann", "--server", server))
    for command in ["conversations"], ["messages", "Bob"], ["send", "Bob", "hi"], ["tail"], ["search", "x"]:
        assert "you are not logged in" in refusal(stranger(*command))


def test_a_server_that_is_gone(person: Person) -> None:
    file = person.home / "config" / "heartline" / "login.json"
    login = json.loads(file.read_text())
    file.write_text(json.dumps(login | {"url": "http://127.0.0.1:1"}))
    assert refusal(person("contacts")) == "no server answers at http://127.0.0.1:1"


def test_conversations(person: Person) -> None:
    bob, family, bobby = lines(person("conversations"))
    assert bob[0] == "unread,pinned"
    assert bob[2:4] == ["Bob 🚀", "+1 555 000 2222"]
    assert family[2:] == ["世界 Family", "+15550003333, +15550004444", "Picture Message"]
    assert bobby[1] == "1970-01-01T00:00:09+00:00"
    assert [row[2] for row in lines(person("conversations", "--only", "unread"))] == ["Bob 🚀"]
    first = json.loads(output(person("conversations", "--json", "--limit", "1")))
    assert (first["title"], first["snippet"]) == ("Bob 🚀", EVIL)
    assert "account_id" not in first


def test_messages(person: Person) -> None:
    for who in "bob 🚀", "+15550002222", "555-000-2222":
        hello, evil, answered, picture = lines(person("messages", who))
        assert hello == ["1970-01-01T00:00:01+00:00", "received", "Bob 🚀", "Bob 🚀", "hello from Bob"]
        assert answered[1:] == ["delivered", "Bob 🚀", "You", "Answered"]
        assert picture[4] == "[image/png, message 99]"
        assert evil[4].endswith("\\tend\\nnext 👩‍👩‍👧")
    (dan,) = lines(person("messages", "family"))
    assert dan[2:] == ["世界 Family", "Dan", "hello all"]
    assert "there is no conversation called 'Zed'" in refusal(person("messages", "Zed"))
    assert "there is no conversation with 123" in refusal(person("messages", "123"))
    assert "2 conversations are called like that" in refusal(person("messages", "bob"))
    assert json.loads(output(person("messages", "bobb", "--json", "--mark-read")) or "{}") == {}


@pytest.mark.parametrize("command", [["messages", "+15550002222"], ["conversations"], ["search", "evil"]])
def test_a_text_cannot_steer_the_terminal(person: Person, command: list[str]) -> None:
    shown = person.on_a_terminal(*command)
    assert "Bob 🚀" in shown
    assert "evil ␛]0;owned␇ �31m �[bold]x[/bold]" in shown
    ours = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)  # colours, and the cursor of a progress bar
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", ours.replace("\r", ""))
    piped = output(person(*command, "--json")) + output(person(*command))
    assert not re.search("[\x1b\x07\x9b\u202e]", piped)


def test_a_table_fits_the_terminal(person: Person) -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m", "", person.on_a_terminal("conversations"))
    assert len(shown.splitlines()) == 4
    assert "xxx…" in shown


def test_search(person: Person) -> None:
    assert [row[4] for row in lines(person("search", "HELLO"))] == ["hello from Bob", "hello all"]
    assert [row[4] for row in lines(person("search", "hello", "--limit", "1"))] == ["hello all"]
    assert [row[4] for row in lines(person("search", "hello", "--with", "family"))] == ["hello all"]
    nothing = person("search", "no such words")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr == "No message contains 'no such words'.\n"


def test_whoever_reads_may_stop(person: Person) -> None:
    command = f"{sys.executable} -m heartline search o --limit 0 | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", f"{command}"],
        capture_output=True,
        text=True,
        cwd=person.home,
        env=clean_environment(**person.variables),
        timeout=TIMEOUT_S,
    )
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


def test_contacts(person: Person) -> None:
    assert lines(person("contacts")) == [["Bob 🚀", "+15550002222"], ["Zoë", "+15550006666"]]
    assert lines(person("contacts", "ZO")) == [["Zoë", "+15550006666"]]
    assert json.loads(output(person("contacts", "6666", "--json")))["name"] == "Zoë"


def test_send(person: Person, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG cat")
    assert output(person("send", "555 000 2222", "to Bob")) == "Your phone was asked to send it to 555 000 2222.\n"
    assert "Bobby" in output(person("send", "bobby", stdin="from a pipe\n"))
    assert "in a new conversation" in output(person("send", "+15559990000", "new"))
    assert "Bobby" in output(person("send", "bobby", "--picture", str(picture)))
    assert "there is nothing to send" in refusal(person("send", "bobby"))
    assert person("send", "bobby", "--picture", str(tmp_path / "none.png")).returncode == 2

    async def check(client: Client) -> None:
        assert (await client.messages.list(5))[0].data == "to Bob"
        image, text = await client.messages.list(7)
        assert text.data == "from a pipe"
        assert image.mime_type == "image/png"
        assert await client.media.get(image.device_id) == b"\x89PNG cat"

    person.do(check)


@contextlib.contextmanager
def tail(person: Person, *arguments: str) -> Iterator[IO[str]]:
    """What `heartline tail` prints; at the end it is interrupted, as with Ctrl+C."""
    with subprocess.Popen(
        [sys.executable, "-m", "heartline", "tail", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=person.home,
        env=clean_environment(**person.variables),
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT_S)
        assert (process.returncode, errors) == (130, "")


def test_tail_goes_on_after_a_cursor(person: Person) -> None:
    async def act(client: Client) -> None:
        await client.messages.add([message("live 👩‍👩‍👧\x1b", timestamp=6_000)])

    with tail(person, "--json", "--after", "0:0") as printed:
        lost = json.loads(printed.readline())
        assert lost["operation"] == "history_lost"  # no log has that name
        person.do(act)
        added = json.loads(printed.readline())
        assert (added["operation"], added["content"]["data"]) == ("added_message", "live 👩‍👩‍👧\x1b")
    with tail(person, "--after", lost["cursor"]) as printed:
        assert printed.readline().rstrip("\n").split("\t")[1:] == ["received", "Bob 🚀", "Bob 🚀", "live 👩‍👩‍👧␛"]
    assert "a cursor looks like" in refusal(person("tail", "--after", "nonsense"))


def test_tail_in_a_pipe_says_what_became_of_a_text(person: Person) -> None:
    async def act(client: Client) -> None:
        sent = await client.send("+15550002222", "on my way")
        assert sent is not None
        for state in MessageType.SENT, MessageType.DELIVERED, MessageType.SENT:
            await client.messages.set_type(sent.device_id, state)

    now = Cursor.parse("0:0")

    async def look(client: Client) -> None:
        nonlocal now
        now = await client.cursor()

    person.do(look)
    with tail(person, "--after", str(now)) as printed:
        person.do(act)
        states = [printed.readline().rstrip("\n").split("\t")[1:] for _ in range(3)]
    assert states == [[state, "Bob 🚀", "You", "on my way"] for state in ("sending", "sent", "delivered")]


def test_a_name_means_the_person_rather_than_a_group(person: Person) -> None:
    new = NewConversation(
        device_id=55, color=0, read=True, timestamp=1, title="Zoë and Bobby", phone_numbers="+15550006666, +15550005555"
    )

    async def act(client: Client) -> None:
        await client.conversations.add([new])

    person.do(act)
    assert "to Bobby" in output(person("send", "bobb", "hi"))


def test_every_command_has_examples(person: Person) -> None:
    for command in "login", "conversations", "messages", "send", "tail", "search", "contacts":
        shown = output(person(command, "--help"))
        assert "Examples:" in shown
        assert f"    heartline {command}" in shown


def test_starting_loads_nothing_heavy() -> None:
    heavy = ["httpx", "cryptography", "starlette", "uvicorn", "keyring", "websockets", "argon2"]
    code = f"import heartline.cli, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_a_damaged_text_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    damaged = Unreadable("x", "it is damaged")
    print_json(Template(id=1, account_id="secret", device_id=1, text=damaged))
    assert json.loads(capsys.readouterr().out) == {"id": 1, "device_id": 1, "text": "[unreadable: it is damaged]"}
    tail_command._print_event(Event(Cursor("e", 1), AddedTemplate(device_id=1, text=damaged)))
    assert json.loads(capsys.readouterr().out)["content"]["text"] == "[unreadable: it is damaged]"


def test_cleaning() -> None:
    assert clean("a\x00b\x7f\r\nc") == "a␀b␡\nc"
    assert one_line(" a\n b\t") == "a b"
    assert field("a\\n\tb\n") == "a\\\\n\\tb\\n"
    assert clean(None) == field(None) == ""
