"""Paths into a value: ``address.city``, ``lines.0.total``, or ``lines.*.total`` for every line.

Values are never changed in place: ``put`` and ``drop`` return a new value, validated again where the
value is a pydantic model.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from handrail_guards.errors import InvalidGuard
from handrail_guards.values.written import Written

if TYPE_CHECKING:
    from typing_extensions import TypeIs

LEAVES: tuple[type, ...] = (str, int, float, Decimal, date, time, Written)
"""What a value is made of in the end, as far as it can be written in a text."""

EVERY = "*"
"""The path part that stands for every item of a list or every entry of a mapping."""


class _Model(Protocol):
    """A pydantic model, without importing pydantic to know it."""

    def __iter__(self) -> Iterator[tuple[str, object]]: ...

    @classmethod
    def model_validate(cls, obj: object, /, *, by_alias: bool, by_name: bool) -> object: ...


def check_path(path: Any) -> None:
    """Check that a path can be followed.

    Raises:
        InvalidGuard: the path is no text, or it or one of its parts is empty.
    """
    if not isinstance(path, str) or not path or not all(path.split(".")):
        raise InvalidGuard(f"{path!r} is not a field path; write it like 'total', 'address.city' or 'lines.*.total'")


def find(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield each ``(path, value)`` that a path leads to; a missing or None part leads nowhere.

    A mapping may lack a key; an object must have the attribute, so that a misspelt field is noticed.

    Raises:
        AttributeError: an object on the way has no such field.
    """
    head, _, rest = path.partition(".")
    for name, below in _children(value, head):
        if below is None:
            continue
        if rest:
            for deeper, found in find(below, rest):
                yield f"{name}.{deeper}", found
        else:
            yield name, below


def _children(value: object, part: str) -> Iterator[tuple[str, object]]:
    """Yield the parts of a value that one path part names."""
    if isinstance(value, Mapping):
        if part == EVERY:
            yield from ((str(key), below) for key, below in value.items())
        elif part in value:
            yield part, value[part]
    elif isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        if part == EVERY:
            yield from ((str(index), below) for index, below in enumerate(value))
        elif int(part) < len(value):
            yield part, value[int(part)]
    else:
        yield part, getattr(value, part)


def put(value: object, path: str, new: object) -> Any:
    """Return the value with another part at an exact path (no ``*``); pydantic models are validated again.

    Raises:
        ValueError: a model does not accept the new part.
        TypeError: something on the way cannot be changed.
    """
    head, _, rest = path.partition(".")
    if rest:
        _, below = next(_children(value, head))
        new = put(below, rest, new)
    return _with_part(value, head, new)


def drop(value: object, path: str) -> Any:
    """Return the value without the part at an exact path: a key or item goes, a field becomes its default or None.

    Raises:
        ValueError: a model's field is required and does not accept None.
        TypeError: something on the way cannot be changed.
    """
    head, _, rest = path.partition(".")
    if rest:
        _, below = next(_children(value, head))
        return _with_part(value, head, drop(below, rest))
    if isinstance(value, Mapping):
        return {key: below for key, below in value.items() if key != head}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(below for index, below in enumerate(value) if index != int(head))
    return _with_part(value, head, _default(value, head))


def _with_part(value: object, part: str, new: object) -> object:
    if isinstance(value, Mapping):
        return {**value, part: new}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(new if index == int(part) else below for index, below in enumerate(value))
    if _is_model(value):
        return type(value).model_validate({**dict(value), part: new}, by_alias=False, by_name=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{part: new})
    raise TypeError(f"cannot change {part!r} of a {type(value).__name__}: it is no mapping, list, model or dataclass")


def _is_model(value: object) -> "TypeIs[_Model]":
    return hasattr(value, "model_validate")


def _default(value: object, part: str) -> object:
    """Return what a field is when nobody gives it: its default, or None."""
    model_fields = getattr(type(value), "model_fields", None)
    if model_fields is not None:
        info = model_fields[part]
        return None if info.is_required() else info.get_default(call_default_factory=True)
    if dataclasses.is_dataclass(value):
        declared = {each.name: each for each in dataclasses.fields(value)}[part]
        if declared.default_factory is not dataclasses.MISSING:
            return declared.default_factory()
        return None if declared.default is dataclasses.MISSING else declared.default
    return None


def leaves(value: object, kinds: type | tuple[type, ...], path: str = "") -> Iterator[tuple[str, object]]:
    """Yield ``(path, leaf)`` for every leaf of those kinds, at any depth; no keys, bools, enums."""
    if isinstance(value, kinds) and not isinstance(value, bool | Enum):
        yield path, value
        return
    for name, below in _parts(value):
        yield from leaves(below, kinds, f"{path}.{name}" if path else name)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield the named parts of a mapping, sequence, model or dataclass; of anything else, none."""
    if isinstance(value, Mapping):
        yield from ((str(key), below) for key, below in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(index), below) for index, below in enumerate(value))
    elif _is_model(value):
        yield from dict(value).items()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
