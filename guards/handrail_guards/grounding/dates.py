"""Where dates and times stand in a source, however they are written there."""

from collections.abc import Iterator
from datetime import date, time
from functools import lru_cache

from handrail_guards.values.day_order import days_meant
from handrail_guards.values.written_date import WrittenDate, find_dates
from handrail_guards.values.written_time import WrittenTime, find_times
from handrail_guards.verdict import Span


def find_date(value: date, source: str) -> Iterator[Span]:
    """Yield where a date that may mean that day stands; of two days the one that the source shows, where it does."""
    for written in _dates_of(source):
        if value in written.readings and value in days_meant(written, source):
            yield written.span


def find_written_date(wanted: WrittenDate, source: str) -> Iterator[Span]:
    """Yield where a date stands that reads like the wanted one.

    Where both are numbers their order must be the same. Added zeros (``06`` for ``6``) are normalising; a zero
    that is missing may be a digit that was lost, so it is not. Else they must mean the same
    day, as the source shows it.
    """
    for written in _dates_of(source):
        if wanted.style == written.style and any(a < b for a, b in zip(wanted.widths, written.widths, strict=True)):
            continue
        if wanted.order is not None and written.order is not None:
            same = wanted.order == written.order
        else:
            same = bool(wanted.readings & written.readings and wanted.readings & days_meant(written, source))
        if same:
            yield written.span


@lru_cache(maxsize=2)  # the fields of a record are looked for in one source, one after the other
def _dates_of(source: str) -> tuple[WrittenDate, ...]:
    return tuple(find_dates(source))


def find_time(value: time, source: str) -> Iterator[Span]:
    """Yield where a time of day stands, to the minute, and to the second where the source has seconds."""
    for written in find_times(source):
        second = value.second if written.second is None else written.second
        if (written.hour, written.minute, second) == (value.hour, value.minute, value.second):
            yield written.span


def find_written_time(wanted: WrittenTime, source: str) -> Iterator[Span]:
    """Yield where a time of day stands, to the second where both have seconds."""
    for written in find_times(source):
        seconds = {written.second, wanted.second} - {None}
        if (written.hour, written.minute) == (wanted.hour, wanted.minute) and len(seconds) < 2:
            yield written.span
