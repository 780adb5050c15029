"""What confidences are worth: calibration error, Brier score, risk and coverage, missing confidences."""

import itertools
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.metrics.confidence import (
    Ranking,
    Reliability,
    brier,
    calibration_error,
    confident,
    has_confidence,
    reliability,
)
from handrail_evals.numbers.metrics.risk import acceptance, ranking_values, risk_curve
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.statistics.intervals import Certainty, wilson
from tests.unit.evals.numbers.metric_answers import answer, crashed, sure

QUICK = Certainty(resamples=100)
RIGHT = Right("exact")
LEVELS = st.sampled_from([0.1, 0.5, 0.5, 0.7, 0.9, 1.0])  # few, so that there are ties
JUDGED = st.lists(st.tuples(LEVELS, st.booleans()), min_size=2, max_size=60)


def measured(confidences: list[float], rights: list[bool]) -> dict[str, MetricValue]:
    answers = confident(sure(confidences, rights), RIGHT)
    ranking = Ranking.of(answers)
    values = (calibration_error(answers, ranking, QUICK), *ranking_values(answers, ranking, (0.2,), QUICK))
    return {each.name: each for each in values}


def diagram(confidences: list[float], rights: list[bool]) -> Reliability:
    answers = confident(sure(confidences, rights), RIGHT)
    return reliability(answers, Ranking.of(answers), QUICK)


@settings(deadline=None)
@given(JUDGED)
def test_area_and_coverage_are_what_counting_gives(judged: list[tuple[float, bool]]) -> None:
    values = measured([c for c, _ in judged], [r for _, r in judged])

    def risk(threshold: float) -> float:
        taken = [right for confidence, right in judged if confidence >= threshold]
        return sum(not right for right in taken) / len(taken)

    area = sum(risk(confidence) for confidence, _ in judged) / len(judged)
    fine = [confidence for confidence, _ in judged if risk(confidence) <= 0.2]
    reach = sum(confidence >= min(fine) for confidence, _ in judged) / len(judged) if fine else 0.0
    assert values["aurc"].value == pytest.approx(area)
    assert values["coverage_at_risk_0.2"].value == pytest.approx(reach)


@settings(deadline=None)
@given(JUDGED)
def test_every_interval_lies_within_0_and_1_and_that_of_the_error_holds_it(judged: list[tuple[float, bool]]) -> None:
    values = measured([c for c, _ in judged], [r for _, r in judged])

    for value in values.values():
        assert value.interval is not None
        assert 0.0 <= value.interval.low <= value.interval.high <= 1.0
    error = values["ece"].interval
    assert error is not None
    assert error.low <= error.estimate <= error.high


@pytest.mark.dear
@given(JUDGED)
def test_the_brier_score_is_that_of_scikit_learn(judged: list[tuple[float, bool]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    confidences, rights = [c for c, _ in judged], [r for _, r in judged]

    value = brier(confident(sure(confidences, rights), RIGHT), QUICK)

    assert value.value == pytest.approx(metrics.brier_score_loss(rights, confidences, pos_label=True))


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=2, max_size=60))
@example([(0.0, False), (7e-90, False)])
def test_the_interval_of_the_brier_score_holds_it_and_stays_within_0_and_1(judged: list[tuple[float, bool]]) -> None:
    found = brier(confident(sure([c for c, _ in judged], [r for _, r in judged]), RIGHT), QUICK)

    assert found.value is not None
    assert found.interval is not None
    assert 0.0 <= found.interval.low <= found.value <= found.interval.high <= 1.0
    assert found.interval.low < found.interval.high, "a few answers never settle it"


@given(JUDGED)
def test_the_curve_ends_where_everything_is_accepted(judged: list[tuple[float, bool]]) -> None:
    answers = confident(sure([c for c, _ in judged], [r for _, r in judged]), RIGHT)

    curve = risk_curve(Ranking.of(answers))

    assert [point.threshold for point in curve] == sorted({c for c, _ in judged}, reverse=True)
    assert [point.coverage for point in curve] == sorted(point.coverage for point in curve)
    assert curve[-1].coverage == pytest.approx(1.0)
    assert curve[-1].risk == pytest.approx(sum(not right for _, right in judged) / len(judged))


def test_a_long_curve_keeps_its_ends_and_200_points_at_most() -> None:
    chance = random.Random(1)
    confidences = [chance.random() for _ in range(5000)]
    ranking = Ranking.of(confident(sure(confidences, [chance.random() < c for c in confidences]), RIGHT))

    curve = risk_curve(ranking)

    assert 150 < len(curve) <= 200
    assert (curve[0].threshold, curve[-1].threshold) == (max(confidences), min(confidences))
    assert max(b.coverage - a.coverage for a, b in itertools.pairwise(curve)) < 0.011


def test_the_calibration_error_is_the_mean_gap_of_its_bins() -> None:
    # Two bins of 20: the first is 0.1 too sure, the second 0.3 not sure enough.
    confidences = [0.6] * 20 + [0.7] * 20
    rights = [place < 10 for place in range(20)] + [True] * 20

    assert measured(confidences, rights)["ece"].value == pytest.approx((0.1 + 0.3) / 2)
    low, high = diagram(confidences, rights).bins
    assert [low.confidence, low.right, low.answers] == pytest.approx([0.6, 0.5, 20])
    assert [high.confidence, high.right, high.answers] == pytest.approx([0.7, 1.0, 20])
    assert high.interval == wilson([1.0] * 20)


