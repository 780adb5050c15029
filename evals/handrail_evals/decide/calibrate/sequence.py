"""Fixed-sequence testing: thresholds are tried in an order set beforehand, until the first that fails."""

from dataclasses import dataclass, replace

from handrail_evals.decide.calibrate.binomial import at_most, labels_for
from handrail_evals.decide.calibrate.ladder import Ladder, Rung
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.tally import Counts, Tally

SPENT_AT_START = 0.15
"""Share of the errors expected at the target that the first threshold must still tolerate."""
MOST_AT_START = 8
"""Errors the first threshold must tolerate at most."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A threshold, and what the labels said about it."""

    rung: Rung
    counts: Counts
    p_value: float
    """Chance of so few errors if the threshold broke the promise, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Where the tests led."""

    passed: Trial | None
    """The loosest threshold that kept the promise; None when the first one failed."""
    failed: Trial | None
    """The threshold that ended the tests; None when every one passed."""


def usual_first_errors(labels: int, promise: Promise) -> int:
    """Return how many errors the first threshold tolerates when nothing is known about the score."""
    return min(MOST_AT_START, int(SPENT_AT_START * promise.target * labels))


def start(ladder: Ladder, tally: Tally, promise: Promise, *, first_errors: int | None = None) -> int:
    """Return the place of the first threshold that is tried: the strictest that tolerates ``first_errors``.

    Where too few labels are accepted to tolerate a single error, one unlucky label ends the tests; where many are, the
    risk is already near the target. So without a number they begin where 15% of the expected errors (0 to 8) are still
    tolerated.

    The place depends on how many labels each threshold accepts, never on which of them are right: so the order is fixed
    before that is looked at, and the whole sequence is wrong with a chance of at most delta (Bauer, 1991; Angelopoulos
    and others, 2021). The labels above the first threshold that breaks the promise, however many they are, are
    independent draws of the cases above it.
    """
    accepted = [tally.at_least(rung.threshold).accepted for rung in ladder.rungs]
    most = usual_first_errors(tally.labels, promise) if first_errors is None else first_errors
    for errors in range(most, -1, -1):
        needed = labels_for(errors, promise.target, promise.delta)
        for place, count in enumerate(accepted):
            if count >= needed:
                return place
    return len(accepted) - 1


def scan(tally: Tally, ladder: Ladder, promise: Promise, *, first_errors: int | None = None) -> Scan:
    """Return the loosest threshold before the first that the labels do not vouch for."""
    first = start(ladder, tally, promise, first_errors=first_errors)
    passed: Trial | None = None
    for rung in ladder.rungs[first:]:
        counts = tally.at_least(rung.threshold)
        if passed and counts == passed.counts:  # no label lies between the two
            passed = replace(passed, rung=rung)
            continue
        trial = Trial(rung, counts, at_most(counts.errors, counts.accepted, promise.target))
        if trial.p_value > promise.delta:
            return Scan(passed, trial)
        passed = trial
    return Scan(passed, None)
