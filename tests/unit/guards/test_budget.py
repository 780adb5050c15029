from typing import Any

import pytest

from handrail_guards.budget import Budget
from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import Attempt


def attempt(**spent: Any) -> Attempt:
    return Attempt(model="m", result="answered", **spent)


def test_the_next_call_must_fit_before_it_is_made() -> None:
    budget = Budget(tokens=100)
    spent = [attempt(input_tokens=50, output_tokens=20)]
    assert budget.verdict(spent, tokens=30).passed
    refused = budget.verdict(spent, tokens=31)
    assert refused.blocks
    assert refused.reason == "70 tokens spent, 31 more would pass the budget of 100"


def test_an_exhausted_budget_allows_no_call_at_all() -> None:
    assert not Budget(tokens=10).verdict([attempt(input_tokens=10)]).passed
    assert not Budget(money=1.0).verdict([attempt(money=1.0)]).passed
    assert not Budget(seconds=2).verdict([attempt(seconds=2.0)]).passed
    assert Budget(seconds=2).verdict([attempt(seconds=1.9)]).passed


def test_an_unknown_price_is_not_zero() -> None:
    unknown = [attempt(money=None)]
    assert "price of m is unknown" in Budget(money=1.0).verdict(unknown).reason
    assert Budget(money=1.0, unknown_price="ignore").verdict(unknown, money=0.5).passed
    assert Budget(tokens=5).verdict(unknown).passed


def test_money_adds_up_without_rounding_errors() -> None:
    assert Budget(money=1.0).verdict([attempt(money=0.1)] * 9, money=0.1).passed


@pytest.mark.parametrize(
    "limits", [{}, {"tokens": 0}, {"money": -1.0}, {"seconds": float("inf")}, {"tokens": 5, "on_fail": "reask"}]
)
def test_a_budget_that_cannot_work_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidGuard):
        Budget(**limits)
