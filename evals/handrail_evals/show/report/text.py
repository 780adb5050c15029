"""Text from outside on the page: nothing in it may be hidden, turn the reading order around or flood the page."""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from handrail_ground.text import harmless

MOST = 2000
"""Characters of one value that the page shows; the rest is in the result file."""
MOST_LABEL = 60
"""Characters of a name or label that the page shows."""

_PICTURES = 0x2400
"""Where Unicode keeps a visible picture of each of the first 32 control characters."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A value as the page shows it."""

    text: str
    """What is shown: every character visible, none that changes the reading order."""
    left_out: int = 0
    """Characters that were cut off; 0 when it is whole."""
    is_text: bool = True
    """Whether the value is text; False: it is another JSON value, written as JSON."""


def excerpt(value: Any, most: int = MOST) -> Excerpt:
    """Return a JSON value as people read it, at most ``most`` characters of it."""
    is_text = isinstance(value, str)
    whole = value if is_text else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return Excerpt(visible(whole[:most]), max(0, len(whole) - most), is_text)


def brief(value: Any, most: int = MOST_LABEL) -> str:
    """Return a JSON value in one line, cut with an ellipsis; no value at all is a dash."""
    if value is None:
        return "–"
    whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = " ".join(visible(whole[: most + 1]).split())
    return line if len(whole) <= most else f"{line[: most - 1]}…"


def visible(text: str) -> str:
    r"""Return the text with control and direction characters as pictures or as their code, such as ``⟨U+202E⟩``."""
    return harmless(text, _written)


def columns(text: str) -> int:
    """Return how wide a line of text is, in columns: East Asian wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def fitted(text: str, most: int) -> str:
    """Return the text cut to ``most`` columns, with an ellipsis in its middle: names differ at both ends."""
    if columns(text) <= most:
        return text
    head, tail = (most - 1) // 2 + (most - 1) % 2, (most - 1) // 2
    return f"{_taken(text, head)}…{_taken(text[::-1], tail)[::-1]}"


def _taken(text: str, most: int) -> str:
    width = 0
    for position, each in enumerate(text):
        width += columns(each)
        if width > most:
            return text[:position]
    return text


def _written(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
