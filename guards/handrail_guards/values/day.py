"""A date: a day, and a time of day where one is written."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Self

from handrail_guards.values.calendar_names import DAY_NAMES
from handrail_guards.values.written import Written, quoted
from handrail_guards.values.written_date import WrittenDate, read_date
from handrail_guards.values.written_time import read_moment

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ARTICLES = frozenset(
    [
        "am",
        "an",
        "den",
        "der",
        "vom",
        "le",
        "du",
        "el",
        "la",
        "il",
        "lo",
        "de",
        "del",
        "o",
        "on",
        "the",
        "date",
        "dated",
        "datum",
    ]
)
_BESIDE = frozenset(DAY_NAMES.split()) | _ARTICLES


class Date(Written[date]):
    """A date: ``Date(date(2024, 3, 4))``, or read from a document with ``Date.read("4. März 2024")``.

    ``03/04/2024`` is the third of April or the fourth of March: it has both readings. A month alone is no date.
    """

    __slots__ = ("_at",)
    _at: time | None

    def __init__(self, day: date, at: time | None = None) -> None:
        """Make a clear one, with a time of day if there is one."""
        if isinstance(day, datetime):
            at = day.time() if at is None else at
            day = day.date()
        super().__init__((day,), _text(day, at))
        object.__setattr__(self, "_at", at)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the date that a text is, with every way to read it; names of days beside it are passed over.

        Raises:
            ValueError: it is more or less than one date, or no calendar has it.
        """
        read = _day_and_time(text) or _day_and_time(_bare(text))  # Mar is March before it is martes
        if read is None:
            raise ValueError(
                f"{quoted(text)} is no date; write one day as it stands in the document, such as 4 March 2024"
            )
        written, at = read
        return cls._made(tuple(sorted(written.readings)), at, text.strip())

    @property
    def day(self) -> date:
        """Return the day.

        Raises:
            UnclearValue: it may be one of two.
        """
        return self.value

    @property
    def at(self) -> time | None:
        """Return the time of day that is written behind it, or None."""
        return self._at

    @classmethod
    def _made(cls, readings: tuple[date, ...], at: time | None, written: str) -> Self:
        made = cls(readings[0], at)
        Written.__init__(made, readings, written)
        return made

    def _with(self, readings: tuple[Any, ...]) -> Self:
        return self._made(readings, self._at, self.written)

    def _shown(self, reading: Any) -> str:
        return _text(reading, self._at)

    def _same(self) -> tuple[object, ...]:
        return frozenset(self.readings), self._at

    @classmethod
    def _accepting(cls, source: Any) -> Callable[[Any], Any]:
        del source
        return cls._accepted

    @classmethod
    def _accepted(cls, given: object) -> Self:
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return cls.read(given)
        if isinstance(given, date):
            return cls(given)
        raise ValueError(f"a {type(given).__name__} is no date; write a text such as 2024-03-04")

    @classmethod
    def _described(cls, source: Any) -> str:
        del source
        return "A date exactly as it is written, day and month in the same order, such as 04/03/2024 or 4. März 2024"


def _day_and_time(text: str) -> tuple[WrittenDate, time | None] | None:
    written = read_date(text)
    if written is not None:
        return written, None
    moment = read_moment(text)
    return None if moment is None else (moment[0], moment[1].value)


def _bare(text: str) -> str:
    """Return a text without the names of days and the articles that stand around a date."""
    words = list(_WORD.finditer(text))
    start, end = 0, len(text)
    for word in words:
        if text[start : word.start()].strip(" ,.(") or word[0].casefold() not in _BESIDE:
            break
        start = word.end()
    for word in reversed(words):
        if text[word.end() : end].strip(" ,.)") or word[0].casefold() not in _BESIDE or word.start() < start:
            break
        end = word.start()
    return text[start:end].strip(" ,.()") if start or end < len(text) else text


def _text(day: date, at: time | None) -> str:
    return day.isoformat() if at is None else f"{day.isoformat()}T{at.isoformat()}"
