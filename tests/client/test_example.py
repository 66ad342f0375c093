"""The program of the documents does what they say."""

import asyncio
import re
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

from heartline.client import AddedMessage, MessageType
from tests.client.conftest import PASSWORD
from tests.client.test_client import BOB, new_client, received, run
from tests.conftest import Server

DOCS = Path(__file__).parent.parent.parent / "docs"
EXAMPLE = DOCS / "examples" / "answer.py"


def test_it_prints_incoming_texts_and_answers_one(server: Server, name: str) -> None:
    async def work() -> None:
        async with new_client(server, name) as phone:
            await phone.conversations.add([BOB])
            start = await phone.cursor()
            program = await asyncio.create_subprocess_exec(
                sys.executable, EXAMPLE, server.url, name, PASSWORD, stdout=subprocess.PIPE
            )
            assert program.stdout is not None
            printing = asyncio.ensure_future(program.stdout.readline())
            number = 0
            while not printing.done():  # it follows from when it has connected, which nobody is told
                number += 1
                await phone.messages.add([received(f"hello {number}")])
                await asyncio.wait([printing], timeout=0.2)
            assert re.fullmatch(rb"hello \d+\n", printing.result())
            await phone.messages.add([received("Where are you?")])
            async with aclosing(phone.events(start)) as events:
                async for event in events:
                    operation = event.operation
                    if isinstance(operation, AddedMessage) and operation.type == MessageType.SENDING:
                        assert (operation.data, operation.conversation_id) == ("On my way!", 5)
                        break
            program.terminate()
            await program.communicate()

    run(work)


def test_the_pages_show_the_program() -> None:
    code = EXAMPLE.read_text("utf-8").partition('"""\n\n')[2].strip()
    assert code in (DOCS / "client.md").read_text("utf-8")
    assert code in (DOCS.parent / "README.md").read_text("utf-8").split("\n## ")[2]  # the second section
    assert len([line for line in code.splitlines() if line]) <= 15
