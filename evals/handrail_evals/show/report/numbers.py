"""Numbers as people read them: with a unit, as many digits as mean something, and a sign where it matters."""

import math
from typing import assert_never

from handrail_evals.numbers.metrics.value import Unit
from handrail_evals.numbers.statistics.intervals import Interval

UNKNOWN = "–"
"""Stands where there is no number."""

_LONG = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
"""Long units, in seconds, each with the short one that goes with it."""


def share(value: float, digits: int = 1) -> str:
    """Return a share, 0 to 1, in percent."""
    return f"{value * 100:.{digits}f}%"


def count(value: float) -> str:
    """Return a count with thousands apart."""
    return f"{value:,.0f}"


def counted(value: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 case``, ``1,200 cases``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def brief_count(value: int) -> str:
    """Return a count in at most four characters: ``950``, ``1.2k``, ``34k``, ``5M``."""
    if value < 1000:
        return str(value)
    for size, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        scaled = value / size
        if scaled < 9.95:
            return f"{scaled:.1f}{letter}"
        if scaled < 999.5:
            return f"{scaled:.0f}{letter}"
    return "∞"


def seconds(value: float, digits: int = 3) -> str:
    """Return a duration in the unit that fits it, microseconds to days; ``digits`` are those of parts of a minute."""
    for size, unit in ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s")):
        # What rounds up to the next unit is told in that one.
        if value < size * (59.95 if unit == "s" else 999.5):
            return f"{significant(value / size, digits)} {unit}"
    whole, unit, part, small = next((each for each in _LONG if value >= each[0] - each[2] / 2), _LONG[-1])
    times = round(value / part)
    return f"{times // (whole // part)} {unit} {times % (whole // part):02d} {small}"


def significant(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that mean something, without exponent and thousands apart."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # Rounded first, as 0.9999 has the places of the 1.00 that it becomes.
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:,.{min(places, 9)}f}"


def amount(value: float, unit: Unit) -> str:
    """Return a number with its unit; scores and money have none."""
    match unit:
        case "share":
            return share(value)
        case "seconds":
            return seconds(value)
        case "count":
            return count(value)
        case "minutes" | "tokens":
            digits = significant(value) if unit == "minutes" or value < 100 else count(value)
            return f"{digits} {'min' if unit == 'minutes' else unit}"
        case "score" if abs(value) < 10:
            return f"{value:.3f}"
        case "score" | "money":
            return significant(value)
        case _:
            assert_never(unit)


def spread(interval: Interval, unit: Unit) -> str:
    """Return an interval's ends, their unit once where both have the same: ``92.1–94.0%``, ``820 ms – 1.04 s``."""
    low, high = amount(interval.low, unit), amount(interval.high, unit)
    if unit == "share":
        return f"{low.removesuffix('%')}–{high}"
    first, _, shared = low.partition(" ")
    if shared and high.partition(" ")[2] == shared and " " not in shared:
        return f"{first}–{high}"
    return f"{low} – {high}" if shared else f"{low}–{high}"


def moment(stamp: str) -> str:
    """Return a time such as ``2026-01-31T09:30:00Z`` as people read it; another text as it is."""
    day, parts, time = stamp.partition("T")
    return f"{day} {time[:5]} UTC" if parts and time.endswith("Z") else stamp
