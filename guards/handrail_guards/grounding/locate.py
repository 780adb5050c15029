"""Where a value of any kind stands in a source."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum

from handrail_guards.grounding.amounts import find_currency, find_number, find_written_number, is_currency, read_number
from handrail_guards.grounding.dates import find_date, find_time, find_written_date, read_date
from handrail_guards.grounding.words import find_text
from handrail_guards.verdict import Span


def locate(value: object, source: str) -> tuple[Span, ...]:
    """Return where a value stands in the source, after normalising how it is written; empty: nowhere.

    Numbers are found whatever their separators and currency, dates whatever their format, text whatever its
    white space, punctuation and letter case. Text that is a date or a number by itself is looked for as such,
    with the digits it is written with.

    Raises:
        TypeError: a value of this type cannot stand in a text, such as a bool.
    """
    return tuple(_spans(value, source))


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
    else:
        raise TypeError(f"a {type(value).__name__} cannot be found in a text; ground its fields ('lines.*.total')")


def _find_written(value: str, source: str) -> Iterator[Span]:
    as_date = read_date(value)
    if as_date is not None:
        return find_written_date(as_date, source)
    as_number = read_number(value)
    if as_number is not None:
        return find_written_number(as_number, source)
    if is_currency(value):
        return find_currency(value, source)
    return find_text(value, source)
