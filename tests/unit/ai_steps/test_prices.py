from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.prices import OPENAI_PRICES, Price, PriceTable, PriceTier


def test_a_price_is_for_a_million_tokens() -> None:
    assert Price(2.0, 8.0).money(1_000_000, 500_000) == 6.0


def test_cached_input_has_its_own_price() -> None:
    assert Price(2.0, 8.0, 0.5).money(1_000_000, 0, cached_tokens=400_000) == pytest.approx(1.4)


def test_an_unknown_model_has_no_price_rather_than_none_to_pay() -> None:
    assert OPENAI_PRICES.price("somebody-elses-model") is None


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    assert OPENAI_PRICES.price("gpt-4o-mini-2024-07-18") == OPENAI_PRICES.price("gpt-4o-mini")
    assert OPENAI_PRICES.price("gpt-4o-mini-next") is None


def test_a_users_price_wins() -> None:
    table = OPENAI_PRICES.extended({"gpt-4o": Price(1, 2), "mine": Price(0, 0)})
    assert table.price("gpt-4o") == Price(1, 2)
    assert table.price("mine") == Price(0, 0)
    assert OPENAI_PRICES.price("mine") is None


@pytest.mark.parametrize("prices", [(-1, 1), (1, float("nan")), (1, 1, float("inf"))])
def test_impossible_prices_fail_when_made(prices: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="give money for a million tokens"):
        Price(*prices)


@pytest.mark.parametrize("prices", [(2.5e-06, 1e-05), (2.5, 10, 1.25e-06)])
def test_the_price_of_one_token_is_not_taken_for_that_of_a_million(prices: tuple[float, ...]) -> None:
    """litellm #23503, #18981: a budget of money would never be spent."""
    with pytest.raises(ValueError, match="reads like that of one token; give money for a million tokens, here"):
        Price(*prices)
    assert Price(0, 0).money(10, 10) == 0.0


@pytest.mark.parametrize(
    "tiers", [("x",), [PriceTier(1, Price(1, 1))], (PriceTier(5, Price(1, 1)), PriceTier(2, Price(1, 1)))]
)
def test_impossible_tiers_fail_when_made_and_not_when_an_answer_is_paid_for(tiers: Any) -> None:
    with pytest.raises(ValueError, match="the price's tiers"):
        Price(1, 1, tiers=tiers)
    with pytest.raises(ValueError, match="whole number of tokens and a Price"):
        PriceTier(1.5, tiers)  # type: ignore[arg-type] # what somebody without a type checker gives


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_caching_never_makes_a_call_dearer(given: int, taken: int, cached: int) -> None:
    price = Price(3.0, 9.0, 1.0)
    assert price.money(given, taken, cached) <= price.money(given, taken) + 1e-9


def test_a_table_does_not_change_with_the_mapping_it_was_made_of() -> None:
    prices = {"a": Price(1, 1)}
    table = PriceTable(prices)
    prices.clear()
    assert table.price("a") == Price(1, 1)
