"""What a hint is on the wire."""

import json

import pytest

from heartline.bus import HINT_BYTES, Hint, decode, encode
from heartline.bus.outbox import WAITING, Outbox

SMALL = Hint(7, "ab12", 3, [b'{"operation":"a","content":{}}', '{"operation":"b","content":{"x":"é"}}'.encode()])


def test_a_hint_comes_as_it_was_sent() -> None:
    assert decode(encode(SMALL, "me"), "you") == SMALL
    assert decode(encode(SMALL, "me").decode(), "you") == SMALL
    removed = Hint(7, "", 4, [b"{}"], ended=True)
    assert decode(encode(removed, "me"), "you") == removed


def test_ones_own_hint_is_no_news() -> None:
    assert decode(encode(SMALL, "me"), "me") is None


@pytest.mark.parametrize("size_bytes", [HINT_BYTES - 60, HINT_BYTES, HINT_BYTES + 1, 1_000_000])
def test_a_large_hint_goes_without_its_events(size_bytes: int) -> None:
    message = json.dumps("x" * (size_bytes - 2)).encode()
    data = encode(SMALL._replace(messages=[message]), "me")
    assert len(data) <= HINT_BYTES
    hint = decode(data, "you")
    assert hint is not None
    assert hint._replace(messages=[]) == SMALL._replace(messages=[])
    assert hint.messages == ([message] if size_bytes < HINT_BYTES - 50 else [])


@pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b"[1]", b'["a",1,"e","x",false,[]]', b"[" * 100_000])
def test_what_is_no_hint_is_none(data: bytes) -> None:
    assert decode(data, "you") is None


def test_the_oldest_hints_make_room() -> None:
    outbox = Outbox()
    for head in range(WAITING + 5):
        outbox.put(SMALL._replace(head=head))
    assert len(outbox) == WAITING
