"""The ledger of a promise: what was fixed of each case before anybody answered it, and what became of it."""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from handrail_evals.errors import InvalidLabels
from handrail_guards.numbers import is_finite, is_share

GRADES_AT_ONCE = 100
"""Grades that are remembered as sound: neighbouring cases mostly have those of one rule."""
HEAVIEST = 1.9
"""The largest weight of an answer, of the surest cases: a weight of 2 could lose a bet of the watch whole."""

Verdict: TypeAlias = Literal["right", "wrong", "given_up"]
"""What became of a drawn case: its blind answer agrees with the model's or not, or nobody will ever answer it.

A case that was given up counts as wrong: hard cases are the ones that nobody answers."""


PlacedGrades: TypeAlias = tuple[tuple[int, float], ...]
"""From the surest cases to the threshold: the place of the loosest threshold down to which a share is asked blind, and
that share; the shares rise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCase:
    """One case: its score, share and draw, and the rule in force, all written before anybody answered it.

    Raises:
        InvalidLabels: a number cannot be, or the share is none that this rule could have given.
    """

    number: int
    """Of the case, rising; the draws hash it, never what a case says."""
    score: float
    share: float
    """The chance to be drawn for a blind answer, above 0 and up to 1."""
    drawn: bool
    in_force: int
    """The threshold in force, by its place on the ladder; -1: nothing was accepted yet."""
    accepted_share: float
    """The share of every case that was accepted under it; where it has grades, on average."""
    below_share: float
    """The least share of the cases that were not: those answered with the suggestion in view have none."""
    band: int = -1
    """The place of the loosest threshold down to which all cases below the one in force were asked blind; -1: none."""
    verdict: Verdict | None = None
    """None: not drawn, or not answered yet."""
    grades: PlacedGrades = ()
    """The shares of accepted cases by their score, where they differ; empty: ``accepted_share`` of all."""

    @property
    def weight(self) -> float:
        """Return for how many cases a blind answer stands that say what an even share would: below 2, and 1 without.

        It is in proportion to one over the share among all cases of one rule.
        """
        if not self.grades:
            return 1.0
        return min(self.accepted_share, HEAVIEST * self.grades[0][1]) / self.share

    def __post_init__(self) -> None:
        if not (type(self.score) is float and math.isfinite(self.score)) and not is_finite(self.score):
            raise InvalidLabels(f"case {self.number}: its score {self.score!r} is no finite number")
        share, accepted, below = self.share, self.accepted_share, self.below_share
        if not (_is_chance(share) and _is_chance(accepted) and _is_chance(below)):
            shares = {"share": share, "accepted_share": accepted, "below_share": below}
            name, value = next((name, value) for name, value in shares.items() if not _is_chance(value))
            raise InvalidLabels(f"case {self.number}: {name} {value!r} is no share above 0 and up to 1")
        if self.grades and (no_share := _no_shares(self.grades)):
            raise InvalidLabels(f"case {self.number}: the grade {no_share[0]!r} is no share above 0 and up to 1")
        if share < below and share < (_least(self.grades) if self.grades else accepted):
            raise InvalidLabels(f"case {self.number}: its share {share!r} is below the least of its rule")
        if self.verdict is not None and not self.drawn:
            raise InvalidLabels(f"case {self.number} was not drawn, so that no answer to it counts")


def _is_chance(value: Any) -> bool:
    """Return whether a value is a share above 0; of each case of a ledger, where all are floats."""
    return (0.0 < value <= 1.0) if type(value) is float else is_share(value) and value > 0


@lru_cache(GRADES_AT_ONCE)
def _no_shares(grades: PlacedGrades) -> tuple[Any, ...]:
    return tuple(share for _, share in grades if not _is_chance(share))


@lru_cache(GRADES_AT_ONCE)
def _least(grades: PlacedGrades) -> float:
    return min(share for _, share in grades)


def is_drawn(secret: str, number: int, share: float) -> bool:
    """Return whether a case is drawn: the same whoever asks, and independent of what it says and of every other."""
    digest = hashlib.sha256(f"{secret}\n{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
