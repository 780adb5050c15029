"""A year of schedules: cron lines in four zones, two orchestrators on one store, every change of the clocks.

What should have been fired is counted by a calendar of its own: each day of each zone, and what its clocks do to a time
of the day, without the library that the schedules go by.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bench.figure import Figure, at_most
from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import every
from handrail.testing import FakeClock
from operations_bench.amount import Bench

PART = "schedules"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
BEGIN, END = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC)
STEP = timedelta(hours=12)
EACH_DAY = tuple(range(1, 8))
CHANGED_ON = (1, 4, 5, 8, 25, 29, 30, 31, *range(1, 29))
"""Days of the month, those on which clocks are changed more often."""
RESTARTS = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1))
"""Days on which everything is ended and begun again, in the hours in which clocks are changed."""
PATIENCE_SECONDS = 120.0


class Line(NamedTuple):
    """A time of the day, on some days of the week or one of the month."""

    number: int
    minute: int
    hour: int
    days: tuple[int, ...]
    """Of the week, Monday is 1."""
    tz: str
    month_day: int | None = None
    """The day of the month; None: each that is one of ``days``."""

    @property
    def text(self) -> str:
        """Return it as a cron line."""
        days = "*" if len(self.days) == 7 else ",".join(str(day) for day in self.days)
        return f"{self.minute} {self.hour} {self.month_day or '*'} * {days}"

    def occurrences(self) -> Iterator[datetime]:
        """Yield when it is due in the year, by a calendar of our own."""
        zone, day = ZoneInfo(self.tz), BEGIN.date() - timedelta(days=2)
        while day <= END.date() + timedelta(days=2):
            if day.isoweekday() in self.days and self.month_day in {None, day.day}:
                at = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=zone)
                while at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at.replace(tzinfo=None):
                    at += timedelta(minutes=1)  # the clocks skip it
                if BEGIN < at <= END:
                    yield at.astimezone(UTC)
            day += timedelta(days=1)


@workflow(version=1)
async def ticked(_run: Run) -> None:
    """Do nothing: what is measured is how runs begin."""


def made_lines(count: int) -> list[Line]:
    """Return the lines: some each day or week, most once a month, half of them in hours that clocks are changed in."""
    chance = random.Random(7)
    lines = []
    for number in range(count):
        hour = chance.choice((0, 1, 2, 3)) if number % 2 else chance.randrange(24)
        minute, zone = chance.randrange(60), ZONES[number // 2 % len(ZONES)]
        if number % 25 == 0:
            lines.append(Line(number, minute, hour, EACH_DAY, zone))
        elif number % 4 == 0:
            lines.append(Line(number, minute, hour, (chance.choice((7, 7, *EACH_DAY)),), zone))
        else:
            lines.append(Line(number, minute, hour, EACH_DAY, zone, chance.choice(CHANGED_ON)))
    return lines


async def live_through(store: str, lines: list[Line], wanted: list[float]) -> None:
    """Let a year pass, with two orchestrators on the store."""
    clock, restarts = FakeClock(BEGIN), list(RESTARTS)
    while clock.now() < END.timestamp():
        given = [
            [
                every(each.text, tz=each.tz, workflow=ticked, name=f"line-{each.number}", catch_up="all")
                for each in lines
            ]
            for _ in range(2)
        ]
        one, two = (
            Orchestrator(store, workflows=[ticked], clock=clock, triggers=some, durability="process") for some in given
        )
        async with one, two:
            while clock.now() < END.timestamp():
                clock.move_to(min(clock.now() + STEP.total_seconds(), END.timestamp()))
                await _fired(store, sum(at <= clock.now() for at in wanted))
                if restarts and datetime.fromtimestamp(clock.now(), UTC).date() >= restarts[0]:
                    restarts.pop(0)
                    break
            await one.idle()


async def _fired(store: str, count: int) -> None:
    """Wait until so many have been fired."""
    end = time.monotonic() + PATIENCE_SECONDS
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection:
        while connection.execute("SELECT count(*) FROM fired").fetchone()[0] < count:
            if time.monotonic() > end:
                return
            await asyncio.sleep(0.005)


def schedule_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Live through the year, then compare with the calendar."""
    lines = made_lines(bench.amount.lines)
    wanted = {f"line-{each.number}": [at.timestamp() for at in each.occurrences()] for each in lines}
    moments = sorted(at for some in wanted.values() for at in some)
    begun = time.monotonic()
    asyncio.run(live_through(f"sqlite:///{folder / 'runs.db'}", lines, moments))
    seconds = time.monotonic() - begun
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        fired = connection.execute("SELECT source, key, run_id FROM fired").fetchall()
        (runs,) = connection.execute("SELECT count(*) FROM runs WHERE status = 'completed'").fetchone()
    told = {(source, key) for source, key, _ in fired}
    should = {
        (name, f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}") for name, some in wanted.items() for at in some
    }
    yield Figure(PART, f"times of {len(lines):,} cron lines in a year", float(len(should)), "")
    yield Figure(PART, "times lost", float(len(should - told)), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, "times fired that are none", float(len(told - should)), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, "runs beside one for each time", abs(float(runs - len(should))), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, "fired by two orchestrators", len(should) / seconds, "/s")
