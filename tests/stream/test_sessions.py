"""Sessions of clients that lost their socket."""

import pytest

from heartline.stream import sessions as sessions_module
from heartline.stream.sessions import Session, Sessions

SESSION = Session(1, ("a", "b"))


def test_a_session_is_taken_once() -> None:
    sessions = Sessions()
    sessions.keep("s", SESSION)
    assert sessions.take("s", 1) == SESSION
    assert sessions.take("s", 1) is None


def test_an_unknown_session() -> None:
    assert Sessions().take("s", 1) is None


def test_a_session_is_not_for_another_account_which_does_not_use_it_up() -> None:
    sessions = Sessions()
    sessions.keep("s", SESSION)
    assert sessions.take("s", 2) is None
    assert sessions.take("s", 1) == SESSION


def test_the_oldest_session_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions_module, "SESSIONS", 3)
    sessions = Sessions()
    for name in "abcd":
        sessions.keep(name, SESSION)
    assert [name for name in "abcd" if sessions.take(name, 1)] == ["b", "c", "d"]
