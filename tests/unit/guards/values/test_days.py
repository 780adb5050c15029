"""Dates as documents write them: both readings where there are two, and no day is invented."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_guards.values.day import Date
from handrail_guards.values.month_names import months_of
from handrail_guards.values.written import UnclearValue

FOURTH_OF_MARCH = [
    "2024-03-04",
    "2024/3/4",
    "2024. 3. 4.",
    "2024 03 04",
    "20240304",
    "4. März 2024",
    "04-Mar-24",
    "4 mars 2024",
    "le 4 mars 2024",
    "4 de marzo de 2024",
    "4 marzo 2024",
    "4 maart 2024",
    "4 marca 2024",
    "4. března 2024",
    "2024. március 4.",
    "2024 March 4",
    "March 4th, 2024",
    "Monday, March 4, 2024",
    "Mo., 4. März 2024",
    "4th of March 2024",
    "2024年3月4日",
    "\uff12\uff10\uff12\uff14年\uff13月\uff14日",
    "令和6年3月4日",
    "2024년 3월 4일",
    "4 มีนาคม 2567",
    "4 มี.ค. 2567",
    "٤ مارس ٢٠٢٤",
    "४ मार्च २०२४",
    "4 марта 2024",
]
TWO_DAYS = [
    "03/04/2024",
    "3.4.2024",
    "03-04-24",
    "03 04 2024",
    "04/03/2567",
    "٠٣/٠٤/٢٠٢٤",
    "\uff10\uff13/\uff10\uff14/\uff12\uff10\uff12\uff14",
]
NO_DATES = [
    "",
    "März 2024",
    "2024",
    "March-April 2021",
    "27.08",
    "30.02.2024",
    "13.13.2024",
    "Q1 2024",
    "12:30",
    "soon",
]


@pytest.mark.parametrize("written", FOURTH_OF_MARCH)
def test_a_date_is_read_in_many_languages(written: str) -> None:
    read = Date.read(written)
    assert read.day == date(2024, 3, 4)
    assert Date.read(str(read)) == read


@pytest.mark.parametrize("written", TWO_DAYS)
def test_what_may_be_two_days_has_both_readings_and_no_value(written: str) -> None:
    read = Date.read(written)
    assert read.readings == (date(2024, 3, 4), date(2024, 4, 3))
    with pytest.raises(UnclearValue, match="2024-03-04 or 2024-04-03"):
        _ = read.day
    assert read.meaning(date(2024, 4, 3)).day == date(2024, 4, 3)
    assert Date.read(str(read)) == read


@pytest.mark.parametrize("written", NO_DATES)  # dateparser #970 (March 2021), dateutil #278 (27.08)
def test_no_day_is_invented(written: str) -> None:
    with pytest.raises(ValueError, match="no date"):
        Date.read(written)


@pytest.mark.parametrize("written", ["10 10 2024", "10/10/2024", "10.10.24"])
def test_the_same_number_twice_is_one_day(written: str) -> None:
    assert Date.read(written).day == date(2024, 10, 10)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("11.12.13", {date(2013, 12, 11), date(2013, 11, 12)}),  # dateparser #1099
        ("7.5.2014", {date(2014, 5, 7), date(2014, 7, 5)}),  # the-paperless-project/paperless #465
        ("02-03-2016", {date(2016, 2, 3), date(2016, 3, 2)}),  # dateparser #617
        ("12.07.2022", {date(2022, 7, 12), date(2022, 12, 7)}),  # dateutil #1224
        ("13.07.2022", {date(2022, 7, 13)}),  # the same
        ("2010 09 25", {date(2010, 9, 25)}),  # dateutil #233
        ("13/08/2018", {date(2018, 8, 13)}),  # araddon/dateparse #81
    ],
)
def test_what_users_of_others_reported_is_read(written: str, days: set[date]) -> None:
    assert set(Date.read(written).readings) == days


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2018-06-13 14:03:11", time(14, 3, 11)),
        ("13-06-2018 14:03:11", time(14, 3, 11)),
        ("13.06.2018 um 14:03 Uhr", time(14, 3)),
        ("June 13, 2018 2:03 PM", time(14, 3)),
        ("2018-06-13T14:03:11Z", time(14, 3, 11)),
    ],
)
def test_a_date_with_a_time_keeps_both(written: str, at: time) -> None:
    read = Date.read(written)
    assert (read.day, read.at) == (date(2018, 6, 13), at)
    assert Date.read(str(read)) == read


def test_a_date_with_a_time_may_still_be_two_days() -> None:
    assert len(Date.read("12-06-2018 14:03:11").readings) == 2


def test_a_month_that_two_languages_disagree_about_is_both() -> None:
    assert Date.read("5 listopad 2024").readings == (date(2024, 10, 5), date(2024, 11, 5))


def test_a_beginning_of_two_months_is_neither() -> None:
    assert {months_of(name) for name in ("Mar", "märz", "MAC", "maart", "mrt", "marzo")} == {frozenset({3})}
    assert {months_of(name) for name in ("May", "mai", "mei", "mayo", "maggio")} == {frozenset({5})}
    assert not months_of("ma")
    assert not months_of("jui")
    assert not months_of("marx")


@given(
    st.dates(date(1970, 1, 1), date(2040, 12, 31)),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%m-%d-%Y", "%Y-%m-%d", "%d %B %Y", "%b %d, %Y"]),
)
def test_the_true_day_is_among_the_readings(day: date, style: str) -> None:
    read = Date.read(day.strftime(style))
    assert day in read.readings
    assert len(read.readings) == 1 or (day.day <= 12 and day.day != day.month)
