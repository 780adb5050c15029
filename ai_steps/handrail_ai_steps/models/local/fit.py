"""Fitting a classifier, and finding its temperatures on texts that were kept from it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from handrail_ai_steps.errors import InvalidTrainingData
from handrail_ai_steps.models.local.classifier import (
    Classifier,
    Embedded,
    Fitted,
    Margins,
    Projection,
    Temperatures,
    Views,
)
from handrail_ai_steps.models.local.embedding import Embedding
from handrail_ai_steps.models.local.examples import TrainingSet
from handrail_ai_steps.models.local.kept_out import fit_doubt, fit_temperature, groups_of, measure
from handrail_ai_steps.models.local.network import fit_network
from handrail_ai_steps.models.local.vectors import Floats, Packed, Targets, Vectoriser

CORES = 2
FOLDS = 5
MIN_FOLDS = 2
KEPT_OUT = 300
"""So many texts are enough for three temperatures: no more folds are kept out than give them, but at least two."""
FEW = 2000
"""Below this many texts every word counts, and a smaller network is enough."""
NETWORKS = 2
DIMENSIONS = 512
HIDDEN, HIDDEN_OF_FEW = 512, 128
PACKED_BYTES = 24_000_000
"""Bound of the two large matrices, so that a saved model stays under 30 MB."""
COPIES = 4
NO_DOUBT = 1e-12
DROPPED = 0.15
"""Share of words left out of a copy of a text: networks learn not to lean on any single word."""


COST = 0.5
NO_MARGIN = -2.0
"""The score of a target without examples: clearly on the wrong side, as -1 is the margin."""
STRENGTH = 10.0
"""Inverse of the pull of the weights towards 0, on vectors of length 1."""
STEPS = 300
NO_ODDS = -20.0
"""The log-odds of a target without examples: as good as impossible."""
ITERATIONS = 2
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What all classifiers of one fit have in common."""

    texts: Sequence[str]
    targets: Targets
    count: int
    """How many targets there are."""
    seed: int
    embedding: Embedding | None
    vectors: Floats | None
    """Of every text, where there is an embedding: they are the slow part, and the same for every classifier."""


def fit(training: TrainingSet, *, seed: int, embedding: Embedding | None = None) -> Fitted:
    """Return what was learned; uses at most two cores, and the same set and seed give the same result."""
    targets = np.array(training.targets)
    groups = groups_of(training.texts)
    folds = tuple(_folds(targets, groups, seed))
    vectors = None if embedding is None else embedding.vectors(training.texts)
    lesson = _Lesson(training.texts, targets, int(targets.max()) + 1, seed, embedding, vectors)
    # Threads inside a matrix product wait for each other by spinning, which is ruinous on a busy machine.
    with threadpool_limits(1):
        classifier = _fit_classifier(lesson, np.arange(len(targets)))
        kept_out = [_score_kept_out(lesson, fold) for fold in folds]
    if not kept_out:
        return Fitted(classifier, Temperatures(), None)
    views = Views.joined(kept_out)
    order = np.concatenate(folds)
    truth = targets[order]
    known = views.known if views.known.any() else np.ones(len(truth), bool)
    temperatures = _temperatures(views.of(known), truth[known], groups[order][known])
    probabilities = views.probabilities(temperatures)
    confidences = tuple(float(each) for each in probabilities.max(axis=1))
    return Fitted(classifier, temperatures, measure(probabilities, truth), confidences)


