"""Phone numbers as people write them, compared as the apps do (encryption.md 4.1)."""

import re

MATCHING_DIGITS = 8
"""Of two numbers with and without country code so many last digits agree."""

_SEPARATORS = re.compile(r"[\s().\-/+]")


def split_numbers(text: str) -> list[str]:
    """The numbers of a list with commas between."""
    return [number.strip() for number in text.split(",") if number.strip()]


def matcher(number: str) -> str:
    """What two spellings of one number have in common; of a name or a mail address, all of it."""
    bare = _SEPARATORS.sub("", number)
    return bare[-MATCHING_DIGITS:] if bare.isdecimal() else number.strip()


def id_matcher(numbers: str) -> str:
    """The `id_matcher` of a conversation with these numbers."""
    return "".join(sorted(map(matcher, split_numbers(numbers))))


def same_numbers(one: str, other: str) -> bool:
    """Whether two lists name the same people."""
    first, second = (sorted(matcher(number).casefold() for number in split_numbers(text)) for text in (one, other))
    return bool(first) and first == second


def is_number(text: str) -> bool:
    """Whether it is written like a phone number rather than a name."""
    return bool(text.strip()) and _SEPARATORS.sub("", text).isdecimal()
