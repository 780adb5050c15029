"""A picture with a palette shows what the picture of every colour shows, whatever filters its rows went through."""

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from docs.small_png import SIGNATURE, with_few_colours

WIDTH = 5


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """Return a row through one of PNG's filters, as the standard says it."""
    found = bytearray([kind])
    for at, byte in enumerate(row):
        left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
        up = above[at]
        near = left + up - corner
        paeth = min((abs(near - left), 0, left), (abs(near - up), 1, up), (abs(near - corner), 2, corner))[2]
        found.append((byte - (0, left, up, (left + up) // 2, paeth)[kind]) & 255)
    return bytes(found)


def colours_of(png: bytes) -> list[bytes]:
    """Return the pixels of a picture with a palette and unfiltered rows."""
    parts, at = {}, len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        parts[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += length + 12
    raw = zlib.decompress(parts[b"IDAT"])
    rows = [raw[start : start + WIDTH + 1] for start in range(0, len(raw), WIDTH + 1)]
    assert {row[0] for row in rows} == {0}
    palette = parts[b"PLTE"]
    return [palette[place * 3 : place * 3 + 3] for row in rows for place in row[1:]]


@given(data=st.data(), channels=st.sampled_from([3, 4]), kinds=st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_every_pixel_keeps_its_colour(data: st.DataObject, channels: int, kinds: list[int]) -> None:
    size = WIDTH * channels
    rows = [data.draw(st.binary(min_size=size, max_size=size)) for _ in kinds]
    through = [
        filtered(kind, row, above, channels)
        for kind, row, above in zip(kinds, rows, [bytes(size), *rows[:-1]], strict=True)
    ]
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), 8, 2 if channels == 3 else 6, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(b"".join(through))) + chunk(b"IEND", b"")
    small = with_few_colours(SIGNATURE + chunk(b"IHDR", header) + ends)
    assert colours_of(small) == [row[at : at + 3] for row in rows for at in range(0, size, channels)]
