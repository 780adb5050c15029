"""Right when the answer is the expected value: as typed values, or as the JSON data they are stored as."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from handrail_evals.errors import DataError
from handrail_evals.measure.fingerprint import jsonable
from handrail_evals.measure.scorer import AnyAnswer, Score
from handrail_guards.values.written import Written

_SIMPLE = frozenset({str, int, bool, float, type(None), date, datetime, time})
"""Types of which two values are the same when they are equal."""


def bare(value: Any) -> Any:
    """Return what an enum's member or a pydantic root model stands for, and anything else as it is."""
    while True:
        if isinstance(value, Enum):
            value = value.value
        elif getattr(type(value), "__pydantic_root_model__", False):
            value = value.root
        else:
            return value


def record(value: Any) -> Mapping[str, Any] | None:
    """Return the fields of a mapping, pydantic model, dataclass or named tuple by name; None for anything else."""
    if isinstance(value, Mapping):
        if all(type(key) is str for key in value):
            return value
        return {str(bare(key)): below for key, below in value.items()}  # as JSON has them
    kind = type(value)
    if hasattr(kind, "model_fields"):  # a pydantic model, without importing pydantic to know it
        return dict(value)
    declared = getattr(kind, "__dataclass_fields__", None)
    if declared is not None:
        return {name: getattr(value, name) for name in declared if hasattr(value, name)}
    if isinstance(value, tuple) and hasattr(kind, "_asdict"):
        named: Mapping[str, Any] = value._asdict()  # type: ignore[attr-defined]  # a named tuple's
        return named
    return None


def items(value: object) -> Sequence[Any] | None:
    """Return the items of a list, tuple or set; None for anything else, text and named tuples included."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return None if hasattr(value, "_asdict") else value
    return list(value) if isinstance(value, AbstractSet) else None


def same(value: object, expected: object) -> bool:
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


def same_scalar(value: object, expected: object) -> bool:
    """Return whether two values without parts are the same."""
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(value, int | float | Decimal) and isinstance(expected, int | float | Decimal):
        return same_number(value, expected)
    if value == expected or (isinstance(value, str) and isinstance(expected, str)):
        return bool(value == expected)
    for one, other in ((value, expected), (expected, value)):
        if isinstance(one, Written):
            return one.means(other)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Compares typed values, or the JSON data they are stored as; built by ``exact``."""

    name: str = "exact"
    needs_expected: Literal[True] = True

    @property
    def version(self) -> str:
        """Return the kind and its revision: there are no settings."""
        return "exact/1"

    def compare(self, value: object, expected: object, /) -> float:
        """Return 1 when the value is the expected one, else 0."""
        return 1.0 if same(value, expected) else 0.0

    def __call__(self, answer: AnyAnswer, /) -> Score | bool:
        """Score an answer; a wrong one that looks right says which types differ."""
        output, expected = answer.output, answer.expected
        if same(output, expected):
            return True
        if str(output) != str(expected):
            return False
        kinds = f"a {type(output).__name__}, not a {type(expected).__name__}"
        return Score(0.0, reason=f"{output!r} is {kinds}") if type(output) is not type(expected) else False


def exact(*, name: str = "exact") -> Exact:
    """Score 1 when the output is the expected value, else 0.

    An enum's member equals its value, a model its fields, a date its ISO text: what a case file can hold. 1 is not
    True and not ``"1"``, None equals only None, NaN nothing.
    """
    return Exact(name=name)
