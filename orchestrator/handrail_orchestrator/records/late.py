"""Fields that are read when somebody looks at them: a list of records decodes nothing that it does not show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Unread:
    """Stored text in place of a field's value, and how it is read."""

    text: Any
    read: Callable[[Any], Any]


def unread(text: Any, read: Callable[[Any], Any]) -> Any:
    """Return what a record is made with in place of a value: ``read(text)``, once somebody looks at the field."""
    return None if text is None else Unread(text, read)


def reads_late(*names: str) -> Callable[[type[R]], type[R]]:
    """Let these fields of a frozen dataclass with slots be made ``unread``; put it above ``@dataclass``."""

    def prepared(record: type[R]) -> type[R]:
        for name in names:
            setattr(record, name, _Field(getattr(record, name)))
        return record

    return prepared


class _Field:
    """A slot whose text is read by the first look, and kept read."""

    __slots__ = ("_slot",)

    def __init__(self, slot: Any) -> None:
        self._slot = slot

    def __get__(self, record: Any, owner: type | None = None) -> Any:
        if record is None:
            return self
        value = self._slot.__get__(record, owner)
        if isinstance(value, Unread):  # two threads that look at once read the same twice
            value = value.read(value.text)
            self._slot.__set__(record, value)
        return value

    def __set__(self, record: Any, value: Any) -> None:
        self._slot.__set__(record, value)
