"""Numbers as people read them, with the unit they are in."""

import math

from handrail_evals.numbers.metrics.value import MetricValue, Unit
from handrail_evals.numbers.statistics.intervals import Interval

TIMES = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))


def figure(value: float | None, unit: Unit) -> str:
    """Return a number with its unit, such as ``86.9%``, ``120 ms``; a dash where there is none."""
    if value is None:
        return "–"
    if unit == "seconds":
        return duration(value)
    if unit == "money":
        return f"{value:.4g}" if abs(value) < 1000.0 else f"{value:,.0f}"
    if unit in {"tokens", "count"}:
        return f"{value:,.0f}" if value == math.floor(value) or abs(value) >= 100.0 else f"{value:.1f}"
    return {"share": f"{100.0 * value:.1f}%", "score": f"{value:.3f}", "minutes": f"{value:.1f} min"}[unit]


def duration(seconds: float) -> str:
    """Return seconds with three digits, in the unit that fits them."""
    for size, unit in TIMES:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs" if seconds else "0 s"


def span(interval: Interval | None, unit: Unit) -> str:
    """Return the ends of an interval, such as ``[86.3%, 87.6%]``; nothing without one."""
    return "" if interval is None else f"[{figure(interval.low, unit)}, {figure(interval.high, unit)}]"


def how(value: MetricValue) -> str:
    """Return how the interval was made, or why there is none."""
    return value.reason if value.interval is None else value.interval.method


def one_line(text: str, length: int = 80) -> str:
    """Return a text in one line of at most that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
