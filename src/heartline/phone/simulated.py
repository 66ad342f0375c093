"""A radio without a network: people of a script answer, and a file remembers what was sent, whatever happens to the phone.

The file is the network and the modem in one. A text is "on the air" when its row is committed, and a program that is killed
a moment later finds it there. `sent` is what a test, or a doubtful owner, counts.
"""

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from heartline.client.numbers import matcher
from heartline.phone.radio import Incoming, Outcome, Outgoing, Report
from heartline.phone.script import Person, Script

LONGEST_SLEEP_S = 3600.0

# AUTOINCREMENT: the number names a piece of news for ever, also when it is done and gone.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (
    number INTEGER PRIMARY KEY, reference INTEGER NOT NULL, recipients TEXT NOT NULL, mime_type TEXT NOT NULL, content BLOB
);
CREATE TABLE IF NOT EXISTS news (
    number INTEGER PRIMARY KEY AUTOINCREMENT, due_ms INTEGER NOT NULL, reference INTEGER, outcome TEXT,
    sender TEXT, people TEXT, mime_type TEXT, content BLOB
);
CREATE TABLE IF NOT EXISTS started (at_ms INTEGER NOT NULL);
"""


class SimulatedRadio:
    """A driver (`radio.Radio`). `on_air` is called when a text has left and `send` has not yet returned."""

    def __init__(self, file: Path | str, script: Script, on_air: Callable[[], None] = lambda: None) -> None:
        self._script = script
        self._on_air = on_air
        self._people = {matcher(person.number): person for person in script.people}
        if isinstance(file, Path):
            file.touch(mode=0o600)  # it holds texts in the clear
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)
        self._told: set[int] = set()
        self._changed = asyncio.Event()
        if not self._database.execute("SELECT 1 FROM started").fetchone():
            self._switch_on()

    def close(self) -> None:
        self._database.close()

    @property
    def sent(self) -> list[Outgoing]:
        """Everything that ever went out, in order."""
        rows = self._database.execute("SELECT reference, recipients, mime_type, content FROM sent ORDER BY number")
        return [
            Outgoing(reference, tuple(json.loads(recipients)), mime_type, content)
            for reference, recipients, mime_type, content in rows
        ]

    async def send(self, text: Outgoing) -> None:
        with self._transaction():
            self._database.execute(
                "INSERT INTO sent (reference, recipients, mime_type, content) VALUES (?, ?, ?, ?)",
                (text.reference, json.dumps(text.numbers), text.mime_type, text.content),
            )
            self._settle(text)
        self._on_air()
        self._changed.set()

    async def has_sent(self, reference: int) -> bool | None:
        if not self._script.remembers:
            return None
        return self._database.execute("SELECT 1 FROM sent WHERE reference = ?", (reference,)).fetchone() is not None

    async def next(self) -> Report | Incoming:
        while True:
            rows = self._database.execute("SELECT * FROM news ORDER BY due_ms, number").fetchall()
            waiting = [row for row in rows if row[0] not in self._told]
            pause_s = (waiting[0][1] - _now_ms()) / 1000 if waiting else LONGEST_SLEEP_S
            if pause_s <= 0:
                self._told.add(waiting[0][0])
                return _news(waiting[0])
            self._changed.clear()
            try:
                async with asyncio.timeout(min(pause_s, LONGEST_SLEEP_S)):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def done(self, key: str) -> None:
        self._database.execute("DELETE FROM news WHERE number = ?", (int(key),))

    def receive(self, sender: str, content: str | bytes, mime_type: str = "text/plain", after_s: float = 0.0) -> None:
        """Let somebody write."""
        self._come(after_s, sender, (sender,), content, mime_type)
        self._changed.set()

    def _switch_on(self) -> None:
        with self._transaction():
            self._database.execute("INSERT INTO started VALUES (?)", (_now_ms(),))
            for text in self._script.texts:
                people = tuple(dict.fromkeys((text.sender, *text.group)))
                self._come(text.after_s, text.sender, people, text.text)

    def _settle(self, text: Outgoing) -> None:
        """Decide what becomes of a text: reports now, answers later."""
        (count,) = self._database.execute("SELECT count(*) FROM sent").fetchone()
        dice = random.Random(f"{self._script.seed} {count}")
        people = [self._person(number) for number in text.numbers]
        if any(dice.random() < person.fails for person in people):
            self._report(self._script.sent_s, text.reference, Outcome.FAILED)
            return
        self._report(self._script.sent_s, text.reference, Outcome.SENT)
        self._report(self._script.delivered_s, text.reference, Outcome.DELIVERED)
        before = self._script.delivered_s
        for person in people:
            if person.answers:
                before += person.answer_s
                answer = person.answers[(count - 1) % len(person.answers)]
                self._come(before, person.number, text.numbers, answer)

    def _person(self, number: str) -> Person:
        known = self._people.get(matcher(number))
        if known is None:
            return Person(number, answers=self._script.answers)
        return Person(number, known.name, known.answers, known.answer_s, known.fails)

    def _report(self, after_s: float, reference: int, outcome: Outcome) -> None:
        self._database.execute(
            "INSERT INTO news (due_ms, reference, outcome) VALUES (?, ?, ?)", (_due_ms(after_s), reference, outcome)
        )

    def _come(
        self, after_s: float, sender: str, people: tuple[str, ...], content: str | bytes, mime_type: str = "text/plain"
    ) -> None:
        self._database.execute(
            "INSERT INTO news (due_ms, sender, people, mime_type, content) VALUES (?, ?, ?, ?, ?)",
            (_due_ms(after_s), sender, json.dumps(people), mime_type, content),
        )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._database)


class _Transaction:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def _news(row: tuple[int, int, int, str, str, str, str, str | bytes]) -> Report | Incoming:
    number, due_ms, reference, outcome, sender, people, mime_type, content = row
    if outcome:
        return Report(str(number), reference, Outcome(outcome))
    return Incoming(str(number), sender, tuple(json.loads(people)), mime_type, content, due_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _due_ms(after_s: float) -> int:
    return _now_ms() + int(after_s * 1000)
