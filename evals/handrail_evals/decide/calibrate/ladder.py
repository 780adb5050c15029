"""The thresholds that are tried, fixed before any label is seen."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from handrail_evals.decide.calibrate.labels import require_finite
from handrail_evals.errors import InvalidLabels

STEPS = 1000
"""A tenth of a percent of coverage each. Neighbouring tests look at nearly the same labels, so fine steps cost nothing:
against half a percent they let 0.2% more of what is possible pass (BANKING77 and CLINC150, 3000 labels)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One threshold."""

    threshold: float
    """Scores at or above it are accepted."""
    coverage: float
    """Share of the scores the ladder was made from that lie at or above it, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Thresholds from strict to loose."""

    rungs: tuple[Rung, ...]

    @classmethod
    def of(cls, scores: Iterable[float]) -> "Ladder":
        """Return the quantiles of the scores in steps of 0.1% coverage.

        The scores are of development data, of traffic without labels, or of the labels that calibrate: the labels above
        the lowest score that a rung shuts out are independent draws of the cases above it, so testing them is exact,
        and the risk is no larger at the rung itself, which is the next score. Equal scores share one rung, as no
        threshold can part them.

        Raises:
            InvalidLabels: there are none, or one is not finite.
        """
        rising = sorted(scores)
        for score in rising:
            require_finite(score, "a score that thresholds are taken from")
        if not rising:
            raise InvalidLabels("no scores to take thresholds from; give those of development data or traffic")
        size = len(rising)
        ranks = (max(1, step * size // STEPS) for step in range(1, STEPS + 1))
        thresholds = dict.fromkeys(rising[size - rank] for rank in ranks)
        return cls(tuple(Rung(each, (size - bisect_left(rising, each)) / size) for each in thresholds))
