"""Frozen dataclasses as JSON data and back, strictly: what does not fit the types is refused, never guessed at.

A reader is built once for each type, in a millisecond for all of a summary; pydantic's take a fifth of a second, which
every command that shows a result would wait for (docs/decisions/0006-measuring.md).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

Reader: TypeAlias = Callable[[Any], Any]


class Misfit(Exception):
    """Data that do not fit a type; the path leads to the place, the innermost name first."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []

    @property
    def place(self) -> str:
        """Return where it is, as ``metrics.0.name``."""
        return ".".join(reversed(self.path)) or "the whole"


def to_data(value: Any) -> Any:
    """Return a value of a dataclass as JSON data; tuples become lists."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [to_data(each) for each in value]
    if isinstance(value, Mapping):
        return {key: to_data(each) for key, each in value.items()}
    return {name: to_data(getattr(value, name)) for name in value.__dataclass_fields__}


def from_data(kind: type[T], data: Any) -> T:
    """Return the dataclass that JSON data hold.

    Raises:
        Misfit: a field is missing, unknown, or of another shape.
    """
    made: T = reader(cast("Any", kind))(data)
    return made


@cache
def reader(kind: Any) -> Reader:
    """Return what reads values of a type: a dataclass, or what is made of plain JSON values and dataclasses."""
    if is_dataclass(kind):
        return object_reader(kind)
    origin = get_origin(kind)
    return plain_reader((kind,)) if origin is None else generic_reader(origin, get_args(kind))


def generic_reader(origin: Any, arguments: tuple[Any, ...]) -> Reader:
    """Return what reads a tuple, a mapping, a union or a literal."""
    if origin is tuple and arguments[-1] is ...:
        return list_reader(reader(arguments[0]))
    if origin is tuple:
        return tuple_reader([reader(each) for each in arguments])
    if origin is Literal:
        return literal_reader(arguments)
    if origin in {Union, UnionType}:
        return union_reader(arguments)
    return mapping_reader(reader(arguments[1]))


def plain_reader(kinds: tuple[type, ...]) -> Reader:
    """Return what reads text, numbers, true, false and null; a whole number stands for a float too."""
    allowed = {*kinds, int} if float in kinds else {*kinds}
    words = " or ".join("null" if kind is NoneType else kind.__name__ for kind in kinds)
    to_float = float in kinds and int not in kinds

    def read(data: Any) -> Any:
        if type(data) not in allowed:
            raise Misfit(f"{data!r:.60} where {words} belongs")
        return float(data) if to_float and type(data) is int else data

    return read


def union_reader(kinds: tuple[Any, ...]) -> Reader:
    """Return what reads plain values of several types, or one other type or null."""
    others = [kind for kind in kinds if kind not in {str, int, float, bool, NoneType}]
    if not others:
        return plain_reader(kinds)
    if len(others) > 1 or NoneType not in kinds:
        raise TypeError(f"no reader for {kinds!r}: a union has one class at most")
    read_other = reader(others[0])
    return lambda data: None if data is None else read_other(data)


def literal_reader(words: tuple[Any, ...]) -> Reader:
    """Return what reads one of a few words."""

    def read(data: Any) -> Any:
        if not isinstance(data, str) or data not in words:
            raise Misfit(f"{data!r:.60} where one of {', '.join(map(repr, words))} belongs")
        return data

    return read


def list_reader(read_item: Reader) -> Reader:
    """Return what reads any number of values of one type."""

    def read(data: Any) -> tuple[Any, ...]:
        if type(data) is not list:
            raise Misfit(f"{data!r:.60} where a list belongs")
        return tuple(read_parts((place, read_item, each) for place, each in enumerate(data)))

    return read


def tuple_reader(readers: list[Reader]) -> Reader:
    """Return what reads a list with a type for each place."""

    def read(data: Any) -> tuple[Any, ...]:
        if type(data) is not list or len(data) != len(readers):
            raise Misfit(f"{data!r:.60} where a list of {len(readers)} belongs")
        return tuple(read_parts(zip(range(len(readers)), readers, data, strict=True)))

    return read


def mapping_reader(read_item: Reader) -> Reader:
    """Return what reads an object with any names."""

    def read(data: Any) -> dict[str, Any]:
        if type(data) is not dict:
            raise Misfit(f"{data!r:.60} where an object belongs")
        return dict(zip(data, read_parts((name, read_item, each) for name, each in data.items()), strict=True))

    return read


def object_reader(kind: Any) -> Reader:
    """Return what reads the fields of a dataclass, all of them and no others."""
    hints = get_type_hints(kind)
    readers = {field.name: reader(hints[field.name]) for field in fields(kind)}

    def read(data: Any) -> Any:
        if type(data) is not dict:
            raise Misfit(f"{data!r:.60} where an object belongs")
        if data.keys() != readers.keys():
            wrong = min(data.keys() ^ readers.keys())
            raise Misfit(f"unknown field {wrong!r}" if wrong in data else f"no field {wrong!r}")
        values = read_parts((name, each, data[name]) for name, each in readers.items())
        return kind(**dict(zip(readers, values, strict=True)))

    return read


def read_parts(parts: Iterable[tuple[str | int, Reader, Any]]) -> list[Any]:
    """Read parts in turn, each with its place; a misfit says where it is."""
    made: list[Any] = []
    here: str | int = ""
    try:
        for place, read, data in parts:
            here = place
            made.append(read(data))
    except Misfit as misfit:
        misfit.path.append(str(here))
        raise
    return made
