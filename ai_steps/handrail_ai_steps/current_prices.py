"""Prices as their providers list them now, from ``genai-prices``: of a model by name and of where it is asked."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.prices import NO_PRICES, Price, PriceTable, PriceTier
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    from genai_prices import data_snapshot
    from genai_prices import types as genai_types
else:
    data_snapshot = OptionalLibrary("genai_prices.data_snapshot", extra="prices")

CURRENCY = "USD"
BATCH: Mapping[str, str] = {"processing": "batch"}
"""How the lists call what is answered within a day for less."""
TIER = "service_tier"
"""How providers, and the lists, call answers that are faster or slower than usual, for another price."""
_USUAL = frozenset({"", "auto", "default", "standard", "standard_only"})

_OURS = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
_CALL = frozenset({"requests_kcount", "input_mchars", "input_text_messages_kcount"})
"""What a call costs beside its tokens, so that their price alone would be too low."""


def is_installed() -> bool:
    """Return whether there are lists of prices here."""
    return importlib.util.find_spec("genai_prices") is not None


@dataclass(frozen=True, slots=True)
class CurrentPrices(PriceTable):
    """Prices by model name: those given, then the provider's list of today, then ``earlier``; else unknown.

    The lists come with the library and are as old as it; ``genai_prices.UpdatePrices`` renews them while a program
    runs. Prices in another currency than dollars have no list beside them.
    """

    provider: str = ""
    """Who sends the bill, as ``genai-prices`` calls it; empty: whoever is at ``address``."""
    address: str = ""
    """Where the models are asked, which tells who sends the bill."""
    earlier: PriceTable = field(default_factory=PriceTable)
    """Where to look for what no list has."""
    batch: bool = False
    """Whether what is asked is answered within a day, for less."""
    tier: str = ""
    """How a provider is asked for faster or cheaper answers, such as ``flex``; empty: as usual."""

    def __post_init__(self) -> None:
        PriceTable.__post_init__(self)
        if self.currency != CURRENCY and (self.provider or self.address):
            raise ModelNotReady(f"the lists of current prices are in {CURRENCY}; give every price in {self.currency}")

    def price(self, model: str) -> Price | None:
        """Return the price of a model or of the model its dated snapshot belongs to; None: unknown."""
        own = PriceTable.price(self, model)
        if own is not None:
            return own
        listed = self._listed(model)
        return self.earlier.price(model) if listed is None and not self.tier else listed

    def _listed(self, model: str) -> Price | None:
        where: dict[str, str | None] = {
            "provider_id": self.provider or None,
            "provider_api_url": None if self.provider else self.address,
        }
        try:
            _, found = data_snapshot.get_snapshot().find_provider_model(model, None, **where)
        except LookupError:
            return None
        now = datetime.now(UTC)
        if not self.tier:
            return _price(found.get_prices(now, BATCH if self.batch else None))
        usual, asked = (_price(found.get_prices(now, how)) for how in (None, {TIER: self.tier}))
        return None if asked == usual else asked  # the list falls back to the usual price where it knows no other


def current_prices(
    provider: str = "", prices: Mapping[str, Price] | None = None, *, address: str = "", batch: bool = False
) -> PriceTable:
    """Return the prices that a provider lists today, with your own on top, as models take them for ``prices``.

    Args:
        provider: who sends the bill, such as ``openai``, ``anthropic``, ``google``, ``aws``, ``azure``, ``groq``.
        prices: your own, for a million tokens; they win.
        address: where the models are asked, in place of the provider's name.
        batch: whether the prices are those of answers within a day.

    Raises:
        ModelNotReady: there is no such provider, or a price is none.
        LibraryMissing: ``genai-prices`` is not installed.
    """
    own = {} if prices is None else prices
    require_prices(own)
    if bool(provider) == bool(address):
        raise ModelNotReady("current_prices takes a provider, such as 'openai', or an address: one of the two")
    try:
        data_snapshot.get_snapshot().find_provider(None, provider or None, address or None)
    except LookupError:
        known = ", ".join(each.id for each in data_snapshot.get_snapshot().providers)
        raise ModelNotReady(f"nobody knows the prices of {provider or address!r}; known are {known}") from None
    return CurrentPrices(own, provider=provider, address=address, batch=batch)


def require_prices(prices: Any) -> None:
    """Check that these are prices by name.

    Raises:
        ModelNotReady: they are not.
    """
    if not isinstance(prices, Mapping) or not all(isinstance(each, Price) for each in prices.values()):
        raise ModelNotReady(f"prices is {prices!r}; give a PriceTable, or a Price for each model's name")


def tier_of(extra: object) -> str:
    """Return the tier that a request asks for beside everything else; empty: the usual one."""
    tier = extra.get(TIER) if isinstance(extra, Mapping) else None
    return tier if isinstance(tier, str) and tier not in _USUAL else ""


def prices_at(
    prices: Any, *, provider: str = "", address: str = "", earlier: PriceTable = NO_PRICES, tier: str = ""
) -> PriceTable:
    """Return the prices of one model as its settings give them, over the current ones where those are installed.

    Of a ``tier`` that no list has the price is unknown: it is another one than usual, which is no guess to make.

    Raises:
        ModelNotReady: they are no prices.
    """
    if isinstance(prices, PriceTable):
        return prices
    own = {} if prices is None else prices
    require_prices(own)
    if is_installed() and (provider or address):
        return CurrentPrices(own, provider=provider, address=address, earlier=earlier, tier=tier)
    return (NO_PRICES if tier else earlier).extended(own)


def _price(listed: "genai_types.ModelPrice") -> Price | None:
    """Return a listed price as ours; None where tokens are not all that is paid for."""
    told = vars(listed)
    if told.get("input_mtok") is None or told.get("output_mtok") is None:
        return None
    if any(told.get(name) for name in _CALL):
        return None
    starts = sorted({tier.start for name in _OURS for tier in _tiers(told.get(name))})
    tiers = tuple(PriceTier(start, _at(told, start)) for start in starts)
    return _at(told, 0, tiers)


def _at(told: Mapping[str, Any], tokens: int, tiers: tuple[PriceTier, ...] = ()) -> Price:
    """Return the price of calls with so many tokens of input, or more."""
    amounts: dict[str, float | None] = {}
    for name in _OURS:
        value = told.get(name)
        reached = [tier.price for tier in _tiers(value) if tier.start <= tokens]
        if value is None:
            amounts[name] = None
        elif reached:
            amounts[name] = float(reached[-1])
        else:
            amounts[name] = float(value.base if _tiers(value) else value)
    return Price(
        amounts["input_mtok"] or 0.0,
        amounts["output_mtok"] or 0.0,
        amounts["cache_read_mtok"],
        cache_write=amounts["cache_write_mtok"],
        tiers=tiers,
    )


def _tiers(value: Any) -> list[Any]:
    """Return the steps of a price, lowest first; none of a plain one."""
    return sorted(getattr(value, "tiers", ()), key=lambda tier: tier.start)
