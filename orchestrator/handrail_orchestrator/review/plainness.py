"""Whether an answer is JSON data: what programs give may be anything, and only this can be recorded as it is."""

import math
from collections.abc import Iterable

from handrail_orchestrator.texts import lone_surrogate

LARGEST_BITS = 14_000
"""Of a whole number: Python writes no more than 4,300 digits as text."""


def no_json(value: object) -> tuple[tuple[str | int, ...], str] | None:
    """Return where an answer is no JSON data, and what to give instead; None when all of it is."""
    match value:
        case list():
            return _first(enumerate(value))
        case dict():
            other = next((key for key in value if not isinstance(key, str) or _wrong(key)), None)
            return _first(value.items()) if other is None else ((), f"the key {other!r} is no text")
        case _:
            said = _wrong(value)
            return None if said is None else ((), said)


def _first(parts: Iterable[tuple[str | int, object]]) -> tuple[tuple[str | int, ...], str] | None:
    for name, part in parts:
        if (wrong := no_json(part)) is not None:
            return (name, *wrong[0]), wrong[1]
    return None


def _wrong(value: object) -> str | None:
    match value:
        case None | bool():
            return None
        case str():
            return _no_text(value)
        case int():
            return None if value.bit_length() <= LARGEST_BITS else "a number with more digits than can be written"
        case float():
            return None if math.isfinite(value) else f"{value} is no number that JSON can hold"
        case _:
            return f"it is {type(value).__qualname__}: give JSON data, which is text, numbers, lists and dicts of them"


def _no_text(value: str) -> str | None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        return lone_surrogate(error)
    return None
