"""Numbers of the operations page in words: lengths of time, shares, money."""

from handrail.console.times import span
from handrail_ground.shares import in_percent


def length(seconds: float | None) -> str:
    """Return a length of time with two figures of precision below a minute: ``2 ms``, ``0.9 s``, ``3 h 5 min``."""
    if seconds is None:
        return "–"
    if seconds < 0.0005:
        return "0 s" if seconds <= 0 else "< 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)


def percent(share: float | None) -> str:
    """Return a share as a percentage: without a digit too many, and never as nothing where there is something."""
    if share is None:
        return "–"
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 < share < 1:
        return "> 99.9 %"
    return in_percent(share, 0 if share in {0.0, 1.0} else 1, sign=" %")


def money(amount: float) -> str:
    """Return an amount in the currency of the price list."""
    return "–" if not amount else f"{amount:,.2f}" if amount >= 0.01 else "< 0.01"
