"""Dates and times found in a source however they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from handrail_guards.grounding.month_names import month_of
from handrail_guards.verdict import Span

_PIVOT = 69
"""Two-digit years below this are in the 2000s, as POSIX has it."""
_MONTHS = 12

_BY = r"\s?[-/.]\s?"
# A four-digit year may run into a time, as scanners drop the space: 06/03/201810:23.
_YEAR_END = r"(?:(?!\d)|(?=\d{1,2}:\d{2}))"
_NAME = r"[^\W\d_]{3,12}"
_DATE = re.compile(
    rf"(?<![\d])(?<!\d[/.-])(?:"
    rf"(?P<y1>(?:19|20)\d\d){_BY}(?P<m1>\d{{1,2}}){_BY}(?P<d1>\d{{1,2}})(?!\d)"
    rf"|(?P<a>\d{{1,2}}){_BY}(?P<b>\d{{1,2}}){_BY}(?P<y2>(?:19|20)\d\d{_YEAR_END}|['’]?\d\d(?!\d)(?![/.-]\d))"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s/.,-]{{0,3}}(?:of\s|de\s)?(?P<n3>{_NAME})\.?"
    rf"[\s/.,'’-]{{0,3}}(?:de\s)?(?P<y3>(?:19|20)\d\d{_YEAR_END}|\d\d(?!\d)(?!:\d))"
    rf"|(?<![^\W_])(?P<n4>{_NAME})\.?[\s/.-]{{0,2}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?[\s/.,'’-]{{1,3}}"
    rf"(?P<y4>(?:19|20)\d\d{_YEAR_END}|\d\d(?!\d)(?!:\d))"
    rf"|(?P<y5>(?:19|20)\d\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?!\d)"
    rf"|(?P<y6>(?:19|20)\d\d)\s?[年년]\s?(?P<m6>\d{{1,2}})\s?[月월]\s?(?P<d6>\d{{1,2}})\s?[日일]"
    rf")",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d:])(?P<hour>[0-2]?\d)[:.h](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?!\d)\s?(?P<half>[ap]\.?m)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """One date as it stands in a text."""

    span: Span
    readings: frozenset[date]
    """The days it may mean: two when day and month could be either way round."""
    order: tuple[int, int, int] | None
    """First number, second number and year, for dates like ``06/03/2018``; None where nothing is ambiguous."""
    style: str
    """``numbers``, ``iso``, ``named`` or ``compact``."""
    widths: tuple[int, ...]
    """How many digits day and month have, as written."""


def read_date(text: str) -> WrittenDate | None:
    """Return the date a text is, or None when it is more or less than one date."""
    match = _DATE.fullmatch(text.strip())
    return _written(match) if match else None


def find_dates(source: str) -> Iterator[WrittenDate]:
    """Yield every date of a text."""
    at = 0
    while match := _DATE.search(source, at):
        written = _written(match)
        if written is None:
            at = match.start() + 1
        else:
            yield written
            at = match.end()


def find_date(value: date, source: str) -> Iterator[Span]:
    """Yield where a date that may mean that day stands."""
    for written in find_dates(source):
        if value in written.readings:
            yield written.span


def find_written_date(wanted: WrittenDate, source: str) -> Iterator[Span]:
    """Yield where a date stands that reads like the wanted one.

    Where both are numbers their order must be the same. Added zeros (``06`` for ``6``) are normalising; a zero
    that is missing may be a digit that was lost, so it is not.
    """
    for written in find_dates(source):
        if wanted.style == written.style and any(a < b for a, b in zip(wanted.widths, written.widths, strict=True)):
            continue
        if wanted.order is not None and written.order is not None:
            same = wanted.order == written.order
        else:
            same = bool(wanted.readings & written.readings)
        if same:
            yield written.span


def find_time(value: time, source: str) -> Iterator[Span]:
    """Yield where a time of day stands, to the minute, and to the second where the source has seconds."""
    for match in _TIME.finditer(source):
        hour = int(match["hour"])
        if match["half"]:
            hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
        second = int(match["second"]) if match["second"] else value.second
        if (hour, int(match["minute"]), second) == (value.hour, value.minute, value.second):
            yield Span(*match.span())


def _written(match: re.Match[str]) -> WrittenDate | None:
    """Return the date a match stands for; None when no calendar has it."""
    span = Span(*match.span())
    if match["a"]:
        first, second, year = int(match["a"]), int(match["b"]), _year(match["y2"])
        days = {_day(year, second, first), _day(year, first, second)}
        if days == {None} and not match["y2"].startswith(("19", "20")):  # 98/12/31: the year stands first
            days = {_day(_year(match["a"]), second, int(match["y2"].strip("'’")))}
        readings = frozenset(day for day in days if day is not None)
        widths = (len(match["a"]), len(match["b"]))
        return WrittenDate(span, readings, (first, second, year), "numbers", widths) if readings else None
    name = match["n3"] or match["n4"]
    if name:
        month, day = month_of(name), match["d3"] or match["d4"]
        only = _day(_year(match["y3"] or match["y4"]), month or 0, int(day))
        return WrittenDate(span, frozenset({only}), None, "named", (len(day),)) if only else None
    kind = next(number for number in "156" if match["y" + number])
    month_text, day = match["m" + kind], match["d" + kind]
    only = _day(int(match["y" + kind]), int(month_text), int(day))
    style = "compact" if kind == "5" else "iso"
    return WrittenDate(span, frozenset({only}), None, style, (len(month_text), len(day))) if only else None


def _year(text: str) -> int:
    digits = text.strip("'’")
    number = int(digits)
    if len(digits) == len("2018"):
        return number
    return number + (2000 if number < _PIVOT else 1900)


def _day(year: int, month: int, day: int) -> date | None:
    if not 1 <= month <= _MONTHS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
