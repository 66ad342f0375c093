"""The made-up history."""

import struct
import zlib

from heartline.archive.entries import RECEIVED
from heartline.phone.history import DAY_MS, WEEKS, make_history
from heartline.phone.pictures import HEIGHT, WIDTH, landscape

NOW_MS = 1_800_000_000_000


def test_it_is_lively() -> None:
    history = make_history(1, NOW_MS)
    assert len(history) > 200
    assert len({entry.numbers for entry in history}) > 10
    assert any(len(entry.numbers) > 1 and entry.sender for entry in history)
    assert sum(part.mime_type == "image/png" for entry in history for part in entry.parts) >= 5
    assert {entry.message_type == RECEIVED for entry in history} == {True, False}
    assert any(not entry.read for entry in history)
    times = [entry.timestamp_ms for entry in history]
    assert times == sorted(times)
    assert NOW_MS - (WEEKS + 1) * 7 * DAY_MS < times[0] < times[-1] < NOW_MS
    assert times[-1] - times[0] > 14 * DAY_MS


def test_it_is_the_same_for_the_same_seed_and_time() -> None:
    assert make_history(3, NOW_MS) == make_history(3, NOW_MS)
    assert make_history(3, NOW_MS) != make_history(4, NOW_MS)


def test_a_picture_is_a_png() -> None:
    picture = landscape(5)
    assert picture == landscape(5)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    place, data, kinds = 8, b"", []
    while place < len(picture):
        (length,) = struct.unpack_from(">I", picture, place)
        kind, content = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", picture, place + 8 + length) == (zlib.crc32(kind + content),)
        kinds.append(kind)
        data += content if kind == b"IDAT" else b""
        place += length + 12
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert len(zlib.decompress(data)) == HEIGHT * (1 + 3 * WIDTH)
