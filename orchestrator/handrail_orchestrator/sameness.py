"""Whether what came back from storage is what went in: the same types and the same values, all the way down.

``==`` alone would not do: it takes ``True`` for 1, ``1.0`` for ``1``, a named tuple for a tuple and two moments in
different time zones for one, and it takes NaN for something else than NaN.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, cast

from pydantic import BaseModel


def difference(value: object, back: object, path: str = "") -> str | None:
    """Return where and how ``back`` differs from ``value``, in words, or None when nothing was lost.

    One change is allowed: a whole number where a float is annotated comes back as the equal float, because type
    checkers allow it too. Fields that a dataclass computes itself and leaves out of ``==`` are not compared.
    """
    cls = type(value)
    if cls in _PLAIN and cls is type(back):
        return None if value == back else _words(value, back, path)
    if cls is float or type(back) is float:
        return None if _same_float(value, back) else _words(value, back, path)
    if _kind(value) is not _kind(back):
        return _words(value, back, path)
    for family, compare in _FAMILIES:
        if isinstance(value, family):
            return compare(value, back, path)
    return (_dataclass_difference if is_dataclass(value) else _scalar_difference)(value, back, path)


_PLAIN = {str, int, bool, bytes, NoneType}


def _kind(value: object) -> type:
    """Return the class that must come back; a generic model built without its parameter counts as its generic."""
    cls = type(value)
    if issubclass(cls, BaseModel):
        return cls.__pydantic_generic_metadata__["origin"] or cls
    return cls


def _same_float(value: Any, back: Any) -> bool:
    if type(back) is not float or type(value) not in {int, float}:
        return False
    if math.isnan(back):
        return bool(value != value)  # noqa: PLR0124 -- NaN, without converting an int too large for a float
    return bool(value == back) and math.copysign(1.0, back) == math.copysign(1.0, float(value))


def _scalar_difference(value: object, back: object, path: str) -> str | None:
    return None if _same_scalar(value, back) else _words(value, back, path)


def _same_scalar(value: Any, back: Any) -> bool:
    if isinstance(value, Decimal):
        return bool(value.as_tuple() == back.as_tuple())
    if isinstance(value, datetime | time):
        return _same_time(value, back)
    equals: Any = type(value).__eq__
    if equals is object.__eq__ and hasattr(value, "__dict__") and not isinstance(value, Enum):
        return _attribute_difference(vars(value), vars(back), "") is None
    return bool(value == back)


def _same_time(value: Any, back: Any) -> bool:
    """Compare the reading of the clock, the offset and the zone's name: ``==`` never holds in a repeated hour."""
    if value.tzinfo is None or back.tzinfo is None:
        return value.tzinfo is back.tzinfo and bool(value == back) and value.fold == back.fold
    if getattr(value.tzinfo, "key", None) != getattr(back.tzinfo, "key", None):
        return False
    return bool(value.replace(tzinfo=None) == back.replace(tzinfo=None) and value.utcoffset() == back.utcoffset())


def _model_difference(value: BaseModel, back: BaseModel, path: str) -> str | None:
    return (
        _attribute_difference(_field_values(value), _field_values(back), path)
        or _attribute_difference(value.__pydantic_extra__ or {}, back.__pydantic_extra__ or {}, path)
        or _attribute_difference(value.__pydantic_private__ or {}, back.__pydantic_private__ or {}, path)
    )


def _field_values(value: BaseModel) -> dict[str, object]:
    # A cached property lives in __dict__ beside the fields, and is no data.
    return {name: vars(value)[name] for name in type(value).model_fields if name in vars(value)}


def _dataclass_difference(value: object, back: object, path: str) -> str | None:
    for name in _compared_fields(cast("Hashable", type(value))):
        mine, theirs = getattr(value, name, _ABSENT), getattr(back, name, _ABSENT)
        if mine is not theirs and (found := difference(mine, theirs, _at(path, name))):
            return found
    return None


@lru_cache(maxsize=1024)
def _compared_fields(cls: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("type[Any]", cls)) if field.init or field.compare)


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def _attribute_difference(value: Mapping[str, object], back: Mapping[str, object], path: str) -> str | None:
    """Compare by name: the order in which attributes were set is no data."""
    for name in {**value, **back}:
        if name not in value or name not in back:
            return f"{_place(_at(path, name))}it would {'appear' if name in back else 'be lost'}"
        if found := difference(value[name], back[name], _at(path, name)):
            return found
    return None


def _mapping_difference(value: Mapping[object, object], back: Mapping[object, object], path: str) -> str | None:
    if len(value) != len(back) or _traits(value) != _traits(back):
        return _words(value, back, path)
    partner = _partners(back)
    for key, mine in value.items():
        other = partner(key)
        found = difference(key, other, _at(path, "(key)")) or difference(mine, back[other], _at(path, str(key)))
        if found:
            return found
    return None


def _traits(container: object) -> tuple[object, ...]:
    """Return what a container holds beside its members."""
    return tuple(getattr(container, name, None) for name in ("default_factory", "maxlen"))


def _set_difference(value: AbstractSet[object], back: AbstractSet[object], path: str) -> str | None:
    if len(value) != len(back):
        return _words(value, back, path)
    partner = _partners(back)
    return next((found for member in value if (found := difference(member, partner(member), path))), None)


def _partners(back: Iterable[object]) -> Callable[[Any], Any]:
    """Return how to find what an unordered container holds for a member: the equal one, and for NaN the NaN."""
    equal = {member: member for member in back}
    nan = next((member for member in equal if member != member), _ABSENT)  # noqa: PLR0124 -- only NaN differs from itself
    return lambda member: equal.get(member, nan)


def _sequence_difference(value: Sequence[object], back: Sequence[object], path: str) -> str | None:
    if len(value) != len(back) or _traits(value) != _traits(back):
        return _words(value, back, path)
    for index, (mine, theirs) in enumerate(zip(value, back, strict=True)):
        if found := difference(mine, theirs, _at(path, str(index))):
            return found
    return None


_FAMILIES: tuple[tuple[type | UnionType, Callable[[Any, Any, str], str | None]], ...] = (
    # Concrete classes first: asking an abstract one takes ten times as long.
    (BaseModel, _model_difference),
    (dict, _mapping_difference),
    (list | tuple, _sequence_difference),
    (str | bytes | Enum | Decimal | date | time, _scalar_difference),
    (Mapping, _mapping_difference),
    (AbstractSet, _set_difference),
    (Sequence, _sequence_difference),
)


def _at(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _place(path: str) -> str:
    return f"field {path!r}: " if path else ""


def _words(value: object, back: object, path: str) -> str:
    fate = "be lost" if back is _ABSENT else f"come back as {_shown(back)}"
    return f"{_place(path)}{_shown(value)} would {fate}"


def _shown(value: object) -> str:
    """Return the value and its type, short: a message is read by people, and may be logged."""
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__qualname__})"
