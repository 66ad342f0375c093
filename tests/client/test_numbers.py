"""Numbers as people write them (encryption.md 4.1)."""

import pytest

from heartline.client.numbers import id_matcher, is_number, same_numbers


@pytest.mark.parametrize(
    ("numbers", "matcher"),
    [
        ("+1 (555) 000-2222", "50002222"),
        ("5550002222", "50002222"),
        ("+15550003333, +1 555 000 2222", "5000222250003333"),
        ("12345", "12345"),
        ("Bank-Info", "Bank-Info"),
        ("Ann@Example.org", "Ann@Example.org"),
        ("", ""),
    ],
)
def test_id_matcher(numbers: str, matcher: str) -> None:
    assert id_matcher(numbers) == matcher


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+15550002222", "555-000-2222", True),
        ("+15550002222, +15550003333", "5550003333,5550002222", True),
        ("+15550002222, +15550003333", "5550003333", False),
        ("12345", "5550012345", False),
        ("ann@example.org", "Ann@Example.org", True),
        ("", "", False),
    ],
)
def test_same_numbers(one: str, other: str, same: bool) -> None:
    assert same_numbers(one, other) is same
    assert same_numbers(other, one) is same


@pytest.mark.parametrize(
    ("text", "number"),
    [("+1 (555) 000-2222", True), ("12345", True), ("Bob", False), ("Bob 2", False), (" ", False), ("-", False)],
)
def test_what_is_written_like_a_number(text: str, number: bool) -> None:
    assert is_number(text) is number
