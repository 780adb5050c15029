"""Which sign a document writes before the decimals of its amounts, as far as it shows that."""

import re
from collections.abc import Iterable

from handrail_guards.values.written_number import Number, find_numbers

_TWO_DECIMALS = re.compile(r"[.,]\d\d$")


def decimal_mark(source: str, numbers: Iterable[Number] | None = None) -> str | None:
    """Return the only decimal mark of the clear amounts with two decimals in a source, or None.

    ``numbers`` are those of the source, where somebody has found them already.
    """
    marks: set[str] = set()
    for number in find_numbers(source) if numbers is None else numbers:
        text = source[number.span.start : number.span.end]
        if len(number.written) == 1 and _TWO_DECIMALS.search(text):
            marks.add(text[-3])
    return marks.pop() if len(marks) == 1 else None


def as_shown(number: Number, source: str, mark: str | None) -> frozenset[str]:
    """Return the readings of a number, of two (``1.500``) the one by the source's decimal mark, where it shows one."""
    if mark is None or len(number.written) == 1:
        return number.written
    decimal = mark in source[number.span.start : number.span.end]
    return frozenset(each for each in number.written if ("." in each) == decimal) or number.written
