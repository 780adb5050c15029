"""Figures as people read them: times, shares with their interval, money."""

from datetime import datetime, timedelta

from handrail_ground.shares import Proportion, in_percent
from handrail_orchestrator.statistics.window import zone_of

NOTHING = "\N{EN DASH}"


def span(seconds: float | None) -> str:
    """Return a duration, to two units."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    hours, minutes = divmod(whole.seconds // 60, 60)
    return f"{whole.days} d {hours} h" if whole.days else f"{hours} h {minutes} min" if hours else f"{minutes} min"


def percent(rate: float | None) -> str:
    """Return a share."""
    return NOTHING if rate is None else in_percent(rate, 1)


def share(of: Proportion) -> str:
    """Return a share with its counts and the interval that it may truly be in."""
    if of.rate is None or of.interval is None:
        return f"{NOTHING} (of none)"
    low, high = of.interval
    return f"{in_percent(of.rate, 1)} ({of.part:,} of {of.whole:,}; 95%: {in_percent(low, 1)} to {in_percent(high, 1)})"


def cost(money: float, unpriced: int) -> str:
    """Return money, and of how many judgements nobody knows the price."""
    more = f" and {unpriced:,} without a price" if unpriced else ""
    return f"{money:,.2f}{more}"


def instant(seconds: float, zone: str) -> str:
    """Return a moment in a time zone, to the minute."""
    return datetime.fromtimestamp(seconds, zone_of(zone)).strftime("%Y-%m-%d %H:%M")
