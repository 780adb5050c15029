"""Which runs are counted: those started in a window, given as ``7d``, ``24h`` or ``2026-11-01..2026-11-08``."""

import math
import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from handrail_guards.numbers import is_number
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.statistics.stats import StatsWindow
from handrail_orchestrator.store.figures import HOUR

FIRST: Final = 365 * 86_400.0
"""Nothing is counted that began before 1971: the window in front of one must exist, too, in every time zone."""
LAST: Final = 4e10
"""Nor later than in the year 3237."""
LONGEST_DAYS: Final = 3_660
"""Days that a window can have at most: ten years."""
PAIR: Final = 2
HOW: Final = "give 7d, 24h, or two days such as 2026-11-01..2026-11-08, the second one not included"
_SPAN: Final = re.compile(r"(\d{1,6})([hdw])", re.ASCII)
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

WindowLike: TypeAlias = "StatsWindow | timedelta | str | tuple[datetime | date | float, datetime | date | float]"
"""A time up to now, two moments (the second one not included), or either as text."""


def window_of(given: WindowLike, *, now: float, zone: str = "UTC") -> StatsWindow:
    """Return a window; days begin at midnight in the zone, and have 23 or 25 hours when its clocks are changed.

    A time up to now begins with the full hour before, and ends with the hour that is not over yet.

    Raises:
        Misuse: it is no window, or there is no such time zone.
    """
    if isinstance(given, StatsWindow):
        return given
    if isinstance(given, str):
        return parse_window(given, now=now, zone=zone)
    if isinstance(given, timedelta):
        return _until_now(given, now, zone)
    place = zone_of(zone)
    pair: Any = given  # whatever somebody without a type checker gave
    if not isinstance(pair, tuple | list) or len(pair) != PAIR:
        raise Misuse(f"{given!r} is no window: {HOW}, a timedelta, or two moments")
    try:
        since, until = (_seconds(each, place) for each in pair)
    except OverflowError as error:
        raise Misuse(f"the window {given[0]}..{given[1]} is of another age, and counts nothing: {HOW}") from error
    return _checked(since, until, zone, f"{given[0]}..{given[1]}")


def parse_window(text: str, *, now: float, zone: str = "UTC") -> StatsWindow:
    """Return the window that a text says; see ``window_of``.

    Raises:
        Misuse: it says none, or there is no such time zone.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is not None:
        return _until_now(int(found[1]) * _UNITS[found[2]], now, zone)
    first, dots, last = text.strip().partition("..")
    if not dots:
        raise Misuse(f"{text!r} is no window: {HOW}")
    place = zone_of(zone)
    since = _moment(first, text, place)
    until = _up(now) if not last else _moment(last, text, place)
    return _checked(since, until, zone, text)


def week_of(moment: float, zone: str) -> StatsWindow:
    """Return the last whole week, from Monday to Monday, that was over at a moment.

    Raises:
        Misuse: there is no such time zone.
    """
    place = zone_of(zone)
    today = datetime.fromtimestamp(moment, place).date()
    monday = today - timedelta(days=today.weekday())
    return _days(monday - timedelta(days=7), monday, place, zone)


def before(window: StatsWindow) -> StatsWindow:
    """Return the window in front of one that is as many days long; where it is not, as many seconds."""
    place = zone_of(window.zone)
    first, last = (datetime.fromtimestamp(each, place) for each in (window.since, window.until))
    days = (last.date() - first.date()).days
    if days and first.time() == last.time():
        start = datetime.combine(first.date() - timedelta(days=days), first.time(), place)
        return StatsWindow(since=start.timestamp(), until=window.since, zone=window.zone)
    return StatsWindow(since=2 * window.since - window.until, until=window.since, zone=window.zone)


def zone_of(name: str) -> tzinfo:
    """Return a time zone.

    Raises:
        Misuse: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
        raise Misuse(f"there is no time zone {name!r}: give a name such as Europe/Berlin or UTC") from error


def _days(first: date, last: date, place: tzinfo, zone: str) -> StatsWindow:
    since, until = (datetime.combine(each, time(), place).timestamp() for each in (first, last))
    return StatsWindow(since=since, until=until, zone=zone)


def _until_now(span: timedelta, now: float, zone: str) -> StatsWindow:
    zone_of(zone)
    if not timedelta() < span <= timedelta(days=LONGEST_DAYS):
        raise Misuse(f"a window of {span} counts nothing: give a time above 0 and up to {LONGEST_DAYS} days")
    return StatsWindow(since=(now - span.total_seconds()) // HOUR * HOUR, until=_up(now), zone=zone)


def _up(now: float) -> float:
    return float((math.floor(now / HOUR) + 1) * HOUR)


def _moment(said: str, text: str, place: tzinfo) -> float:
    try:
        found = datetime.fromisoformat(said.strip())
        return _seconds(found, place)
    except (ValueError, OverflowError) as error:
        raise Misuse(f"{said!r} in the window {text!r} is no day: {HOW}") from error


def _seconds(moment: datetime | date | float, place: tzinfo) -> float:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=place)).timestamp()
    if isinstance(moment, date):
        return datetime.combine(moment, time(), place).timestamp()
    if not is_number(moment):
        raise Misuse(f"{moment!r} in a window is no moment: give a date, a datetime, or seconds since the epoch")
    return float(moment)


def _checked(since: float, until: float, zone: str, text: str) -> StatsWindow:
    if not (math.isfinite(since) and math.isfinite(until)) or until <= since:
        raise Misuse(f"the window {text!r} ends before it begins, and counts nothing: {HOW}")
    if since < FIRST or until > LAST:
        raise Misuse(f"the window {text!r} is of another age, and counts nothing: {HOW}")
    if until - since > LONGEST_DAYS * 86_400:
        raise Misuse(f"the window {text!r} is longer than {LONGEST_DAYS} days: {HOW}")
    return StatsWindow(since=since, until=until, zone=zone)
