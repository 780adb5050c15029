"""Trying a method many times on a population whose every answer is known."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guarantee_bench.methods import METHODS, Method
from handrail_evals.decide.calibrate.labels import Scored
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedTally

TRAFFIC = 2000
"""Scores of other cases that thresholds are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One method at one target and number of labels, over all repetitions."""

    method: str
    data: str
    target: float
    """Promised risk, 0 to 1."""
    labels: int
    oracle: float
    """Largest coverage that truly meets the target, 0 to 1."""
    share: float
    """Mean coverage as a share of the oracle's; above 1 when the promise is broken."""
    broken: float
    """Share of the repetitions whose threshold truly breaks the promise."""
    coverage: float
    """Mean coverage, 0 to 1."""


class World:
    """A population: labels and traffic are drawn from it, with replacement, and the truth is counted over all of it."""

    def __init__(self, data: str, cases: Sequence[Scored]) -> None:
        self.data = data
        self._cases = cases
        self._tally = AcceptedTally.of(cases)

    def oracle(self, target: float) -> float:
        """Return the largest coverage of any threshold whose true risk meets the target."""
        for threshold in dict.fromkeys(self._tally.scores):
            risk, coverage = self._truth(threshold)
            if risk <= target:
                return coverage
        return 0.0

    def cells(
        self, promise: Promise, labels: int, *, repetitions: int, seed: int, methods: Mapping[str, Method] = METHODS
    ) -> list[Cell]:
        """Return one cell for each method, all on the same draws."""
        chance = random.Random(f"{seed} {self.data} {promise.target} {labels}")
        covered = dict.fromkeys(methods, 0.0)
        broken = dict.fromkeys(methods, 0)
        for _ in range(repetitions):
            traffic = [each.score for each in chance.choices(self._cases, k=TRAFFIC)]
            drawn = chance.choices(self._cases, k=labels)
            for name, method in methods.items():
                threshold = method(drawn, traffic, promise)
                if threshold is not None:
                    risk, coverage = self._truth(threshold)
                    covered[name] += coverage
                    broken[name] += risk > promise.target
        oracle = self.oracle(promise.target)
        return [
            Cell(
                method=name,
                data=self.data,
                target=promise.target,
                labels=labels,
                oracle=oracle,
                share=covered[name] / repetitions / oracle,
                broken=broken[name] / repetitions,
                coverage=covered[name] / repetitions,
            )
            for name in methods
        ]

    def _truth(self, threshold: float) -> tuple[float, float]:
        """Return the true risk and coverage of a threshold."""
        counts = self._tally.at_least(threshold)
        return counts.errors / max(1, counts.accepted), counts.accepted / self._tally.labels
