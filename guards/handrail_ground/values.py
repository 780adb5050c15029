"""Values as JSON data, and JSON texts as values: what JSON cannot say is refused, never guessed at."""

import json
import math
from typing import Any, Literal, NoReturn, TypeAlias

from handrail_ground.errors import HandrailError, is_order, told

DEEPEST = 100
"""Levels of objects and lists; more than anybody means, less than pydantic reads, and less than recursion can bear."""

TOO_DEEP = f"it is nested deeper than {DEEPEST} levels; keep it flatter"

NotFinite: TypeAlias = Literal["constants", "strings"]
"""NaN and the infinities, which JSON does not have: left as they are, or as texts such as ``"NaN"``."""


class NotJson(HandrailError, TypeError):
    """A value that has no JSON form: of a type that has none, a circle, or its own code failed."""

    def __init__(self, value: Any, reason: str) -> None:
        """Name the value's type, and the reason."""
        super().__init__(f"a {type(value).__name__} has no JSON form ({reason})")
        self.kind = type(value).__name__
        """The value's type."""
        self.reason = reason
        """What was raised, in words."""


class InvalidJson(HandrailError, ValueError):
    """A text that is no JSON, or says what nobody can rely on; the message says where, and what to do."""


def as_json(value: Any, *, not_finite: NotFinite = "constants") -> Any:
    """Return a value as JSON data: pydantic models and dataclasses become objects, enums their values.

    Raises:
        NotJson: it has no JSON form.
    """
    if value is None or type(value) in {str, bool, int}:
        return value
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 -- keeps the import light

    try:
        return to_jsonable_python(value, inf_nan_mode=not_finite)
    except BaseException as error:  # the code of the value's type may raise anything
        if is_order(error):
            raise
        raise NotJson(value, told(error)) from error


def from_json(text: str | bytes) -> Any:
    """Return the value in a JSON text.

    Stricter than Python's own reader, which takes NaN, a number that no float holds, and a key that is there twice.

    Raises:
        InvalidJson: it is no JSON in UTF-8, has one of these, or is nested deeper than 100 levels.
    """
    try:
        data = _DECODER.decode(text if isinstance(text, str) else text.decode())
    except UnicodeDecodeError as error:
        raise InvalidJson(not_utf8(error)) from error
    except json.JSONDecodeError as error:
        raise InvalidJson(f"it is not JSON: {error.msg} at column {error.colno}") from error
    except InvalidJson:
        raise
    except ValueError as error:  # Python refuses to read whole numbers of thousands of digits
        raise InvalidJson("a number in it has too many digits; write it as a text") from error
    except RecursionError as error:
        raise InvalidJson(TOO_DEEP) from error
    if _brackets(text) > DEEPEST and depth(data) > DEEPEST:
        raise InvalidJson(TOO_DEEP)
    return data


def depth(data: Any) -> int:
    """Return how many levels of objects and lists there are in JSON data."""
    deepest, level = 0, [data]
    while level := [each for each in level if isinstance(each, dict | list)]:
        deepest += 1
        level = [value for each in level for value in (each.values() if isinstance(each, dict) else each)]
    return deepest


def not_utf8(error: UnicodeDecodeError) -> str:
    """Return in words where bytes are no UTF-8, and what to do."""
    return f"byte {error.start + 1} is not UTF-8 (0x{error.object[error.start]:02x}); save the file as UTF-8"


def _brackets(text: str | bytes) -> int:
    # Counting brackets costs nothing and settles it for nearly every text; brackets inside of strings count here too.
    return text.count("{") + text.count("[") if isinstance(text, str) else text.count(b"{") + text.count(b"[")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidJson(f"the key {twice!r} is there twice in one object; take one of them out")
    return data


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson(f"the number {text} is too large; the largest is about 1.8e308")
    return number


def _no_number(text: str) -> NoReturn:
    raise InvalidJson(f"{text} is no JSON; write a number, or null for none")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number)
