"""Values as JSON data, and JSON texts as values: what JSON cannot say is refused, never guessed at."""

import json
import math
import re
from typing import Any, NoReturn

from handrail_ground.errors import HandrailError, is_order, told

DEEPEST = 100
"""Levels of objects and lists; more than anybody means, less than pydantic reads, and less than recursion can bear."""

TOO_DEEP = f"it is nested deeper than {DEEPEST} levels; keep it flatter"


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


def as_json(value: Any) -> Any:
    """Return a value as JSON data: pydantic models and dataclasses become objects, enums their values.

    NaN and the infinities, which JSON does not have, are left as they are.

    Raises:
        NotJson: it has no JSON form.
    """
    if value is None or type(value) in {str, bool, int}:
        return value
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 -- keeps the import light

    try:
        return to_jsonable_python(value)
    except BaseException as error:  # the code of the value's type may raise anything
        if is_order(error):
            raise
        raise NotJson(value, told(error)) from error


def from_json(text: str | bytes, *, deepest: int | None = DEEPEST) -> Any:
    """Return the value in a JSON text, of at most so many levels (None: as many as can be read).

    Stricter than Python's own reader, which takes NaN, a number that no float holds, and a key that is there twice.

    Raises:
        InvalidJson: it is no JSON in UTF-8, has one of these, or is nested too deep; a ``JSONDecodeError`` is its cause
            where it is no JSON at all.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        data = STRICT.decode(text)
    except UnicodeDecodeError as error:
        raise InvalidJson(not_utf8(error)) from error
    except json.JSONDecodeError as error:
        raise InvalidJson(f"it is not JSON: {error.msg} at column {error.colno}") from error
    except InvalidJson:
        raise
    except ValueError:  # Python refuses to read thousands of digits
        raise InvalidJson("a number has too many digits") from None
    except RecursionError:
        raise InvalidJson(TOO_DEEP) from None
    # Counting brackets costs nothing and settles it for nearly every text; brackets inside of texts count here too.
    if deepest is not None and text.count("{") + text.count("[") > deepest and depth(data) > deepest:
        raise InvalidJson(TOO_DEEP)
    return data


def value_at(text: str, start: int) -> Any:
    """Return the one value that begins at a place in a JSON text, read as Python's own reader does.

    For whoever knows how a text was written, and needs nothing of what stands behind.

    Raises:
        ValueError: none begins there.
    """
    return _LENIENT.raw_decode(text, start)[0]


def json_line(data: Any, *, ascii_only: bool = True) -> str:
    """Return JSON data as text; NaN and the infinities, which JSON does not have, as ``"NaN"`` and ``"Infinity"``."""
    try:
        return json.dumps(data, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), ensure_ascii=ascii_only, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(each) for key, each in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(each) for each in data]
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidJson(f"the key {json.dumps(twice)[:80]} is there twice; give it once")
    return made


def _number(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise InvalidJson("a number is too large")
    if found == 0.0 and re.search(r"[1-9]", digits.lower().partition("e")[0]):
        raise InvalidJson("a number is too close to zero")
    return found


def _constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is no JSON number")


_LENIENT = json.JSONDecoder()
STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
"""Decodes JSON values; beside what ``json`` raises, it raises ``InvalidJson`` for what nobody can rely on."""
