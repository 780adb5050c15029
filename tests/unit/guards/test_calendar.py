"""Working hours: so many have passed when a minute-by-minute count says so; what can never pass is refused."""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.guards import InvalidGuard, WorkingHours
from handrail_ground.optional import LibraryMissing, OptionalLibrary
from handrail_guards import calendar as calendars
from handrail_guards.calendar import Day

HOUR = 3600.0
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "UTC")
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shown(moment: float, zone: str = "Europe/Berlin") -> str:
    return f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"


class Oracle:
    """Counts minutes, one by one, by a clock on the wall that may be set forward or back while they pass."""

    def __init__(self, zone: str, week: dict[str, list[tuple[int, int]]], off: set[date], start: float) -> None:
        self.zone = ZoneInfo(zone)
        self.week = week
        self.off = off
        self.start = datetime.fromtimestamp(start, UTC)

    def after(self, minutes: int) -> float | None:
        """Return the moment when so many have passed, within 40 days."""
        wall = datetime(1900, 1, 1)  # noqa: DTZ001 -- the latest time that the clock has shown
        passed, moment = 0, self.start - timedelta(days=3)
        for _ in range(43 * 24 * 60):
            wall = max(wall, moment.astimezone(self.zone).replace(tzinfo=None))
            if moment >= self.start and self.at_work(wall):
                passed += 1
            moment += timedelta(minutes=1)
            if passed == minutes:
                return moment.timestamp()
        return None

    def at_work(self, wall: datetime) -> bool:
        for back in (0, 1):
            day = wall.date() - timedelta(days=back)
            spans = [] if day in self.off else self.week.get(DAYS[day.weekday()], [])
            minute = wall.hour * 60 + wall.minute + back * 1440
            if any(begins <= minute < ends for begins, ends in spans):
                return True
        return False


def text(minutes: int) -> str:
    return f"{minutes % 1440 // 60:02}:{minutes % 60:02}"


