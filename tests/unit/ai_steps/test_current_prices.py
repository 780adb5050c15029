"""Current prices are those of whoever sends the bill; what nobody lists stays unknown."""

from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("genai_prices", reason="current prices are an extra")

from genai_prices import Usage, data_snapshot
from genai_prices.types import ConditionalPrice, ModelPrice, StartDateConstraint, Tier, TieredPrices

from handrail import OpenAIModel
from handrail.ai_steps import Price, PriceTier, current_prices
from handrail_ai_steps.current_prices import CurrentPrices, prices_at
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.prices import OPENAI_PRICES, PriceTable


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5-mini"),
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-2.5-pro"),
        ("groq", "llama-3.3-70b-versatile"),
    ],
)
@pytest.mark.parametrize(("asked", "cached", "written"), [(1_000, 400, 100), (300_000, 250_000, 1_000)])
def test_a_call_costs_what_the_lists_say(provider: str, model: str, asked: int, cached: int, written: int) -> None:
    """The same calls, priced by the library itself."""
    price = current_prices(provider).price(model)
    assert price is not None
    has_writes = price.cache_write is not None
    usage = Usage(
        input_tokens=asked,
        output_tokens=700,
        cache_read_tokens=cached,
        **({"cache_write_tokens": written} if has_writes else {}),
    )
    said = data_snapshot.get_snapshot().calc(usage, model, provider, None, None).total_price
    ours = price.money(asked, 700, cached, written_tokens=written if has_writes else 0)
    assert ours == pytest.approx(float(said))


def test_a_tier_costs_what_is_listed_for_it_and_is_unknown_where_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the usual price, or twice, and never the usual one (litellm #30558, genai-prices #390)."""

    def priced(tier: object, prices: dict[str, Price] | None = None) -> Price | None:
        model = OpenAIModel("gpt-5-mini", api_key="k", extra={"service_tier": tier}, prices=prices)
        return model.prices.price("gpt-5-mini")

    usual = current_prices("openai").price("gpt-5-mini")
    assert usual is not None
    assert priced("auto") == priced("default") == usual
    assert priced("flex") == current_prices("openai", batch=True).price("gpt-5-mini") != usual
    assert priced("of-nobody") is None
    assert priced("of-nobody", {"gpt-5-mini": Price(9, 9)}) == Price(9, 9)
    monkeypatch.setattr("handrail_ai_steps.current_prices.is_installed", lambda: False)
    assert priced("auto") == OPENAI_PRICES.price("gpt-5-mini")
    assert priced("flex") is None


@pytest.mark.parametrize("model", ["somebody-elses-model", "ft:gpt-4o-mini:us", "gpt-5-mini-next", ""])
def test_what_nobody_lists_stays_unknown(model: str) -> None:
    assert current_prices("openai").price(model) is None


def test_own_prices_win_and_a_snapshot_costs_what_its_model_does() -> None:
    table = current_prices("openai", {"gpt-5-mini": Price(9, 9), "mine": Price(0, 0)})
    assert table.price("gpt-5-mini-2025-08-07") == table.price("gpt-5-mini") == Price(9, 9)
    assert table.price("mine") == Price(0, 0)
    wider = table.extended({"gpt-5-nano": Price(7, 7)})
    assert wider.price("gpt-5-nano") == Price(7, 7)
    assert wider.price("gpt-5") == table.price("gpt-5") is not None


def test_prices_of_a_provider_hold_at_its_address_alone() -> None:
    assert prices_at(None, address="https://api.groq.com/openai/v1").price("llama-3.3-70b-versatile") is not None
    assert prices_at(None, address="http://127.0.0.1:8080/v1").price("gpt-5-mini") is None
    assert prices_at(None, provider="nobody").price("gpt-5-mini") is None
    assert prices_at(PriceTable(), provider="openai").price("gpt-5-mini") is None, "a table is taken as it is"


def test_what_the_lists_have_forgotten_costs_what_it_did() -> None:
    table = prices_at(None, provider="openai", earlier=OPENAI_PRICES.extended({"gone-1": Price(1, 2)}))
    assert table.price("gone-1") == Price(1, 2)


def test_answers_within_a_day_cost_less() -> None:
    now, later = (current_prices("anthropic", batch=batch).price("claude-sonnet-4-5") for batch in (False, True))
    assert now is not None
    assert later is not None
    assert later.money(1000, 1000) == pytest.approx(now.money(1000, 1000) / 2)


def test_new_lists_count_from_the_next_call_on(monkeypatch: pytest.MonkeyPatch) -> None:
    table = current_prices("openai")
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(start=10, price=Decimal(2))])
    prices = [
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(5), output_mtok=Decimal(5))),
        ConditionalPrice(
            StartDateConstraint(date(2026, 1, 1)), prices=ModelPrice(input_mtok=tiered, output_mtok=Decimal(3))
        ),
    ]
    [openai] = [each for each in data_snapshot.get_snapshot().providers if each.id == "openai"]
    model = next(each for each in openai.models if each.id == "gpt-5-mini")
    monkeypatch.setattr(model, "prices", prices)
    assert table.price("gpt-5-mini") == Price(1, 3, tiers=(PriceTier(10, Price(2, 3)),))


def test_a_price_that_is_not_of_tokens_alone_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    [openai] = [each for each in data_snapshot.get_snapshot().providers if each.id == "openai"]
    model = next(each for each in openai.models if each.id == "gpt-5-mini")
    told = ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(1), requests_kcount=Decimal(10))
    monkeypatch.setattr(model, "prices", told)
    assert current_prices("openai").price("gpt-5-mini") is None
    monkeypatch.setattr(model, "prices", ModelPrice(input_mtok=Decimal(1)))
    assert current_prices("openai").price("gpt-5-mini") is None


@pytest.mark.parametrize(
    ("provider", "address", "prices", "told"),
    [
        ("nobody", "", None, "nobody knows the prices of 'nobody'; known are"),
        ("", "", None, "one of the two"),
        ("openai", "https://api.openai.com", None, "one of the two"),
        ("openai", "", {"a": 3}, "give a PriceTable"),
        ("", "http://127.0.0.1", None, "nobody knows the prices"),
    ],
)
def test_what_is_no_table_is_refused(provider: str, address: str, prices: dict[str, Price] | None, told: str) -> None:
    with pytest.raises(ModelNotReady, match=told):
        current_prices(provider, prices, address=address)
    assert isinstance(current_prices("openai"), CurrentPrices)


def test_prices_in_another_currency_have_no_dollars_beside_them() -> None:
    with pytest.raises(ModelNotReady, match="give every price in EUR"):
        CurrentPrices({"a": Price(1, 1)}, "EUR", provider="openai")


def test_a_model_at_the_public_endpoint_knows_them_by_itself() -> None:
    model = OpenAIModel("gpt-5-mini", api_key="none", base_url="https://api.openai.com/v1")
    assert model.prices.price("gpt-5.1") is not None
