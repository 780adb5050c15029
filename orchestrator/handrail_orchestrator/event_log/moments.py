"""A moment as event logs have it."""

from datetime import UTC, datetime


def zoned(seconds: float) -> str:
    """Return a moment in UTC with its zone and microseconds, always as long: 2026-01-31T09:15:02.000000+00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
