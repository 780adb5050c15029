"""Fitting the ranker of one field, and how sure it may be, on documents that were kept from the first stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from handrail_ai_steps.models.extractor.blocks import key_of
from handrail_ai_steps.models.extractor.labelled import TrueValue
from handrail_ai_steps.models.extractor.learned import (
    Curve,
    FieldKind,
    LearnedField,
    Ranker,
    Scaled,
    block_rows,
    shares,
    signs_of,
)
from handrail_ai_steps.models.extractor.logistic import Choices, fit_choice
from handrail_ai_steps.models.extractor.prepared import Prepared
from handrail_ai_steps.models.extractor.register import NONE_MET, WIDTH, Collecting, Met, suggestions
from handrail_ai_steps.models.extractor.sheet import Floats, Ints, Truths
from handrail_ai_steps.models.extractor.spot_features import value_table
from handrail_ai_steps.models.extractor.truth import is_missing, right_keys, right_values

PULLS = {"text": 20.0, "amount": 3.0, "date": 1.0, "word": 3.0}
"""How strongly weights are drawn to 0."""
PULL_OF_CURVE = 0.5
NEARLY = 0.25
"""What a text counts as that is right but for a letter or two: it may be the true value that was misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One field over all documents."""

    name: str
    kind: FieldKind
    place: int
    """Among the fields of its kind."""
    longest: int
    documents: Sequence[Prepared]
    values: Sequence[TrueValue]
    told: Sequence[bool]
    """Whether each document says what the field is: none is a value too."""
    odds: Sequence[Floats]
    """Of each document, by a first stage that did not learn from it."""
    folds: Ints


@dataclass(frozen=True, slots=True)
class _Task:
    """The candidates of one document."""

    index: int
    rows: Floats
    right: Truths
    keys: tuple[object, ...]
    absent: bool
    exact: bool
    """Whether a right candidate is so to the letter."""
    support: tuple[float, ...]
    """How well the register knows each candidate."""


def fit_field(lesson: Lesson) -> LearnedField:
    """Return the field as it was learned."""
    met = _met(lesson)
    tasks = [task for index in range(len(lesson.documents)) if (task := _task(lesson, met, index)) is not None]
    with_absent = any(task.absent for task in tasks)
    scaled = (
        Scaled.of(np.concatenate([task.rows for task in tasks]))
        if tasks
        else Scaled(np.zeros(0, np.float32), np.ones(0, np.float32))
    )
    weights, absent = _fit(lesson.kind, tasks, scaled, with_absent=with_absent)
    curve = _curve(lesson, tasks, scaled, (weights, absent))
    known = sum(not is_missing(each) for each in lesson.values)
    return LearnedField(lesson.name, lesson.kind, lesson.longest, known, Ranker(scaled, weights, absent, curve), met)


def _met(lesson: Lesson) -> Met:
    if lesson.kind != "text":
        return NONE_MET
    collecting = Collecting()
    for made, value in zip(lesson.documents, lesson.values, strict=True):
        if not is_missing(value):
            text = str(value)
            collecting.add(made.marks, key_of(text), text)
    return collecting.met()


def _task(lesson: Lesson, met: Met, index: int) -> _Task | None:
    """Return the candidates of a document, or None where there is none, or nothing is known of the field."""
    made, value, odds = lesson.documents[index], lesson.values[index], lesson.odds[index]
    if not lesson.told[index]:
        return None
    missing = is_missing(value)
    keys: tuple[object, ...]
    if lesson.kind == "text":
        key = key_of(str(value)) if not missing else None
        blocks, rows = block_rows(made, lesson.longest, met, lesson.place, odds, without=key)
        keys = blocks.keys
        right = np.zeros(len(keys), bool) if key is None else right_keys(blocks.keys, key)
        exact = key in keys
        known = {each.key: each.support for each in suggestions(met, made.marks, key)}
        support = tuple(known.get(each, 0.0) for each in blocks.keys)
    else:
        spots = made.spots[lesson.kind].spots
        keys = spots.values
        rows = value_table(made.sheet, spots, lesson.kind, odds) if keys else np.zeros((0, 0), np.float32)
        right = np.zeros(len(keys), bool) if missing else right_values(spots, lesson.kind, value)
        exact, support = bool(right.any()), (0.0,) * len(keys)
    return _Task(index, rows, right, keys, missing, exact, support) if keys else None


def _fit(
    kind: FieldKind, tasks: Sequence[_Task], scaled: Scaled, *, with_absent: bool, start: Floats | None = None
) -> tuple[Floats, float | None]:
    """Return the weights of the ranker, and the score of there being no value."""
    rows, right, starts = [], [], [0]
    twice = kind == "text"
    for task in tasks:
        tables = [scaled(task.rows)]
        if twice:  # once more as if its issuer had never been met
            unmet = task.rows.copy()
            unmet[:, -WIDTH:] = 0
            tables.append(scaled(unmet))
        for table in tables:
            extra = np.zeros((len(table), 1), np.float32)
            whole = np.concatenate([table, extra], axis=1)
            good = task.right
            if with_absent:
                none = np.zeros((1, whole.shape[1]), np.float32)
                none[0, -1] = 1.0
                whole, good = np.concatenate([whole, none]), np.append(good, task.absent)
            rows.append(whole)
            right.append(good)
            starts.append(starts[-1] + len(whole))
    if not rows:
        return np.zeros(0, np.float32), None
    counts = np.full(len(rows), 0.5 if twice else 1.0)
    choices = Choices(np.concatenate(rows), np.array(starts), np.concatenate(right), counts)
    weights = fit_choice(choices, PULLS[kind], start)
    return weights[:-1], float(weights[-1]) if with_absent else None


def _curve(lesson: Lesson, tasks: Sequence[_Task], scaled: Scaled, whole: tuple[Floats, float | None]) -> Curve:
    """Return how sure the model may be, from documents that were kept from its ranker too."""
    start = np.append(whole[0], whole[1] or 0.0)
    with_absent = whole[1] is not None
    signs: list[tuple[float, ...]] = []
    right: list[float] = []
    for fold in np.unique(lesson.folds).tolist():
        learned = [task for task in tasks if lesson.folds[task.index] != fold] or tasks
        weights, absent = _fit(lesson.kind, learned, scaled, with_absent=with_absent, start=start)
        for task in tasks:
            if lesson.folds[task.index] == fold:
                first, second, support, is_right = _outcome(task, scaled(task.rows) @ weights, absent)
                signs.append(signs_of(first, second, support))
                right.append(is_right)
    # What nothing is known of is right once in a while, and what was always right will be wrong once.
    signs += [signs_of(0.9, 0.05, 0.0), signs_of(0.9, 0.05, 0.0)]
    right += [1.0, 0.0]
    return Curve(tuple(_logistic(np.array(signs), np.array(right))))


def _outcome(task: _Task, scores: Floats, absent: float | None) -> tuple[float, float, float, float]:
    """Return how likely the first and the second candidate are, how well the first is known, and if it is right."""
    likely, _ = shares(scores, absent)
    by_key: dict[object, float] = {}
    for key, share in zip(task.keys, likely.tolist(), strict=True):
        by_key[key] = by_key.get(key, 0.0) + share
    (top, first), *rest = sorted(by_key.items(), key=lambda each: -each[1])
    row = next(row for row in np.flatnonzero([key == top for key in task.keys]).tolist())
    is_right = float(task.right[[key == top for key in task.keys]].any())
    return first, rest[0][1] if rest else 0.0, task.support[row], is_right if task.exact else NEARLY * is_right


def _logistic(signs: Any, right: Any) -> list[float]:
    """Return the weights of a logistic regression of shares that are right."""

    def loss(tried: Any) -> tuple[float, Any]:
        scores = signs @ tried
        surprise = float((np.logaddexp(0, scores) - right * scores).sum())
        slope = signs.T @ (expit(scores) - right)
        pulls = np.array([0.0, *[PULL_OF_CURVE] * (len(tried) - 1)])
        return surprise + 0.5 * float((pulls * tried * tried).sum()), slope + pulls * tried

    start = np.zeros(signs.shape[1])
    start[1] = 1.0
    found: list[float] = minimize(loss, start, jac=True, method="L-BFGS-B").x.tolist()
    return found
