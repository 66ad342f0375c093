"""What can be resumed: the one rule, as tables."""

import pytest

from heartline.stream.log import Cursor, History, Position

POSITION = Position("e", floor=4, head=7)

RESUMABLE = {
    "before what is kept": (2, False),
    "right before what is kept": (3, True),
    "the first that is kept": (4, True),
    "between": (5, True),
    "the head": (7, True),
    "after the head": (8, False),
}


@pytest.mark.parametrize(("offset", "can"), RESUMABLE.values(), ids=RESUMABLE.keys())
def test_what_can_be_resumed(offset: int, can: bool) -> None:
    assert POSITION.can_resume_after(offset) is can


EMPTY = {
    "never an event": (Position("e", 1, 0), [0]),
    "one event": (Position("e", 1, 1), [0, 1]),
    "all trimmed": (Position("e", 8, 7), [7]),
    "one left": (Position("e", 7, 7), [6, 7]),
}


@pytest.mark.parametrize(("position", "resumable"), EMPTY.values(), ids=EMPTY.keys())
def test_a_client_that_missed_nothing_can_always_resume(position: Position, resumable: list[int]) -> None:
    assert [offset for offset in range(-2, 12) if position.can_resume_after(offset)] == resumable


STARTS: dict[str, tuple[History, Position, int | None]] = {
    "a cursor": (History(Cursor("e", 5), None), POSITION, 5),
    "the oldest cursor": (History(Cursor("e", 3), None), POSITION, 3),
    "the cursor at the head": (History(Cursor("e", 7), None), POSITION, 7),
    "a cursor that is too old": (History(Cursor("e", 2), None), POSITION, None),
    "a cursor beyond the head": (History(Cursor("e", 8), None), POSITION, None),
    "a negative cursor": (History(Cursor("e", -1), None), Position("e", 1, 7), None),
    "another epoch": (History(Cursor("f", 5), None), POSITION, None),
    "no epoch": (History(Cursor("", 5), None), POSITION, None),
    "a moment": (History(None, 1_000), POSITION._replace(before_since=5), 5),
    "a moment before all events": (History(None, 0), Position("e", 1, 7, before_since=0), 0),
    "a moment that was trimmed": (History(None, 1_000), POSITION, None),
    "a cursor goes before a moment": (History(Cursor("e", 6), 1_000), POSITION._replace(before_since=4), 6),
    "a lost cursor is not saved by a moment": (History(Cursor("f", 6), 1_000), POSITION._replace(before_since=4), None),
    "nothing in particular": (History(None, None), POSITION, 7),
}


@pytest.mark.parametrize(("history", "position", "start"), STARTS.values(), ids=STARTS.keys())
def test_where_a_history_starts(history: History, position: Position, start: int | None) -> None:
    assert history.start(position) == start


KNOWING = {
    "the head": (History(Cursor("e", 7), None), False),
    "more": (History(Cursor("e", 8), None), True),
    "more of another log": (History(Cursor("f", 8), None), False),
    "a moment": (History(None, 10**15), False),
    "nothing": (History(None, None), False),
}


@pytest.mark.parametrize(("history", "more"), KNOWING.values(), ids=KNOWING.keys())
def test_a_client_that_knows_more_than_the_log(history: History, more: bool) -> None:
    assert history.knows_more_than(POSITION) is more
