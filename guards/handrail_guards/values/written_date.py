"""Dates as they are written: every day that each may mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from handrail_guards.values.digits import with_plain_digits
from handrail_guards.values.month_names import months_of
from handrail_guards.verdict import Span

DateStyle: TypeAlias = Literal["numbers", "iso", "named", "compact"]

_PIVOT = 69
"""Two-digit years below this are in the 2000s, as POSIX has it."""
_MONTHS = 12
_BUDDHIST = 543
"""Years by which the Buddhist era, in which Thailand counts, is ahead."""
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
"""The year before the first of an era in Japan, and of the republic in Taiwan."""

_BY = r"\s?[-/.]\s?"
# A four-digit year may run into a time, as scanners drop the space: 06/03/201810:23.
_YEAR_END = r"(?:(?!\d)|(?=\d{1,2}:\d{2}))"
_YEAR = r"(?:19|20|25)\d\d"
_MARKS = "\u0300-\u036f\u064b-\u065f\u0900-\u0903\u093a-\u0950\u0e31-\u0e4e"
# A letter, then letters, the marks on them, and the full stops inside of Thai abbreviations.
_NAME = rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}]|\.(?=[\u0e01-\u0e2e])){{2,13}}"
_OF = r"(?:of\s|de\s|d['’]|del\s)?"
_DATE = re.compile(
    rf"(?<![\d])(?<!\d[/.-])(?:"
    rf"(?P<y0>{_YEAR}) (?P<m0>\d{{1,2}}) (?P<d0>\d{{1,2}})(?!\d)(?![.,]\d)"
    rf"|(?P<y1>{_YEAR}){_BY}(?P<m1>\d{{1,2}}){_BY}(?P<d1>\d{{1,2}})(?!\d)"
    rf"|(?P<a>\d{{1,2}})(?P<by>{_BY})(?P<b>\d{{1,2}}){_BY}(?P<y2>{_YEAR}{_YEAR_END}(?![/.-]\d+(?![\d/.:-]))|['’]?\d\d(?!\d)(?![/.-]\d))"
    rf"|(?P<a2>\d{{1,2}}) (?P<b2>\d{{1,2}}) (?P<y8>{_YEAR})(?!\d)(?![.,]\d)"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)?[\s/.,-]{{0,3}}{_OF}(?P<n3>{_NAME})\.?"
    rf"[\s/.,'’-]{{0,3}}(?:del?\s)?(?P<y3>{_YEAR}{_YEAR_END}|\d\d(?!\d)(?!:\d))"
    rf"|(?<![^\W_])(?P<n4>{_NAME})\.?[\s/.-]{{0,2}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?[\s/.,'’-]{{1,3}}"
    rf"(?P<y4>{_YEAR}{_YEAR_END}|\d\d(?!\d)(?!:\d))"
    rf"|(?P<y7>{_YEAR})(?:\.|\sm\.)?[\s/.,-]{{0,2}}(?P<n7>{_NAME})\.?[\s/.,-]{{0,2}}(?P<d7>\d{{1,2}})(?!\d)"
    rf"|(?<![^\W_])(?P<y5>(?:19|20)\d\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?:(?![^\W_])|(?=T\d))"
    rf"|(?P<y6>{_YEAR})\s?[年년]\s?(?P<m6>\d{{1,2}})\s?[月월]\s?(?P<d6>\d{{1,2}})\s?[日일号號]?"
    rf"|(?P<era>{'|'.join(_ERAS)})\s?(?P<y9>\d{{1,3}}|元)\s?年\s?(?P<m9>\d{{1,2}})\s?月\s?(?P<d9>\d{{1,2}})\s?日?"
    rf")",
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
    style: DateStyle
    widths: tuple[int, ...]
    """How many digits day and month have, as written."""
    separator: str = ""
    """What stands between the numbers of dates like ``06/03/2018``."""


def read_date(text: str) -> WrittenDate | None:
    """Return the date a text is, or None when it is more or less than one date."""
    plain = with_plain_digits(text).strip()
    match = _DATE.fullmatch(plain) or _DATE.fullmatch(plain.rstrip("."))
    return _written(match) if match else None


def find_dates(source: str) -> Iterator[WrittenDate]:
    """Yield every date of a text."""
    plain = with_plain_digits(source)
    at = 0
    while match := _DATE.search(plain, at):
        written = _written(match)
        if written is None:
            at = match.start() + 1
        else:
            yield written
            at = match.end()


def _written(match: re.Match[str]) -> WrittenDate | None:
    """Return the date a match stands for; None when no calendar has it."""
    if match["a"] or match["a2"]:
        return _numbers(match)
    if match["n3"] or match["n4"] or match["n7"]:
        return _named(match)
    kind = next(number for number in "01569" if match["m" + number])
    month_text, day = match["m" + kind], match["d" + kind]
    year = _year_of_era(match) if kind == "9" else _year(match["y" + kind])
    only = _day(year, int(month_text), int(day))
    style: DateStyle = "compact" if kind == "5" else "iso"
    return WrittenDate(_span(match), frozenset({only}), None, style, (len(month_text), len(day))) if only else None


def _numbers(match: re.Match[str]) -> WrittenDate | None:
    """Return a date of numbers of which the year stands last, or first where nothing else can be meant."""
    a, b, y = (match["a"], match["b"], match["y2"]) if match["a"] else (match["a2"], match["b2"], match["y8"])
    first, second, year = int(a), int(b), _year(y)
    days = {_day(year, second, first), _day(year, first, second)}
    if days == {None} and len(y.strip("'’")) == 2:  # 98/12/31: the year stands first
        days = {_day(_year(a), second, int(y.strip("'’")))}
    readings = frozenset(day for day in days if day is not None)
    if not readings:
        return None
    separator = (match["by"] or "").strip() or " "
    return WrittenDate(_span(match), readings, (first, second, year), "numbers", (len(a), len(b)), separator)


def _named(match: re.Match[str]) -> WrittenDate | None:
    """Return a date whose month has its name; in two languages a name may mean two months."""
    kind = next(number for number in "347" if match["n" + number])
    day, year = match["d" + kind], match["y" + kind]
    # With a year of two digits, much that is no date would be one in some language: 7 MART 11
    months = months_of(match["n" + kind], everywhere=len(year.strip("'’")) > 2)
    days = (_day(_year(year), month, int(day)) for month in months)
    readings = frozenset(each for each in days if each is not None)
    return WrittenDate(_span(match), readings, None, "named", (len(day),)) if readings else None


def _span(match: re.Match[str]) -> Span:
    return Span(match.start(), match.start() + len(match[0].rstrip()))


def _year(text: str) -> int:
    digits = text.strip("'’")
    number = int(digits)
    if len(digits) == len("2018"):
        return number - _BUDDHIST if number >= 2500 else number
    return number + (2000 if number < _PIVOT else 1900)


def _year_of_era(match: re.Match[str]) -> int:
    return _ERAS[match["era"]] + (1 if match["y9"] == "元" else int(match["y9"]))


def _day(year: int, month: int, day: int) -> date | None:
    if not 1 <= month <= _MONTHS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