@given(JUDGED)
def test_bins_hold_every_answer_once_and_never_part_equal_confidences(judged: list[tuple[float, bool]]) -> None:
    bins = diagram([c for c, _ in judged], [r for _, r in judged]).bins

    assert sum(each.answers for each in bins) == len(judged)
    assert all(each.low - 1e-9 <= each.confidence <= each.high + 1e-9 for each in bins)
    assert all(before.high < after.low for before, after in itertools.pairwise(bins))


@pytest.mark.slow
@pytest.mark.parametrize("power", [1.0, 1.2, 2.0])
def test_the_interval_of_the_calibration_error_holds_the_truth_also_of_honest_confidences(power: float) -> None:
    chance, held, repetitions, cases = random.Random(7), 0, 200, 300
    for _ in range(repetitions):
        confidences = [1.0 - chance.random() ** 3 / 2.0 for _ in range(cases)]
        rights = [chance.random() < confidence**power for confidence in confidences]
        answers = confident(sure(confidences, rights), RIGHT)
        ranking = Ranking.of(answers)
        interval = calibration_error(answers, ranking, Certainty(resamples=300)).interval
        gaps = [0.0] * ranking.bins
        for confidence, place in zip(confidences, ranking.bin_of_answers().tolist(), strict=True):
            gaps[place] += confidence**power - confidence
        assert interval is not None
        held += interval.low <= sum(map(abs, gaps)) / cases <= interval.high

    assert held / repetitions >= 0.93


def test_a_missing_confidence_is_neither_0_nor_1() -> None:
    cases = [
        *sure([0.9, None, 0.8], [True, False, False]),
        crashed("crashed"),
        answer("unscored", None, confidence=0.5),
    ]

    answers = confident(cases, RIGHT)

    assert (answers.confidences, answers.right) == ([0.9, 0.8], [True, False])
    assert answers.coverage == pytest.approx(2 / 3)
    assert answers.sources == {"local": 2}
    assert has_confidence(cases, RIGHT, QUICK).value == pytest.approx(2 / 3)
    assert brier(answers, QUICK).coverage == pytest.approx(2 / 3)


def test_what_counts_as_right_is_stated() -> None:
    cases = [answer("a", 0.6, confidence=0.5), answer("b", 0.4, confidence=0.5)]

    assert confident(cases, Right("exact", at_least=0.6)).right == [True, False]
    assert confident(cases, RIGHT).right == [False, False]


def test_answers_of_one_cluster_have_a_diagram_without_intervals() -> None:
    answers = confident(sure([0.5, 0.9], [True, True], cluster="k"), RIGHT)

    (only,) = reliability(answers, Ranking.of(answers), QUICK).bins

    assert (only.right, only.interval) == (1.0, None)


def test_the_same_confidence_for_all_is_one_point() -> None:
    answers = confident(sure([0.5] * 50, [True] * 25 + [False] * 25), RIGHT)

    (point,) = risk_curve(Ranking.of(answers))

    assert (point.threshold, point.coverage, point.risk) == (0.5, 1.0, 0.5)


def test_a_single_answer_has_numbers_and_says_why_there_are_no_intervals() -> None:
    values = measured([0.9], [True])

    assert values["ece"].value == pytest.approx(0.1)
    assert all(value.interval is None and "at least 2" in value.reason for value in values.values())


def test_a_risk_that_is_no_share_is_refused() -> None:
    answers = confident(sure([0.5, 0.6], [True, False]), RIGHT)

    with pytest.raises(InvalidSetting, match="risk is 5"):
        ranking_values(answers, Ranking.of(answers), (5,), QUICK)


def test_risk_and_coverage_at_the_steps_own_acceptance() -> None:
    cases = [
        *(answer(f"right {place}", 1.0, accepted=True) for place in range(7)),
        answer("wrong", 0.0, accepted=True),
        answer("unscored", None, accepted=True),
        answer("doubtful", 0.0, accepted=False),
        answer("does not say", 0.0),
    ]

    coverage, risk = acceptance(cases, RIGHT, QUICK)

    assert [coverage.value, coverage.coverage] == pytest.approx([0.9, 10 / 11])
    assert risk.interval == wilson([0.0] * 7 + [1.0])
    assert risk.coverage == pytest.approx(8 / 9)


def test_the_risk_of_accepting_nothing_is_no_number() -> None:
    coverage, risk = acceptance([answer("a", 0.0, accepted=False)], RIGHT, QUICK)

    assert coverage.value == 0.0
    assert (risk.value, risk.reason) == (None, "nothing with a score was accepted")
    assert acceptance([answer("a", 1.0)], RIGHT, QUICK) == ()


def test_a_coverage_at_a_risk_never_has_an_interval_of_no_width() -> None:
    answers = confident(sure([0.97] + [0.99] * 59, [False] + [True] * 59), RIGHT)
    (_, reached) = ranking_values(answers, Ranking.of(answers), (0.05,), Certainty())

    assert (reached.value, reached.interval is not None) == (1.0, True)
    assert reached.interval is not None
    assert 0.9 < reached.interval.low < reached.interval.high == 1.0
    assert reached.interval.method == "Wilson, hardly any variation seen"
