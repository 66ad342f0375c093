"""`heartline import`, `export` and `phone`, in processes of their own, against a real server."""

import asyncio
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from heartline.client import Client, sign_up
from tests.archive.backups import OWN, fields_of, write_backup
from tests.cli.test_cli import clean_environment, output, refusal
from tests.cli.test_texts import PASSWORD, Person
from tests.conftest import WAIT_S, Server
from tests.phone.conftest import ANN, conversation_with, until_type

COUNT = 80


@pytest.fixture
def owner(server: Server, tmp_path: Path) -> Person:
    """Somebody with an empty account, logged in."""
    person = Person(server, tmp_path)

    async def create() -> None:
        async with sign_up(server.url, person.name, PASSWORD):
            pass

    asyncio.run(create())
    output(person("login", person.name, "--server", server.url, stdin=PASSWORD + "\n"))
    return person


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "sms.xml"
    with path.open("w", encoding="utf-8") as file:
        write_backup(file, COUNT)
    return path


def counts(text: str) -> dict[str, int]:
    lines = (line.split(maxsplit=1) for line in text.splitlines())
    return {what: int(count.replace(",", "")) for count, what in lines}


def test_import_and_export(owner: Person, backup: Path) -> None:
    done = owner("import", str(backup))
    assert done.returncode == 0, done.stderr
    assert "Importing sms.xml" in done.stderr
    assert "100%" in done.stderr
    assert counts(done.stdout)["messages added"] == COUNT + COUNT // 20
    again = owner("import", str(backup))
    assert counts(again.stdout) == {"messages added": 0, "messages that were there already": COUNT + COUNT // 20}
    target = backup.with_name("again.xml")
    exported = owner("export", str(target), "--decrypt", f"--own-number={OWN}")
    assert exported.returncode == 0, exported.stderr
    assert fields_of(target) == fields_of(backup)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(backup.parent.glob("*.unfinished"))


def test_exports_of_ours(owner: Person, backup: Path) -> None:
    owner("import", str(backup))
    sealed, plain = backup.with_name("sealed.jsonl"), backup.with_name("plain.jsonl")
    assert owner("export", str(sealed)).returncode == 0
    assert owner("export", str(plain), "--decrypt").returncode == 0
    assert "lunch?" in plain.read_text()
    assert "lunch?" not in sealed.read_text()
    for file in (sealed, plain):
        assert counts(owner("import", str(file)).stdout)["messages added"] == 0
    assert "exists already" in refusal(owner("export", str(sealed)))


def test_refusals(owner: Person, backup: Path) -> None:
    for name, content, why in (
        ("a.xml", "<html></html>", "no backup of messages"),
        ("b.xml", "hello", "no XML"),
        ("c.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><smses></smses>", "document type"),
        ("d.jsonl", "{}", "no export"),
    ):
        file = backup.with_name(name)
        file.write_text(content)
        done = owner("import", str(file))
        assert done.returncode == 1
        assert why in done.stderr
        assert "Traceback" not in done.stderr
    assert "--decrypt" in refusal(owner("export", "x.xml"))
    cut = backup.with_name("cut.xml")
    cut.write_bytes(backup.read_bytes()[:-3000])
    done = owner("import", str(cut))
    assert done.returncode == 1
    assert "what stands before was imported" in done.stderr
    assert counts(done.stdout)["messages added"] > 60


def test_the_phone_sends(owner: Person, tmp_path: Path) -> None:
    script = tmp_path / "people.toml"
    script.write_text(f"""sent_s = 0.1
delivered_s = 0.2
[[people]]
number = "{ANN}"
answers = ["On my way"]
answer_s = 0.1
""")
    process = subprocess.Popen(
        [sys.executable, "-m", "heartline", "phone", "--script", str(script), "--folder", str(tmp_path / "phone")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=owner.home,
        env=clean_environment(**owner.variables, PYTHONUNBUFFERED="1"),
    )
    assert process.stdout is not None
    try:
        assert "The phone is on." in process.stdout.readline()

        async def send(client: Client) -> None:
            conversation = await conversation_with(client, ANN)
            sent = await client.send(conversation, "Where are you?")
            assert sent is not None
            await until_type(client, sent.device_id, 4)  # type: ignore[arg-type]
            async with asyncio.timeout(WAIT_S):
                while "On my way" not in {message.data for message in await client.messages.list()}:
                    await asyncio.sleep(0.1)

        owner.do(send)
    finally:
        process.terminate()
        rest = process.stdout.read()
        process.stdout.close()
        assert process.wait(WAIT_S) == -signal.SIGTERM
    assert "Where are you?" in rest


def test_a_broken_script_is_refused(owner: Person, tmp_path: Path) -> None:
    script = tmp_path / "people.toml"
    script.write_text("people = 3")
    assert "the script of the radio" in refusal(owner("phone", "--script", str(script)))
