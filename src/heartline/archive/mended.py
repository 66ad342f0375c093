"""Makes well-formed XML of what backup apps write, while it streams by.

Old versions of such apps write an emoji as the two halves of its UTF-16 form (`&#55357;&#56832;`), control characters that
XML does not have, and a bare `&`. A parser would stop at the first of them, and everything behind it would be lost.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from io import TextIOWrapper
from typing import BinaryIO

CHUNK_CHARACTERS = 256 * 1024
"""How much is looked at at once."""
REPLACEMENT = "\ufffd"
"""Stands where something was that is no character."""

_REFERENCES = re.compile(r"(?:&#(?:[0-9]+|[xX][0-9a-fA-F]+);)+")
_BARE = re.compile(r"&(?!(?:#[0-9]+|amp|lt|gt|quot|apos);)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_HIGH_HALF = r"&#(?:5529[6-9]|55[3-9]\d\d|56[0-2]\d\d|563[01]\d|[xX][dD][89abAB][0-9a-fA-F]{2});"
_UNFINISHED = re.compile(rf"(?:{_HIGH_HALF})?(?:&#?\w{{0,10}})?\Z", re.ASCII)
"""The end of a chunk that the next one may continue: a half that waits for its other half, or the start of an entity."""
_UNFINISHED_CHARACTERS = 32
"""It is shorter than this."""


class Mended:
    """The text of a file in chunks, mended. `count` says how many places were."""

    def __init__(self, file: BinaryIO) -> None:
        self.count = 0
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of UTF-8."""
        text = TextIOWrapper(self._file, _encoding(self._file), errors="replace", newline="")
        try:
            rest = ""
            while chunk := text.read(CHUNK_CHARACTERS):
                chunk = rest + chunk
                unfinished = _UNFINISHED.search(chunk, max(0, len(chunk) - _UNFINISHED_CHARACTERS))
                rest = unfinished[0] if unfinished else ""
                yield self._mend(chunk[: len(chunk) - len(rest)])
            yield self._mend(rest)
        finally:
            text.detach()  # the file is the caller's

    def _mend(self, text: str) -> bytes:
        if "&" in text:
            text = _REFERENCES.sub(self._references, text)
            text = _BARE.sub(self._bare, text)
        return _ILLEGAL.sub(self._illegal, text).encode()

    def _references(self, found: re.Match[str]) -> str:
        """References to characters that follow each other, with the halves joined."""
        mended: list[str] = []
        high = 0
        for reference in found[0].removeprefix("&#").removesuffix(";").split(";&#"):
            number = int(reference[1:], 16) if reference[0] in "xX" else int(reference)
            if high and 0xDC00 <= number <= 0xDFFF:
                mended[-1] = chr(0x10000 + ((high - 0xD800) << 10) + (number - 0xDC00))
                self.count -= 1  # the high half was no character, but it was none by itself
                high = 0
                continue
            high = number if 0xD800 <= number <= 0xDBFF else 0
            if _is_character(number):
                mended.append(f"&#{number};")
            else:
                mended.append(REPLACEMENT)
                self.count += 1
        return "".join(mended)

    def _bare(self, _: re.Match[str]) -> str:
        self.count += 1
        return "&amp;"

    def _illegal(self, _: re.Match[str]) -> str:
        self.count += 1
        return REPLACEMENT


def _is_character(number: int) -> bool:
    """Whether XML has it (XML 1.0, section 2.2)."""
    return (
        number in (0x9, 0xA, 0xD)
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or 0x10000 <= number <= 0x10FFFF
    )


def _encoding(file: BinaryIO) -> str:
    """UTF-8, unless the file starts with the mark of UTF-16."""
    start = file.read(3)
    file.seek(0)
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if start.startswith(BOM_UTF8) else "utf-8"
