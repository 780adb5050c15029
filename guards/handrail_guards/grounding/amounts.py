"""Where numbers, amounts of money and currencies stand in a source, however they are written there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from handrail_guards.values.currencies import FOUND, agree, meanings
from handrail_guards.values.decimal_mark import as_shown, decimal_mark
from handrail_guards.values.written_number import Number, find_numbers
from handrail_guards.verdict import Span

_SMALLER_PART = re.compile(
    r"\s?(?:[‰‱]|(?:per ?mille?|promille|bps?|basis points?|basispunkte?n?)(?![^\W_]))", re.IGNORECASE
)
"""Behind a number that is of a thousand, or of ten thousand."""


def find_number(
    value: Decimal, source: str, *, currencies: frozenset[str] | None = None, is_percent: bool = False
) -> Iterator[Span]:
    """Yield where a number of that value stands; a currency, when given, must not contradict the one written.

    Where none is written beside the number, it must be one of those that the source names, if it names any.
    A number that may be read in two ways (``1.500``) is read by the decimal mark of the source, where it shows one.
    Where blanks between digits have to be taken out for it (``2 120.00`` for 2,120.00) comes last. A percentage is no
    number of a thousand: ``5‰`` is not 5%.
    """
    if not value.is_finite():  # NaN is written nowhere, and compares with nothing
        return
    wanted = abs(value)
    sign = -1 if value < 0 else 1
    yield from _joined_last(
        number
        for number in _numbers_of(source)
        if (sign in number.signs or not value)
        and wanted in number.values()
        and _may_be_in(currencies, number.currencies, source)
        and not (is_percent and _SMALLER_PART.match(source, number.span.end))
    )


def find_written_number(wanted: Number, source: str) -> Iterator[Span]:
    """Yield where a number with the same digits stands: ``1,007.50`` is ``1007.50``, but not ``1007.5``."""
    yield from _joined_last(
        number
        for number in _numbers_of(source)
        if wanted.signs & number.signs
        and wanted.written & number.written
        and wanted.scales & number.scales
        and _may_be_in(wanted.currencies, number.currencies, source)
        and not (wanted.percent and _SMALLER_PART.match(source, number.span.end))
    )


def find_currency(value: str, source: str) -> Iterator[Span]:
    """Yield where a sign, code or name stands that may mean the same currency: ``EUR`` is ``€`` and ``Euro``."""
    wanted = meanings(value.strip())
    for match in FOUND.finditer(source):
        if wanted & meanings(match[0]):
            yield Span(*match.span())


def _may_be_in(wanted: frozenset[str] | None, written: frozenset[str] | None, source: str) -> bool:
    """Return whether an amount may be in a currency: that beside it, else one of those that its source names."""
    if wanted and written is None and (named := _currencies_of(source)):
        return bool(wanted & named)
    return agree(wanted, written)


@lru_cache(maxsize=2)
def _currencies_of(source: str) -> frozenset[str]:
    """Return every currency that a source may name; empty: none for certain, as ``try`` is seldom a lira."""
    signs = {match[0] for match in FOUND.finditer(source)}
    if all(sign != sign.upper() for sign in signs):
        return frozenset()
    return frozenset[str]().union(*map(meanings, signs))


@lru_cache(maxsize=2)  # the fields of a record are looked for in one source, one after the other
def _numbers_of(source: str) -> tuple[Number, ...]:
    numbers = tuple(find_numbers(source))
    if all(len(number.written) == 1 for number in numbers):
        return numbers
    mark = decimal_mark(source, numbers)
    return tuple(replace(number, written=as_shown(number, source, mark)) for number in numbers)


def _joined_last(numbers: Iterable[Number]) -> Iterator[Span]:
    seen: set[Span] = set()
    for number in sorted(numbers, key=lambda each: each.joined):
        if number.span not in seen:
            seen.add(number.span)
            yield number.span
