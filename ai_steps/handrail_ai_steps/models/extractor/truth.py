"""True values held against candidates: what kind of field they make, and which candidates are right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from handrail_ai_steps.models.extractor.blocks import key_of
from handrail_ai_steps.models.extractor.labelled import TrueValue
from handrail_ai_steps.models.extractor.learned import FieldKind
from handrail_ai_steps.models.extractor.register import alike, runs_of_key
from handrail_ai_steps.models.extractor.sheet import PieceSheet, Truths
from handrail_ai_steps.models.extractor.spots import Spots, days_of
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number

MOST = 0.8
"""Of a field's true values: so many must be of a kind for the field to be."""
NEAR = 0.75
"""Two texts that have so much in common are the same but for letters that were misread."""
LONGEST = 12
"""Pieces of a text, at most."""

_ENDS = re.compile(r"^[^\w(+-]+|[^\w)]+$")


def is_missing(value: TrueValue) -> bool:
    """Return whether a true value says that there is none."""
    return value is None or (isinstance(value, str) and not value.strip())


def as_days(value: TrueValue) -> frozenset[date]:
    """Return the days that a true value may mean."""
    if isinstance(value, date):
        return frozenset({date(value.year, value.month, value.day)})
    written = read_date(_ENDS.sub("", value)) if isinstance(value, str) else None
    return written.readings if written else frozenset()


def as_amounts(value: TrueValue) -> frozenset[Decimal]:
    """Return the amounts that a true value may mean, with their sign."""
    if isinstance(value, int | float | Decimal):
        return frozenset({Decimal(str(value)).normalize()})
    number = read_number(value) if isinstance(value, str) else None
    if number is None:
        return frozenset()
    return frozenset(sign * Decimal(text).normalize() for text in number.written for sign in number.signs)


def kind_of(values: Sequence[TrueValue]) -> FieldKind:
    """Return what kind of field has these true values, none of which is missing."""
    most = MOST * len(values)
    if sum(bool(as_days(each)) for each in values) >= most:
        return "date"
    numbers = sum(isinstance(each, int | float | Decimal) for each in values)
    cents = sum(isinstance(each, str) and re.search(r"[.,]\d\d(?!\d)", each) is not None for each in values)
    if sum(bool(as_amounts(each)) for each in values) >= most and numbers + cents >= len(values) / 2:
        return "amount"
    words = sum(
        isinstance(e, int) or (isinstance(e, str) and len(e.split()) == 1 and any(map(str.isdigit, e))) for e in values
    )
    return "word" if words >= most else "text"


def right_values(spots: Spots, kind: FieldKind, value: TrueValue) -> Truths:
    """Return for each value of these spots whether it is the true one."""
    if kind == "date":
        days = as_days(value)
        right = [bool(days_of(each) & days) for each in spots.values]
    elif kind == "amount":
        amounts = as_amounts(value)
        right = [each in amounts for each in spots.values]
    else:
        key = key_of(str(value))
        right = [each == key for each in spots.values]
    return np.array(right, bool)


def right_keys(keys: Sequence[str], key: str) -> Truths:
    """Return for each key whether it is the true one; where none is, the nearest that differ by misread letters are."""
    right = np.array([each == key for each in keys], bool)
    if right.any() or not keys:
        return right
    wanted = runs_of_key(key)
    known: dict[str, float] = {}
    for each in keys:
        if each not in known:
            known[each] = alike(each, key, wanted) if abs(len(each) - len(key)) <= 0.15 * len(key) else 0.0
    near = np.array([known[each] for each in keys])
    nearest: Truths = (near >= NEAR) & (near == near.max())
    return nearest


@dataclass(frozen=True, slots=True)
class Stretch:
    """The pieces that a true text stands in, or nearly."""

    first: int
    last: int
    exact: bool


def stretch_of(sheet: PieceSheet, key: str) -> Stretch | None:
    """Return the pieces that make the text of this key, or come nearest to it; None: none comes near."""
    keys = [key_of(piece.text) for piece in sheet.pieces]
    wanted = runs_of_key(key)
    best: tuple[float, int, int] | None = None
    for first, begun in enumerate(keys):
        if not begun:
            continue
        inside = ""
        for last in range(first, min(len(keys), first + LONGEST)):
            inside += keys[last]
            if len(inside) > 1.6 * len(key) + 12:
                break
            near = 2.0 if inside == key else alike(inside, key, wanted) if len(inside) >= 0.6 * len(key) else 0.0
            if near > 0.5 and (best is None or near > best[0]):
                best = near, first, last
        if best and best[0] == 2.0:
            break
    return Stretch(best[1], best[2], best[0] == 2.0) if best else None
