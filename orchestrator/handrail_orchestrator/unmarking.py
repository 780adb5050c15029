"""Reading stored JSON without its type: as plain data, whether it was written in the plain or in the marked form.

What the marks say of a value's type (see ``handrail_orchestrator.marking``) is left out here, as in the plain form. A
mark looks like a short list, and data may have short lists of its own: only what cannot well be anything else counts as
one. JSON in the marked form has at least one, so where none is certain, a list that may be one is.

Only the engine writes text that begins with the mark: plain data that would begin with it is written after a space.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

KEY: Final = "$exact"
MARK: Final = f'{{"{KEY}"'
"""How JSON in the marked form starts: an object with one key."""

_CLASS = re.compile(r"_*[A-Z]\w*")
_ONLY_A_MARK = re.compile(r"[\w-]+\[.*\](#\d+)?|[\w-]+#\d+|[a-z]+(-[a-z]+)+")
"""Names that no text of a user's list is likely to have: ``list[str]``, ``str#1``, ``json-or-python``."""


def as_plain(text: str) -> str:
    """Return JSON text of plain data as it is stored: with a space before it where it would begin as the marked form.

    The space is none of the data, for any reader of JSON.
    """
    return f" {text}" if text.startswith(MARK) else text


def plain(text: str) -> Any:
    """Return stored JSON as plain data.

    Raises:
        ValueError: it is not JSON.
    """
    data = json.loads(text)
    return unmarked(data[KEY]) if is_marked(text, data) else data


def is_marked(text: str, data: object) -> bool:
    """Return whether stored JSON, as text and as the data in it, is in the marked form."""
    return text.startswith(MARK) and isinstance(data, dict) and data.keys() == {KEY}


def unmarked(value: object) -> Any:
    """Return what stands in the marked form as plain data."""
    reading = _Reading()
    found = reading.of(value)
    return found if reading.marks else _Reading(bold=True).of(value)


class _Reading:
    """One walk through a value in the marked form."""

    def __init__(self, *, bold: bool = False) -> None:
        self.marks = 0
        """How many marks were taken away."""
        self._bold = bold
        """Whether a list that may be a mark is one."""

    def of(self, value: object) -> Any:
        if isinstance(value, dict):
            return {key: self.of(each) for key, each in value.items()}
        if not isinstance(value, list):
            return value
        if _is_moment(value):
            self.marks += 1
            return value[0]
        if len(value) == 2 and isinstance(value[0], str) and self._is_named(value[0], value[1]):
            self.marks += 1
            return self.of(value[1])
        return [self.of(each) for each in value]

    def _is_named(self, name: str, value: object) -> bool:
        if _ONLY_A_MARK.fullmatch(name):
            return True
        if _CLASS.fullmatch(name):
            return self._bold or isinstance(value, dict)
        fits = _FITS.get(name)
        return fits is not None and fits(value)


def _is_moment(value: object) -> bool:
    """Return whether a value is ``[moment, zone, fold]``."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and (value[1] is None or isinstance(value[1], str))
        and type(value[2]) is int
        and value[2] in {0, 1}
        and (_is_text_of(datetime.fromisoformat)(value[0]) or _is_text_of(time.fromisoformat)(value[0]))
    )


def _is_text_of(parse: Callable[[str], Any]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        try:
            parse(value)
        except (TypeError, ValueError, InvalidOperation, binascii.Error):
            return False
        return isinstance(value, str)

    return fits


def _is_a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("-+").startswith("P")


def _is_address(value: object) -> bool:
    return isinstance(value, str) and "://" in value


def _is_time(value: object) -> bool:
    return _is_moment(value) or _is_text_of(time.fromisoformat)(value) or _is_text_of(datetime.fromisoformat)(value)


_FITS: Final[Mapping[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "str": _is_a(str),
        "bytes": _is_text_of(urlsafe_b64decode),
        "int": _is_a(int),
        "float": lambda value: _is_a(int, float)(value) or value in {"NaN", "Infinity", "-Infinity"},
        "bool": _is_a(bool),
        "none": lambda value: value is None,
        "literal": _is_a(str, int, bool),
        "decimal": _is_text_of(Decimal),
        "uuid": _is_text_of(UUID),
        "date": _is_text_of(date.fromisoformat),
        "datetime": _is_time,
        "time": _is_time,
        "timedelta": _is_duration,
        "url": _is_address,
        "list": _is_a(list),
        "tuple": _is_a(list),
        "set": _is_a(list),
        "frozenset": _is_a(list),
        "call": _is_a(list),
        "dict": _is_a(list, dict),
    }
)
"""By the name of a built-in type: whether a value can be of it."""
