"""Values as a reason shows them: short, and not all of many."""

from collections.abc import Sequence
from typing import Any

MOST = 5
"""How many values a reason names."""

LONGEST = 60
"""How many characters of a value it shows."""


def shown(value: Any) -> str:
    """Return a value in a few characters."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def listed(values: Sequence[Any]) -> str:
    """Return the first values, and how many more there are."""
    return joined([shown(value) for value in values[:MOST]], len(values))


def joined(parts: Sequence[str], total: int) -> str:
    """Return the first parts in one line, and how many more of ``total`` there are."""
    more = total - len(parts[:MOST])
    return ", ".join(parts[:MOST]) + (f" and {more} more" if more > 0 else "")
