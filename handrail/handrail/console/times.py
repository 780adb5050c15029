"""A moment as its reader reads it: in their own zone, and in a form for machines beside it."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from markupsafe import Markup

UTC_NAME = "UTC"

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@lru_cache(maxsize=512)
def known_zone(name: str) -> str:
    """Return the name of a zone if there is one, else UTC's."""
    return name if name in available_timezones() else UTC_NAME


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(known_zone(name))


def moment(seconds: float | None, zone: str, now: float) -> Markup:
    """Return a moment as a ``time`` element: without the year in this one, without the day today."""
    if seconds is None:
        return Markup()
    try:
        utc = datetime.fromtimestamp(seconds, UTC)
        local, today = utc.astimezone(_zone(zone)), datetime.fromtimestamp(now, _zone(zone))
    except (ValueError, OverflowError, OSError):  # a due time in a million years
        return Markup("—")
    if local.date() == today.date():
        shown = local.strftime("%H:%M")
    else:
        shown = local.strftime("%-d %b %H:%M" if local.year == today.year else "%-d %b %Y")
    whole = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname() or zone}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", whole, shown)


def span(seconds: float) -> str:
    """Return a length of time as people say it: its largest unit, and the next one while that matters."""
    left = abs(seconds)
    for place, (size, unit) in enumerate(UNITS):
        if left >= size:
            whole, rest = divmod(left, size)
            smaller = UNITS[place + 1] if place + 1 < len(UNITS) else None
            more = 0 if smaller is None or whole >= 10 else int(rest // smaller[0])
            return f"{whole:.0f} {unit}" + (f" {more} {smaller[1]}" if smaller and more else "")
    return f"{left:.0f} s"
