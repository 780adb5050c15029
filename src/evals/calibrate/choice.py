"""Choosing, on development data, the score to set a threshold on and where to start."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

from evals.calibrate.errors import InvalidLabels
from evals.calibrate.labels import Scored
from evals.calibrate.ladder import Ladder
from evals.calibrate.promise import Promise
from evals.calibrate.sequence import MOST_AT_START, scan, usual_first_errors
from evals.calibrate.tally import Tally

NameT = TypeVar("NameT", bound=str)

REPEATS = 200
"""Draws of labels to average over: the mean coverage is then sure to about a hundredth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Generic[NameT]):
    """The score that should let most pass."""

    score: NameT
    """Its name."""
    expected_coverage: Mapping[NameT, float]
    """For each score the share of cases a calibration should come to accept, 0 to 1."""


def choose_score(
    development: Mapping[NameT, Sequence[Scored]], *, promise: Promise, labels: int, seed: int = 0
) -> Choice[NameT]:
    """Return the score with the largest expected guaranteed coverage; the first of equals.

    ``development`` holds the same cases under each score, as ``development_scores`` gives them; ``labels`` is how many
    audits will calibrate. The chosen score must then be calibrated on labels that were not part of this.

    Raises:
        InvalidLabels: there is no score, or there are no cases under one.
    """
    if not development:
        raise InvalidLabels("no scores to choose from; give at least one with its development cases")
    expected = {
        name: expected_coverage(cases, promise=promise, labels=labels, seed=seed) for name, cases in development.items()
    }
    return Choice(score=max(expected, key=expected.__getitem__), expected_coverage=expected)


def expected_coverage(cases: Sequence[Scored], *, promise: Promise, labels: int, seed: int = 0) -> float:
    """Return the share of cases that a calibration on ``labels`` audits should come to accept, 0 to 1.

    It calibrates on draws from the development cases; the same seed gives the same number.

    Raises:
        InvalidLabels: there are no cases.
    """
    return _mean_coverage(cases, promise, labels, seed, usual_first_errors(labels, promise))


def choose_start(cases: Sequence[Scored], *, promise: Promise, labels: int, seed: int = 0) -> int:
    """Return how many errors the first threshold should tolerate, for ``calibrate``: 0 to 8.

    The usual start suits scores that let most cases pass. Where the errors of a score begin early it is too loose, and
    nothing would be accepted: development cases show it.

    Raises:
        InvalidLabels: there are no cases.
    """
    usual = usual_first_errors(labels, promise)
    tried = sorted({0, 1, 2, 4, MOST_AT_START, usual}, key=lambda errors: abs(errors - usual))
    return max(tried, key=lambda errors: _mean_coverage(cases, promise, labels, seed, errors))


def _mean_coverage(cases: Sequence[Scored], promise: Promise, labels: int, seed: int, first_errors: int) -> float:
    ladder = Ladder.of(map(attrgetter("score"), cases))
    if labels < promise.floor:
        return 0.0
    chance = random.Random(seed)  # noqa: S311 -- seeded on purpose, and not secret
    total = 0.0
    for _ in range(REPEATS):
        drawn = Tally.of(chance.choices(cases, k=labels))
        passed = scan(drawn, ladder, promise, first_errors=first_errors).passed
        total += passed.rung.coverage if passed else 0.0
    return total / REPEATS
