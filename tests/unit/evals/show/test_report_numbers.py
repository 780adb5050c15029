"""Numbers on the page carry their unit, and as many digits as mean something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.numbers.metrics.value import Unit
from handrail_evals.numbers.statistics.intervals import Interval
from handrail_evals.show.report.writing import amount, brief_count, counted, seconds, significant, spread


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 µs"),
        (8e-6, "8.00 µs"),
        (0.0123, "12.3 ms"),
        (0.99999, "1.00 s"),
        (1.0, "1.00 s"),
        (59.99, "1 min 00 s"),
        (250, "4 min 10 s"),
        (3599.9, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (200_000, "2 d 08 h"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_fits(value: float, words: str) -> None:
    assert seconds(value) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.9321, "share", "93.2%"),
        (0.5, "score", "0.500"),
        (1234.5, "score", "1,234"),
        (0.000133, "money", "0.000133"),
        (88747, "tokens", "88,747 tokens"),
        (12.0, "tokens", "12.0 tokens"),
        (0.5, "minutes", "0.500 min"),
        (12480, "count", "12,480"),
    ],
)
def test_a_number_has_its_unit(value: float, unit: Unit, words: str) -> None:
    assert amount(value, unit) == words


@pytest.mark.parametrize(
    ("low", "high", "unit", "words"),
    [
        (0.921, 0.94, "share", "92.1–94.0%"),
        (0.82, 1.04, "seconds", "820 ms – 1.04 s"),
        (0.0023, 0.0042, "seconds", "2.30–4.20 ms"),
        (216, 228, "tokens", "216–228 tokens"),
        (0.483, 0.521, "score", "0.483–0.521"),
        (1537, 2391, "seconds", "25 min 37 s – 39 min 51 s"),
    ],
)
def test_an_interval_names_its_unit_once(low: float, high: float, unit: Unit, words: str) -> None:
    interval = Interval(estimate=low, low=low, high=high, level=0.95, cases=9, method="t")

    assert spread(interval, unit) == words


@given(st.integers(0, 10**13))
def test_a_brief_count_fits_into_a_small_cell(value: int) -> None:
    assert len(brief_count(value)) <= 4


@given(st.floats(1e-6, 1e9))
def test_significant_digits_keep_the_number(value: float) -> None:
    assert float(significant(value).replace(",", "")) == pytest.approx(value, rel=0.006)


def test_one_case_is_no_cases() -> None:
    assert (counted(1, "case"), counted(1200, "case")) == ("1 case", "1,200 cases")
