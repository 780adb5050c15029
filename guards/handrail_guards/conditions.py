"""Conditions on single values: one of a set, within a range, or any rule of your own."""

import math
from collections.abc import Callable, Collection
from typing import Any

from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.lent import lent
from handrail_guards.numbers import has_order, is_text
from handrail_guards.truth import truth
from handrail_guards.values.written import plain_value
from handrail_guards.verdict import OnFail

_SHOWN = 8


def one_of(allowed: Collection[object], *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Ask that a value be one of a set; 1 and True are not the same.

    Raises:
        InvalidGuard: the set is empty, or a text, which would allow each of its letters.
    """
    given: object = allowed  # whatever somebody without a type checker gave
    if isinstance(given, str) or not isinstance(given, Collection) or not given:
        raise InvalidGuard(
            f"one_of({allowed!r}) allows nothing sensible; give the values, such as one_of(['EUR', 'USD'])"
        )
    kept = list(allowed)
    shown = ", ".join(map(repr, kept[:_SHOWN])) + (", …" if len(kept) > _SHOWN else "")

    def test(value: object, _: GuardContext) -> Finding | None:
        if any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in kept):
            return None
        return failed(f"{value!r} is not one of {shown}")

    return Check(name="one_of", test=test, on_fail=on_fail, fields=as_paths(fields))


def in_range(at_least: Any = None, at_most: Any = None, *, fields: Fields = (), on_fail: OnFail = "reask") -> Check:
    """Ask that a number, date or anything with an order lie between two bounds, both included; ``fix`` moves it there.

    NaN is never in range. Of a ``Money``, ``Date`` or ``Percentage`` the amount, day or percent counts.

    Raises:
        InvalidGuard: no bound, one without an order, or bounds in the wrong order.
    """
    _require_bounds(at_least, at_most)

    def test(value: Any, _: GuardContext) -> Finding | None:
        value = plain_value(value)
        if isinstance(value, bool):
            raise TypeError("expected a number or a date, got a bool")
        if isinstance(value, float) and math.isnan(value):
            return failed("it is not a number (NaN)")
        if at_least is not None and not value >= at_least:
            return failed(f"{value} is below {at_least}")
        if at_most is not None and not value <= at_most:
            return failed(f"{value} is above {at_most}")
        return None

    def nearest(value: Any, _: GuardContext) -> Any:
        value = plain_value(value)
        return at_least if at_least is not None and value < at_least else at_most

    return Check(name="in_range", test=test, on_fail=on_fail, fields=as_paths(fields), repair=nearest)


def _require_bounds(at_least: Any, at_most: Any) -> None:
    if at_least is None and at_most is None:
        raise InvalidGuard("in_range() has no bound; give at_least, at_most or both")
    for bound, given in (("at_least", at_least), ("at_most", at_most)):
        if given is not None and (isinstance(given, bool) or not has_order(given, given)):
            raise InvalidGuard(f"in_range({bound}={given!r}): give a number, a date or anything else with an order")
    if at_least is not None and at_most is not None and not has_order(at_least, at_most):
        raise InvalidGuard(
            f"in_range({at_least!r}, {at_most!r}) lets nothing pass: at_least is above at_most, or the two cannot be"
            " compared"
        )


def satisfies(
    name: str,
    holds: Callable[[Any], bool],
    reason: str,
    *,
    fields: Fields = (),
    on_fail: OnFail = "review",
) -> Check:
    """Ask that a function of your own return True; ``reason`` says what is wrong when it does not.

    Raises:
        InvalidGuard: no name or no reason.
    """
    if not callable(holds):
        raise InvalidGuard(f"guard {name!r}: {holds!r} is no function; give one that returns True or False")
    if not is_text(reason):
        raise InvalidGuard(
            f"guard {name!r} has no reason; say what is wrong when it fails, for the model or the reviewer"
        )

    def test(value: object, _: GuardContext) -> Finding | None:
        return None if truth(holds(lent(value)), f"the function of guard {name!r}") else failed(reason)

    return Check(name=name, test=test, on_fail=on_fail, fields=as_paths(fields))
