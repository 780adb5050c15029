"""The traffic that promises are kept on: held-out answers of a local model, a part of which gives the thresholds."""

import bisect
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from guarantee_bench.case import Predicted
from handrail_evals.decide.keeping.ladder import KeeperLadder, ladder_of

LADDER_PART = 4
"""One in so many of the texts gives its score to the thresholds, and comes never again."""
OUT_OF_SCOPE_TIMES = 4
"""How often each copy of a request out of scope comes: they are then one in five, and 3 of 4 answers are right."""


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
    unlabelled: tuple[float, ...]
    """The scores that gave the thresholds."""

    @classmethod
    def of(cls, name: str, answers: Sequence[Predicted], *, seed: int, is_useless: bool = False) -> Self:
        """Return the traffic of a population; the copies of a text are all on one side.

        ``is_useless``: the scores say nothing, as they are drawn.
        """
        chance = random.Random(seed)
        texts = [list(copies) for _, copies in groupby(answers, key=lambda each: each.name.split(".")[0])]
        chance.shuffle(texts)
        cut = len(texts) // LADDER_PART
        sides: list[list[tuple[float, bool]]] = [[], []]
        for place, copies in enumerate(texts):
            times = OUT_OF_SCOPE_TIMES if len(copies) > 1 else 1
            for each in copies * times:
                score = chance.random() if is_useless else each.shares[0]
                sides[place >= cut].append((score, each.right))
        unlabelled = tuple(score for score, _ in sides[0])
        return cls.on(name, ladder_of(unlabelled), sides[1], unlabelled)

    @classmethod
    def on(
        cls, name: str, ladder: KeeperLadder, cases: Sequence[tuple[float, bool]], unlabelled: Sequence[float]
    ) -> Self:
        """Return the traffic of cases, whose thresholds were taken from elsewhere."""
        ordered = sorted(cases, key=lambda case: -case[0])
        errors = [0]
        for _, right in ordered:
            errors.append(errors[-1] + (not right))
        return cls(
            name, ladder, tuple(ordered), tuple(-score for score, _ in ordered), tuple(errors), tuple(unlabelled)
        )

    @property
    def mark(self) -> str:
        """Return what tells it from any other traffic, shortened."""
        return hashlib.sha256(repr((self.ladder, self.cases)).encode()).hexdigest()[:12]

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
