"""How phone numbers are compared and joined (encryption.md 4.1)."""

import re
from collections.abc import Iterable

SIGNIFICANT = 8
"""Last digits that tell numbers apart, with or without the country's code."""

_SEPARATORS = re.compile(r"[\s()+\-./]")


def matcher_of(number: str) -> str:
    """What identifies one number: its last eight digits; names and addresses of mail are kept whole."""
    bare = _SEPARATORS.sub("", number)
    return bare[-SIGNIFICANT:] if bare.isdecimal() else number.strip().lower()


def id_matcher(numbers: Iterable[str]) -> str:
    """What identifies the people of a conversation, in whatever order and form their numbers are given."""
    return "".join(sorted(map(matcher_of, numbers)))


def joined(numbers: Iterable[str]) -> str:
    """The numbers as a conversation's row holds them."""
    return ", ".join(numbers)


def split(text: str) -> tuple[str, ...]:
    """The numbers of a row, or of `forward_to_phone`, which leaves out the space."""
    return tuple(number for part in text.split(",") if (number := part.strip()))
