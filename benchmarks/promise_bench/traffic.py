"""The traffic that promises are kept on: held-out answers of a local model, a part of which gives the thresholds."""

import bisect
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of

LADDER_PART = 4
"""One in so many of the cases gives its score to the thresholds, and comes never again."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Cases that streams are drawn from with replacement, and what is true of every threshold on them."""

    name: str
    ladder: KeeperLadder
    cases: tuple[tuple[float, bool], ...]
    """Confidence, and whether the answer is right."""
    falling: tuple[float, ...]
    """The confidences, negated, so that they rise."""
    errors: tuple[int, ...]
    """How many of the surest so many cases are wrong."""

    @classmethod
    def of(cls, name: str, answers: Sequence[tuple[float, bool]], *, seed: int) -> Self:
        """Return the traffic of a population."""
        shuffled = list(answers)
        random.Random(seed).shuffle(shuffled)
        cut = len(shuffled) // LADDER_PART
        cases = sorted(shuffled[cut:], key=lambda case: -case[0])
        errors = [0]
        for _, right in cases:
            errors.append(errors[-1] + (not right))
        ladder = ladder_of([score for score, _ in shuffled[:cut]])
        return cls(name, ladder, tuple(cases), tuple(-score for score, _ in cases), tuple(errors))

    def truth(self, threshold: float | None) -> tuple[float, float]:
        """Return the coverage and the risk that a threshold truly has."""
        if threshold is None:
            return 0.0, 0.0
        count = bisect.bisect_right(self.falling, -threshold)
        return count / len(self.cases), self.errors[count] / max(1, count)

    def oracle(self, target: float) -> float:
        """Return the largest coverage whose true risk meets a target."""
        found = 0
        for count in range(1, len(self.cases) + 1):
            is_last = count == len(self.cases) or self.falling[count] != self.falling[count - 1]
            if is_last and self.errors[count] <= target * count:
                found = count
        return found / len(self.cases)
