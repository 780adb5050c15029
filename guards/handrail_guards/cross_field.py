"""Guards over several fields of one value: parts that add up to a total, dates in order."""

from decimal import Decimal
from itertools import pairwise

from handrail_guards import fields as paths
from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.exact import comparable, currencies_at, day_of, numbers_at, tolerance_of
from handrail_guards.guard import GuardContext
from handrail_guards.verdict import OnFail


def sums(parts: Fields, total: str, *, tolerance: float | Decimal = 0.0, on_fail: OnFail = "review") -> Check:
    """Ask that parts (``lines.*.amount``, or several fields) add up to a total, give or take ``tolerance``.

    Numbers, ``Money`` and texts that are one number (``RM 1,007.50``) are added as decimals. Nothing is said while the
    total is missing. A total without any part fails, so does one of whose lines has no amount, and so do amounts in
    several currencies. The default tolerance is 0: printed amounts add up to the cent; where a paper rounds each
    line, give one cent for each (``tolerance=0.01 * 12``).

    Raises:
        InvalidGuard: a malformed path, no parts, or a negative tolerance.
    """
    listed = as_paths(parts)
    if not listed:
        raise InvalidGuard(f"sums({parts!r}, {total!r}) adds nothing up; give parts")
    allowed = tolerance_of(tolerance, "sums")
    for path in (*listed, total):
        paths.check_path(path)

    def test(value: object, _: GuardContext) -> Finding | None:
        stated = list(numbers_at(value, total).values())
        if not stated:
            return None
        found = [each for part in listed for each in numbers_at(value, part).values()]
        if not found:
            return failed(f"{total} is {stated[0]}, but there are no parts ({', '.join(listed)}) to add up", path=total)
        if len(mixed := currencies_at(value, (*listed, total))) > 1:
            return failed(f"amounts in {' and '.join(sorted(mixed))} cannot be added", path=total)
        if abs(sum(found, Decimal()) - stated[0]) <= allowed:
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
        known = [(path, day_of(each, path)) for field in fields for path, each in paths.find(value, field)]
        for (earlier, first), (later, second) in pairwise(known):
            one, other = comparable(first, second)
            if one > other or (strictly and one == other):
                return failed(
                    f"{later} ({second}) is {'not after' if strictly else 'before'} {earlier} ({first})", path=later
                )
        return None

    return Check(name="dates_in_order", test=test, on_fail=on_fail, reads=fields)
