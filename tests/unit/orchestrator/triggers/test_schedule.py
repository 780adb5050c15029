"""When a cron line is due, also where clocks are changed, and that no time of it is lost or doubled by any process."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.orchestrator import times
from handrail_orchestrator.triggers.schedule import CatchUp, Schedule, due, instant
from tests.unit.orchestrator.triggers.trigger_flows import utc

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def local(line: str, tz: str, begin: str, count: int) -> list[str]:
    """Return the next times of a line from a local moment on, as the clocks there show them, with their offset."""
    after = datetime.fromisoformat(begin).replace(tzinfo=ZoneInfo(tz))
    found = times(line, tz=tz, after=after, count=count)
    return [at.astimezone(ZoneInfo(tz)).strftime("%m-%d %H:%M %z") for at in found]


@pytest.mark.parametrize(
    ("line", "tz", "begin", "expected"),
    [
        # the hour from 2 to 3 is left out: what was due in it is due as soon as there is a time again
        ("30 2 * * *", BERLIN, "2026-03-28T03:00", ["03-29 03:00 +0200", "03-30 02:30 +0200"]),
        ("0,30 2 * * *", BERLIN, "2026-03-28T03:00", ["03-29 03:00 +0200", "03-30 02:00 +0200"]),
        ("30 2 * * *", NEW_YORK, "2026-03-07T03:00", ["03-08 03:00 -0400", "03-09 02:30 -0400"]),
        ("15 2 * * *", LORD_HOWE, "2026-10-03T03:00", ["10-04 02:30 +1100", "10-05 02:15 +1100"]),
        # the hour from 2 to 3, or 1 to 2, comes twice: what is due in it is due the first time
        ("30 2 * * *", BERLIN, "2026-10-24T03:00", ["10-25 02:30 +0200", "10-26 02:30 +0100"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31T03:00", ["11-01 01:30 -0400", "11-02 01:30 -0500"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04T03:00", ["04-05 01:45 +1100", "04-06 01:45 +1030"]),
        # each hour that passes counts where the line says each hour
        ("30 * * * *", BERLIN, "2026-10-25T01:00", ["10-25 01:30 +0200", "10-25 02:30 +0200", "10-25 02:30 +0100"]),
        ("30 * * * *", BERLIN, "2026-03-29T01:00", ["03-29 01:30 +0100", "03-29 03:30 +0200", "03-29 04:30 +0200"]),
        # zones that changed their rules: no summer time any more, another time for good, a day that was left out
        ("0 9 * * *", "America/Sao_Paulo", "2018-11-03T10:00", ["11-04 09:00 -0200"]),
        ("0 9 * * *", "America/Sao_Paulo", "2019-11-03T08:00", ["11-03 09:00 -0300"]),
        ("30 1 * * *", "Europe/Volgograd", "2020-12-26T02:00", ["12-27 01:30 +0400", "12-28 01:30 +0300"]),
        (
            "0 9 * * *",
            "Pacific/Apia",
            "2011-12-29T08:00",
            ["12-29 09:00 -1000", "12-31 00:00 +1400", "12-31 09:00 +1400"],
        ),
        # the last day, the last weekday, the second Tuesday
        ("0 9 L * *", BERLIN, "2028-02-01T00:00", ["02-29 09:00 +0100", "03-31 09:00 +0200"]),
        ("0 9 LW * *", BERLIN, "2026-02-01T00:00", ["02-27 09:00 +0100"]),
        ("0 9 * * TUE#2", BERLIN, "2026-02-01T00:00", ["02-10 09:00 +0100"]),
    ],
)
def test_times_where_clocks_are_changed(line: str, tz: str, begin: str, expected: list[str]) -> None:
    assert local(line, tz, begin, len(expected)) == expected


def test_a_key_is_the_moment_in_utc_so_that_two_hours_of_one_name_are_two() -> None:
    after = datetime(2026, 10, 25, 1, tzinfo=ZoneInfo(BERLIN))
    found = [instant(at.timestamp()) for at in times("30 * * * *", tz=BERLIN, after=after, count=3)]
    assert found == ["2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]


ZONES = st.sampled_from([
    "UTC", BERLIN, NEW_YORK, LORD_HOWE, "America/Sao_Paulo", "Pacific/Apia", "Europe/Volgograd", "Asia/Kathmandu",
    "Africa/Casablanca", "Antarctica/Troll", "America/St_Johns",
])  # fmt: skip
LINES = st.one_of(
    st.builds("{} {} * * *".format, st.integers(0, 59), st.integers(0, 23)),
    st.builds("*/{} * * * *".format, st.sampled_from([7, 15, 20, 30])),
    st.builds("{} */{} * * *".format, st.integers(0, 59), st.integers(1, 6)),
    st.builds("{} 0-4 * * {}".format, st.integers(0, 59), st.integers(0, 7)),
    st.builds("0,30 {} {} * *".format, st.integers(0, 3), st.integers(1, 31)),
)
CHANGES = [
    "2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00", "2026-10-03T15:30",
    "2026-04-04T15:00", "2011-12-30T10:00", "2020-12-26T22:00", "2019-02-17T02:00", "2026-02-15T02:00",
]  # fmt: skip
MOMENTS = st.builds(
    lambda around, minutes: (utc(around) + timedelta(minutes=minutes)).timestamp(),
    st.sampled_from(CHANGES),
    st.integers(-3_000, 3_000),
)
"""Moments near those at which clocks are changed."""


def between(schedule: Schedule, begin: float, end: float) -> list[float]:
    return list(takewhile(lambda at: at <= end, schedule.after(begin)))


@pytest.mark.dear
@given(LINES, ZONES, MOMENTS, st.lists(st.floats(0, 1), max_size=6))
def test_times_are_the_same_from_wherever_one_looks(line: str, tz: str, begin: float, cuts: list[float]) -> None:
    schedule, end = Schedule(line, tz), begin + 3 * 86_400
    whole = between(schedule, begin, end)
    assert whole == sorted(set(whole))
    at, pieces = begin, []
    for cut in sorted(cuts):
        pieces += between(schedule, at, begin + cut * (end - begin))
        at = max(at, begin + cut * (end - begin))
    assert pieces + between(schedule, at, end) == whole
    for found in whole[:5]:  # also when a look begins exactly at one of them
        assert between(schedule, found, end) == [each for each in whole if each > found]


@given(ZONES, st.integers(0, 59), st.integers(0, 23), st.sampled_from(CHANGES))
def test_a_time_of_the_day_comes_once_a_day_whatever_is_done_to_the_clocks(
    tz: str, minute: int, hour: int, around: str
) -> None:
    begin = utc(around) - timedelta(days=4)
    found = times(f"{minute} {hour} * * *", tz=tz, after=begin, count=8)
    days = [at.astimezone(ZoneInfo(tz)).date() for at in found]
    # of a day that a zone leaves out, the next one has it first thing
    assert len(set(days)) >= (7 if tz == "Pacific/Apia" else 8)
    apart = [later - earlier for earlier, later in pairwise(found)]
    assert tz == "Pacific/Apia" or all(timedelta(hours=20) <= each <= timedelta(hours=28) for each in apart)


@given(
    LINES,
    ZONES,
    MOMENTS,
    st.lists(st.floats(-7_200, 90_000), min_size=1, max_size=12),
    st.sampled_from(["all", "last", "none"]),
    st.lists(st.tuples(st.floats(0, 200_000), st.floats(0, 50_000)), max_size=2),
)
def test_each_time_is_fired_or_told_of_once_however_the_clock_goes(
    line: str, tz: str, begin: float, steps: list[float], catch_up: CatchUp, pauses: list[tuple[float, float]]
) -> None:
    schedule, looked, now, latest = Schedule(line, tz), begin, begin, begin
    held = [(begin + at, begin + at + seconds) for at, seconds in pauses]
    fired: list[float] = []
    passed: list[tuple[float, float, int]] = []
    for step in steps:
        now += step  # forward, and back now and then
        latest = max(latest, now)
        while (found := due(schedule, looked, now, catch_up=catch_up, pauses=held)) is not None:
            assert found.looked > looked
            looked = found.looked
            fired += found.fire
            passed += [(each.first, each.last, each.times) for each in found.skipped]
    whole = between(schedule, begin, latest)
    skipped = [at for at in whole if any(first <= at <= last for first, last, _ in passed) and at not in fired]
    assert fired == sorted(set(fired))
    assert sorted(fired + skipped) == whole
    assert sum(count for _, _, count in passed) == len(skipped)
    if catch_up == "all":
        assert fired == [at for at in whole if not any(begun <= at < ended for begun, ended in held)]


def test_a_line_that_is_due_every_minute_of_years_is_looked_at_in_pieces() -> None:
    begin = utc("2020-01-01T00:00").timestamp()
    found = due(Schedule("* * * * *", "UTC"), begin, begin + 10 * 365 * 86_400, catch_up="last")
    assert found is not None
    assert (len(found.fire), found.skipped[0].times) == (0, 2_000)


def test_the_next_times_are_told_before_a_line_is_given() -> None:
    found = times("0 9 * * MON-FRI", tz=BERLIN, after=datetime(2026, 1, 2, 12, tzinfo=UTC), count=2)
    assert [at.isoformat() for at in found] == ["2026-01-05T08:00:00+00:00", "2026-01-06T08:00:00+00:00"]


@pytest.mark.dear
def test_every_zone_of_the_world_can_be_given() -> None:
    from zoneinfo import available_timezones  # noqa: PLC0415 -- one test needs it

    begin = utc("2026-03-01T00:00")
    zones = available_timezones() - {"localtime"}  # that of the machine, which another one would not know
    odd: list[Any] = [tz for tz in zones if not times("30 2 * * *", tz=tz, after=begin, count=1)]
    assert odd == []
