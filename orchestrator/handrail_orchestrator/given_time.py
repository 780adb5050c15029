"""Moments and lengths of time as somebody gave them: what is none is refused where it is given.

True counts as 1 in Python, a text has no seconds, and a moment without its zone is another one on each machine.
"""

import math
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

from handrail_guards.numbers import is_finite
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.interrupts import is_for_us

LONGEST_SHOWN = 60
"""Characters of what was given in its place."""


def checked_moment(given: Any, where: str) -> datetime:
    """Return a moment that has its time zone; ``where`` says what it is, such as ``at``.

    Raises:
        Misuse: it is none, or has no zone.
    """
    if not isinstance(given, datetime):
        raise Misuse(f"{where}={_shown(given)} is no moment: give datetime(..., tzinfo=UTC)")
    if given.utcoffset() is None:
        raise Misuse(f"{where}={given.isoformat()} has no time zone: use datetime(..., tzinfo=UTC)")
    return given


def checked_span(given: Any, where: str) -> timedelta:
    """Return a length of time, 0 or more.

    Raises:
        Misuse: it is none, or below 0.
    """
    if not isinstance(given, timedelta):
        raise Misuse(f"{where}={_shown(given)} is no length of time: give a timedelta, such as timedelta(days=30)")
    if given < timedelta():
        raise Misuse(f"{where}={given!r} is below 0: give a timedelta of 0 or more, such as timedelta(days=30)")
    return given


def seconds_of(given: Any, where: str) -> float:
    """Return a timedelta, or a number of any kind but a bool, in seconds; they may be below 0, NaN or infinite.

    Raises:
        Misuse: it is neither.
    """
    if isinstance(given, timedelta):
        return given.total_seconds()
    if isinstance(given, Real | Decimal) and not isinstance(given, bool):
        with suppress(OverflowError):
            return float(given)
    raise Misuse(f"{where}={_shown(given)} is no length of time: give a timedelta, or a number of seconds")


def is_seconds(given: Any, *, least: float = 0.0, most: float = math.inf) -> bool:
    """Return whether something is a number of seconds in a range."""
    return is_finite(given) and least <= given <= most


def is_above_zero(given: Any) -> bool:
    """Return whether something is a number above 0, such as of seconds, and finite."""
    return is_finite(given) and given > 0


def _shown(given: object) -> str:
    """Return what was given, cut where it is long; its type where it cannot be shown."""
    try:
        text = repr(given)
    except BaseException as error:  # whatever its own code raises; a number of too many digits
        if is_for_us(error):
            raise
        return f"a {type(given).__name__}"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
