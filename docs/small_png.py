"""A picture of a page made small: as a PNG with a palette, of the colours that it has most."""

import struct
import zlib
from collections import Counter
from functools import partial

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256


def with_few_colours(png: bytes) -> bytes:
    """Return a PNG of 8 bits a channel as one with a palette; rarer colours become the nearest that is in it."""
    width, height, channels, rows = _rows(png)
    pixels = [row[at : at + 3] for row in rows for at in range(0, width * channels, channels)]
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(MOST_COLOURS)]
    places = {colour: place for place, colour in enumerate(palette)}
    for colour in counted.keys() - places.keys():
        places[colour] = places[min(palette, key=partial(_distance, colour))]
    lines = (bytes(places[pixel] for pixel in pixels[at : at + width]) for at in range(0, width * height, width))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines), 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _rows(png: bytes) -> tuple[int, int, int, list[bytes]]:
    """Return the width, height, channels and rows of a PNG of 8 bits a channel, without its filters."""
    at, data, header = len(SIGNATURE), b"", b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        header, data = body if kind == b"IHDR" else header, data + body if kind == b"IDAT" else data
        at += length + 12
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    assert (depth, colour) in {(8, 2), (8, 6)}, "no picture of a page"
    channels = 3 if colour == 2 else 4
    raw, size = zlib.decompress(data), width * channels
    rows, above = [], bytes(size)
    for start in range(0, height * (size + 1), size + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + size], above, channels)
        rows.append(above)
    return width, height, channels, rows


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """Return a row as it was before one of PNG's five filters."""
    if kind == 0:
        return line
    if kind == 2:
        return bytes((byte + up) & 255 for byte, up in zip(line, above, strict=True))
    row = bytearray(line)
    for at in range(len(row)):
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        match kind:
            case 1:
                guess = left
            case 3:
                guess = (left + above[at]) // 2
            case _:
                guess = _paeth(left, above[at], corner)
        row[at] = (row[at] + guess) & 255
    return bytes(row)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
