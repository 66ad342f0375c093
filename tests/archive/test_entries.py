"""Ids that are made from the content."""

from dataclasses import replace

import pytest

from heartline.archive.entries import DELIVERED, PARTS, SENT, Entry, Ids, Part, TooManyParts
from heartline.client.noun import LARGEST_ID

ENTRY = Entry(
    ("+15551234567", "+15557654321"), 1_700_000_000_000, SENT, (Part("text/plain", "Hi"), Part("image/png", b"x"))
)


def test_the_same_content_has_the_same_ids() -> None:
    ids = Ids(b"k" * 32)
    same = replace(ENTRY, numbers=("555-765-4321", "(555) 123 4567"), message_type=DELIVERED, read=False)
    assert ids.parts(ENTRY) == ids.parts(same)
    assert ids.conversation(ENTRY) == ids.conversation(same)


def test_other_content_or_another_key_has_others() -> None:
    ids = Ids(b"k" * 32)
    others = [
        replace(ENTRY, timestamp_ms=1),
        replace(ENTRY, message_type=0),
        replace(ENTRY, draft=True),
        replace(ENTRY, numbers=("+15551234567",)),
        replace(ENTRY, sender="+15557654321"),
        replace(ENTRY, parts=(Part("text/plain", "Hi"), Part("image/png", b"y"))),
        replace(ENTRY, parts=(Part("text/plain", "Hi"), Part("image/png", None))),
    ]
    firsts = {ids.parts(entry)[0] for entry in (ENTRY, *others)}
    assert len(firsts) == 1 + len(others)
    assert Ids(b"l" * 32).parts(ENTRY)[0] not in firsts


def test_parts_follow_each_other_within_the_range() -> None:
    ids = Ids(b"k")
    for timestamp_ms in range(100):
        found = ids.parts(replace(ENTRY, timestamp_ms=timestamp_ms))
        assert len(found) == 2
        assert 1 <= found[0] < found[-1] <= LARGEST_ID


def test_a_message_of_too_many_parts_is_refused() -> None:
    with pytest.raises(TooManyParts):
        Ids(b"k").parts(replace(ENTRY, parts=ENTRY.parts * PARTS))
