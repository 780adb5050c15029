"""What fields hold as exact numbers and days, for guards that calculate; what is unclear is never taken for a value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from handrail_guards import fields as paths
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import has_order
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.written import plain_value
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number


def numbers_at(value: object, path: str) -> dict[str, Decimal]:
    """Return the numbers that a path leads to, by their exact paths.

    Raises:
        ValueError: one is no clear number, or is missing in an item of a list: nobody can calculate with the others.
    """
    if (missing := next(missing_at(value, path), None)) is not None:
        raise ValueError(f"{missing} is missing")
    return {at: number_of(each, at) for at, each in paths.find(value, path)}


def number_of(value: object, path: str) -> Decimal:
    """Return the number that a field holds: one itself, a ``Money`` or ``Percentage``, or a text that is one number.

    Raises:
        ValueError: it is not one clear number.
    """
    value = plain_value(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        if number.is_finite():
            return number
    if isinstance(value, str):
        read = read_number(value)
        if read is not None and len(read.values()) == 1:
            return next(iter(read.values())) * (-1 if read.negative else 1)
    raise ValueError(f"{path} is {value!r}, which is not one clear number")


def percent_of(value: object, path: str) -> Decimal:
    """Return a rate in percent: 19 of ``Percentage(19)``, of ``"19 %"`` and of 19.

    Raises:
        ValueError: it is not one clear percentage; of a bare number up to 1 nobody knows whether it is a share.
    """
    if not isinstance(value, Percentage):
        value = Percentage.read(value if isinstance(value, str) else str(number_of(value, path)))
    return value.percent


def day_of(value: object, path: str) -> date:
    """Return the day, or the moment, that a field holds: one itself, a ``Date``, or a text that is one date.

    Raises:
        ValueError: it is not one clear date.
    """
    value = plain_value(value)
    if isinstance(value, date):
        return value
    read = read_date(value) if isinstance(value, str) else None
    if read is not None and len(read.readings) == 1:
        return next(iter(read.readings))
    raise ValueError(f"{path} is {value!r}, which is not one clear date")


def comparable(first: date, second: date) -> Sequence[date]:
    """Return both as moments when both have a time, else both as days."""
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first, second
    return tuple(each.date() if isinstance(each, datetime) else each for each in (first, second))


def currencies_at(value: object, listed: Iterable[str]) -> frozenset[str]:
    """Return the currencies of the ``Money`` that paths lead to; several: their amounts cannot be added."""
    found = (each for path in listed for _, each in paths.find(value, path))
    return frozenset(each.currency for each in found if isinstance(each, Money) and each.currency is not None)


def missing_at(value: object, path: str) -> Iterator[str]:
    """Yield the exact paths where an item of a list has nothing, of those that a path with ``*`` leads to."""
    yield from _missing(value, path, "", listed=False)


def tolerance_of(given: object, guard: str) -> Decimal:
    """Return a tolerance as an exact number.

    Raises:
        InvalidGuard: it is no finite number of 0 or more.
    """
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal) or not has_order(0, given):
        raise InvalidGuard(f"{guard}(tolerance={given!r}): give a tolerance of 0 or more, such as Decimal('0.01')")
    tolerance = Decimal(str(given))
    if not tolerance.is_finite():
        raise InvalidGuard(f"{guard}(tolerance={given!r}) lets everything pass; give a finite number")
    return tolerance


def _missing(value: object, path: str, before: str, *, listed: bool) -> Iterator[str]:
    head, _, rest = path.partition(".")
    if value is None:
        if listed:
            yield before
        return
    if head == paths.EVERY:
        items = (
            value.items() if isinstance(value, Mapping) else enumerate(value if isinstance(value, list | tuple) else ())
        )
        parts = [(str(key), below) for key, below in items]
    else:
        found = next((each for _, each in paths.find(value, head)), None)
        parts = [(head, found)]
    for name, below in parts:
        at = f"{before}.{name}" if before else name
        inside = listed or head == paths.EVERY
        if rest:
            yield from _missing(below, rest, at, listed=inside)
        elif below is None and inside:
            yield at
