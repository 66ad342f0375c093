"""Backups of *SMS Backup & Restore*: read, and written so that they are read as the same."""

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.archive.entries import DELIVERED, FAILED, RECEIVED, SENT, Entry, Part
from heartline.archive.sms_backup import Backup, NotABackup
from heartline.archive.sms_backup_writer import BackupWriter

PNG = base64.b64encode(b"\x89PNG picture").decode()


def read(xml: str, *, whole: bool = True) -> tuple[list[Entry], Backup]:
    backup = Backup(io.BytesIO(xml.encode()))
    entries = list(backup.entries())
    if whole:
        assert backup.problem is None
    return entries, backup


def smses(*elements: str) -> str:
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    return f'{head}\n<smses count="{len(elements)}">{"".join(elements)}</smses>'


def sms(**attributes: object) -> str:
    known: dict[str, object] = {
        "address": "+15551234567",
        "date": 1_700_000_000_000,
        "type": 1,
        "body": "Hi",
        "read": 1,
    }
    return "<sms " + " ".join(f'{name}="{value}"' for name, value in (known | attributes).items()) + " />"


def text(body: str) -> tuple[Part, ...]:
    return (Part("text/plain", body),)


def test_a_text() -> None:
    (entry,), backup = read(smses(sms(body="Hi &#55357;&#56832;&#10;there", contact_name="Ann, the first", read=0)))
    assert entry == Entry(
        ("+15551234567",), 1_700_000_000_000, RECEIVED, text("Hi \U0001f600\nthere"), False, None, ("Ann, the first",)
    )
    assert (backup.expected, backup.calls, backup.unreadable) == (1, 0, [])


@pytest.mark.parametrize(
    ("box", "status", "message_type"),
    [
        (1, -1, RECEIVED),
        (2, -1, SENT),
        (2, 0, DELIVERED),
        (2, 64, SENT),
        (4, -1, FAILED),
        (5, -1, FAILED),
        (6, 32, FAILED),
    ],
)
def test_the_boxes(box: int, status: int, message_type: int) -> None:
    ((entry,), _) = read(smses(sms(type=box, status=status)))
    assert (entry.message_type, entry.draft) == (message_type, False)


def test_a_draft() -> None:
    ((entry,), _) = read(smses(sms(type=3)))
    assert entry.draft


def test_a_picture_to_a_group() -> None:
    xml = smses(
        f"""<mms date="1700000000000" msg_box="1" address="+15551234567~+15557654321" read="1" sub="null"
          contact_name="Ann, (Unknown)"><parts>
          <part seq="2" ct="text/plain" text="Look!" data="null"/>
          <part seq="-1" ct="application/smil" text="&lt;smil&gt;"/>
          <part seq="1" ct="image/png" text="null" data="{PNG}"/>
          </parts><addrs><addr address="+15557654321" type="137"/><addr address="insert-address-token" type="151"/>
          <addr address="+15551234567" type="151"/></addrs></mms>"""
    )
    ((entry,), _) = read(xml)
    assert entry == Entry(
        ("+15551234567", "+15557654321"),
        1_700_000_000_000,
        RECEIVED,
        (Part("image/png", b"\x89PNG picture"), Part("text/plain", "Look!")),
        True,
        "+15557654321",
        ("Ann", None),
    )


def test_calls_are_counted_and_passed_over() -> None:
    entries, backup = read(smses('<call number="1" duration="3"/>', sms(), '<call number="2"/>'))
    assert (len(entries), backup.calls) == (1, 2)
    entries, backup = read('<calls count="1"><call number="1"/></calls>')
    assert (entries, backup.calls) == ([], 1)


def test_entries_that_make_no_sense_are_named_and_passed_over() -> None:
    entries, backup = read(smses(sms(date="soon"), sms(), "\n", sms(type=9), sms(address="null"), sms(body="after")))
    assert [entry.parts[0].content for entry in entries] == ["Hi", "after"]
    assert backup.unreadable == [
        "line 2: date is no number",
        "line 3: there is no type 9 of messages",
        "line 3: it has no number",
    ]


def test_an_attachment_that_is_no_base64_leaves_the_message() -> None:
    ((entry,), _) = read(
        smses('<mms date="1" msg_box="2" address="1"><parts><part seq="0" ct="image/png" data="a"/></parts></mms>')
    )
    assert entry.parts == (Part("image/png", None),)


@pytest.mark.parametrize("cut", [-1, -9, -30])
def test_a_file_that_ends_early_gives_what_it_has(cut: int) -> None:
    entries, backup = read(smses(sms(body="one"), sms(body="two"), sms(body="three"))[:cut], whole=False)
    assert [entry.parts[0].content for entry in entries][:2] == ["one", "two"]
    assert backup.problem is not None
    assert backup.problem.startswith("line 2: ")


def test_a_file_that_is_something_else_is_refused() -> None:
    for xml in ("<html></html>", "hello", ""):
        with pytest.raises(NotABackup):
            read(xml)


BOMB = "<!DOCTYPE smses [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>" + smses(sms(body="&b;"))
OUTSIDE = "<!DOCTYPE smses [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + smses(sms(body="x"))
TYPE = "<!DOCTYPE smses SYSTEM 'http://127.0.0.1/x.dtd'>" + smses(sms())


@pytest.mark.parametrize("xml", [BOMB, OUTSIDE, TYPE])
def test_entities_and_document_types_are_refused(xml: str) -> None:
    with pytest.raises(NotABackup, match="document type"):
        read(xml)


def test_an_endless_element_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heartline.archive.sms_backup.ELEMENT_BYTES", 1_000_000)
    entries, backup = read(smses(sms(), sms(body="x" * 3_000_000)), whole=False)
    assert len(entries) == 1
    assert backup.problem == "an element is larger than 1000000 bytes"


numbers = st.from_regex(r"\+1555[0-9]{7}", fullmatch=True)
bodies = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda c: c >= " " or c in "\n\t\r"
    )
)
times = st.integers(0, 2_000_000_000_000)
types = st.sampled_from([RECEIVED, SENT, DELIVERED, FAILED])
names = st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True)
texts = st.builds(
    lambda number, time, kind, body, name, read: Entry((number,), time, kind, text(body), read, None, (name,)),
    *(numbers, times, types, bodies, names, st.booleans()),
)
parts = st.one_of(
    st.builds(lambda body: Part("text/plain", body), bodies),
    st.builds(lambda data: Part("image/png", data), st.binary(min_size=1)),
)


@st.composite
def pictures(draw: st.DrawFn) -> Entry:
    people = draw(st.dictionaries(numbers, names, min_size=1, max_size=4))
    kind = draw(types)
    sender = draw(st.sampled_from(sorted(people))) if kind == RECEIVED and len(people) > 1 else None
    content = (Part("image/jpeg", b"first"), *draw(st.lists(parts, max_size=3)))
    return Entry(tuple(people), draw(times), kind, content, True, sender, tuple(people.values()))


@given(st.lists(st.one_of(texts, pictures()), max_size=5))
def test_what_is_written_is_read_as_the_same(entries: list[Entry]) -> None:
    file = io.BytesIO()
    with BackupWriter(file, "+15550001111") as writer:
        for entry in entries:
            writer.add(entry)
    file.seek(0)
    backup = Backup(file)
    assert list(backup.entries()) == entries
    assert (backup.expected, backup.problem, backup.mended) == (len(entries), None, 0)
