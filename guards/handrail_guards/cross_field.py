"""Guards over several fields of one value: parts that add up to a total, dates in order."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from handrail_guards import fields as paths
from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.numbers import has_order
from handrail_guards.values.written import plain_value
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number
from handrail_guards.verdict import OnFail


def sums(parts: Fields, total: str, *, tolerance: float = 0.0, on_fail: OnFail = "review") -> Check:
    """Ask that parts (``lines.*.amount``, or several fields) add up to a total, give or take ``tolerance``.

    Numbers and texts that are one number (``RM 1,007.50``) are added as decimals. Nothing is said while the total
    is missing; a total without any part fails.

    Raises:
        InvalidGuard: a malformed path, no parts, or a negative tolerance.
    """
    listed = as_paths(parts)
    if not listed or isinstance(tolerance, bool) or not has_order(0, tolerance):
        raise InvalidGuard(
            f"sums({parts!r}, {total!r}, tolerance={tolerance!r}): give parts and a tolerance of 0 or more"
        )
    for path in (*listed, total):
        paths.check_path(path)

    def test(value: object, _: GuardContext) -> Finding | None:
        stated = [_number(each, path) for path, each in paths.find(value, total)]
        if not stated:
            return None
        found = [_number(each, path) for part in listed for path, each in paths.find(value, part)]
        if not found:
            return failed(f"{total} is {stated[0]}, but there are no parts ({', '.join(listed)}) to add up", path=total)
        difference = abs(sum(found, Decimal()) - stated[0])
        if difference <= Decimal(str(tolerance)):
            return None
        return failed(f"{' + '.join(map(str, found))} is {sum(found, Decimal())}, not {stated[0]}", path=total)

    return Check(name="sums", test=test, on_fail=on_fail, reads=(*listed, total))


def dates_in_order(*fields: str, strictly: bool = False, on_fail: OnFail = "review") -> Check:
    """Ask that dates not run backwards, earliest field first; ``strictly`` forbids the same day too.

    Dates, datetimes and texts with one unambiguous date are compared; a missing one is skipped.

    Raises:
        InvalidGuard: fewer than two fields, or a malformed path.
    """
    if len(fields) < 2:
        raise InvalidGuard(f"dates_in_order{fields!r} compares nothing; give two fields or more, earliest first")
    for path in fields:
        paths.check_path(path)

    def test(value: object, _: GuardContext) -> Finding | None:
        known = [(path, _date(each, path)) for field in fields for path, each in paths.find(value, field)]
        for (earlier, first), (later, second) in pairwise(known):
            one, other = _comparable(first, second)
            if one > other or (strictly and one == other):
                return failed(
                    f"{later} ({second}) is {'not after' if strictly else 'before'} {earlier} ({first})", path=later
                )
        return None

    return Check(name="dates_in_order", test=test, on_fail=on_fail, reads=fields)


def _number(value: object, path: str) -> Decimal:
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


def _date(value: object, path: str) -> date:
    value = plain_value(value)
    if isinstance(value, date):
        return value
    read = read_date(value) if isinstance(value, str) else None
    if read is not None and len(read.readings) == 1:
        return next(iter(read.readings))
    raise ValueError(f"{path} is {value!r}, which is not one clear date")


def _comparable(first: date, second: date) -> Sequence[date]:
    """Return both as datetimes when both have a time, else both as days."""
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first, second
    return tuple(each.date() if isinstance(each, datetime) else each for each in (first, second))
