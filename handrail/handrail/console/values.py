"""A recorded value as people read it: pretty, folded when it is long, cut when nobody would read on."""

import json
from dataclasses import dataclass
from typing import Any

from handrail_ground.text import escape, harmless

SHORT_CHARACTERS = 200
SHORT_LINES = 6
"""What is at most so long stands open."""
LONGEST = 20_000
"""Characters that a page shows of one value; the API gives the rest."""
FIRST_LINE = 90


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value as a page shows it."""

    text: str
    is_long: bool
    """Whether it is folded."""
    first: str
    """Its beginning, in one line."""
    left_out: int = 0
    """Characters at its end that are not shown."""


def shown(value: Any) -> ShownValue:
    """Return a value, texts as they are and all others as JSON over several lines."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    cut = harmless(text[:LONGEST], _written)
    is_long = len(text) > SHORT_CHARACTERS or cut.count("\n") >= SHORT_LINES
    line = " ".join(cut[: 4 * FIRST_LINE].split())
    is_whole = len(cut) <= 4 * FIRST_LINE and len(line) <= FIRST_LINE
    first = line if is_whole else f"{line[:FIRST_LINE]}…"
    return ShownValue(cut, is_long, first, max(0, len(text) - LONGEST))


def _written(character: str) -> str:
    """Return what stands for a character that nobody sees; a carriage return is one of the ends of a line."""
    return "" if character == "\r" else escape(character)
