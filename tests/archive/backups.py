"""Makes backups of any size, as *SMS Backup & Restore* writes them, and reads them into tables that can be compared.

`python -m tests.archive.backups FILE COUNT` writes one.
"""

import base64
import random
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

ME = "insert-address-token"
OWN = "+15550009999"
WORDS = "the a on my way see you later love it when where tomorrow ok 😀 café 東京 & < > \" ' lunch?"
PEOPLE = {f"+1555010{number:04}": f"Person {number}" for number in range(200)}
START_MS = 1_500_000_000_000


def write_backup(file: IO[str], count: int, *, seed: int = 1, picture_bytes: int = 3_000) -> None:
    """Every twentieth message is an mms, half of these to groups; one emoji in two is written in two halves."""
    dice = random.Random(seed)
    file.write(f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<smses count=\"{count}\">\n")
    people = list(PEOPLE)
    for number in range(count):
        date = START_MS + number * 60_000 + dice.randrange(60_000)
        body = " ".join(dice.choices(WORDS.split(), k=dice.randint(1, 25)))
        if number % 20:
            file.write(_sms(dice, dice.choice(people), date, body))
        else:
            group = dice.sample(people, dice.randint(2, 5)) if number % 40 else [dice.choice(people)]
            file.write(_mms(dice, group, date, body, dice.randbytes(picture_bytes)))
    file.write("</smses>\n")


def _sms(dice: random.Random, number: str, date: int, body: str) -> str:
    box = dice.choice((1, 1, 2, 2, 2, 5))
    status = 0 if box == 2 and dice.random() < 0.5 else -1
    attributes = {
        "protocol": 0,
        "address": number,
        "date": date,
        "type": box,
        "subject": "null",
        "body": body,
        "read": dice.choice((0, 1)) if box == 1 else 1,
        "status": status,
        "contact_name": PEOPLE[number],
    }
    return f"  <sms {_attributes(attributes, dice)} />\n"


def _mms(dice: random.Random, group: list[str], date: int, body: str, picture: bytes) -> str:
    received = dice.random() < 0.5
    sender = dice.choice(group) if received else ME
    others = [number for number in group if number != sender]
    to = [*others, OWN] if received else group
    data = base64.b64encode(b"\x89PNG" + zlib.crc32(picture).to_bytes(4, "big") + picture).decode()
    head = {
        "date": date,
        "msg_box": 1 if received else 2,
        "address": "~".join(group),
        "m_type": 132 if received else 128,
        "sub": "null",
        "read": 1,
        "contact_name": ", ".join(PEOPLE[number] for number in group),
    }
    parts = [
        {"seq": -1, "ct": "application/smil", "text": "<smil/>"},
        {"seq": 0, "ct": "image/png", "text": "null", "data": data},
        {"seq": 1, "ct": "text/plain", "text": body},
    ]
    addresses = [{"address": sender, "type": 137}, *({"address": number, "type": 151} for number in to)]
    return (
        f"  <mms {_attributes(head, dice)}>\n    <parts>\n"
        + "".join(f"      <part {_attributes(part, dice)} />\n" for part in parts)
        + "    </parts>\n    <addrs>\n"
        + "".join(f"      <addr {_attributes(address, dice)} />\n" for address in addresses)
        + "    </addrs>\n  </mms>\n"
    )


def _attributes(attributes: dict[str, object], dice: random.Random) -> str:
    text = " ".join(f"{name}={quoteattr(str(value))}" for name, value in attributes.items())
    if "😀" in text and dice.random() < 0.5:
        text = text.replace("😀", "&#55357;&#56832;")
    return text


def fields_of(path: Path) -> Counter[tuple[object, ...]]:
    """Every message of a file, with all fields that mean something to its reader. Read with a parser of its own."""
    text = path.read_text("utf-8").replace("&#55357;&#56832;", "😀")
    found: Counter[tuple[object, ...]] = Counter()
    for element in ElementTree.fromstring(text):
        get = element.get
        # Who is in a group, and how each is called: in which order the file lists them says nothing.
        numbers, names = (get("address") or "").split("~"), (get("contact_name") or "").split(", ")
        people = frozenset(zip(numbers, names, strict=True))
        common = (element.tag, people, get("date"), get("read"))
        if element.tag == "sms":
            found[*common, get("type"), get("body"), get("status")] += 1
        else:
            parts = tuple(
                (part.get("ct"), part.get("text"), part.get("data"))
                for part in element.iter("part")
                if part.get("ct") != "application/smil"
            )
            addresses = frozenset((address.get("type"), address.get("address")) for address in element.iter("addr"))
            found[*common, get("msg_box"), get("m_type"), parts, addresses] += 1
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as target:
        write_backup(target, int(sys.argv[2]))
