"""A structured answer while it is being written: the JSON of its beginning, without what may yet be another value."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from handrail_ai_steps.strict_json import with_exact_numbers

_OF_NUMBERS = "0123456789+-.eE"
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ArrivedData:
    """What can be read of the beginning of a JSON text."""

    data: Any
    is_open: bool = False
    """Whether the last text in it is still being written; everything else is there to its end."""


def arrived(text: str) -> ArrivedData | None:
    """Return what the beginning of a JSON object says, or None where nothing can be read.

    A number at the very end may get more digits, which makes it another number: it is left out until it has ended.
    """
    try:
        whole, begun = from_json(text, allow_partial=True), from_json(text, allow_partial="trailing-strings")
        is_open = whole != begun
        at = _last_text(text) if is_open else len(text)
        kept = text[:at] if is_open or text[-1] not in _OF_NUMBERS else text.rstrip(_OF_NUMBERS)
        return ArrivedData(from_json(with_exact_numbers(kept) + text[at:], allow_partial="trailing-strings"), is_open)
    except ValueError:
        return None


def _last_text(text: str) -> int:
    """Return where the text begins that is still being written."""
    ends = [each.end() for each in _TEXT.finditer(text)]
    return text.index('"', ends[-1] if ends else 0)


def without_last(data: Any) -> Any:
    """Return data without the very last value in it."""
    return _with_last(data, lambda _: [])


def with_last_longer(data: Any, more: str) -> Any:
    """Return data whose very last value, a text, goes on."""
    return _with_last(data, lambda text: [f"{text}{more}"])


def _with_last(data: Any, change: Any) -> Any:
    if isinstance(data, dict) and data:
        *others, (name, last) = data.items()
        return dict([*others, *((name, each) for each in _changed(last, change))])
    if isinstance(data, list) and data:
        return [*data[:-1], *_changed(data[-1], change)]
    return data


def _changed(last: Any, change: Any) -> list[Any]:
    return [_with_last(last, change)] if isinstance(last, dict | list) and last else change(last)
