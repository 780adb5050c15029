"""One row of line items: its numbers read from the right, so that quantity times price is the amount."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from handrail_ai_steps.documents.line_items.header import Column, ItemHeader
from handrail_guards.values.written_number import Number, find_numbers, read_number

_PIECE: Final = re.compile(r"[^ \t\u00a0\u202f]+")
_UNIT: Final = re.compile(r"(?:%|[^\W\d_]{1,4}\.?|[$£€¥])")
"""What may stand beside a number of a row: a unit, a sign of a currency."""
_HALF_CENT: Final = Decimal("0.005")
_CENT: Final = Decimal("0.01")
_AROUND: Final = " \t\u00a0$£€¥*"
_MOST_PIECES: Final = 4
"""Pieces that may be one number: thousands apart, and a unit."""
_MOST_NUMBERS: Final = 60
"""Numbers of a line, each way to join them counted, of which a product is looked for in any place."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A row as it is read: what stands before its numbers, and these by column."""

    description: str
    numbers: dict[Column, Decimal]
    proven: bool
    """Whether quantity times price is the amount."""
    readings: int
    """How many ways there are to read it that are as good."""


def row_of(line: str, header: ItemHeader) -> ItemRow | None:
    """Return a line as a row under a header, or None: it has not a number for each column of numbers.

    Of several ways to read it (``2 120.00`` is one number or two, ``1,234`` is two) one in which quantity times price
    is the amount counts, whatever other numbers stand beside them (a tax rate, a discount of nothing); where there is
    none, one with as few numbers joined as can be.
    """
    ways = [*_in_columns(line, header), *_in_any_place(line, header)]
    if not ways:
        return None
    rank = min(key for key, _ in ways)
    equal = {str(sorted(row.numbers.items())): row for key, row in ways if key == rank}
    first = next(iter(equal.values()))
    return ItemRow(first.description, first.numbers, first.proven, len(equal))


def _in_columns(line: str, header: ItemHeader) -> Iterator[tuple[tuple[bool, int, int], ItemRow]]:
    """Yield each way to read the end of a line as the header's columns of numbers."""
    pieces = [match.span() for match in _PIECE.finditer(line)]
    for start, values, joins in _splits(line, pieces, len(header.numbers)):
        description = line[: pieces[start][0]].strip()
        for numbers in _choices(header.numbers, values):
            proven = _is_proven(numbers)
            yield (not proven, 0, joins), ItemRow(description, numbers, proven, 1)


def _in_any_place(line: str, header: ItemHeader) -> Iterator[tuple[tuple[bool, int, int], ItemRow]]:
    """Yield each way to find a quantity and a price before the last number of a line whose product it is."""
    if not {"quantity", "price", "amount"} <= set(header.numbers):
        return
    found = [each for each in find_numbers(line) if not each.percent]
    if len(found) > _MOST_NUMBERS:
        return
    last = max((each.span.end for each in found), default=0)
    for amount in (each for each in found if each.span.end == last):
        others = [each for each in found if each.span.end <= amount.span.start]
        for one, other in combinations(others, 2):
            if one.span.end > other.span.start:
                continue
            quantity, price = (one, other) if _order(header) else (other, one)
            for numbers in _choices(_PRODUCT, [_signed(quantity), _signed(price), _signed(amount)]):
                if _is_proven(numbers):
                    joins = sum(each.joined for each in (one, other, amount))
                    yield (False, 1, joins), ItemRow(_beside(line, one, other), numbers, proven=True, readings=1)


_PRODUCT: Final[tuple[Column, ...]] = ("quantity", "price", "amount")


def _order(header: ItemHeader) -> bool:
    """Return whether the quantity stands before the price."""
    return header.numbers.index("quantity") < header.numbers.index("price")


def _beside(line: str, one: Number, other: Number) -> str:
    """Return what a row is about: what stands before its first number, or else between the two."""
    before = line[: one.span.start].strip(_AROUND)
    return before if any(map(str.isalpha, before)) else line[one.span.end : other.span.start].strip(_AROUND)


def _signed(number: Number) -> frozenset[Decimal]:
    return frozenset(sign * each for sign in number.signs for each in number.plain())


def _splits(
    line: str, pieces: Sequence[tuple[int, int]], count: int
) -> Iterator[tuple[int, list[frozenset[Decimal]], int]]:
    """Yield each way to read the last pieces as so many numbers: where they begin, and how many are joined."""
    if count == 0:
        yield len(pieces), [], 0
        return
    for size in range(1, min(_MOST_PIECES, len(pieces)) + 1):
        start = pieces[-size][0]
        text = line[start : pieces[-1][1]]
        read = _read(text)
        if read is None:
            continue
        rest = pieces[:-size]
        if count == 1:
            yield len(rest), [read], size - 1
            continue
        for begin, before, joins in _splits(line, rest, count - 1):
            yield begin, [*before, read], joins + size - 1


def _read(text: str) -> frozenset[Decimal] | None:
    """Return what a text may stand for that is a number with at most a unit before or after it."""
    number = read_number(text)
    if number is None:
        words = text.split()
        if len(words) < 2 or not (_UNIT.fullmatch(words[0]) or _UNIT.fullmatch(words[-1])):
            return None
        number = read_number(" ".join(words[1:] if _UNIT.fullmatch(words[0]) else words[:-1]))
    return None if number is None else _signed(number)


def _choices(columns: Sequence[Column], values: Sequence[frozenset[Decimal]]) -> Iterator[dict[Column, Decimal]]:
    """Yield each combination of readings that there is."""
    if not columns:
        yield {}
        return
    for rest in _choices(columns[1:], values[1:]):
        for value in sorted(values[0]):
            yield {columns[0]: value, **rest}


def _is_proven(numbers: dict[Column, Decimal]) -> bool:
    if not {"quantity", "price", "amount"} <= numbers.keys():
        return False
    if not numbers["amount"]:
        return False  # nothing times anything is nothing, which proves nothing
    exact = numbers["quantity"] * numbers["price"]  # the sign of a credit may stand at the amount alone
    return abs(abs(exact) - abs(numbers["amount"])) <= max(_HALF_CENT, min(_CENT, abs(exact) / 1000))
