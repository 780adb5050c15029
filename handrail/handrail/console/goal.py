"""How many items a person means to decide in a day, as they set it for themselves."""

from collections.abc import Mapping
from typing import Any

MOST_A_DAY = 9_999


def goal_of(settings: Mapping[str, Any]) -> int | None:
    """Return a person's goal; None: they never said, or what their settings hold is none."""
    found = settings.get("goal")
    return found if type(found) is int and 0 < found <= MOST_A_DAY else None


def read_goal(text: str) -> int | None:
    """Return the goal that was typed; None: it is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_A_DAY))
    return goal_of({"goal": int(text)}) if is_number else None
