"""Numbers that somebody gave: True counts as 1 in Python, and is no threshold, share or count."""

import math
from typing import Any


def is_number(value: Any) -> bool:
    """Return whether a value is a number that a float can hold, and neither a bool nor NaN."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
    except OverflowError:
        return False


def is_finite(value: Any) -> bool:
    """Return whether a value is a number, and no infinity."""
    return is_number(value) and math.isfinite(value)


def is_share(value: Any) -> bool:
    """Return whether a value is a number from 0 to 1."""
    return is_number(value) and 0.0 <= value <= 1.0


def is_count(value: Any, *, least: int = 0) -> bool:
    """Return whether a value is a whole number, and so many or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_taken_for_truth(value: Any) -> bool:
    """Return whether libraries read a truth value from a number or a text that says none: 1, ``"0"``, ``"yes"``."""
    if isinstance(value, str):
        return value.casefold() in _TAKEN_FOR_TRUTH
    return isinstance(value, int | float) and not isinstance(value, bool) and value in {0, 1}


_TAKEN_FOR_TRUTH = frozenset({"0", "1", "f", "n", "no", "off", "on", "t", "y", "yes"})


def is_text(value: Any) -> bool:
    """Return whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def has_order(lower: Any, upper: Any) -> bool:
    """Return whether two bounds can be compared and are in order; NaN never is."""
    try:
        return bool(lower <= upper)
    except Exception:  # noqa: BLE001 -- whatever the types' own code raises
        return False
