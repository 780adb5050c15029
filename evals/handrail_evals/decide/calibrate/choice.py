"""What development data may decide: the score to set a threshold on, where to start, an acceptor that is fitted."""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING, Generic, TypeVar

from handrail_evals.decide.calibrate.labels import JudgedCase, Scored, scores_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import MOST_AT_START, AcceptedTally, Ladder, scan, usual_first_errors
from handrail_evals.errors import InvalidLabels
from handrail_ground.optional import OptionalLibrary
from handrail_guards.acceptor import SMALLEST_SCALE, Acceptor, Term, cluster_fingerprint, features_of, fingerprint
from handrail_guards.guarantee import ScoreName, score_of

if TYPE_CHECKING:
    import numpy as np
    from sklearn import linear_model


else:
    np = OptionalLibrary("numpy", extra="local")
    linear_model = OptionalLibrary("sklearn.linear_model", extra="local")

NameT = TypeVar("NameT", bound=str)

REPEATS = 200
"""Draws of labels to average over: the mean coverage is then sure to about a hundredth."""

LEAST_EACH = 10
"""So many right and so many wrong values are the least that half a dozen weights can be learned from."""

STRENGTH = 1.0
"""Inverse of the pull of the weights towards 0, on features of standard deviation 1. From 0.1 to 100 it moves the
largest coverage at 2% by half a point at most (BANKING77, 1000 cases)."""

FOLDS = 5


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
        drawn = AcceptedTally.of(_alone(each) for each in chance.choices(known, k=labels))
        passed = scan(drawn, ladder, promise, first_errors=first_errors).passed
        found.append(passed.rung.coverage if passed else 0.0)
    return found


def _alone(case: Scored) -> Scored:
    """Return a case as a draw of its own: drawn twice, it stands for two cases like it."""
    return replace(case, cluster="") if case.cluster else case


def fit_acceptor(cases: Sequence[JudgedCase], *, features: Collection[str] | None = None) -> Acceptor:
    """Return the logistic regression of right and wrong on what the judgements show.

    The cases are development data: none of them may calibrate the acceptor. ``features`` limits it to some, by their
    names in ``handrail_guards.acceptor``; by default it takes all that the judgements show. What is the same in every
    case is left out.

    Raises:
        InvalidLabels: fewer than 10 right or 10 wrong values, a case is there twice or has no confidence, or a feature
            is not known in every case.
        LibraryMissing: scikit-learn is not installed.
    """
    _require(cases)
    rows = [features_of(each.judgement) for each in cases]
    names = _names(cases, rows, features)
    matrix = np.array([[row[name] for name in names] for row in rows])
    means, scales = matrix.mean(axis=0), matrix.std(axis=0)
    differing = np.flatnonzero(scales >= SMALLEST_SCALE)
    if not len(differing):
        raise InvalidLabels("the judgements of all cases look alike, so there is nothing to tell them apart by")
    standardised = (matrix[:, differing] - means[differing]) / scales[differing]
    fitted = linear_model.LogisticRegression(C=STRENGTH, solver="newton-cholesky", max_iter=1000).fit(
        standardised, [each.right for each in cases]
    )
    return Acceptor(
        intercept=float(fitted.intercept_[0]),
        terms=tuple(
            Term(feature=names[column], mean=float(means[column]), scale=float(scales[column]), weight=float(weight))
            for column, weight in zip(differing, fitted.coef_[0], strict=True)
        ),
        fitted_on=tuple(sorted(_fingerprints(cases))),
    )


def _fingerprints(cases: Sequence[JudgedCase]) -> set[str]:
    clusters = {each.cluster for each in cases if each.cluster}
    return {fingerprint(each.case) for each in cases} | {cluster_fingerprint(each) for each in clusters}