@st.composite
def spans_of_a_day(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = sorted(draw(st.lists(st.integers(0, 95), min_size=2, max_size=4, unique=True)))
    pairs = [(15 * begins, 15 * ends) for begins, ends in zip(edges[::2], edges[1::2], strict=False)]
    if draw(st.booleans()) and (last := pairs[-1][0]) > 0:
        pairs[-1] = (last, 1440 + draw(st.integers(0, (last - 1) // 15)) * 15)  # over midnight
    return pairs


@pytest.mark.slow
@given(
    zone=st.sampled_from(ZONES),
    week=st.dictionaries(st.sampled_from(DAYS), spans_of_a_day(), min_size=1),
    # around both changes of the clocks, in both halves of the world
    begins=st.sampled_from(["2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-30"]),
    minute=st.integers(0, 4 * 1440),
    off=st.sets(st.integers(0, 12), max_size=3),
    minutes=st.integers(1, 40 * 60),
)
@settings(max_examples=40, deadline=None)
def test_working_hours_pass_as_a_count_of_minutes_says(
    zone: str, week: dict[Any, list[tuple[int, int]]], begins: str, minute: int, off: set[int], minutes: int
) -> None:
    start = at(begins, "UTC") + 60 * minute
    holidays = {date.fromisoformat(begins) + timedelta(days=each) for each in off}
    hours = {day: [f"{text(a)}-{text(b)}" for a, b in spans] for day, spans in week.items()}
    calendar = WorkingHours(zone, hours=hours, holidays=sorted(holidays))

    expected = Oracle(zone, week, holidays, start).after(minutes)

    if expected is not None:
        assert shown(calendar.after(start, minutes / 60), zone) == shown(expected, zone)


@given(minutes=st.integers(0, 24_000), more=st.integers(0, 24_000), start=st.integers(0, 365 * 1440))
def test_hours_add_up(minutes: int, more: int, start: int) -> None:
    calendar = WorkingHours("Europe/Berlin", hours=["08:00-12:00", "13:00-17:00"])
    begins = at("2026-01-01", "UTC") + 60 * start
    # Half a minute: the sum never falls on the end of a morning, which in working time is the start of an afternoon.
    hours, rest = minutes / 60, (more + 0.5) / 60

    assert calendar.after(calendar.after(begins, hours), rest) == pytest.approx(
        calendar.after(begins, hours + rest), rel=0, abs=0.01
    )
    assert calendar.after(begins, hours) >= begins + hours * HOUR - 1e-3


@pytest.mark.parametrize(
    ("zone", "start", "hours", "expected"),
    [
        # a weekend and Whit Monday
        ("Europe/Berlin", "2026-05-22T15:00", 4, "Tue 2026-05-26 11:00 CEST"),
        # the clocks go forward on Sunday
        ("Europe/Berlin", "2026-03-27T16:30", 1, "Mon 2026-03-30 09:30 CEST"),
        ("America/New_York", "2026-10-30T16:00", 2, "Mon 2026-11-02 10:00 EST"),
        # before and after the hours of a day
        ("Europe/Berlin", "2026-05-20T03:00", 1, "Wed 2026-05-20 10:00 CEST"),
        ("Europe/Berlin", "2026-05-20T17:00", 1, "Thu 2026-05-21 10:00 CEST"),
        # at the very end of a day it is the end, not the next morning
        ("Europe/Berlin", "2026-05-20T09:00", 8, "Wed 2026-05-20 17:00 CEST"),
        ("Europe/Berlin", "2026-05-23T03:00", 0, "Sat 2026-05-23 03:00 CEST"),
    ],
)
def test_nights_weekends_and_holidays_do_not_count(zone: str, start: str, hours: float, expected: str) -> None:
    calendar = WorkingHours(zone, holidays=[date(2026, 5, 25)])

    assert shown(calendar.after(at(start, zone), hours), zone) == expected


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    nights = WorkingHours("Europe/Berlin", days=DAYS, hours="22:00-06:00")

    spring, autumn = at("2026-03-28T22:00"), at("2026-10-24T22:00")

    assert shown(nights.after(spring, 7)) == "Sun 2026-03-29 06:00 CEST"
    assert shown(nights.after(autumn, 9)) == "Sun 2026-10-25 06:00 CET"


def test_a_time_that_the_clock_leaves_out_is_the_moment_at_which_it_jumps() -> None:
    nights = WorkingHours("Europe/Berlin", days=DAYS, hours="02:30-06:00")

    assert shown(nights.after(at("2026-03-29T00:00"), 1)) == "Sun 2026-03-29 04:00 CEST"


def test_a_day_that_a_place_left_out_has_no_hours() -> None:
    apia = WorkingHours("Pacific/Apia", days=DAYS)

    assert shown(apia.after(at("2011-12-29T16:00", "Pacific/Apia"), 2), "Pacific/Apia").startswith(
        "Sat 2011-12-31 10:00"
    )


def test_half_days_and_open_saturdays_go_before_weekends_and_holidays() -> None:
    calendar = WorkingHours(
        "Europe/Berlin",
        holidays=["2026-12-24", "2026-12-25"],
        special={"12-24": "09:00-12:00", "2026-12-19": "10:00-14:00", "12-31": ()},
    )

    assert shown(calendar.after(at("2026-12-18T16:00"), 3)) == "Sat 2026-12-19 12:00 CET"
    assert shown(calendar.after(at("2026-12-24T09:00"), 4)) == "Mon 2026-12-28 10:00 CET"
    assert shown(calendar.after(at("2026-12-30T16:00"), 2)) == "Fri 2027-01-01 10:00 CET"


@pytest.mark.dear
def testholidays_of_a_country_and_of_a_part_of_it_come_from_their_library() -> None:
    pytest.importorskip("holidays")
    bavaria = WorkingHours("Europe/Berlin", holidays="DE-BY")
    berlin = WorkingHours("Europe/Berlin", holidays="DE-BE")
    york = WorkingHours("America/New_York", holidays="US")
    start = at("2026-06-03T16:00")  # the day before Corpus Christi

    assert shown(bavaria.after(start, 2)) == "Fri 2026-06-05 10:00 CEST"
    assert shown(berlin.after(start, 2)) == "Thu 2026-06-04 10:00 CEST"
    assert shown(york.after(at("2026-11-25T16:00", "America/New_York"), 2), "America/New_York").startswith(
        "Fri 2026-11-27 10:00"
    )
    for place in ("XX", "DE-ZZ"):
        with pytest.raises(InvalidGuard, match=rf"does not know '{place}'"):
            WorkingHours("Europe/Berlin", holidays=place)


def without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    monkeypatch.setattr(calendars, "library", OptionalLibrary("holidays", extra="console"))
    calendars.holidays_of.cache_clear()


@pytest.mark.dear
def test_with_dates_needs_no_library_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("holidays")
    start = at("2026-12-23T16:00")
    bavaria = WorkingHours("Europe/Berlin", holidays="DE-BY", special={"12-24": "09:00-12:00"})
    expected = bavaria.after(start, 30)

    dated = bavaria.with_dates(start, expected)

    without_the_library(monkeypatch)
    assert dated.after(start, 30) == expected
    assert WorkingHours.from_json(dated.as_json()) == dated
    assert dated.with_dates(start, expected) is dated


def test_without_the_library_a_country_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without_the_library(monkeypatch)

    with pytest.raises(LibraryMissing, match=r'needs holidays.*pip install "handrail\[console\]"'):
        WorkingHours("Europe/Paris", holidays="FR-75C")


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: WorkingHours("Berlin"), "'Berlin' is no time zone known here"),
        (lambda: WorkingHours(""), "no time zone"),
        (lambda: WorkingHours("../etc/passwd"), "no time zone"),
        (lambda: WorkingHours("UTC", hours="9 to 5"), "'9 to 5' is no span of hours"),
        (lambda: WorkingHours("UTC", hours="09:00-09:00"), "is no span"),
        (lambda: WorkingHours("UTC", hours="09:60-10:00"), "is no span"),
        (lambda: WorkingHours("UTC", hours="24:00-25:00"), "is no span"),
        (lambda: WorkingHours("UTC", hours=["09:00-12:00", "11:00-13:00"]), "overlap"),
        (lambda: WorkingHours("UTC", hours={"monday": "09:00-17:00"}), "'monday' is no day of the week"),  # type: ignore[dict-item]
        (lambda: WorkingHours("UTC", days=["mon"], hours={"mon": "09:00-17:00"}), "leave it out"),
        (lambda: WorkingHours("UTC", days="mon"), "days is 'mon'; give a list"),  # type: ignore[arg-type]
        (lambda: WorkingHours("UTC", days=[]), "nobody be at work"),
        (lambda: WorkingHours("UTC", hours=()), "nobody be at work"),
        (lambda: WorkingHours("UTC", holidays="Germany"), "give a country such as 'DE'"),
        (lambda: WorkingHours("UTC", holidays=["25 December"]), "is no date"),
        (lambda: WorkingHours("UTC", holidays=[datetime(2026, 1, 1)]), "is no date"),  # noqa: DTZ001 -- the wrong type
        (lambda: WorkingHours("UTC", special={"24.12.": "09:00-12:00"}), "is no day"),
        (lambda: WorkingHours("UTC", special={"13-24": "09:00-12:00"}), "is no day"),
    ],
)
def test_what_cannot_be_a_calendar_is_refused_when_it_is_built(build: Any, told: str) -> None:
    with pytest.raises(InvalidGuard, match=told.replace("nobody be", "anybody be")):
        build()


@pytest.mark.dear
def test_hours_that_never_pass_are_refused() -> None:
    closed = [date(2026, 1, 1) + timedelta(days=each) for each in range(22 * 366)]

    with pytest.raises(InvalidGuard, match="1 working hours in UTC have not passed 20 years later"):
        WorkingHours("UTC", holidays=closed).after(at("2026-01-01", "UTC"), 1)
    for wrong in (-1, float("nan"), float("inf"), True):
        with pytest.raises(InvalidGuard, match="cannot pass"):
            WorkingHours("UTC").after(0.0, wrong)
