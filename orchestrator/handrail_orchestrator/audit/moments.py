"""The two ends of a time, as people give them: days, or moments with a zone."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from handrail_orchestrator.errors import Misuse

A_DAY = timedelta(days=1)


class Window(NamedTuple):
    """A time, in seconds since the epoch."""

    since: float
    before: float

    def __str__(self) -> str:
        """Return it in UTC."""
        return f"{utc(self.since)} to {utc(self.before)}"


def window(since: str, until: str) -> Window:
    """Return a time by its ends: a day is that whole day in UTC, both ends included; a moment is exact.

    A moment without a zone is one in UTC.

    Raises:
        Misuse: one of them is neither a day nor a moment, or the end comes before the beginning.
    """
    begin = _moment(since, "--from")
    end = _moment(until, "--to") + (A_DAY if _is_day(until) else timedelta(0))
    if end <= begin:
        raise Misuse(f"--to {until} comes before --from {since}")
    return Window(begin.timestamp(), end.timestamp())


def utc(seconds: float) -> str:
    """Return a moment in UTC, as 2026-01-31T09:15:02.123456Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _moment(text: str, option: str) -> datetime:
    try:
        if _is_day(text):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        found.timestamp()
    except (ValueError, OverflowError):
        raise Misuse(
            f"{option} {text[:60]!r} is no date: give a day in UTC, such as 2026-01-31, or a moment with its zone, such"
            " as 2026-01-31T09:00+01:00"
        ) from None
    return found