def _folds(targets: Targets, groups: Targets, seed: int) -> Iterator[Targets]:
    """Give the texts to keep out, spread evenly over targets; a target's only text is never kept out.

    Texts that are nearly the same are kept out together: a copy that was learned from would answer for the other.
    """
    chance = np.random.default_rng(seed)
    fold_of_group: dict[int, int] = {}
    offset = 0
    for target in np.unique(targets):
        members = chance.permutation(np.unique(groups[targets == target])).tolist()
        if len(members) > 1:
            for place, group in enumerate(members, start=offset):
                fold_of_group.setdefault(group, place % FOLDS)
            offset += len(members)
    fold_of = np.array([fold_of_group.get(group, -1) for group in groups.tolist()])
    enough = max(MIN_FOLDS, -(-KEPT_OUT * FOLDS // len(targets)))
    for fold in range(min(FOLDS, enough)):
        kept_out = np.flatnonzero(fold_of == fold)
        if len(kept_out):
            yield kept_out


def _score_kept_out(lesson: _Lesson, kept_out: Targets) -> Views:
    """Return what a classifier that learned from all other texts says about these."""
    classifier = _fit_classifier(lesson, np.setdiff1d(np.arange(len(lesson.targets)), kept_out))
    vectors = None if lesson.vectors is None else lesson.vectors[kept_out]
    return classifier.views([lesson.texts[index] for index in kept_out], vectors)


def _fit_classifier(lesson: _Lesson, learned: Targets) -> Classifier:
    """Return the classifier of the texts with these indices."""
    texts = [lesson.texts[index] for index in learned]
    targets, count, seed = lesson.targets[learned], lesson.count, lesson.seed
    few = len(texts) < FEW
    dimensions = min(DIMENSIONS, max(2, len(texts) // 2))
    vectoriser = Vectoriser.fit(texts, at_least=1 if few else 2, at_most=PACKED_BYTES // (DIMENSIONS + count))
    if not vectoriser.size:
        shared = "has a word" if few else "shares a word with another"
        raise InvalidTrainingData(
            f"there is nothing to learn from: none of {len(texts)} texts {shared}; give texts as people write them"
        )
    rows = vectoriser.rows(texts)
    margins = fit_margins(rows, targets, count=count, seed=seed)
    projection = fit_projection(rows, dimensions=dimensions, seed=seed)
    chance = np.random.default_rng(seed)
    # Half precision halves the largest thing in memory; the networks see more noise than that by design.
    copies = (vectoriser.rows(_thinned(texts, chance)) for _ in range(COPIES))
    views = [projection.points(each).astype(np.float16) for each in chain([rows], copies)]
    hidden = HIDDEN_OF_FEW if few else HIDDEN
    with ThreadPoolExecutor(CORES) as pool:  # side by side: they share the views, and numpy releases the lock
        fits = [
            pool.submit(fit_network, views, targets, count=count, hidden=hidden, seed=seed + index)
            for index in range(NETWORKS)
        ]
    networks = tuple(each.result() for each in fits)
    embedded = None
    if lesson.embedding is not None and lesson.vectors is not None:
        embedded = fit_embedded(lesson.embedding, lesson.vectors[learned], targets, count=count)
    return Classifier(vectoriser, margins, projection, networks, embedded)


def _thinned(texts: Sequence[str], chance: np.random.Generator) -> list[str]:
    """Return the texts with some of their words left out at random, but never all."""
    thinned = []
    for text in texts:
        words = text.split()
        kept = [word for word, lot in zip(words, chance.random(len(words)), strict=True) if lot >= DROPPED]
        thinned.append(" ".join(kept) or text)
    return thinned


def _temperatures(views: Views, targets: Targets, groups: Targets) -> Temperatures:
    """Return the temperature of each kind of view on its own, then of their average, and the doubt that is left.

    Texts that are nearly the same count once for the doubt: copies that are right prove nothing more of others.
    """
    single = Temperatures(
        margins=fit_temperature(views.margins, targets),
        networks=fit_temperature(np.concatenate(views.networks), np.tile(targets, len(views.networks))),
    )
    if views.embedded is not None:
        single = replace(single, embedded=fit_temperature(views.embedded, targets))
    blend = fit_temperature(views.averaged(single), targets)
    without_doubt = replace(single, blend=blend, doubt=NO_DOUBT)
    once = np.unique(groups, return_index=True)[1]
    return replace(without_doubt, doubt=fit_doubt(views.blended(without_doubt)[once], targets[once]))


def fit_margins(rows: sparse.csr_matrix, targets: Targets, *, count: int, seed: int) -> Margins:
    """Return the planes of ``count`` targets; at least two of them must occur."""
    fitted = LinearSVC(C=COST, random_state=seed).fit(rows, targets)
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two targets share one plane
        slopes, bias = np.vstack([-slopes, slopes]), np.concatenate([-bias, bias])
    weights = np.zeros((rows.shape[1], count), np.float32)
    weights[:, fitted.classes_] = slopes.T
    all_bias = np.full(count, NO_MARGIN, np.float32)
    all_bias[fitted.classes_] = bias
    return Margins(Packed.of(weights), all_bias)


def fit_projection(rows: sparse.csr_matrix, *, dimensions: int, seed: int) -> Projection:
    """Return the projection of the rows; fewer dimensions when there are not so many rows or columns."""
    dimensions = max(1, min(dimensions, min(rows.shape) - 1))
    # Without the normalising between iterations, weak directions are lost in single precision.
    _, lengths, directions = randomized_svd(
        rows, dimensions, n_iter=ITERATIONS, power_iteration_normalizer="QR", random_state=seed
    )
    # The squared lengths sum to the rows' squared coordinates: this makes their mean 1.
    spread = np.sqrt(max(TINY, (lengths**2).sum()) / (rows.shape[0] * dimensions))
    there = lengths**2 > TINY  # directions beyond those in which the rows differ are noise
    return Projection(Packed.of((directions.T * (there / spread)).astype(np.float32)))


def fit_embedded(embedding: Embedding, vectors: Floats, targets: Targets, *, count: int) -> Embedded:
    """Return the view of ``count`` targets; at least two of them must occur."""
    fitted = LogisticRegression(solver="newton-cg", C=STRENGTH, max_iter=STEPS).fit(vectors, targets)
    slopes, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # two targets share one direction
        slopes, bias = np.vstack([-slopes / 2, slopes / 2]), np.concatenate([-bias / 2, bias / 2])
    weights = np.zeros((vectors.shape[1], count), np.float32)
    weights[:, fitted.classes_] = slopes.T
    all_bias = np.full(count, NO_ODDS, np.float32)
    all_bias[fitted.classes_] = bias
    return Embedded(embedding, weights, all_bias)
