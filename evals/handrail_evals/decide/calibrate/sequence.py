"""Fixed-sequence testing: thresholds are tried in an order set beforehand, until the first that fails.

The thresholds (rungs of a ladder) are fixed before any label is seen; a tally counts labels and errors above any.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol, TypeAlias

from handrail_evals.decide.calibrate.labels import require_finite
from handrail_evals.decide.calibrate.promise import Promise, at_most, labels_for
from handrail_evals.errors import InvalidLabels

ROUNDING = 1e-9
"""What sums of shares may be off by, so that three thirds are one error and not two."""

_Row: TypeAlias = tuple[float, bool, str]
"""Score, whether it is wrong, and cluster."""

STEPS = 1000
"""A tenth of a percent of coverage each. Neighbouring tests look at nearly the same labels, so fine steps cost nothing:
against half a percent they let 0.2% more of what is possible pass (BANKING77 and CLINC150, 3000 labels)."""

SPENT_AT_START = 0.15
"""Share of the errors expected at the target that the first threshold must still tolerate."""

MOST_AT_START = 8
"""Errors the first threshold must tolerate at most."""


class HasScore(Protocol):
    """A labelled case, whatever it may be used for."""

    @property
    def score(self) -> float:
        """Return how sure the value was."""
        ...

    @property
    def right(self) -> bool:
        """Return whether it was right."""
        ...

    @property
    def cluster(self) -> str:
        """Return what it shares with others; empty: it stands alone."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptedCounts:
    """What lies at or above a threshold."""

    accepted: int
    """How many labels; those of one cluster count once."""
    errors: int
    """How many of them are wrong."""


@dataclass(frozen=True, slots=True)
class AcceptedTally:
    """Labels sorted once, so that every threshold is counted in logarithmic time.

    Labels of one cluster (copies, several questions on one document) err together, so a cluster is one label, wrong by
    the share of its members that are. Where large clusters are worse than small ones, the share of wrong cases is
    larger than that of clusters, and counts instead: a threshold meets cases, not clusters.
    """

    scores: tuple[float, ...]
    """Of every case, rising."""
    labels_from: tuple[int, ...]
    """How many labels there are from each place on; one entry more than scores."""
    errors_from: tuple[int, ...]
    """How many of these are wrong."""

    @classmethod
    def of(cls, labels: Iterable[HasScore]) -> "AcceptedTally":
        """Return the tally of labelled cases."""
        rows: list[_Row] = sorted((label.score, not label.right, label.cluster) for label in labels)
        scores = tuple(score for score, _, _ in rows)
        if any(cluster for _, _, cluster in rows):
            counts = list(_clustered(rows))[::-1]
            return cls(scores, tuple(each.accepted for each in counts), tuple(each.errors for each in counts))
        from_the_end = accumulate((wrong for _, wrong, _ in reversed(rows)), initial=0)
        return cls(scores, tuple(range(len(rows), -1, -1)), tuple(from_the_end)[::-1])

    @property
    def labels(self) -> int:
        """How many labels there are; those of one cluster count once."""
        return self.labels_from[0]

    def at_least(self, threshold: float) -> AcceptedCounts:
        """Return what would have been accepted at a threshold."""
        place = bisect_left(self.scores, threshold)
        return AcceptedCounts(self.labels_from[place], self.errors_from[place])

    def share_at_least(self, threshold: float) -> float:
        """Return the share of the cases that would have been accepted, 0 to 1, copies counted each; 0 without cases."""
        size = len(self.scores)
        return (size - bisect_left(self.scores, threshold)) / size if size else 0.0


def _clustered(rising: Sequence[_Row]) -> Iterator[AcceptedCounts]:
    """Give the counts of no case, of the last one, of the last two, and so on."""
    members: dict[str, tuple[int, int]] = {}
    labels, wrong_cases, wrong_labels = 0, 0, 0.0
    yield AcceptedCounts(0, 0)
    for cases, (_, wrong, cluster) in enumerate(reversed(rising), start=1):
        wrong_cases += wrong
        size, errors = members.get(cluster, (0, 0)) if cluster else (0, 0)
        labels += size == 0
        wrong_labels += (errors + wrong) / (size + 1) - (errors / size if size else 0)
        if cluster:
            members[cluster] = size + 1, errors + wrong
        yield AcceptedCounts(labels, math.ceil(max(wrong_labels, labels * wrong_cases / cases) - ROUNDING))


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


@dataclass(frozen=True, slots=True)
class Trial:
    """A threshold, and what the labels said about it."""

    rung: Rung
    counts: AcceptedCounts
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


def start(ladder: Ladder, tally: AcceptedTally, promise: Promise, *, first_errors: int | None = None) -> int:
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
    for errors in range(min(most, max(accepted, default=0)), -1, -1):  # more than all of them no threshold tolerates
        needed = labels_for(errors, promise.target, promise.delta)
        for place, count in enumerate(accepted):
            if count >= needed:
                return place
    return len(accepted) - 1


def scan(tally: AcceptedTally, ladder: Ladder, promise: Promise, *, first_errors: int | None = None) -> Scan:
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
