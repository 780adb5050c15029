"""Reading JSON that people type: no text may be more than Python can bear."""

import json
from typing import Any

DEEPEST = 100
"""Lists and objects inside each other; more than anybody means, and less than any recursion can bear."""


def parsed(text: str) -> tuple[Any, bool]:
    """Return the JSON value in a text and True, or None and False when there is none that can be used."""
    try:
        value = json.loads(text, parse_constant=_refused)
        usable = _is_shallow(value, DEEPEST)
    except (ValueError, RecursionError):
        return None, False
    return (value, True) if usable else (None, False)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _is_shallow(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_shallow(below, depth - 1) for below in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_shallow(below, depth - 1) for below in value)
    return True
