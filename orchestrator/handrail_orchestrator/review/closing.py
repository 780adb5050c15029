"""What a JSON Schema leaves open and an answer may not: fields that nobody named, days and times that do not exist."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from jsonschema import FormatChecker

FORMATS: Mapping[str, type] = {
    "date": date,
    "date-time": datetime,
    "duration": timedelta,
    "time": time,
    "uuid": UUID,
}
"""The types that a text of each format is read as."""


def closed(schema: Any) -> Any:
    """Return a JSON Schema in which an object has the fields that it names, unless it says what else it takes.

    A model reads other fields and forgets them: an answer with a misspelt field would lose what was said in it. Parts
    that describe one object together (allOf) stay open, as none of them names all of its fields.
    """
    return schema if _has_parts(schema) else _closed(schema)


def _has_parts(schema: Any) -> bool:
    match schema:
        case {"allOf": list()}:
            return True
        case Mapping():
            return any(_has_parts(each) for each in schema.values())
        case list():
            return any(_has_parts(each) for each in schema)
        case _:
            return False


def _closed(schema: Any) -> Any:
    match schema:
        case {"const": _} | {"enum": _}:
            return schema
        case {"properties": Mapping() as fields, **rest}:
            inside = {name: _closed(each) for name, each in fields.items()}
            return {"additionalProperties": False, **_closed(rest), "properties": inside}
        case {"patternProperties": Mapping() as named, **rest}:
            inside = {pattern: _closed(each) for pattern, each in named.items()}
            return {"additionalProperties": False, **_closed(rest), "patternProperties": inside}
        case Mapping():
            return {name: each if name in _DATA else _closed(each) for name, each in schema.items()}
        case list():
            return [_closed(each) for each in schema]
        case _:
            return schema


_DATA = frozenset({"default", "examples"})


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Return whether a JSON Schema says by itself what fits: it lists the values, or names a kind that JSON has."""
    if "enum" in schema or "const" in schema:
        return True
    return schema.get("type") in _OF_JSON and "format" not in schema


_OF_JSON = frozenset({"boolean", "null", "integer", "number", "string"})


@cache
def format_checker() -> "FormatChecker":
    """Return what holds a text to its format, by reading it as the answer's type will."""
    from jsonschema import FormatChecker  # noqa: PLC0415 -- 60 ms that only a decision needs
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 -- loaded with the codec already

    checker = FormatChecker(())
    for name, kind in FORMATS.items():
        adapter: TypeAdapter[Any] = TypeAdapter(kind)

        def reads(value: object, adapter: TypeAdapter[Any] = adapter) -> bool:
            if isinstance(value, str):
                adapter.validate_python(value)
            return True

        checker.checks(name, raises=ValidationError)(reads)
    checker.checks("integer")(_is_whole)
    checker.checks("number")(_is_number)
    return checker


def _is_whole(value: object) -> bool:
    """Return whether a key is a whole number, written in the one way that it is: 01 and 1 would be one key."""
    return not isinstance(value, str) or _WHOLE.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return not isinstance(value, str) or _NUMBER.fullmatch(value) is not None


_WHOLE = re.compile("0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
