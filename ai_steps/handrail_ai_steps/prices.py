"""What tokens cost: a table the user can extend, where a missing price is unknown and never zero."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from handrail_ai_steps.errors import InvalidTask
from handrail_guards.numbers import is_count, is_finite

PER_TOKENS = 1_000_000
LEAST_PRICE = 1e-4
"""Of a million tokens, where it is not 0: nobody asks for less than ten times as much, and the price of one is less."""
"""Prices are for so many tokens."""

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


@dataclass(frozen=True, slots=True)
class Price:
    """What one model charges for a million tokens.

    Raises:
        InvalidTask: a price is negative, not a number or one token's, or the tiers are none, or not in order.
    """

    input: float
    output: float
    cached_input: float | None = None
    """For input the server had in its cache; None: the same as ``input``."""
    cache_write: float | None = field(default=None, kw_only=True)
    """For input that the server put into its cache; None: the same as ``input``."""
    tiers: "tuple[PriceTier, ...]" = field(default=(), kw_only=True)
    """Other prices of calls with more input, fewest tokens first."""

    def __post_init__(self) -> None:
        for name in ("input", "output", "cached_input", "cache_write"):
            value = getattr(self, name)
            may_lack = name in {"cached_input", "cache_write"}
            if not (is_finite(value) and value >= 0) and not (may_lack and value is None):
                raise InvalidTask(f"the {name} price is {value!r}; give money for a million tokens, 0 or more")
            if value and value < LEAST_PRICE:
                raise InvalidTask(
                    f"the {name} price is {value!r}, which reads like that of one token; give money for a million"
                    f" tokens, here {value * PER_TOKENS:g}"
                )
        given: Any = self.tiers  # whatever somebody without a type checker gave
        if not (isinstance(given, tuple) and all(isinstance(each, PriceTier) for each in given)):
            raise InvalidTask(f"the price's tiers are {given!r}; give a tuple of PriceTier(start, price)")
        if [each.start for each in given] != sorted({each.start for each in given}):
            raise InvalidTask("the price's tiers begin twice at the same count, or not at the fewest tokens first")

    def at(self, input_tokens: int) -> "Price":
        """Return the price of a call with so many tokens of input: all of them are charged by the tier they reach."""
        reached = [tier.price for tier in self.tiers if input_tokens >= tier.start]
        return reached[-1] if reached else self

    def money(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, *, written_tokens: int = 0) -> float:
        """Return what a call costs; ``cached_tokens`` and ``written_tokens`` are part of ``input_tokens``."""
        if self.tiers and (price := self.at(input_tokens)) is not self:
            return price.money(input_tokens, output_tokens, cached_tokens, written_tokens=written_tokens)
        cached = min(cached_tokens, input_tokens)
        written = min(written_tokens, input_tokens - cached)
        cached_price = self.input if self.cached_input is None else self.cached_input
        written_price = self.input if self.cache_write is None else self.cache_write
        total = (input_tokens - cached - written) * self.input + output_tokens * self.output
        return (total + cached * cached_price + written * written_price) / PER_TOKENS


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The price of calls from so many tokens of input on."""

    start: int
    price: Price

    def __post_init__(self) -> None:
        if not is_count(self.start) or not isinstance(self.price, Price):
            raise InvalidTask(f"PriceTier({self.start!r}, {self.price!r}): give a whole number of tokens and a Price")


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model name, in one currency."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    currency: str = "USD"

    def __post_init__(self) -> None:
        object.__setattr__(self, "prices", MappingProxyType(dict(self.prices)))

    def price(self, model: str) -> Price | None:
        """Return the price of a model or of the model its dated snapshot belongs to; None: unknown."""
        found = self.prices.get(model)
        return found if found is not None else self.prices.get(_SNAPSHOT.sub("", model))

    def extended(self, prices: Mapping[str, Price]) -> Self:
        """Return a table with more prices; a price given here wins."""
        return replace(self, prices={**self.prices, **prices})


NO_PRICES = PriceTable()

OPENAI_PRICES = PriceTable(
    {
        "gpt-4o": Price(2.50, 10.00, 1.25),
        "gpt-4o-mini": Price(0.15, 0.60, 0.075),
        "gpt-4.1": Price(2.00, 8.00, 0.50),
        "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
        "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
        "gpt-5": Price(1.25, 10.00, 0.125),
        "gpt-5-mini": Price(0.25, 2.00, 0.025),
        "gpt-5-nano": Price(0.05, 0.40, 0.005),
        "o3": Price(2.00, 8.00, 0.50),
        "o4-mini": Price(1.10, 4.40, 0.275),
    }
)
"""List prices of api.openai.com as published in August 2025. Prices change: extend the table with what you pay."""
