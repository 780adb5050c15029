"""Records made of what is stored: a field is read by the first look, so a list decodes nothing it does not show."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

R = TypeVar("R", bound="LazyRecord")

Readers = Mapping[str, Callable[[Any], Any]]
"""By the name of a record's field: what reads it from a row."""


class LazyRecord:
    """What a frozen dataclass with slots derives from to be made by ``lazy_record``; made with values it is as ever."""

    __slots__ = ("_stored",)

    if not TYPE_CHECKING:  # type checkers know the fields, and shall not take any other name for one

        def __getattr__(self, name: str) -> Any:
            """Read a field that nobody looked at before; two threads that look at once read the same twice."""
            reader = None if name == "_stored" else self._stored[1].get(name)
            if reader is None:
                raise AttributeError(f"{type(self).__name__} has no field {name!r}", name=name, obj=self)
            value = reader(self._stored[0])
            object.__setattr__(self, name, value)
            return value


def lazy_record(kind: type[R], row: object, readers: Readers) -> R:
    """Return a record of a row, of which nothing is read yet."""
    record = object.__new__(kind)
    object.__setattr__(record, "_stored", (row, readers))
    return record


def readers_of(kind: type[Any], **readers: Callable[[Any], Any]) -> Readers:
    """Return what reads each field of a record from a row; those that are not given stand in the row as they are."""
    return {each.name: readers.get(each.name) or attrgetter(each.name) for each in fields(kind)}


def text(name: str, read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Return what reads a row's column of text; one that is NULL is None."""

    def reader(row: object) -> Any:
        stored = getattr(row, name)
        return None if stored is None else read(stored)

    return reader
