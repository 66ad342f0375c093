"""Counted attempts, with a clock that the tests turn."""

import pytest

from heartline.contract import Limit
from heartline.errors import TooManyAttempts
from heartline.server import limits
from heartline.server.limits import PER_ADDRESS, Limiter

LOGIN = Limit(attempts=3, window_s=60, parameter="username", only_failures=True)
POLL = Limit(attempts=3, window_s=60)


@pytest.fixture
def limiter() -> Limiter:
    return Limiter()


def wait_s(limiter: Limiter, limit: Limit, now_s: float, *caller: str) -> int | None:
    """How long the caller is told to wait; None when the attempt is allowed, and counted."""
    try:
        limiter.take(limit, now_s, *caller)
    except TooManyAttempts as refusal:
        return refusal.retry_after_s
    return None


def test_so_many_attempts_are_allowed_and_no_more(limiter: Limiter) -> None:
    assert [wait_s(limiter, LOGIN, 100, "/login", "::1", "pat") for _ in range(5)] == [None, None, None, 60, 60]


def test_the_window_begins_with_the_first_attempt_and_ends_by_itself(limiter: Limiter) -> None:
    for now_s in (100, 120, 159.9):
        assert wait_s(limiter, POLL, now_s, "/poll", "::1", "") is None
    assert wait_s(limiter, POLL, 159.95, "/poll", "::1", "") == 1
    assert [wait_s(limiter, POLL, 160, "/poll", "::1", "") for _ in range(4)] == [None, None, None, 60]


@pytest.mark.parametrize(("now_s", "expected"), [(100, 60), (100.5, 60), (101, 59), (130.25, 30), (159.001, 1)])
def test_the_time_to_wait_is_rounded_up(limiter: Limiter, now_s: float, expected: int) -> None:
    for _ in range(3):
        limiter.take(POLL, 100, "/poll", "::1", "")
    assert wait_s(limiter, POLL, now_s, "/poll", "::1", "") == expected


def test_refused_attempts_do_not_count(limiter: Limiter) -> None:
    for _ in range(50):
        wait_s(limiter, LOGIN, 100, "/login", "::1", "pat")
    # Had they counted for the address, it would have used up its share for other names too.
    assert wait_s(limiter, LOGIN, 101, "/login", "::1", "alex") is None
    assert wait_s(limiter, LOGIN, 160, "/login", "::1", "pat") is None


def test_other_callers_are_counted_on_their_own(limiter: Limiter) -> None:
    for _ in range(4):
        wait_s(limiter, LOGIN, 100, "/login", "::1", "pat")
    assert wait_s(limiter, LOGIN, 100, "/login", "::1", "pat") == 60
    for caller in (("/login", "::1", "alex"), ("/login", "192.0.2.2", "pat"), ("/other", "::1", "pat")):
        assert wait_s(limiter, LOGIN, 100, *caller) is None


def test_a_long_value_takes_no_more_memory_than_a_short_one(limiter: Limiter) -> None:
    for _ in range(4):
        wait_s(limiter, LOGIN, 100, "/login", "::1", "é" * 1_000_000)
    assert wait_s(limiter, LOGIN, 100, "/login", "::1", "é" * 1_000_000) == 60
    assert sum(len(part) for key in limiter._windows for part in key) < 200


def test_an_address_has_a_share_over_all_names(limiter: Limiter) -> None:
    allowed = LOGIN.attempts * PER_ADDRESS
    waits = [wait_s(limiter, LOGIN, 100, "/login", "::1", f"user {n}") for n in range(allowed + 2)]
    assert waits == [None] * allowed + [60, 60]
    assert wait_s(limiter, LOGIN, 100, "/login", "192.0.2.2", "user 0") is None


def test_an_attempt_that_is_given_back_was_none(limiter: Limiter) -> None:
    for _ in range(LOGIN.attempts * PER_ADDRESS * 2):
        limiter.take(LOGIN, 100, "/login", "::1", "pat")
        limiter.give_back(LOGIN, "/login", "::1", "pat")
    assert [wait_s(limiter, LOGIN, 100, "/login", "::1", "pat") for _ in range(4)] == [None, None, None, 60]


def test_nothing_can_be_gained_by_giving_back(limiter: Limiter) -> None:
    for _ in range(5):
        limiter.give_back(LOGIN, "/login", "::1", "pat")
    limiter.take(LOGIN, 100, "/login", "::1", "pat")
    for _ in range(5):
        limiter.give_back(LOGIN, "/login", "::1", "pat")
    assert [wait_s(limiter, LOGIN, 100, "/login", "::1", "pat") for _ in range(4)] == [None, None, None, 60]


def test_what_is_remembered_is_bounded_and_the_quietest_forgotten_first(
    limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEYS", 10)
    for _ in range(3):
        limiter.take(POLL, 100, "/poll", "quiet", "")
    for n in range(50):
        limiter.take(POLL, 101, "/poll", f"address {n}", "")
    assert len(limiter._windows) == 10
    assert wait_s(limiter, POLL, 102, "/poll", "quiet", "") is None
    assert wait_s(limiter, POLL, 102, "/poll", "address 49", "") is None


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "", True),
    ],
)
def test_a_network_of_ipv6_is_one_caller(limiter: Limiter, first: str, second: str, same: bool) -> None:
    for _ in range(POLL.attempts):
        limiter.take(POLL, 0, "poll", first, "")
    assert (wait_s(limiter, POLL, 0, "poll", second, "") is not None) == same
