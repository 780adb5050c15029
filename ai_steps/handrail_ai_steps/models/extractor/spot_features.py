"""What is measured at each spot, and of each value over all of its spots."""

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from handrail_ai_steps.models.extractor.sheet import Floats, PieceSheet, Truths, as_table
from handrail_ai_steps.models.extractor.spots import SpotKind, Spots, days_of
from handrail_guards.values.written_date import WrittenDate
from handrail_guards.values.written_number import Number

ROLES = ("own", "left", "above", "below")
"""Whose letters are weighed: the piece around the spot, those left of it, the row above and the row below."""
NEAR = 5
"""Cents by which amounts may differ that are the same but for rounding."""
SAME = 0.6
"""Cents below which two amounts are the same."""
MOST_ADDED = 40
"""Only so many of the amounts are added up with each other."""

_TIME = re.compile(r"\d{1,2}:\d{2}")


def neighbours(sheet: PieceSheet, spots: Spots) -> tuple[Truths, Truths, Truths]:
    """Return for each spot the pieces left of it, in the row above it and in the row below it."""
    left = sheet.beside(spots.pieces)
    return left, sheet.in_row(spots.pieces, -1), sheet.in_row(spots.pieces, 1)


def spot_table(sheet: PieceSheet, spots: Spots, kind: SpotKind) -> Floats:
    """Return a row of numbers for each spot."""
    if not spots.spots:
        return np.zeros((0, len(_where(sheet, spots)) + WIDTHS[kind]), np.float32)
    columns = [*_where(sheet, spots), *_what(sheet, spots)]
    return as_table(columns)


WIDTHS: dict[SpotKind, int] = {"date": 6, "amount": 7, "word": 6}
"""How many columns each kind has of its own."""


def _where(sheet: PieceSheet, spots: Spots) -> list[Floats]:
    boxes, pieces = sheet.boxes[spots.pieces], spots.pieces
    top, right = boxes[:, 1], boxes[:, 2]
    count = np.bincount(pieces, minlength=len(sheet.pieces))[pieces] if len(pieces) else np.zeros(0)
    order = np.arange(len(pieces)) / max(len(pieces), 1)
    last_page = sheet.pages[pieces] == (sheet.pages.max() if len(sheet.pages) else 0)
    columns = [top, top * top, boxes[:, 0], right, right > 0.8, sheet.heights[pieces], count > 1, order, last_page]
    columns += [(top >= low) & (top < low + 0.2) for low in (0.0, 0.2, 0.4, 0.6, 0.8)]
    return [np.asarray(each, np.float32) for each in columns]


def _what(sheet: PieceSheet, spots: Spots) -> list[Sequence[float]]:
    rows: list[tuple[float, ...]] = []
    for spot in spots.spots:
        piece = sheet.pieces[spot.piece]
        before, after = piece.text[: spot.start - piece.start], piece.text[spot.end - piece.start :]
        text = sheet.text[spot.start : spot.end]
        bare = not any(map(str.isalpha, before))
        if isinstance(spot.written, WrittenDate):
            own = (_TIME.search(after) is not None, len(text) > 8, len(spot.written.readings) > 1)
            rows.append((bare, not after.strip(), bool(before.strip()), *own))
        elif isinstance(spot.written, Number):
            decimals = max(len(each.partition(".")[2]) for each in spot.written.written)
            cents = text[-3:-2] in {".", ","}
            rows.append(
                (
                    bare,
                    not after.strip(),
                    bool(before.strip()),
                    cents,
                    decimals > 2,
                    spot.written.currencies is not None,
                    -1 in spot.written.signs,
                )
            )
        else:
            digits = sum(map(str.isdigit, text)) / len(text)
            rows.append((bare, not after.strip(), bool(before.strip()), digits, len(text) / 10, digits == 1))
    return list(zip(*rows, strict=True))


