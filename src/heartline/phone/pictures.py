"""Pictures for a history that nobody lived: small landscapes, drawn from a number, as PNG."""

import math
import random
import struct
import zlib

WIDTH, HEIGHT = 320, 214
"""Pixels."""

Colour = tuple[int, int, int]
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((94, 159, 226), (214, 234, 248)),
    ((255, 138, 92), (255, 222, 160)),
    ((44, 52, 104), (226, 128, 138)),
    ((150, 178, 196), (226, 230, 228)),
)
GROUNDS: tuple[Colour, ...] = ((58, 110, 72), (96, 132, 66), (70, 84, 112), (140, 110, 78))


def landscape(seed: int) -> bytes:
    """A PNG of hills under a sky; the same one for the same number."""
    dice = random.Random(seed)
    top, bottom = dice.choice(SKIES)
    ground = dice.choice(GROUNDS)
    sun_x, sun_y, sun = dice.randrange(40, WIDTH - 40), dice.randrange(30, 90), dice.randrange(14, 24)
    hills = [_hill(dice, HEIGHT * (0.5 + 0.16 * layer), 26 - 6 * layer) for layer in range(3)]
    shades = [_mixed(ground, bottom, 0.55 - 0.25 * layer) for layer in range(3)]
    rows = bytearray()
    for y in range(HEIGHT):
        sky = bytes(_mixed(bottom, top, y / HEIGHT))
        row = bytearray(sky * WIDTH)
        half = sun * sun - (y - sun_y) ** 2
        if half > 0:
            reach = int(math.sqrt(half))
            row[3 * (sun_x - reach) : 3 * (sun_x + reach)] = bytes((255, 244, 200)) * (2 * reach)
        for hill, shade in zip(hills, shades, strict=True):
            if y >= max(hill):
                row[:] = bytes(shade) * WIDTH
            elif y >= min(hill):
                for x in range(WIDTH):
                    if y >= hill[x]:
                        row[3 * x : 3 * x + 3] = bytes(shade)
        rows += b"\0" + row  # each row begins with its filter: none
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _hill(dice: random.Random, height: float, swing: float) -> list[float]:
    waves = [(dice.uniform(0.006, 0.03), dice.uniform(0, 6.3)) for _ in range(3)]
    return [height + swing * sum(math.sin(x * speed + phase) for speed, phase in waves) / 2 for x in range(WIDTH)]


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of one, the rest of the other."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
