"""What counts as a command, and as our channel."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.stream.commands import Command, parse
from heartline.stream.log import Cursor, History
from tests.strategies import unhurried

IDENTIFIER = '{"channel":"NotificationsChannel"}'

COMMANDS = {
    "as in the contract": (
        r'{"command":"subscribe","identifier":"{\"channel\":\"NotificationsChannel\"}"}',
        Command("subscribe", IDENTIFIER),
    ),
    "other order and white space": (
        ' {\n"identifier" : "{\\"channel\\":\\"NotificationsChannel\\"}" ,\t"command":"subscribe" } ',
        Command("subscribe", IDENTIFIER),
    ),
    "escapes": (r'{"command":"subscri\u0062e","identifier":"\u007b}"}', Command("subscribe", "{}")),
    "more members": (
        '{"command":"message","identifier":"{}","data":"{}","x":[1,{"y":null}]}',
        Command("message", "{}"),
    ),
    "no identifier": ('{"command":"whatever"}', Command("whatever", "")),
}

GARBAGE = {
    "nothing": "",
    "white space": " \n",
    "words": "hello",
    "half an object": '{"command":"subscribe","identifier":"',
    "text after the object": '{"command":"subscribe"}{}',
    "a number": "1",
    "a number of many digits": "9" * 4_000,
    "an exponent": "1e999999999",
    "null": "null",
    "true": "true",
    "a string": '"subscribe"',
    "an array": '["subscribe"]',
    "an object that says nothing": "{}",
    "a command that is no text": '{"command":1}',
    "a command that is null": '{"command":null}',
    "an identifier that is an object": '{"command":"subscribe","identifier":{"channel":"NotificationsChannel"}}',
    "an identifier that is null": '{"command":"subscribe","identifier":null}',
    "half a surrogate pair": r'{"command":"subscribe","identifier":"\ud800"}',
    "deep arrays": "[" * 2_000 + "]" * 2_000,
    "deep arrays in a member": '{"command":"subscribe","x":' + "[" * 2_000 + "]" * 2_000 + "}",
    "deep objects without end": '{"a":' * 100_000,
    "a megabyte": "x" * 1_000_000,
}

CHANNELS = {
    "as in the contract": (IDENTIFIER, True),
    "white space": ('{ "channel" :\t"NotificationsChannel" }\n', True),
    "further members": ('{"id":1,"channel":"NotificationsChannel","x":{}}', True),
    "another channel": ('{"channel":"OtherChannel"}', False),
    "other case": ('{"channel":"notificationschannel"}', False),
    "empty": ("", False),
    "no object": ('"NotificationsChannel"', False),
    "the bare name": ("NotificationsChannel", False),
    "an array": ("[]", False),
    "no channel": ("{}", False),
    "a channel that is null": ('{"channel":null}', False),
    "a channel in a list": ('{"channel":["NotificationsChannel"]}', False),
    "text after the object": (IDENTIFIER + "x", False),
    "deep arrays": ('{"channel":"NotificationsChannel","x":' + "[" * 100_000, False),
    "deep arrays that end": ("[" * 2_000 + "]" * 2_000, False),
}


@pytest.mark.parametrize(("text", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_command(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(("identifier", "ours"), CHANNELS.values(), ids=CHANNELS.keys())
def test_the_identifier_names_the_channel(identifier: str, ours: bool) -> None:
    assert Command("subscribe", identifier).names_the_channel() is ours


@unhurried
@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    parse(text)
    Command("subscribe", text).names_the_channel()


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_any_identifier_is_understood_as_it_was_meant(identifier: str, ascii_only: bool) -> None:
    text = json.dumps({"command": "subscribe", "identifier": identifier}, ensure_ascii=ascii_only)
    assert parse(text) == Command("subscribe", identifier)


# --- history ---


def history(text: str) -> History | None:
    command = parse(
        json.dumps({"command": "history", "identifier": IDENTIFIER, "history": 0}).replace(" 0}", f" {text}}}")
    )
    return command and command.wanted_history()


HISTORIES = {
    "a cursor": ('{"streams":{"notifications":{"epoch":"e","offset":5}}}', History(Cursor("e", 5), None)),
    "a cursor and a moment": (
        '{"since":2.5,"streams":{"notifications":{"epoch":"e","offset":5}}}',
        History(Cursor("e", 5), 2_500),
    ),
    "a moment": ('{"since":1608150458}', History(None, 1_608_150_458_000)),
    "null for no moment": ('{"since":null}', History(None, None)),
    "another stream": ('{"streams":{"other":{"epoch":"e","offset":5}}}', History(None, None)),
    "nothing in particular": ("{}", History(None, None)),
    "none": ("null", None),
    "half a cursor": ('{"streams":{"notifications":{"epoch":"e"}}}', None),
    "a cursor that is text": ('{"streams":{"notifications":{"epoch":"e","offset":"5"}}}', None),
    "a list": ("[]", None),
}


@pytest.mark.parametrize(("text", "expected"), HISTORIES.values(), ids=HISTORIES.keys())
def test_histories(text: str, expected: History | None) -> None:
    assert history(text) == expected


@pytest.mark.parametrize("since", ["1e16", "1e300", "1e306", "1.7e308", "-1e300", "-1.7e308", "9" * 300])
def test_a_moment_that_is_out_of_reach_is_a_number_that_a_database_takes(since: str) -> None:
    found = history(f'{{"since":{since}}}')
    assert found is None or found.since_ms is None or -(2**63) <= found.since_ms < 2**63
