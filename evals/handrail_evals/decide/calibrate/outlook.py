"""How many labels would do, where those that there are let nothing pass."""

import math
from dataclasses import dataclass
from operator import mul

from handrail_evals.decide.calibrate.binomial import at_most, labels_for
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import usual_first_errors
from handrail_evals.decide.calibrate.tally import Tally

LIKELY = 0.8
"""So likely must the first threshold pass for a number of labels to be called enough."""
MOST_LABELS = 100_000
"""Nobody labels more: beyond it, labels are not what is lacking."""
GROWTH = 1.05
"""Numbers of labels are tried in steps of 5%: an estimate is no better."""
UNSEEN = 0.5
"""Errors added to those seen, evenly over the cases, so that none among few is not taken for none at all."""


def labels_to_pass(tally: Tally, promise: Promise) -> int | None:
    """Return how many labels would probably let something pass, in all; None: no number would.

    It takes the errors to thin out towards the surest values as they do in these labels. That is an estimate, and
    promises nothing.
    """
    slope = _Slope.of(tally)
    labels = float(promise.floor)
    while labels <= MOST_LABELS:
        count = round(labels)
        errors = usual_first_errors(count, promise)
        needed = labels_for(errors, promise.target, promise.delta)
        risk = slope.risk(needed / count) if needed <= count else 1.0
        if risk < promise.target and at_most(errors, needed, risk) >= LIKELY:
            return count
        labels = max(labels * GROWTH, labels + 1)
    return None


@dataclass(frozen=True, slots=True)
class _Slope:
    """A risk that grows with a power of the share of the cases, from the surest on."""

    scale: float
    """The risk of the least sure value, as the slope has it."""
    power: float
    """0 or more: surer values are not worse."""

    @classmethod
    def of(cls, tally: Tally) -> "_Slope":
        """Return the likeliest slope of these labels (a Poisson regression on the logarithm of the rank)."""
        size = len(tally.scores)
        wrong = [tally.errors_from[place] - tally.errors_from[place + 1] for place in range(size)][::-1]
        logs = [math.log((place + 0.5) / size) for place in range(size)]
        # Under the slope the logarithm of an error's rank is -1 / (power + 1) on average.
        total = sum(wrong) + UNSEEN
        mean = (sum(map(mul, logs, wrong)) + UNSEEN * sum(logs) / size) / total
        power = max(0.0, -1 / mean - 1) if mean < 0 else 0.0
        return cls(total / size * (power + 1), power)

    def risk(self, coverage: float) -> float:
        """Return the share of wrong values among the surest of this share of the cases."""
        return min(1.0, self.scale * math.pow(coverage, self.power) / (self.power + 1))
