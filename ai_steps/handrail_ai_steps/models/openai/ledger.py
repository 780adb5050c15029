"""The tries of one request: their record, and what is left of its time, tokens and money."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from handrail_ai_steps.allowance import Purse
from handrail_ai_steps.deadline import Deadline
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer, timed_out
from handrail_ai_steps.models.openai.failure import LONGEST_REASON, Halted
from handrail_ai_steps.models.openai.reply import Usage
from handrail_ai_steps.prices import PER_TOKENS, Price, PriceTable
from handrail_guards.outcome import Attempt, AttemptResult

BYTES_PER_TOKEN = 3
"""For estimates before a call; English text has about 4, so this errs on the safe side."""
LEAST_OUTPUT = 16
"""Tokens; with less room no answer is worth asking for."""
LEEWAY_SECONDS = 0.2
"""How long before the deadline asking for more samples stops, so that an answer that is there can be kept."""

T = TypeVar("T")


class Charged(Protocol):
    """What has to be known of a model to keep the books of a request to it."""

    @property
    def model(self) -> str:
        """Return the name the server knows."""
        ...

    @property
    def shown(self) -> str:
        """Return the name that records show."""
        ...

    @property
    def prices(self) -> PriceTable:
        """Return what it charges."""
        ...

    def scrub(self, text: str) -> str:
        """Return a text without what no record may show."""
        ...


class TryLedger:
    """The tries of one request, and what is left for more."""

    def __init__(self, request: ModelRequest, settings: Charged, deadline: Deadline) -> None:
        self._settings = settings
        self._request = request
        self.deadline = deadline
        # The caller's list where there is one: who stops this call by force still learns what it took.
        self._attempts: list[Attempt] = [] if request.record is None else request.record
        self._purse = Purse(request.max_tokens, request.max_money)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Return every try so far, in the order they ended."""
        return tuple(self._attempts)

    @property
    def limited(self) -> bool:
        """Return whether tokens or money are limited."""
        return self._purse.max_tokens is not None or self._purse.max_money is not None

    async def concluded(self, asking: Callable[[], Awaitable[Answer]]) -> Answer | NoAnswer:
        """Ask within the time of the request, and return the answer, or why there is none."""
        try:
            if self._request.deadline is not None:  # whoever made it stops us when it is over
                return await asking()
            async with self.deadline.enforced():
                return await asking()
        except Halted as halted:
            return self.halted(halted)
        except TimeoutError:
            return timed_out(self._request.seconds, self.attempts)

    async def in_time(self, asking: Awaitable[T]) -> T:
        """Stop just before the deadline does, so that what is already there is not lost with the rest.

        Raises:
            TimeoutError: the time was over.
        """
        async with self.deadline.enforced(spare=-min(LEEWAY_SECONDS, self.seconds_left() / 10)):
            return await asking

    def halted(self, halted: Halted) -> NoAnswer:
        """Return what a request that was given up comes to."""
        told = self.told(halted.reason)
        return NoAnswer(result=halted.result, reason=told, attempts=self.attempts, outage=halted.outage)

    def seconds_left(self) -> float:
        """Return the seconds to the deadline, 0 or more."""
        return self.deadline.left

    def room(self, input_bytes: int, answers: int = 1) -> int | None:
        """Return how many tokens each answer may have, or None without a limit; checked before every call.

        Raises:
            Halted: the budget does not reach for the input and a short answer, or its price is unknown.
        """
        asked = -(-input_bytes // BYTES_PER_TOKEN)
        purse = self._purse
        rooms: list[int] = []
        if purse.tokens is not None:
            rooms.append((purse.tokens - asked) // answers)
        if purse.money is not None:
            rooms.append(self._affordable(asked, purse.money) // answers)
        if not rooms:
            return None
        if min(rooms) < LEAST_OUTPUT:
            left = [
                "" if purse.tokens is None else f"{purse.tokens} tokens",
                "" if purse.money is None else f"{purse.money:g} in money",
            ]
            raise Halted(
                "over_budget",
                f"what is left of the budget, {' and '.join(filter(None, left))}, does not reach for about {asked} "
                "tokens of input and an answer",
            )
        return min(rooms)

    def add(
        self,
        result: AttemptResult,
        *,
        seconds: float,
        model: str | None = None,
        usage: Usage | None = None,
        notes: tuple[str, ...] = (),
        finish: str = "",
        share: float = 1.0,
    ) -> int:
        """Record a try and return its index; ``model`` is what the answer calls itself, ``finish`` why it ended.

        ``share`` is what it costs of the price.
        """
        usage = usage or Usage()
        money = self._cost(model, usage, share)
        self._attempts.append(
            Attempt(
                model=self.told(model or self._settings.shown),
                result=result,
                seconds=seconds,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                money=money,
                notes=tuple(map(self.told, notes)),
                cached_tokens=usage.cached_tokens,
                finish_reason=self.told(finish),
                written_tokens=usage.written_tokens,
                reasoning_tokens=usage.reasoning_tokens,
            )
        )
        self._purse.spend(usage.input_tokens, usage.output_tokens, money=money)
        return len(self._attempts) - 1

    def streamed(self, index: int, first_chunk_seconds: float) -> None:
        """Record when the first piece of an answer had come."""
        self._attempts[index] = replace(self._attempts[index], first_chunk_seconds=first_chunk_seconds)

    def charge_unknown(self, index: int, input_bytes: int, output_bytes: int, *, share: float = 1.0) -> None:
        """Count an estimate against the budget when the server did not say what an answer took."""
        attempt = self._attempts[index]
        if attempt.input_tokens is not None and attempt.output_tokens is not None:
            return
        asked, given = input_bytes // BYTES_PER_TOKEN, output_bytes // BYTES_PER_TOKEN
        price = self._settings.prices.price(self._settings.model)
        unsaid = asked if attempt.input_tokens is None else 0
        unsaid += given if attempt.output_tokens is None else 0
        self._purse.spend(unsaid, money=price.money(asked, given) * share if price is not None else None)
        if self._request.on_guessed is not None:
            self._request.on_guessed(unsaid)

    def mark(self, index: int, result: AttemptResult, *notes: str) -> None:
        """Correct what a try came to, once its answer has been read."""
        old = self._attempts[index]
        told = tuple(map(self.told, notes))
        self._attempts[index] = replace(old, result=result, notes=(*old.notes, *told))

    def told(self, text: str) -> str:
        """Return a text as a record may keep it: without its secrets first, and then no longer than a person reads."""
        hidden = self._settings.scrub(text)
        return hidden if len(hidden) <= LONGEST_REASON else f"{hidden[:LONGEST_REASON]}…"

    def _cost(self, model: str | None, usage: Usage, share: float) -> float | None:
        if model is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        price = self._settings.prices.price(model)
        if price is None:
            return None
        cached, written = usage.cached_tokens or 0, usage.written_tokens or 0
        return share * price.money(usage.input_tokens, usage.output_tokens, cached, written_tokens=written)

    def _affordable(self, asked: int, left: float) -> int:
        price = self._settings.prices.price(self._settings.model)
        if price is None:
            raise Halted(
                "over_budget",
                f"the price of {self._settings.model} is unknown, so a budget of {self._purse.max_money:g} cannot be "
                "kept; give the model prices=... with a price for it",
            )
        return _output_for(left - price.money(asked, 0), price.at(asked))


def _output_for(money: float, price: Price) -> int:
    if money < 0:
        return 0
    return int(money * PER_TOKENS / price.output) if price.output else 2**31
