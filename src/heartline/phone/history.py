"""A made-up history: weeks of texts with friends, family and offices, groups and pictures; the same one for the same seed
and time, so that it can be tested against."""

import random
from dataclasses import dataclass

from heartline.archive.entries import DELIVERED, FAILED, RECEIVED, SENT, Entry, Part
from heartline.client.sending import TEXT
from heartline.phone.dialogues import ANSWERS, FAMILY, FRIENDS, GROUPS, WORK
from heartline.phone.pictures import landscape
from heartline.phone.script import Person, Script, Unprompted

WEEKS = 6
DAY_MS = 24 * 3600 * 1000
PICTURE = "[picture]"
OWN = "> "


@dataclass(frozen=True, slots=True)
class _Contact:
    name: str
    number: str
    dialogues: tuple[str, ...]
    talks: int
    """Dialogues in the whole time."""


CONTACTS = (
    _Contact("Maya Lindqvist", "+15550100001", FRIENDS, 9),
    _Contact("Tom Okafor", "+15550100002", FRIENDS, 7),
    _Contact("Noor Haddad", "+15550100003", FRIENDS, 6),
    _Contact("Elena Petrova", "+15550100004", FRIENDS, 4),
    _Contact("Jun Watanabe", "+15550100005", FRIENDS, 3),
    _Contact("Mum", "+15550100006", FAMILY, 5),
    _Contact("Uncle Ray", "+15550100007", FAMILY, 2),
    _Contact("Ines (work)", "+15550100008", WORK[:2], 2),
    _Contact("Bridge Street Garage", "+15550100009", WORK[2:3], 1),
    _Contact("Dr. Alvarez", "+15550100010", WORK[3:4], 1),
)
GROUPS_OF_NAMES = (("Maya Lindqvist", "Tom Okafor", "Noor Haddad"), ("Maya Lindqvist", "Tom Okafor"))
STRANGER = "+15550100099"


def make_history(seed: int, now_ms: int) -> list[Entry]:
    """A few hundred texts of the weeks before a time, oldest first."""
    dice = random.Random(f"history {seed}")
    numbers = {contact.name: contact.number for contact in CONTACTS}
    entries: list[Entry] = []
    for contact in CONTACTS:
        chosen = dice.sample(contact.dialogues, min(contact.talks, len(contact.dialogues)))
        for dialogue, start_ms in zip(chosen, _starts(dice, now_ms, len(chosen)), strict=True):
            entries += _talk(dice, dialogue, start_ms, (contact.number,), (contact.name,))
    for place, names in enumerate(GROUPS_OF_NAMES):
        people = tuple(numbers[name] for name in names)
        chosen = [dialogue for number, dialogue in enumerate(GROUPS) if number % len(GROUPS_OF_NAMES) == place]
        if place:  # they plan a present for somebody who is in the first group
            chosen = [dialogue for dialogue in GROUPS if "Noor" in dialogue] + chosen
        else:
            chosen = [dialogue for dialogue in chosen if "Noor" not in dialogue]
        for dialogue, start_ms in zip(chosen, _starts(dice, now_ms, len(chosen)), strict=True):
            entries += _talk(dice, dialogue, start_ms, people, names)
    stranger = _talk(dice, WORK[4], now_ms - 2 * DAY_MS, (STRANGER,), ())
    entries = sorted(entries + stranger, key=lambda entry: entry.timestamp_ms)
    newest = {entry.numbers: entry for entry in entries}
    unread = [entry for entry in newest.values() if entry.message_type == RECEIVED][-3:]
    return [_unread(entry) if entry in unread else entry for entry in entries]


def make_script(seed: int) -> Script:
    """How the people of that history behave towards new texts."""
    people = [
        Person(contact.number, contact.name, list(ANSWERS[place:] + ANSWERS[:place]), 1.5 + place % 3)
        for place, contact in enumerate(CONTACTS)
    ]
    first = Unprompted(CONTACTS[0].number, "Are you there? I have news 🎈", 20.0)
    return Script(seed=seed, sent_s=0.4, delivered_s=1.2, answers=["Who is this? 😅"], people=people, texts=[first])


def _starts(dice: random.Random, now_ms: int, count: int) -> list[int]:
    """When dialogues begin: spread over the weeks, more of them lately, while people are awake (in UTC)."""
    today_ms = now_ms // DAY_MS * DAY_MS
    days = sorted((int(1 + dice.random() ** 1.6 * WEEKS * 7) for _ in range(count)), reverse=True)
    return [today_ms - day * DAY_MS + dice.randrange(8 * 60, 21 * 60) * 60_000 for day in days]


def _talk(
    dice: random.Random, dialogue: str, start_ms: int, numbers: tuple[str, ...], names: tuple[str, ...]
) -> list[Entry]:
    entries = []
    time_ms = start_ms
    speaker = dice.randrange(len(numbers))
    for line in dialogue.splitlines():
        text = line.strip()
        own = text.startswith(OWN)
        text = text.removeprefix(OWN)
        time_ms += int(dice.expovariate(1 / 90_000)) + 4_000
        if not own:
            speaker = (speaker + dice.randint(0, 1)) % len(numbers)
        part = Part("image/png", landscape(dice.randrange(1_000_000))) if text == PICTURE else Part(TEXT, text)
        own_type = DELIVERED if dice.random() < 0.7 else SENT if dice.random() < 0.97 else FAILED
        entries.append(
            Entry(
                numbers=numbers,
                timestamp_ms=time_ms,
                message_type=own_type if own else RECEIVED,
                parts=(part,),
                sender=numbers[speaker] if len(numbers) > 1 and not own else None,
                names=names,
            )
        )
    return entries


def _unread(entry: Entry) -> Entry:
    return Entry(
        entry.numbers, entry.timestamp_ms, RECEIVED, entry.parts, False, entry.sender, entry.names, entry.draft
    )
