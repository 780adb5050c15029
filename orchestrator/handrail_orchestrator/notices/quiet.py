"""Quiet hours and times of day, by the clock of one place."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handrail_orchestrator.errors import Misuse

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is sent but what is loud: ``QuietHours("22:00", "07:00", weekends=True)``.

    They are told by the wall clock of the place: over midnight when the end is before the start, and in the nights in
    which the clock changes they begin and end when the clock there says so. What was to be told meanwhile is told at
    their end, of each topic in one message.

    Raises:
        Misuse: a time that is none, or no hours at all.
    """

    start: str = "22:00"
    end: str = "07:00"
    weekends: bool = False
    """Whether all of Saturday and Sunday is quiet."""

    def __post_init__(self) -> None:
        start = checked_time(self.start, "QuietHours(start=...)")
        if start == checked_time(self.end, "QuietHours(end=...)"):
            raise Misuse(f"QuietHours({self.start!r}, {self.end!r}) is no time at all, or all of it: give two times")

    def is_quiet(self, now: float, zone: ZoneInfo) -> bool:
        """Return whether it is quiet at a moment."""
        local = datetime.fromtimestamp(now, zone)
        if self.weekends and local.weekday() >= SATURDAY:
            return True
        start, end = checked_time(self.start, "start"), checked_time(self.end, "end")
        at = local.time()
        return start <= at < end if start < end else at >= start or at < end


def checked_time(text: str, where: str) -> time:
    """Return a time of day such as ``07:30``.

    Raises:
        Misuse: it is none.
    """
    found = _TIME.fullmatch(str(text))
    if found is None:
        raise Misuse(f"{where}: {text!r} is no time of day: write it as '07:30'")
    return time(int(found[1]), int(found[2]))


def checked_zone(name: str, where: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        Misuse: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError, TypeError):  # not found, or no name at all
        raise Misuse(
            f"{where}: there is no time zone {name!r}: give an IANA name such as 'Europe/Berlin'"
            ' (where a system has none, pip install "handrail[schedule]" brings them)'
        ) from None


def last_time(at: time, zone: ZoneInfo, now: float) -> tuple[date, float]:
    """Return the last moment at which a place's clock showed a time of day, and the day there.

    A time that spring leaves out is as long after midnight as it would be; of one that comes twice in autumn it is the
    first.
    """
    day = datetime.fromtimestamp(now, zone).date()
    for each in (day, day - timedelta(days=1)):
        moment = datetime.combine(each, at, zone).timestamp()
        if moment <= now:
            return each, moment
    raise AssertionError("yesterday is over")
