"""Answers one by one: which cases fail, what repeats come to, and when two values are the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.numbers.metrics.answers import Right, average_repeats, crashed, failing, same_json
from tests.unit.evals.numbers.metric_answers import answer
from tests.unit.evals.numbers.metric_answers import crashed as crash

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def test_failing_cases_are_named_the_lowest_score_first() -> None:
    cases = [answer("fair", 0.5), answer("right", 1.0), answer("wrong", 0.0), answer("none", None), crash("crashed")]

    assert failing(cases, Right("exact")) == ("wrong", "fair")
    assert failing(cases, Right("exact", at_least=0.5)) == ("wrong",)
    assert crashed(cases) == ("crashed",)


def test_failing_cases_keep_their_own_scores_whatever_order_their_repeats_came_in() -> None:
    cases = [answer("a", 1.0), answer("b", 0.9), answer("a", 0.0, repeat=1), answer("b", 0.9, repeat=1)]

    assert failing(cases, Right("exact")) == ("a", "b")


def test_repeats_are_averaged_and_unscored_ones_left_out() -> None:
    assert average_repeats([1.0, 0.0, None, 1.0]) == pytest.approx(2 / 3)
    assert average_repeats([None, None]) is None
    assert average_repeats([]) is None


@given(JSON, JSON)
def test_json_is_equal_to_itself_and_in_both_directions(left: Any, right: Any) -> None:
    assert same_json(left, left)
    assert same_json(left, right) == same_json(right, left)


def test_true_is_no_number_and_one_is_one_point_zero() -> None:
    assert same_json({"a": [1, True]}, {"a": [1.0, True]})
    assert not same_json([1], [True])
    assert not same_json([0], [False])
    assert not same_json([1], [1, 2])
    assert not same_json({"a": 1}, {"b": 1})
