"""The demo, as an object and as a command."""

import asyncio
import re
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from heartline.client import AddedMessage, MessageType, UpdatedMessageType, log_in
from heartline.phone.demo import Demo
from tests.cli.test_cli import clean_environment
from tests.phone.conftest import WAIT_S

NOW_MS = 1_800_000_000_000


def test_a_text_is_sent_and_answered() -> None:
    async def test() -> None:
        async with (
            Demo(port=0, seed=2, now_ms=NOW_MS) as demo,
            log_in(demo.url, demo.username, demo.password) as client,
        ):
            assert (await client.count()).message_count > 200
            cursor = await client.cursor()
            maya = next(row for row in await client.conversations.list() if row.title == "Maya Lindqvist")
            sent = await client.send(maya.device_id, "Coffee at four?")
            assert sent is not None
            types = []
            async with asyncio.timeout(WAIT_S), aclosing(client.events(after=cursor)) as events:
                async for event in events:
                    match event.operation:
                        case UpdatedMessageType(id=message_id, message_type=kind) if message_id == str(sent.device_id):
                            types.append(kind)
                        case AddedMessage(type=MessageType.RECEIVED, conversation_id=maya.device_id, data=data):
                            assert data
                            break
            assert types == [MessageType.SENT, MessageType.DELIVERED]
            assert [text.content for text in demo.radio.sent] == ["Coffee at four?"]

    asyncio.run(test())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP])
def test_the_command_cleans_up(tmp_path: Path, ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "heartline", "demo", "--port=0", "--seed=2", "--password=a-b-1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env=clean_environment(TMPDIR=str(tmp_path), PYTHONUNBUFFERED="1"),
    )
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if "watch here" in line:
            break
    assert "a-b-1" in shown
    assert re.search(r"http://127\.0\.0\.1:\d+/", shown)
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(ending)
    rest = process.stdout.read()
    assert process.wait(WAIT_S) == 0, rest
    assert "nothing of it is left" in rest
    assert list(tmp_path.iterdir()) == []
    process.stdout.close()