def value_table(sheet: PieceSheet, spots: Spots, kind: SpotKind, odds: Floats) -> Floats:
    """Return a row of numbers for each value; ``odds`` are the log-odds of each spot."""
    count = len(spots.values)
    member = spots.value_of[None, :] == np.arange(count)[:, None]
    masked = np.where(member, odds[None, :], -30.0)
    best = masked.argmax(axis=1)
    top = masked.max(axis=1)
    places = member.sum(axis=1)
    second = np.where(places > 1, np.sort(masked, axis=1)[:, -2:][:, 0], -6.0)
    together = np.log(np.exp(np.clip(masked, -30, 30)).sum(axis=1))
    rank = (top[None, :] > top[:, None]).sum(axis=1)
    y = sheet.boxes[spots.pieces, 1]
    first = np.where(member, y, np.inf).min(axis=1, initial=np.inf)
    last = np.where(member, y, -np.inf).max(axis=1, initial=-np.inf)
    columns = [
        top,
        together,
        second,
        rank == 0,
        np.minimum(rank, 5),
        np.log(places),
        places == 1,
        y[best],
        first,
        last,
        np.maximum(top, 0),
        np.minimum(top, -3),
    ]
    if kind == "amount":
        columns += [*_sums(spots), *_column_sums(sheet, spots, best)]
    if kind == "date":
        columns += _days(spots)
    return as_table(columns)


def _days(spots: Spots) -> list[Floats]:
    """Return how each date stands among the others: the first and the last of them."""
    ordinals = np.array([min(day.toordinal() for day in days_of(value)) for value in spots.values], np.float64)
    alone = np.full(len(ordinals), len(ordinals) == 1, np.float32)
    middle = np.median(ordinals)
    return [
        alone,
        (ordinals == ordinals.max()) & (alone == 0),
        (ordinals == ordinals.min()) & (alone == 0),
        np.minimum(np.abs(ordinals - middle) / 365, 5),
    ]


def _sums(spots: Spots) -> list[Floats]:
    """Return how each amount adds up with others: whether it is a sum, a difference, the largest, nearly another."""
    cents = cents_of(spots)
    places = np.bincount(spots.value_of, minlength=len(cents))
    chosen = np.flatnonzero(cents > 0)
    if len(chosen) > MOST_ADDED:
        chosen = chosen[np.argsort(-cents[chosen], kind="stable")[:MOST_ADDED]]
    some = cents[chosen]
    sums = some[:, None] + some[None, :]
    same = np.eye(len(some), dtype=bool)
    sums[same & (places[chosen] < 2)[:, None]] = np.inf
    is_sum = _near(sums, cents) / 2
    # It and another make a third: what was paid less the change, or a part of the whole.
    is_part = _near(some[None, :] - some[:, None], cents)
    greater = (cents[None, :] > cents[:, None] + SAME).sum(axis=1)
    near = (np.abs(cents[None, :] - cents[:, None]) < NEAR).sum(axis=1) - 1
    return [
        np.minimum(is_sum, 3),
        is_sum > 0,
        np.minimum(is_part, 3),
        is_part > 0,
        greater == 0,
        greater == 1,
        np.minimum(greater, 8),
        near > 0,
        cents <= 0,
        np.log1p(np.maximum(cents, 0)),
        cents % 5 == 0,
    ]


def _near(amounts: np.ndarray, cents: np.ndarray) -> np.ndarray:
    """Return for each of ``cents`` how many of the amounts are the same."""
    ordered = np.sort(amounts, axis=None)
    return np.searchsorted(ordered, cents + SAME, "left") - np.searchsorted(ordered, cents - SAME, "right")


def cents_of(spots: Spots) -> np.ndarray:
    """Return each amount in hundredths."""
    return np.array([float(value) * 100 if isinstance(value, Decimal) else 0.0 for value in spots.values])


def _column_sums(sheet: PieceSheet, spots: Spots, best: np.ndarray) -> list[Floats]:
    """Return for each amount whether amounts in a row above it, in its column, add up to it."""
    cents = cents_of(spots)[spots.value_of]
    right, top = sheet.boxes[spots.pieces, 2], sheet.boxes[spots.pieces, 1]
    found = np.zeros(len(best), np.float32)
    above = (np.abs(right - right[best, None]) < 0.06) & (top < top[best, None]) & (cents > 0)
    enough = np.where(above, cents, 0.0).sum(axis=1) > cents[best] - SAME
    for value in np.flatnonzero(enough & (above.sum(axis=1) > 1)).tolist():
        added = _summed(cents[above[value]][-MOST_ADDED:])
        wanted = added - cents[best[value]]
        # The sums grow, so that the first near enough is the one of the longest row of amounts.
        first = np.searchsorted(added, wanted - SAME, "right")
        near = added[np.minimum(first, len(added) - 1)] < wanted + SAME
        found[value] = (near & (first <= np.arange(len(added)) - 2)).any()
    return [found]


def _summed(amounts: np.ndarray) -> np.ndarray:
    """Return 0, and the sum up to each amount."""
    sums = np.zeros(len(amounts) + 1)
    np.cumsum(amounts, out=sums[1:])
    return sums
