"""Drawing cases for audits: the same for ever, nested by rate, independent of everything but the key."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import Auditing, Escalation
from handrail.guards import AuditRule, InvalidGuard, draw_of

RATES = st.floats(0, 1)
KEYS = st.text()


@given(KEYS)
def test_a_key_draws_the_same_number_every_time(key: str) -> None:
    assert draw_of(key) == draw_of(key)
    assert 0 <= draw_of(key) < 1


@pytest.mark.parametrize(
    ("key", "number"), [("T-1/route", 0.35647316441341204), ("", 0.6669548063118614), ("é/\ud800", 0.5427854116054143)]
)
def test_a_key_draws_the_same_number_in_every_release(key: str, number: float) -> None:
    assert draw_of(key) == number


@given(KEYS, RATES, RATES)
def test_what_is_drawn_at_a_rate_is_drawn_at_every_higher_one(key: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if Auditing(low).draws(key):
        assert Auditing(high).draws(key)


@given(KEYS)
def test_no_case_is_drawn_at_0_and_every_case_at_1(key: str) -> None:
    assert not Auditing(0).draws(key)
    assert Auditing(1).draws(key)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["route", "route#2", "all.0/route"])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.5])
def test_the_share_drawn_is_the_rate(rate: float, step: str) -> None:
    n = 20_000
    drawn = sum(Auditing(rate).draws(f"T-{number}/{step}") for number in range(n))
    assert abs(drawn / n - rate) < 5 * math.sqrt(rate * (1 - rate) / n)


def test_two_steps_of_one_run_draw_apart() -> None:
    half = Auditing(0.5)
    both = sum(half.draws(f"T-{n}/route") and half.draws(f"T-{n}/reply") for n in range(20_000))
    assert abs(both / 20_000 - 0.25) < 0.02


@pytest.mark.parametrize("rate", [-0.01, 1.01, 5, math.nan, math.inf])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(InvalidGuard, match=r"rate of audits .*; give a share from 0 to 1"):
        Auditing(rate)


@pytest.mark.parametrize("wrong", [{"queue": " "}, {"due_hours": 0}, {"priority": 101}])
def test_a_queue_due_time_or_priority_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuard):
        Auditing(0.1, **wrong)


def test_audits_are_asked_by_an_escalation_of_their_own() -> None:
    rule: AuditRule = Auditing(0.1, queue="second look", priority=70, due_hours=48)
    assert rule.escalation == Escalation(queue="second look", priority=70, due_hours=48)
    assert Auditing(0.1).escalation.priority < Escalation().priority, "what holds runs up comes first"
