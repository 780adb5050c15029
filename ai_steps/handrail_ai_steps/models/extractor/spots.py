"""What may be the value of a field of one word or number: the dates, the amounts and the words of a document."""

import re
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from handrail_ai_steps.models.extractor.sheet import Ints, PieceSheet
from handrail_guards.values.written_date import WrittenDate, find_dates
from handrail_guards.values.written_number import Number, find_numbers

SpotKind: TypeAlias = Literal["date", "amount", "word"]

MOST_SPOTS = 600
"""Only so many of a kind are looked at."""
MOST_DIGITS = 14
"""No amount has more."""

_WORD = re.compile(r"[^\s,;:|()\[\]{}\"]{3,40}")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where a value of a kind is written, in one way to read it."""

    start: int
    """In code points of the document's text."""
    end: int
    piece: int
    value: Hashable
    """The value it reads as: spots of the same value are one candidate."""
    written: WrittenDate | Number | None
    """What was read, where that is more than text."""


@dataclass(frozen=True, slots=True)
class Spots:
    """All spots of one kind in a document, in the order of the text."""

    spots: tuple[Spot, ...]
    values: tuple[Hashable, ...]
    """Each value once, in the order in which it is met."""
    value_of: Ints
    """For each spot the place of its value in ``values``."""
    pieces: Ints

    def text(self, sheet: PieceSheet, index: int) -> str:
        """Return what stands at a spot."""
        return sheet.text[self.spots[index].start : self.spots[index].end]

    def around(self, sheet: PieceSheet) -> list[str]:
        """Return for each spot the text of its piece, with a sign in its place."""
        texts = []
        for spot in self.spots:
            piece = sheet.pieces[spot.piece]
            at, end = spot.start - piece.start, spot.end - piece.start
            texts.append(f"{piece.text[:at]}\x01{piece.text[end:]}")
        return texts


def spots_of(sheet: PieceSheet, kind: SpotKind) -> Spots:
    """Return the spots of a kind."""
    found = _FIND[kind](sheet)
    spots: list[Spot] = []
    starts = [piece.start for piece in sheet.pieces]
    for start, end, value, written in found:
        piece = bisect_right(starts, start) - 1
        if piece >= 0 and end <= sheet.pieces[piece].end:
            spots.append(Spot(start, end, piece, value, written))
        if len(spots) == MOST_SPOTS:
            break
    index: dict[Hashable, int] = {}
    value_of = [index.setdefault(spot.value, len(index)) for spot in spots]
    pieces = np.array([spot.piece for spot in spots], np.int64)
    return Spots(tuple(spots), tuple(index), np.array(value_of, np.int64), pieces)


_Found: TypeAlias = Iterator[tuple[int, int, Hashable, WrittenDate | Number | None]]


def _dates(sheet: PieceSheet) -> _Found:
    for written in find_dates(sheet.text):
        yield written.span.start, written.span.end, written.readings, written


def _amounts(sheet: PieceSheet) -> _Found:
    for number in find_numbers(sheet.text):
        if number.span.end - number.span.start > MOST_DIGITS or number.percent:
            continue
        for text in sorted(number.written):
            for sign in sorted(number.signs, reverse=True):
                yield number.span.start, number.span.end, sign * Decimal(text).normalize(), number


def _words(sheet: PieceSheet) -> _Found:
    for piece in sheet.pieces:
        for match in _WORD.finditer(piece.text):
            word = match[0].strip(".'’#-–/*")
            letters = "".join(each for each in word.casefold() if each.isalnum())
            if letters and any(each.isdigit() for each in letters):
                start = piece.start + match.start() + match[0].index(word)
                yield start, start + len(word), letters, None


_FIND: Mapping[SpotKind, Callable[[PieceSheet], _Found]] = MappingProxyType(
    {"date": _dates, "amount": _amounts, "word": _words}
)


def days_of(value: Hashable) -> frozenset[date]:
    """Return the days that the value of a date may mean."""
    return frozenset(each for each in value if isinstance(each, date)) if isinstance(value, frozenset) else frozenset()
