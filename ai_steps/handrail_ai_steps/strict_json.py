"""JSON as the standard has it: no NaN, no key twice, no number that a float cannot hold.

What libraries read beyond that (``NaN``, the last of two equal keys, ``1e999`` as infinity) is never what was meant.
"""

import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from handrail_ground.values import STRICT, InvalidJson, from_json

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON object from outside: what its values are has to be looked at."""

_DELICATE = re.compile(r"[0-9](?:[eE]|[0-9.]{15})")
"""What a number looks like that a float may not hold with all its digits; others need no look one by one."""
MOST_DIGITS = 4300
"""Of a whole number: Python neither reads nor writes one with more, as it would take too long."""
_TOO_LARGE = 10**MOST_DIGITS
_LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)


def read_json(text: str) -> object:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none; the message says why, in words a model can act on.
    """
    try:
        return from_json(text, deepest=None)
    except InvalidJson as error:
        raise ValueError(f"Invalid JSON: {error.__cause__ or error}") from None


def member(text: str, key: str) -> str | None:
    """Return the text of one member of the JSON object that a text is, digits and all, or None where it has none.

    The text must be one that ``read_json`` takes.
    """
    decode = STRICT.raw_decode
    position = _next(text, text.index("{") + 1)
    while text[position] == '"':
        name, end = decode(text, position)
        start = _next(text, _next(text, end) + 1)  # behind the colon
        _, end = decode(text, start)
        if name == key:
            return text[start:end]
        position = _next(text, end)
        if text[position] == ",":
            position = _next(text, position + 1)
    return None


def with_exact_numbers(text: str) -> str:
    """Return a JSON text with every number that loses digits as a float put between quotes."""
    return _LEXEME.sub(_exact, text) if _DELICATE.search(text) else text


def wrong_number(value: object) -> str:
    """Return what is wrong with a number inside a value that JSON cannot hold, or nobody reads back; empty: nothing."""
    left = [value]
    while left:
        each = left.pop()
        kind = type(each)
        if kind in _HARMLESS:
            continue
        if isinstance(each, int):
            if abs(each) >= _TOO_LARGE:
                return f"a number has more than {MOST_DIGITS:,} digits; give one that can be read"
        elif isinstance(each, float | Decimal):
            if not math.isfinite(each):
                return "a number is NaN or infinite; every number must be finite"
        else:
            left.extend(parts(each))
    return ""


_HARMLESS = frozenset({str, bool, type(None), bytes})


def parts(value: Any) -> Iterable[object]:
    """Return what a mapping, sequence, set, model or dataclass is made of; of anything else, nothing."""
    kind = type(value)
    if kind is list or isinstance(value, list | tuple | set | frozenset):
        return value  # type: ignore[no-any-return]
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    declared = getattr(kind, "__dataclass_fields__", None)
    if declared is not None:
        return [getattr(value, name, None) for name in declared]
    if hasattr(kind, "__pydantic_fields__"):
        extra = getattr(value, "__pydantic_extra__", None)
        return [*value.__dict__.values(), *extra.values()] if extra else value.__dict__.values()
    return ()


def _next(text: str, position: int) -> int:
    """Return where the white space at a place ends."""
    while text[position].isspace():
        position += 1
    return position


def _exact(lexeme: re.Match[str]) -> str:
    found = lexeme[0]
    if found[0] == '"' or not {".", "e", "E"} & set(found):  # whole numbers keep every digit
        return found
    return found if Decimal(found) == Decimal(repr(float(found))) else f'"{found}"'
