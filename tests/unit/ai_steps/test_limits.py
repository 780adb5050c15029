from typing import Any

import pytest

from handrail import Doubtful, Says, ScriptedModel
from handrail.ai_steps import Limits
from handrail_ai_steps.allowance import Allowance
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.outcome import Attempt
from tests.unit.ai_steps.teams import route


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"tokens": 0},
        {"money": -1.0},
        {"money": float("inf")},
        {"reasks": -1},
        {"reasks": float("nan")},
        {"reasks": float("inf")},
    ],
)
def test_limit_that_cannot_work_is_refused_by_name(wrong: dict[str, Any]) -> None:
    [name] = wrong

    with pytest.raises(InvalidTask, match=name):
        Limits(**wrong)


def test_time_runs_out() -> None:
    clock = Clock()
    allowance = Allowance(Limits(seconds=10), clock)
    clock.now = 4.0

    assert allowance.seconds == 6.0
    assert allowance.exhausted() is None

    clock.now = 11.0
    doubt = allowance.exhausted()

    assert allowance.seconds == 0.0
    assert doubt is not None
    assert doubt.code == "timed_out"


def test_spending_counts_every_attempt() -> None:
    allowance = Allowance(Limits(tokens=100, money=1.0), Clock())

    allowance.spend([Attempt(model="m", result="answered", input_tokens=30, output_tokens=10, money=0.25)])
    allowance.spend([Attempt(model="m", result="failed"), Attempt(model="m", result="invalid", money=0.25)])

    assert allowance.purse.tokens == 60
    assert allowance.purse.money == 0.5
    assert allowance.exhausted() is None


def test_money_runs_out() -> None:
    allowance = Allowance(Limits(money=0.1), Clock())
    allowance.spend([Attempt(model="m", result="answered", money=0.3)])

    doubt = allowance.exhausted()

    assert allowance.purse.money == 0.0
    assert doubt is not None
    assert doubt.code == "over_budget"


def test_without_limits_nothing_is_counted_against_anyone() -> None:
    allowance = Allowance(Limits(), Clock())
    allowance.spend([Attempt(model="m", result="answered", input_tokens=10**9)])

    assert (allowance.purse.tokens, allowance.purse.money, allowance.exhausted()) == (None, None, None)


@pytest.mark.parametrize(
    "wrong", [{"money": -5.0}, {"money": float("nan")}, {"money": True}, {"input_tokens": -1}, {"output_tokens": 1.5}]
)
async def test_no_model_can_make_a_budget_grow(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"an attempt's {next(iter(wrong))} is"):
        Attempt(model="mine", result="answered", **wrong)
    outcome = await route(ScriptedModel([Says("cards", 0.9, **wrong)]))("x")
    assert isinstance(outcome, Doubtful)
    assert "raised ValueError: an attempt's" in outcome.reason
