"""The server's frames, byte for byte as websockets.md and RFC 6455 have them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.stream import frames
from heartline.stream.log import Event
from tests.strategies import unhurried
from tests.wire import CLOSE, frames_in, texts_in

IDENTIFIER = r'"{\"channel\":\"NotificationsChannel\"}"'
"""As it stands in a frame."""

EXACT = {
    "welcome": (frames.WELCOME, b'\x81\x12{"type":"welcome"}'),
    "ping": (frames.ping(1608150458), b'\x81\x24{"type":"ping","message":1608150458}'),
    "confirmation": (
        frames.confirm(frames.IDENTIFIER),
        b'\x81\x55{"identifier":"{\\"channel\\":\\"NotificationsChannel\\"}","type":"confirm_subscription"}',
    ),
    "rejection": (
        frames.reject('{"channel":"Other"}'),
        b'\x81\x45{"identifier":"{\\"channel\\":\\"Other\\"}","type":"reject_subscription"}',
    ),
    "history confirmed": (
        frames.confirm_history(frames.IDENTIFIER),
        b'\x81\x50{"type":"confirm_history","identifier":"{\\"channel\\":\\"NotificationsChannel\\"}"}',
    ),
    "history rejected": (
        frames.reject_history(frames.IDENTIFIER),
        b'\x81\x4f{"type":"reject_history","identifier":"{\\"channel\\":\\"NotificationsChannel\\"}"}',
    ),
    "extended welcome": (frames.extended_welcome("s1", None), b'\x81\x1d{"type":"welcome","sid":"s1"}'),
    "extended welcome that restores": (
        frames.extended_welcome("s1", ["{}"]),
        b'\x81\x43{"type":"welcome","sid":"s1","restored":true,"restored_ids":["{}"]}',
    ),
    "disconnect for good": (
        frames.disconnect("unauthorized", reconnect=False),
        b'\x81\x3f{"type":"disconnect","reason":"unauthorized","reconnect":false}',
    ),
    "disconnect for a while": (
        frames.disconnect("server_restart", reconnect=True),
        b'\x81\x40{"type":"disconnect","reason":"server_restart","reconnect":true}',
    ),
    "close": (frames.close(1008, "account id invalid"), b"\x88\x14\x03\xf0account id invalid"),
    "close without reason": (frames.close(1001), b"\x88\x02\x03\xe9"),
}


@pytest.mark.parametrize(("made", "expected"), EXACT.values(), ids=EXACT.keys())
def test_frames_are_exact(made: bytes, expected: bytes) -> None:
    assert made == expected


def test_the_notification_of_the_contract() -> None:
    message = (
        b'{"operation":"forward_to_phone","content":{"to":"5555555555","message":"test","mime_type":"text/plain",'
        b'"sent_device":0}}'
    )
    text = b'{"identifier":%s,"message":%s}' % (IDENTIFIER.encode(), message)
    assert (
        frames.PlainForm(frames.IDENTIFIER).encode("e", Event(1, message))
        == b"\x81\x7e" + len(text).to_bytes(2, "big") + text
    )


@pytest.mark.parametrize(
    ("size_bytes", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_each_form_of_the_length(size_bytes: int, header: bytes) -> None:
    assert frames.text_frame(b"x" * size_bytes) == header + b"x" * size_bytes


def test_a_close_reason_that_fills_the_frame() -> None:
    (frame,) = frames_in(frames.close(1008, "x" * 123))
    assert (frame.opcode, frame.close_code, frame.close_reason) == (CLOSE, 1008, "x" * 123)


pieces = st.sampled_from(["ping", "pi", "p", "ing", "ng", "\\", '"', "\\u0069", "p\\u0069ng", "\u2028", "\0"])
texts = st.lists(pieces | st.text(st.characters(exclude_categories=["Cs"]))).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@unhurried
@given(identifier=texts, content=st.dictionaries(texts, values, max_size=4))
def test_a_data_frame_says_what_was_meant_without_the_letters_ping(identifier: str, content: dict[str, Any]) -> None:
    message = {"operation": "added_message", "content": content}
    encoded = json.dumps(message, ensure_ascii=False).encode()
    frame = frames.PlainForm(identifier).encode("e", Event(1, encoded))
    (text,) = texts_in(frame)
    assert json.loads(text) == {"identifier": identifier, "message": message}
    assert b"ping" not in frame


@unhurried
@given(identifier=texts)
def test_an_answer_to_a_command_echoes_the_identifier_without_the_letters_ping(identifier: str) -> None:
    answers = {
        "confirm_subscription": frames.confirm(identifier),
        "reject_subscription": frames.reject(identifier),
        "confirm_history": frames.confirm_history(identifier),
        "reject_history": frames.reject_history(identifier),
    }
    for name, frame in answers.items():
        (text,) = texts_in(frame)
        assert json.loads(text) == {"identifier": identifier, "type": name}
        assert b"ping" not in frame


def test_a_data_frame_has_no_type_and_two_members_in_the_order_of_the_contract() -> None:
    (text,) = texts_in(frames.PlainForm(frames.IDENTIFIER).encode("e", Event(1, b'{"operation":"x","content":{}}')))
    assert list(json.loads(text)) == ["identifier", "message"]


# --- AnyCable's extended protocol ---


@unhurried
@given(identifier=texts, content=st.dictionaries(texts, values, max_size=4), offset=st.integers(1, 2**53))
def test_an_extended_data_frame_says_its_place_in_the_log(
    identifier: str, content: dict[str, Any], offset: int
) -> None:
    message = {"operation": "added_message", "content": content}
    frame = frames.ExtendedForm(identifier).encode("0123abcd", Event(offset, json.dumps(message).encode()))
    (text,) = texts_in(frame)
    assert json.loads(text) == {
        "identifier": identifier,
        "message": message,
        "stream_id": frames.stream_id(identifier),
        "epoch": "0123abcd",
        "offset": offset,
    }
    assert b"ping" not in frame


@unhurried
@given(identifiers=st.lists(texts, max_size=5))
def test_an_extended_welcome_names_what_is_restored_without_the_letters_ping(identifiers: list[str]) -> None:
    frame = frames.extended_welcome("piping-ping", identifiers)
    (text,) = texts_in(frame)
    assert json.loads(text) == {
        "type": "welcome",
        "sid": "piping-ping",
        "restored": True,
        "restored_ids": identifiers,
    }
    assert b"ping" not in frame


def test_each_identifier_has_a_stream_of_its_own() -> None:
    spaced = '{ "channel" : "NotificationsChannel" }'
    assert frames.stream_id(frames.IDENTIFIER) == "notifications"
    assert frames.stream_id(spaced).startswith("notifications-")
    assert frames.stream_id(spaced) == frames.stream_id(str(spaced))


def test_the_usual_identifier_has_one_form_for_all() -> None:
    for extended in (False, True):
        assert frames.form(frames.IDENTIFIER, extended=extended) is frames.form(frames.IDENTIFIER, extended=extended)
    assert frames.form(frames.IDENTIFIER, extended=False) is not frames.form(frames.IDENTIFIER, extended=True)
