"""Whether two values are the same, as typed values or as the JSON data they are stored as."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from handrail_evals.errors import DataError
from handrail_evals.measure.fingerprint import jsonable
from handrail_evals.measure.scorers.parts import bare, items, record

_SIMPLE = frozenset({str, int, bool, float, type(None), date, datetime, time})
"""Types of which two values are the same when they are equal."""


def same(value: Any, expected: Any) -> bool:
    """Return whether a value is the expected one.

    An enum's member is the same as its value, a model or dataclass as its fields, a tuple as a list, a set as a list in
    any order, a date as its ISO text. Numbers are the same by value; True is not 1, text is no number, and NaN is
    nothing.
    """
    kind = type(value)
    if kind is type(expected) and kind in _SIMPLE:
        return bool(value == expected)
    value, expected = bare(value), bare(expected)
    if value is None or expected is None:
        return value is expected
    fields, wanted = record(value), record(expected)
    if fields is not None and wanted is not None:
        return same_fields(fields, wanted) or (type(value) is not type(expected) and same_aliased(value, expected))
    listed, right = items(value), items(expected)
    if listed is not None and right is not None:
        any_order = isinstance(value, AbstractSet) or isinstance(expected, AbstractSet)
        return same_in_any_order(listed, right) if any_order else same_items(listed, right)
    return same_scalar(value, expected)


def same_fields(fields: Any, expected: Any) -> bool:
    """Return whether two records have the same fields with the same values."""
    return fields.keys() == expected.keys() and all(same(below, expected[name]) for name, below in fields.items())


def same_aliased(value: Any, expected: Any) -> bool:
    """Return whether a pydantic model, as its aliases write it, is the same as a mapping."""
    models = [hasattr(type(each), "model_fields") for each in (value, expected)]
    if models == [True, False]:
        return same_fields(value.model_dump(by_alias=True), record(expected))
    return models == [False, True] and same_fields(record(value), expected.model_dump(by_alias=True))


def same_items(listed: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Return whether two lists have the same items in the same order."""
    return len(listed) == len(expected) and all(map(same, listed, expected))


def same_in_any_order(listed: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Return whether each item has a partner of its own."""
    if len(listed) != len(expected):
        return False
    free = list(expected)
    for each in listed:
        partner = next((index for index, other in enumerate(free) if same(each, other)), None)
        if partner is None:
            return False
        del free[partner]
    return True


def same_scalar(value: Any, expected: Any) -> bool:
    """Return whether two values without parts are the same."""
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(value, int | float | Decimal) and isinstance(expected, int | float | Decimal):
        return same_number(value, expected)
    if value == expected:
        return True
    if isinstance(value, str) and isinstance(expected, str):
        return False
    try:
        return bool(jsonable(value, where="the output") == jsonable(expected, where="the expected value"))
    except DataError:  # no JSON form, and not equal
        return False


def same_number(value: float | Decimal, expected: float | Decimal) -> bool:
    """Return whether two numbers are equal; a float counts as it is written, so that 0.1 is ``Decimal("0.1")``."""
    if isinstance(value, float) and isinstance(expected, Decimal):
        return Decimal(str(value)) == expected
    if isinstance(value, Decimal) and isinstance(expected, float):
        return value == Decimal(str(expected))
    return value == expected
