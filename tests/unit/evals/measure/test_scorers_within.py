"""When a number is close enough."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.within import Within, within
from handrail_evals.measure.target import Observation

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
tolerances = st.floats(0, 1e6)


def answered(output: Any, expected: Any) -> Answered[str, Any, Any]:
    return Answered(Case("one", "input", expected), Observation(output))


@pytest.mark.parametrize(
    ("scorer", "output", "expected"),
    [
        (within(absolute=0.01), 8.21, 8.20),
        (within(absolute=0.01), 8.19, Decimal("8.20")),
        (within(absolute=Decimal("0.01")), "8.21", 8.2),
        (within(absolute=0), 3, 3.0),
        (within(relative=0.05), 105, 100),
        (within(relative=0.05), -95, -100),
        (within(absolute=1, relative=0.001), 100.9, 100),
        (within(absolute=0.001, relative=0.5), 149, 100),
        (within(absolute=1), None, None),
    ],
)
def test_a_number_at_the_tolerance_is_right_as_it_is_written(scorer: Within, output: object, expected: object) -> None:
    assert scorer(answered(output, expected)) is True


@pytest.mark.parametrize(
    "output", [8.22, None, True, "8.2 EUR", "", [8.2], math.nan, math.inf, "nan", "-inf", "1e999999999999999999"]
)
def test_what_is_too_far_off_or_no_number_is_wrong(output: object) -> None:
    score = within(absolute=0.01)(answered(output, 8.2))

    assert isinstance(score, Score)
    assert score.value == 0.0
    assert score.reason


def test_a_wrong_number_says_how_far_off_it_is() -> None:
    score = within(absolute=0.01, relative=0.01)(answered(8.5, 8.2))

    assert score == Score(0.0, reason="off by 0.3, at most 0.082 is allowed")


@pytest.mark.parametrize("expected", [math.nan, math.inf, "eight", True, [1]])
def test_an_expected_value_that_is_no_number_is_an_error(expected: object) -> None:
    with pytest.raises(InvalidValue, match="no finite number"):
        within(absolute=1).compare(1, expected)


def test_no_tolerance_is_refused_when_it_is_built() -> None:
    with pytest.raises(InvalidSetting, match=r"within\(absolute=0.01\)"):
        within()


@pytest.mark.parametrize("tolerance", [-0.1, math.nan, math.inf, True, "0.1"])
def test_a_tolerance_that_is_no_distance_is_refused(tolerance: Any) -> None:
    with pytest.raises(InvalidSetting, match="absolute"):
        within(absolute=tolerance)
    with pytest.raises(InvalidSetting, match="relative"):
        within(relative=tolerance)


@given(finite, finite, tolerances)
def test_an_absolute_tolerance_is_symmetric(one: float, other: float, tolerance: float) -> None:
    scorer = within(absolute=tolerance)

    assert scorer.compare(one, other) == scorer.compare(other, one)


@given(finite, finite, tolerances, tolerances)
def test_a_wider_tolerance_loses_nothing(value: float, expected: float, narrow: float, more: float) -> None:
    before = within(absolute=narrow).compare(value, expected)

    assert within(absolute=Decimal(str(narrow)) + Decimal(str(more))).compare(value, expected) >= before


def test_equal_tolerances_have_one_version() -> None:
    assert within(absolute=0.10).version == within(absolute=Decimal("0.1"), name="total").version
    assert within(absolute=0.1).version != within(relative=0.1).version
