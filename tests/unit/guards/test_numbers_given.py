"""What stands where a number belongs is refused when it is built: no bool is a threshold, no text is a time."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from handrail import Auditing, Escalation, confidence, each_field, max_length
from handrail.guards import (
    Confidence,
    Screen,
    in_range,
    min_length,
    no_injection,
    sums,
)
from handrail_guards.errors import GuardsError, InvalidConfidence, InvalidGuard

WRONG: Any = [False, True, "0.8", None, [], float("nan")]
"""Nothing of this is a number, whatever Python makes of it."""


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda given: confidence(at_least=given), "at_least"),
        (lambda given: each_field(at_least=given), "at_least"),
        (lambda given: each_field(at_least=0.9, fields={"total": given}), "at_least"),
        (Auditing, "rate"),
        (lambda given: Escalation(queue="q", priority=given), "priority"),
        (lambda given: Auditing(0.1, priority=given), "priority"),
        (max_length, "max_length"),
        (min_length, "min_length"),
        (lambda given: no_injection(at_least=given), "at_least"),
        (lambda given: Screen(len, fitted_on="mail", at_least=given), "at_least"),
        (lambda given: Screen(len, fitted_on="mail", texts=given), "texts"),
        (lambda given: sums("lines.*.price", "total", tolerance=given), "tolerance"),
    ],
)
def test_what_is_no_number_is_refused_where_one_belongs(build: Callable[[Any], object], told: str, wrong: Any) -> None:
    with pytest.raises(InvalidGuard, match=rf"{told}.*give"):
        build(wrong)


@pytest.mark.parametrize("wrong", [each for each in WRONG if each is not None])
def test_a_due_time_is_a_number_of_hours(wrong: Any) -> None:
    with pytest.raises(InvalidGuard, match=r"due_hours is .*; give hours above 0"):
        Escalation(queue="q", due_hours=wrong)


@pytest.mark.parametrize("wrong", [3, None, "", " ", ["q"]])
def test_a_queue_has_a_name(wrong: Any) -> None:
    with pytest.raises(InvalidGuard, match=r"queue is .*such as Escalation"):
        Escalation(queue=wrong)


def test_what_happens_to_late_questions_is_one_of_a_few_words() -> None:
    late: Any = "shout"

    with pytest.raises(InvalidGuard, match="when_late is 'shout'; choose one of keep_waiting"):
        Escalation(queue="q", due_hours=2, when_late=late)


@pytest.mark.parametrize("wrong", [each for each in WRONG if each is not None])
def test_a_confidence_is_a_number(wrong: Any) -> None:
    with pytest.raises(InvalidConfidence, match="no number from 0 to 1") as raised:
        Confidence(wrong, "rule")

    assert isinstance(raised.value, GuardsError)


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ((True,), "at_least=True"),
        ((None, False), "at_most=False"),
        ((float("nan"),), "at_least=nan"),
        (({},), "at_least={}"),
        ((1, "9"), "cannot be compared"),
        ((date(2026, 1, 1), 9), "cannot be compared"),
    ],
)
def test_a_range_has_bounds_with_an_order(bounds: Any, told: str) -> None:
    with pytest.raises(InvalidGuard, match=told):
        in_range(*bounds)


def test_whole_and_decimal_numbers_are_taken() -> None:
    assert confidence(at_least=1).at_least == 1
    assert Auditing(0).rate == 0
    assert Escalation(queue="q", due_hours=8, priority=100).due_hours == 8
    assert no_injection(at_least=1)
