"""Whether the day or the month stands first in the dates of a document, by what the document itself shows."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, TypeAlias

from handrail_guards.values.currencies import FOUND, meanings
from handrail_guards.values.languages import language_of
from handrail_guards.values.written_date import WrittenDate, find_dates

DayOrder: TypeAlias = Literal["day_first", "month_first"]

_SIGNIFICANT = 12
"""A number above this is no month."""
_VAT = re.compile(
    r"(?<![^\W_])(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|CHE|NO)"
    r"[ -]?(?=[A-Z0-9.-]*\d{5})[A-Z0-9][A-Z0-9.-]{6,14}(?![^\W_])"
)
_AMERICAN = re.compile(r"(?<![^\W_])(?:[A-Z]{2},? \d{5}(?:-\d{4})?|USA|U\.S\.A\.|United States)(?![^\W_])")
_MONTH_FIRST_MONEY = frozenset({"USD"})


@dataclass(frozen=True, slots=True)
class OrderShown:
    """An order, and what shows it, in words."""

    order: DayOrder
    by: str


@lru_cache(maxsize=16)
def order_of(separator: str, source: str) -> OrderShown | None:
    """Return the order of the dates of numbers with a separator in a document; None: the document does not show it.

    First by a date that is written in the same style and can be read in one way only; then by the language of the
    document, the country of a VAT number in it, and its currency. Dates that contradict each other show nothing.
    """
    shown, contradicted = _by_dates(separator, source)
    return shown if shown is not None or contradicted else _by_country(source)


def days_meant(written: WrittenDate, source: str) -> frozenset[date]:
    """Return the days that a date may mean in its document: one of two where that shows which number is the month."""
    if len(written.readings) < 2 or written.order is None:
        return written.readings
    shown = order_of(written.separator, source)
    return written.readings if shown is None else frozenset(chosen(written, shown.order))


def chosen(written: WrittenDate, order: DayOrder) -> list[date]:
    """Return the readings of a date of numbers that are in an order."""
    assert written.order is not None  # noqa: S101 -- asked of dates of numbers only
    first = written.order[0]
    return [each for each in written.readings if (each.day if order == "day_first" else each.month) == first]


def _by_dates(separator: str, source: str) -> tuple[OrderShown | None, bool]:
    seen: dict[DayOrder, str] = {}
    for other in _dates(source):
        if other.order is None or other.separator != separator or len(other.readings) > 1:
            continue
        first, second, _ = other.order
        text = source[other.span.start : other.span.end]
        if first > _SIGNIFICANT >= second:
            seen.setdefault("day_first", text)
        elif second > _SIGNIFICANT >= first:
            seen.setdefault("month_first", text)
    if len(seen) != 1:
        return None, bool(seen)
    ((order, text),) = seen.items()
    return OrderShown(order, f"{text} in the same document has the {_words(order)} first"), False


@lru_cache(maxsize=16)
def _dates(source: str) -> tuple[WrittenDate, ...]:
    return tuple(find_dates(source))


@lru_cache(maxsize=16)
def _by_country(source: str) -> OrderShown | None:
    language = language_of(source)
    if language is not None and language != "en":
        return OrderShown("day_first", f"the document's language is {language!r}, which puts the day first")
    vat = _VAT.search(source)
    if vat is not None:
        return OrderShown("day_first", f"a VAT number begins with {vat[1]}, where the day stands first")
    if language == "en" and _AMERICAN.search(source):
        return OrderShown("month_first", "the document is in English, with an address in the United States")
    certain = [meanings(match[0]) for match in FOUND.finditer(source)]
    money = {next(iter(each)) for each in certain if len(each) == 1}
    if money and not money & _MONTH_FIRST_MONEY:
        return OrderShown("day_first", f"its currency is {', '.join(sorted(money))}, and there the day stands first")
    if language == "en" and money == _MONTH_FIRST_MONEY:
        return OrderShown("month_first", "the document is in English, and its currency is USD")
    return None


def _words(order: DayOrder) -> str:
    return "day" if order == "day_first" else "month"
