"""A screen of your own, with what it was fitted on and how it does on your traffic."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import has_order, is_count, is_share, is_text

FEWEST_TEXTS = 100
"""Fewer texts say too little about a rate: of 100 without an alarm, up to 3% may still be held (95%, rule of three)."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A score for ``no_injection`` that was fitted on examples.

    False alarms on the examples do not carry over to other texts, so a screen routes to people until it is known how
    much of your own traffic it holds: ``Screen(...).on_traffic(texts)``.

    Raises:
        InvalidGuard: it does not say what it was fitted on.
    """

    score: Callable[[str], float]
    """From a text to a number from 0 to 1."""
    fitted_on: str
    """The examples, in words: ``2,000 chats, 1,000 e-mails, half of them attacks``."""
    at_least: float = 0.5
    """From which score a text is held."""
    texts: int = 0
    """How many texts of your traffic it was tried on."""
    held: int = 0
    """How many of them it would have held."""

    def __post_init__(self) -> None:
        if not callable(self.score):
            raise InvalidGuard(f"score is {self.score!r}; give a function from a text to a number from 0 to 1")
        if not is_text(self.fitted_on):
            raise InvalidGuard(
                f"fitted_on is empty or no text ({self.fitted_on!r}); say in words on what examples it was fitted"
            )
        if not (is_share(self.at_least) and self.at_least > 0.0):
            raise InvalidGuard(f"at_least is {self.at_least!r}; give a score above 0 and at most 1")
        for name, count in (("held", self.held), ("texts", self.texts)):
            if not is_count(count):
                raise InvalidGuard(f"{name} is {count!r}; give a whole number of texts, 0 or more")
        if self.held > self.texts:
            raise InvalidGuard(f"held is {self.held}, of {self.texts} texts; give at most as many as there are texts")

    def on_traffic(self, texts: Iterable[str]) -> Self:
        """Return the screen with its rate on texts of your traffic, nearly all of which are harmless.

        Raises:
            InvalidGuard: what is given is no list of texts, or a score is no number from 0 to 1.
        """
        listed = _listed(texts)
        scores = [self.score(text) for text in listed]
        for number, score in enumerate(scores, 1):
            if not (has_order(0.0, score) and has_order(score, 1.0)):  # NaN too, which is below every threshold
                raise InvalidGuard(
                    f"score is {score!r} for text {number} of your traffic; give a function to a number from 0 to 1"
                )
        return replace(self, texts=len(scores), held=sum(score >= self.at_least for score in scores))

    @property
    def may_block(self) -> bool:
        """Whether it was tried on enough traffic for somebody to have seen its rate."""
        return self.texts >= FEWEST_TEXTS

    @property
    def told(self) -> str:
        """Return what it was fitted on and what it holds, for reasons and errors."""
        rate = (
            f"holds {self.held} of {self.texts} texts of your traffic" if self.texts else "never tried on your traffic"
        )
        return f"fitted on {self.fitted_on}; {rate}"


def _listed(texts: object) -> list[str]:
    """Return the texts of what somebody without a type checker gave."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise InvalidGuard(f"on_traffic({texts!r:.60}); give a list of texts, such as last week's messages")
    listed: list[str] = []
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InvalidGuard(f"text {number} of your traffic is {text!r:.60}; give texts")
        listed.append(text)
    return listed
