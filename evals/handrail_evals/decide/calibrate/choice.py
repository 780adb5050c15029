"""Choosing, on development data, the score to set a threshold on and where to start."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean
from typing import Generic, TypeVar

from handrail_evals.decide.calibrate.labels import Scored
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import MOST_AT_START, Ladder, Tally, scan, usual_first_errors
from handrail_evals.errors import InvalidLabels

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
    spread: Mapping[NameT, tuple[float, float]]
    """For each score the coverage that one calibration in ten stays under, and the one that one in ten exceeds."""


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
    return Choice(
        score=max(expected, key=expected.__getitem__),
        expected_coverage=expected,
        spread={name: _spread(cases, promise, labels, seed) for name, cases in development.items()},
    )


def expected_coverage(cases: Sequence[Scored], *, promise: Promise, labels: int, seed: int = 0) -> float:
    """Return the share of cases that a calibration on ``labels`` audits should come to accept, 0 to 1.

    It calibrates on draws from the development cases; the same seed gives the same number.

    Raises:
        InvalidLabels: there are no cases.
    """
    return fmean(_coverages(cases, promise, labels, seed, usual_first_errors(labels, promise)))


def choose_start(cases: Sequence[Scored], *, promise: Promise, labels: int, seed: int = 0) -> int:
    """Return how many errors the first threshold should tolerate, for ``calibrate``: 0 to 8.

    The usual start suits scores that let most cases pass. Where the errors of a score begin early it is too loose, and
    nothing would be accepted: development cases show it.

    Raises:
        InvalidLabels: there are no cases.
    """
    usual = usual_first_errors(labels, promise)
    tried = sorted({0, 1, 2, 4, MOST_AT_START, usual}, key=lambda errors: abs(errors - usual))
    return max(tried, key=lambda errors: fmean(_coverages(cases, promise, labels, seed, errors)))


def _spread(cases: Sequence[Scored], promise: Promise, labels: int, seed: int) -> tuple[float, float]:
    """Return a tenth from below and from above; few development cases widen it as much as few labels do."""
    first_errors = usual_first_errors(labels, promise)
    rising = sorted(_coverages(cases, promise, labels, seed, first_errors, cases_too=True))
    return rising[REPEATS // 10], rising[-1 - REPEATS // 10]


def _coverages(
    cases: Sequence[Scored], promise: Promise, labels: int, seed: int, first_errors: int, *, cases_too: bool = False
) -> list[float]:
    """Return what calibrations on labels drawn from the cases accept; with ``cases_too`` the cases are drawn anew."""
    if not cases:
        raise InvalidLabels("no scores to take thresholds from; give those of development data or traffic")
    if labels < promise.floor:
        return [0.0] * REPEATS
    ladder = Ladder.of(map(attrgetter("score"), cases))
    chance = random.Random(seed)  # noqa: S311 -- seeded on purpose, and not secret
    found: list[float] = []
    for _ in range(REPEATS):
        known = chance.choices(cases, k=len(cases)) if cases_too else cases
        drawn = Tally.of(_alone(each) for each in chance.choices(known, k=labels))
        passed = scan(drawn, ladder, promise, first_errors=first_errors).passed
        found.append(passed.rung.coverage if passed else 0.0)
    return found


def _alone(case: Scored) -> Scored:
    """Return a case as a draw of its own: drawn twice, it stands for two cases like it."""
    return replace(case, cluster="") if case.cluster else case
