"""Where a value of any kind stands in a source."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from handrail_guards.grounding.amounts import find_currency, find_number, find_written_number
from handrail_guards.grounding.dates import find_date, find_time, find_written_date, find_written_time
from handrail_guards.grounding.words import find_text
from handrail_guards.values.currencies import is_currency
from handrail_guards.values.day import Date
from handrail_guards.values.identifier import Identifier
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.written import Written
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number
from handrail_guards.values.written_time import read_moment
from handrail_guards.verdict import Span


def locate(value: object, source: str) -> tuple[Span, ...]:
    """Return where a value stands in the source, after normalising how it is written; empty: nowhere.

    Numbers are found whatever their separators and currency, dates whatever their format, text whatever its
    white space, punctuation and letter case; typed values (``Money``, ``Date``, ...) with any of their readings.
    Text that is a date or a number by itself is looked for as such, with the digits it is written with.

    Raises:
        TypeError: a value of this type cannot stand in a text, such as a bool.
    """
    return tuple(_spans(value, source))


def _find_typed(value: Written[object], source: str) -> Iterator[Span]:
    """Yield where a typed value stands with any of its readings."""
    if isinstance(value, Identifier):
        yield from find_text(value.compact, source)
    elif isinstance(value, Date):
        times = () if value.at is None else tuple(find_time(value.at, source))
        if times or value.at is None:
            yield from (span for day in value.readings for span in find_date(day, source))
            yield from times
    elif isinstance(value, Money):
        currencies = value.currencies or None
        yield from (span for each in value.readings for span in find_number(each, source, currencies=currencies))
    elif isinstance(value, Percentage):
        yield from (span for each in value.readings for span in find_number(each, source, is_percent=True))


def _spans(value: object, source: str) -> Iterator[Span]:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        raise TypeError("True or False cannot be found in a text; leave the field out of the grounding guard")
    if isinstance(value, str):
        yield from _find_written(value, source)
    elif isinstance(value, int | float | Decimal):
        yield from find_number(Decimal(str(value)), source)
    elif isinstance(value, datetime):
        times = tuple(find_time(value.time(), source))
        if times or value.time() == time():
            yield from find_date(value.date(), source)
            yield from times
    elif isinstance(value, date):
        yield from find_date(value, source)
    elif isinstance(value, time):
        yield from find_time(value, source)
    elif isinstance(value, Written):
        yield from dict.fromkeys(_find_typed(value, source))
    else:
        raise TypeError(f"a {type(value).__name__} cannot be found in a text; ground its fields ('lines.*.total')")


def _find_written(value: str, source: str) -> Iterator[Span]:
    as_date = read_date(value)
    if as_date is not None:
        return find_written_date(as_date, source)
    as_moment = read_moment(value)
    if as_moment is not None:
        day, clock = as_moment
        days, times = tuple(find_written_date(day, source)), tuple(find_written_time(clock, source))
        return iter((*days, *times) if days and times else ())
    as_number = read_number(value)
    if as_number is not None:
        return find_written_number(as_number, source)
    if is_currency(value):
        return find_currency(value, source)
    return find_text(value, source)
