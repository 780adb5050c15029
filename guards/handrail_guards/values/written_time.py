"""Times of day as they are written, alone or behind a date."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from handrail_guards.values.digits import with_plain_digits
from handrail_guards.values.written_date import WrittenDate, read_date
from handrail_guards.verdict import Span

_TIME = re.compile(
    r"(?<![\d:])(?P<hour>[0-2]?\d)(?P<by>[:.h])(?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d)(?:\.\d{1,6})?)?(?!\d)\s?"
    r"(?P<half>[ap]\.?m\.?)?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:\s*,)?(?:\s+(?:at|um|à|a las|om|alle)\b)?\s*T?\s*", re.IGNORECASE)
_ZONE = re.compile(r"\s*(?:Uhr|Z|UTC|GMT|[+-]\d\d:?\d\d)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """One time of day as it stands in a text."""

    span: Span
    hour: int
    minute: int
    second: int | None
    """None: it has no seconds."""

    @property
    def value(self) -> time:
        """Return the time; without seconds it is the full minute."""
        return time(self.hour, self.minute, self.second or 0)


def find_times(source: str) -> Iterator[WrittenTime]:
    """Yield every time of day of a text."""
    for match in _TIME.finditer(with_plain_digits(source)):
        written = _written(match)
        if written is not None:
            yield written


def read_moment(text: str) -> tuple[WrittenDate, WrittenTime] | None:
    """Return the date and the time that a text is, the date first; None when it is more, less or something else."""
    plain = with_plain_digits(text).strip()
    for match in _TIME.finditer(plain):
        clock = _written(match)
        if clock is None or not _ZONE.fullmatch(plain, match.end()):
            continue
        before = plain[: match.start()].rstrip()
        for end in dict.fromkeys((len(before), *(each.start() for each in _BETWEEN.finditer(before)))):
            day = read_date(before[:end]) if _BETWEEN.fullmatch(before, end) or end == len(before) else None
            if day is not None:
                return day, clock
    return None


def _written(match: re.Match[str]) -> WrittenTime | None:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    if hour > 23:
        return None
    return WrittenTime(
        Span(*match.span()), hour, int(match["minute"]), int(match["second"]) if match["second"] else None
    )