def development_scores(
    cases: Sequence[JudgedCase], *, features: Collection[str] | None = None, seed: int = 0
) -> dict[ScoreName, list[Scored]]:
    """Return the cases under each score, for ``choose_score``: confidence, margin and acceptor.

    Each case is scored by an acceptor that was fitted on the other four fifths, as the share of all cases that this
    acceptor scores lower. A score that some case lacks is left out.

    Raises:
        InvalidLabels: as ``fit_acceptor``, on four fifths of the cases.
        LibraryMissing: scikit-learn is not installed.
    """
    shuffled = random.Random(seed).sample(cases, len(cases))  # noqa: S311 -- seeded on purpose, and not secret
    plain: tuple[ScoreName, ...] = ("confidence", "margin")
    scored = {score: _scored(shuffled, score) for score in plain}
    scored["acceptor"] = _cross_fitted(shuffled, features)
    return {score: found for score, found in scored.items() if len(found) == len(cases)}


def _scored(cases: Sequence[JudgedCase], score: ScoreName) -> list[Scored]:
    found = ((score_of(each.judgement, score), each.right, each.cluster) for each in cases)
    return [Scored(number, right, cluster) for number, right, cluster in found if number is not None]


def _cross_fitted(cases: Sequence[JudgedCase], features: Collection[str] | None) -> list[Scored]:
    """Return each case as an acceptor ranks it that did not see its label.

    Ranks, because the scores of two acceptors are not on one scale: what the one calls 0.98 is 0.97 to the other, and
    in one list they would look worse than either is.
    """
    ranked: list[Scored] = []
    fold_of = _folds(cases)
    for fold in range(FOLDS):
        acceptor = fit_acceptor([each for each in cases if fold_of[each.case] != fold], features=features)
        rising = sorted(scores_of((each.judgement for each in cases), "acceptor", acceptor))
        for each in cases:
            score = acceptor.score(each.judgement) if fold_of[each.case] == fold else None
            if score is not None:
                ranked.append(Scored(bisect_left(rising, score) / len(rising), each.right, each.cluster))
    return ranked


def _folds(cases: Sequence[JudgedCase]) -> dict[str, int]:
    """Return the fold of each case, by name; those of one cluster share it: a copy would give the label away."""
    of_cluster: dict[str, int] = {}
    return {
        each.case: of_cluster.setdefault(each.cluster, index % FOLDS) if each.cluster else index % FOLDS
        for index, each in enumerate(cases)
    }


def _require(cases: Sequence[JudgedCase]) -> None:
    """Check that there is something to learn, from cases that can be told apart."""
    right, wrong = (len({e.cluster or f"\0{e.case}" for e in cases if e.right == which}) for which in (True, False))
    if min(wrong, right) < LEAST_EACH:
        raise InvalidLabels(
            f"{right} right and {wrong} wrong values: an acceptor is fitted on at least {LEAST_EACH} of"
            " each; label more cases, or set the threshold on the confidence"
        )
    case, times = Counter(each.case for each in cases).most_common(1)[0]
    if times > 1:
        raise InvalidLabels(f"case {case!r} is there {times} times; count each case once")
    unsure = next((each.case for each in cases if each.judgement.confidence.value is None), None)
    if unsure is not None:
        raise InvalidLabels(f"case {unsure!r} has no confidence; leave it out: it is never accepted")


def _names(
    cases: Sequence[JudgedCase], rows: Sequence[Collection[str]], wanted: Collection[str] | None
) -> tuple[str, ...]:
    """Return the names of the features, each of them known in every case."""
    known = Counter(name for row in rows for name in row)
    names = tuple(known if wanted is None else dict.fromkeys(wanted))
    if not names:
        raise InvalidLabels("no features to fit an acceptor on; name some, or leave features out for all")
    for name in names:
        if known[name] < len(cases):
            lacking = next(each.case for each, row in zip(cases, rows, strict=True) if name not in row)
            raise InvalidLabels(
                f"feature {name!r} is known in {known[name]} of {len(cases)} cases, and not in {lacking!r}; judge those"
                " again so that every guard speaks, or give features=... without it"
            )
    return names
