"""Days, moments, times of day and durations as people write them, read as JSON writes them (ISO 8601, RFC 3339)."""

import re
from contextlib import suppress
from datetime import date, datetime, time
from typing import Final

from handrail.console.forms.habits import Misread, TypingHabits
from handrail.console.words import say
from handrail_guards.values.written_date import WrittenDate, read_date

LONGEST = 100
"""Characters of any of these."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ZONE = r"(?P<zone>[Zz]|[+-]\d\d:?\d\d|\s?UTC|\s?GMT)"
_EXACT_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d(:\d\d)?)?", re.ASCII)
_EXACT_TIME: Final = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d(:\d\d)?)?", re.ASCII)
_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?P<part>\.\d{1,6})?)?"
    rf"\s?(?P<half>[ap]\.?m\.?)?\s?{_ZONE}?",
    re.ASCII | re.IGNORECASE,
)
_DAY_THEN_CLOCK: Final = re.compile(
    rf"(?P<day>\S.*?)(?:[T,\s]\s?|\s?,?\s?\bat\s)(?P<clock>{re.sub(r'[?]P<[a-z]+>', '?:', _CLOCK.pattern)})",
    re.ASCII | re.IGNORECASE,
)
_DURATION: Final = re.compile(
    r"[+-]?P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+([.]\d+)?D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.]\d+)?S)?)?", re.ASCII
)
_HOURS: Final = re.compile(r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?", re.ASCII)


def read_day(text: str, habits: TypingHabits) -> str | Misread:
    """Return a day as ``2024-04-03``; one that could be two days names both."""
    text = text.strip()
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text).isoformat()
    written = read_date(text) if len(text) <= LONGEST else None
    if written is None:
        return Misread(say("forms.date.unread"))
    if not re.search(r"\d{4}", text):
        return Misread(say("forms.date.year"))
    days = _meant(written, text, habits)
    if len(days) == 1:
        return days[0].isoformat()
    one, other = days
    return Misread(say("forms.date.two", one=in_words(one), other=in_words(other)))


def in_words(day: date) -> str:
    """Return a day so that nobody mistakes it, such as ``3 April 2024 (2024-04-03)``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year} ({day.isoformat()})"


def read_moment(text: str, habits: TypingHabits, *, with_zone: bool) -> str | Misread:
    """Return a moment as ``2024-04-03T10:42:00``, with its zone if one is written, and one must be if it had one."""
    text = text.strip()
    exact = text.replace(" ", "T", 1) if re.match(r"\d{4}-\d\d-\d\d \d", text) else text
    if _EXACT_MOMENT.fullmatch(exact):
        try:
            datetime.fromisoformat(exact)
        except ValueError:
            return Misread(say("forms.moment.unread"))
        return _zoned(exact, with_zone=with_zone)
    match = _DAY_THEN_CLOCK.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        is_day = isinstance(read_day(text, habits), str)
        return Misread(say("forms.moment.time" if is_day else "forms.moment.unread"))
    day, clock = read_day(match["day"].rstrip(" ,"), habits), read_clock(match["clock"])
    if isinstance(day, Misread):
        return day
    return clock if isinstance(clock, Misread) else _zoned(f"{day}T{clock}", with_zone=with_zone)


def read_clock(text: str) -> str | Misread:
    """Return a time of day as ``10:42:00``."""
    text = text.strip()
    if _EXACT_TIME.fullmatch(text):
        with suppress(ValueError):
            time.fromisoformat(text)
            return text
    match = _CLOCK.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return Misread(say("forms.time.unread"))
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return Misread(say("forms.time.unread"))
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    clock = f"{hour:02}:{match['minute']}:{match['second'] or '00'}{match['part'] or ''}{_zone(match['zone'])}"
    try:
        time.fromisoformat(clock)
    except ValueError:
        return Misread(say("forms.time.unread"))
    return clock


def read_duration(text: str) -> str | Misread:
    """Return a duration as ``PT1H30M``; ``1:30`` is hours and minutes."""
    text = text.strip()
    if len(text) <= LONGEST and _DURATION.fullmatch(text):
        return text
    match = _HOURS.fullmatch(text)
    if match is None:
        return Misread(say("forms.duration.unread"))
    seconds = f"{int(match['seconds'])}S" if match["seconds"] else ""
    return f"PT{int(match['hours'])}H{int(match['minutes'])}M{seconds}"


def has_zone(text: str) -> bool:
    """Return whether a moment says its zone."""
    return re.search(rf"\d{_ZONE}$", text) is not None and "T" in text


def _meant(written: WrittenDate, text: str, habits: TypingHabits) -> list[date]:
    days = sorted(written.readings)
    if len(days) < 2 or written.order is None:
        return days
    day_first = True if "." in text else habits.day_first
    if day_first is None:
        return days
    first = written.order[0]
    return [each for each in days if (each.day if day_first else each.month) == first]


def _zoned(moment: str, *, with_zone: bool) -> str | Misread:
    return Misread(say("forms.moment.zone")) if with_zone and not has_zone(moment) else moment


def _zone(written: str | None) -> str:
    zone = (written or "").strip().upper()
    if zone in {"Z", "UTC", "GMT"}:
        return "Z"
    return zone if not zone or ":" in zone else f"{zone[:3]}:{zone[3:]}"
