"""Windows of figures: what they say, the days on which clocks are changed, and what is refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.orchestrator import Misuse
from handrail_orchestrator.statistics.window import before, parse_window, week_of, window_of

NOW = datetime(2026, 11, 29, 7, 30, tzinfo=UTC).timestamp()
BERLIN = "Europe/Berlin"


def test_a_time_up_to_now_begins_with_the_full_hour_and_holds_the_present_one() -> None:
    week = parse_window("7d", now=NOW)
    assert datetime.fromtimestamp(week.since, UTC) == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert datetime.fromtimestamp(week.until, UTC) == datetime(2026, 11, 29, 8, tzinfo=UTC)
    assert parse_window("24h", now=NOW) == window_of(timedelta(days=1), now=NOW) == parse_window("1d", now=NOW)
    assert parse_window("2w", now=NOW).since == week.since - 7 * 86_400


def test_days_begin_at_midnight_of_the_zone_and_the_last_is_not_included() -> None:
    window = parse_window("2026-11-01..2026-11-08", now=NOW, zone=BERLIN)
    assert datetime.fromtimestamp(window.since, UTC) == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert datetime.fromtimestamp(window.until, UTC) == datetime(2026, 11, 7, 23, tzinfo=UTC)
    assert window == window_of((date(2026, 11, 1), date(2026, 11, 8)), now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("days", "hours"),
    [("2026-03-29..2026-03-30", 23), ("2026-10-25..2026-10-26", 25), ("2026-03-23..2026-03-30", 167)],
)
def test_days_and_weeks_have_the_hours_that_their_clocks_leave_them(days: str, hours: int) -> None:
    window = parse_window(days, now=NOW, zone=BERLIN)
    assert window.hours == hours
    earlier = before(window)
    assert earlier.until == window.since
    assert earlier.hours in {24, 168}


def test_the_last_whole_week_goes_from_monday_to_monday() -> None:
    sunday = datetime(2026, 3, 29, 23, 30, tzinfo=UTC).timestamp()  # Monday in Berlin, by one hour and a half
    week = week_of(sunday, BERLIN)
    assert week.hours == 167
    assert week_of(sunday, "UTC").hours == 168
    assert datetime.fromtimestamp(week_of(sunday, "UTC").until, UTC) == datetime(2026, 3, 23, tzinfo=UTC)


@given(
    st.integers(0, 2_000), st.integers(1, 30), st.sampled_from(["UTC", BERLIN, "Asia/Kathmandu", "America/New_York"])
)
def test_windows_in_front_of_each_other_leave_no_moment_out(day: int, days: int, zone: str) -> None:
    first = date(2024, 1, 1) + timedelta(days=day)
    window = window_of((first, first + timedelta(days=days)), now=NOW, zone=zone)
    earlier = before(window)
    assert earlier == window_of((first - timedelta(days=days), first), now=NOW, zone=zone)


@pytest.mark.parametrize(
    "text",
    ["", "7", "7x", "0d", "-1d", "9999999d", "999999h", "2026-11-08", "2026-11-08..2026-11-01",
     "2026-13-01..2026-14-01", "..", "a..b", "0001-01-01..0001-01-05", "9999-12-30..9999-12-31", "٣d",
     "1900-01-01..2026-01-01", "2026-11-01..2026-11-01"],
)  # fmt: skip
def test_what_is_no_window_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(Misuse, match="give"):
        parse_window(text, now=NOW)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe"])
def test_a_zone_that_there_is_not_is_refused(zone: str) -> None:
    with pytest.raises(Misuse, match="no time zone"):
        parse_window("7d", now=NOW, zone=zone)
