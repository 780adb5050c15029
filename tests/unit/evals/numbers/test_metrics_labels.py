"""Accuracy, macro F1, confusion and the F1 of each label, against scikit-learn."""

import math
import random
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.labels import (
    Classification,
    Confusion,
    classification,
    confusion,
    label_text,
    labelled,
)
from handrail_evals.numbers.statistics.intervals import Certainty
from tests.unit.evals.numbers.metric_answers import crashed, said
from tests.unit.evals.numbers.recomputing import recomputed

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUICK = Certainty(resamples=100)
LABELS = st.sampled_from(["billing", "technical", "sales", "other"])
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=40)


def measured(cases: list[CaseResult], certainty: Certainty = QUICK) -> tuple[Confusion, Classification]:
    answers = labelled(cases)
    assert answers is not None
    matrix = confusion(answers)
    return matrix, classification(answers, matrix, certainty)


def answers_to(pairs: list[tuple[Any, Any]], **known: Any) -> list[CaseResult]:
    return [said(f"c{place}", expected, output, **known) for place, (expected, output) in enumerate(pairs)]


@pytest.mark.dear
@settings(deadline=None)
@given(PAIRS)
def test_all_numbers_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    matrix, found = measured(answers_to(pairs))

    expected, output = zip(*pairs, strict=True)
    labels = list(matrix.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a single label is fine here
        counts = metrics.confusion_matrix(expected, output, labels=labels)
    theirs = metrics.precision_recall_fscore_support(expected, output, labels=labels, zero_division=0)
    assert matrix.matrix() == counts.tolist()
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(expected, output))
    macro = metrics.f1_score(expected, output, average="macro", zero_division=0)
    assert found.macro_f1.value == pytest.approx(float(macro))
    for score, precision, recall, f1, support in zip(found.labels, *theirs, strict=True):
        assert (score.precision or 0.0, score.recall or 0.0, score.f1) == pytest.approx((precision, recall, f1))
        assert score.support == support


@given(PAIRS)
def test_labels_are_sorted_by_support(pairs: list[tuple[str, str]]) -> None:
    answers = labelled(answers_to(pairs))

    assert answers is not None
    support = confusion(answers).support
    assert list(support) == sorted(support, reverse=True)
    assert sum(support) == len(pairs)


@settings(deadline=None)
@given(PAIRS)
def test_every_interval_lies_within_0_and_1_in_order(pairs: list[tuple[str, str]]) -> None:
    _, found = measured(answers_to(pairs))

    for interval in (found.macro_f1.interval, found.accuracy.interval, *(each.interval for each in found.labels)):
        if interval is not None:
            assert 0.0 <= interval.low <= interval.high <= 1.0


def test_no_label_is_a_label_and_no_answer_is_none() -> None:
    pairs: list[tuple[Any, Any]] = [(None, None), (None, "billing"), ("billing", "billing")]
    refused = said("refused", "billing", None, answered=False)

    matrix, found = measured([*answers_to(pairs), refused])

    assert matrix.labels == ("billing", None)
    assert matrix.matrix() == [[1, 0], [1, 1]]
    assert matrix.unanswered == (1, 0)
    assert (found.labels[0].precision, found.labels[0].recall) == (0.5, 0.5)
    assert found.accuracy.value == 0.5
    assert [label_text(label) for label in matrix.labels] == ["billing", "no label"]


def test_true_and_one_are_two_labels() -> None:
    matrix, _ = measured(answers_to([(True, 1), (1, 1), (True, True)]))

    assert matrix.matrix() == [[1, 1], [0, 1]]
    assert [label_text(label) for label in matrix.labels] == ["true", "1"]


def test_an_answer_that_is_no_label_is_wrong_without_becoming_a_label() -> None:
    matrix, found = measured(answers_to([("a", "a"), ("a", {"label": "a"}), ("b", "b")]))

    assert matrix.labels == ("a", "b")
    assert matrix.unanswered == (1, 0)
    assert found.accuracy.value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "values",
    [
        [f"an answer of its own, number {place}" for place in range(50)],
        ["two\nlines"] * 4,
        ["x" * 200] * 4,
        [0.5, 0.25, 0.5, 0.5],
        [{"team": "billing"}] * 4,
    ],
)
def test_texts_numbers_and_objects_are_no_labels(values: list[Any]) -> None:
    assert labelled(answers_to([(value, value) for value in values])) is None


def test_so_many_labels_that_no_table_helps_are_none() -> None:
    assert labelled(answers_to([(f"item {place % 600}", "item 1") for place in range(1200)])) is None


def test_crashes_and_cases_without_an_expected_value_are_left_out_and_show_as_coverage() -> None:
    cases = [*answers_to([("a", "a")]), said("unlabelled", UNLABELLED, "a"), crashed("crashed", expected="a")]

    answers = labelled(cases)

    assert answers is not None
    assert (len(answers), answers.coverage) == (1, 0.5)
    assert labelled([]) is None


def test_repeats_of_a_case_are_one_cluster() -> None:
    cases = [
        said(f"c{place}", "a" if place % 2 else "b", "a", repeat=repeat) for place in range(20) for repeat in (0, 1)
    ]

    _, found = measured(cases)

    assert found.accuracy.interval is not None
    assert found.macro_f1.interval is not None
    assert found.accuracy.interval.method == "Wilson, 20 clusters"
    assert found.macro_f1.interval.method == "BCa bootstrap, 20 clusters"


def test_a_single_answer_has_scores_and_says_why_there_is_no_interval() -> None:
    _, found = measured(answers_to([("a", "a")]))

    assert (found.macro_f1.value, found.macro_f1.interval) == (1.0, None)
    assert "at least 2" in found.macro_f1.reason


def test_mistakes_are_listed_the_most_frequent_first() -> None:
    matrix, _ = measured(answers_to([("a", "b"), ("a", "b"), ("b", "a"), ("a", "a"), ("c", "c")]))

    assert matrix.mistakes() == [("a", "b", 2), ("b", "a", 1)]


def noisy(cases: int, labels: int, seed: int = 3) -> list[CaseResult]:
    chance = random.Random(seed)
    truth = [chance.randrange(labels) for _ in range(cases)]
    return answers_to([(f"l{t}", f"l{t if chance.random() < 0.85 else chance.randrange(labels)}") for t in truth])


@pytest.mark.dear
def test_the_interval_of_macro_f1_is_that_of_measuring_every_resample_anew() -> None:
    cases = noisy(300, 6)
    _, found = measured(cases, Certainty(seed=1))

    codes = {f"l{place}": place for place in range(6)}
    expected = np.array([codes[str(each.expected)] for each in cases])
    output = np.array([codes[str(each.output)] for each in cases])

    def macro_f1(chosen: "NDArray[np.intp]") -> float:
        hits = np.bincount(expected[chosen][expected[chosen] == output[chosen]], minlength=6)
        sizes = np.bincount(expected[chosen], minlength=6) + np.bincount(output[chosen], minlength=6)
        return float((2 * hits / sizes).mean())

    theirs = recomputed(macro_f1, len(cases), seed=2)
    ours = found.macro_f1.interval
    assert ours is not None
    assert ours.estimate == pytest.approx(theirs.estimate)
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.1 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.1 * width)


@pytest.mark.slow
def test_150_labels_on_10_000_cases_have_their_intervals() -> None:
    cases = noisy(10_000, 150)

    _, found = measured(cases, Certainty())

    assert found.macro_f1.interval is not None
    assert sum(each.interval is not None for each in found.labels) == 150
    assert math.isclose(found.macro_f1.interval.high - found.macro_f1.interval.low, 0.0135, rel_tol=0.3)
