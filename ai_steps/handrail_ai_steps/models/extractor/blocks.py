"""What may be the value of a field of text: pieces that follow each other, with or without what leads in or trails."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from handrail_ai_steps.models.extractor.sheet import Floats, Ints, PieceSheet

MOST_STARTS = 24
"""So many pieces at most are looked at as the first of a block."""

_LED_IN = re.compile(r"[^\d:]{1,18}:\s*(?=\S{3})")
_CUTS = (
    re.compile(r"\s*[(\[][^()\[\]]*\d[^()\[\]]*[)\]]?\W*$"),  # MINI MARKET (1234567-A)
    re.compile(
        r"(?<=\w)[\s,;:#-]+(?:\w\w?[.:\s]+)?[A-Za-z.:#-]{0,4}\d{5}[\w-]*(?:\s*\([^()]*\))?\W*$"
    ),  # SHOP 123456-A (X)
    re.compile(
        r"[\s,;(-]+(?:[^\W\d_][\w.]{1,9}[\s.:]*){1,3}[:\s.]*\+?[(\d][\d()\s/-]{6,}\W*$"
    ),  # , TEL NO.: 07-387 3322
    re.compile(r"\s*[(\[][^()\[\]]*[)\]]\W*$"),  # MINI MARKET (TOWN)
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Candidates of a field, each from its first piece to its last."""

    first: Ints
    last: Ints
    led: Ints
    """Which way each begins: 0 as its piece does."""
    cut: Ints
    """Which way each ends: 0 as its piece does."""
    starts: Ints
    """In code points of the document's text."""
    ends: Ints
    keys: tuple[str, ...]
    """The letters and digits of each: candidates of the same key are one value."""

    def __len__(self) -> int:
        return len(self.keys)


def key_of(text: str) -> str:
    """Return the letters and digits of a text, by which values are compared."""
    return "".join(filter(str.isalnum, text.casefold()))


def blocks_of(sheet: PieceSheet, first_odds: Floats, longest: int) -> Blocks:
    """Return the candidates of at most so many pieces that begin where a field's first piece is likeliest."""
    count = len(sheet.pieces)
    likely = np.sort(np.argsort(-first_odds, kind="stable")[:MOST_STARTS])
    rows: list[int] = []
    keys: list[str] = []
    for first in likely.tolist():
        piece = sheet.pieces[first]
        for led, start in enumerate(_ways_in(piece.text)):
            inside = ""
            for last in range(first, min(count, first + longest)):
                end_piece = sheet.pieces[last]
                if end_piece.page != piece.page:
                    break
                ways = _ways_out(end_piece.text)
                if last == first and start:
                    rest = piece.text[start:]
                    ways = tuple((cut, end, key_of(rest[: end - start])) for cut, end, _ in ways if end > start)
                for cut, end, own in ways:
                    if key := inside + own:
                        rows += (first, last, led, cut, piece.start + start, end_piece.start + end)
                        keys.append(key)
                inside += ways[0][2]
    columns = np.array(rows, np.int64).reshape(-1, 6).T
    return Blocks(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], tuple(keys))


@lru_cache(4096)
def _ways_in(text: str) -> tuple[int, ...]:
    """Return where a piece may begin: whole, then without what leads in."""
    match = _LED_IN.match(text)
    return (0, match.end()) if match and match.end() < len(text) else (0,)


@lru_cache(4096)
def _ways_out(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return which way a piece may end, where, and the key of what is before: whole, then without what trails."""
    ends = {len(text): 0}
    for way, pattern in enumerate(_CUTS, start=1):
        match = pattern.search(text)
        if match and match.start():
            ends.setdefault(match.start(), way)
    return tuple((way, end, key_of(text[:end])) for end, way in ends.items())


def text_of(sheet: PieceSheet, start: int, end: int) -> str:
    """Return a stretch of the document on one line."""
    return " ".join(sheet.text[start:end].split())


def spans_of(sheet: PieceSheet, start: int, end: int) -> Sequence[tuple[int, int]]:
    """Return a stretch of the document piece by piece."""
    return [
        (max(start, piece.start), min(end, piece.end))
        for piece in sheet.pieces
        if piece.start < end and piece.end > start
    ]
