"""Mean scores: the right interval, repeats and clusters, and what was not scored."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.scores import average_score, count_scored, slices
from handrail_evals.numbers.statistics.intervals import Certainty, mean_interval, wilson
from tests.unit.evals.numbers.metric_answers import BOOM, answer, result
from tests.unit.evals.numbers.metric_answers import crashed as crash

SURE = Certainty()


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_right_or_wrong_scores_get_wilsons_interval(scores: list[bool]) -> None:
    value = average_score([answer(f"c{place}", float(score)) for place, score in enumerate(scores)], "exact", SURE)

    assert value.interval == wilson(scores)
    assert (value.unit, value.higher_is_better, value.coverage) == ("score", True, 1.0)


def test_other_scores_get_students_t() -> None:
    scores = [0.4, 0.5, 0.6, 0.7]

    value = average_score([answer(f"c{place}", score) for place, score in enumerate(scores)], "exact", SURE)

    assert value.interval == mean_interval(scores)


@pytest.mark.parametrize("scores", [[0.98, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.05], [0.0, 1.0, 0.5]])
def test_the_interval_of_shares_ends_where_shares_do(scores: list[float]) -> None:
    found = average_score([answer(f"c{place}", score) for place, score in enumerate(scores)], "exact", SURE).interval

    assert found is not None
    assert 0.0 <= found.low < found.estimate < found.high <= 1.0


def test_grades_above_1_have_an_interval_that_is_not_cut_off() -> None:
    grades = [98.0, 100.0, 100.0, 100.0]

    value = average_score([answer(f"c{place}", grade) for place, grade in enumerate(grades)], "exact", SURE)

    assert value.interval == mean_interval(grades)
    assert mean_interval(grades).high > 100.0


def test_scores_that_are_all_alike_do_not_get_an_interval_of_no_width() -> None:
    value = average_score([answer(f"c{place}", 0.5) for place in range(10)], "exact", SURE)

    assert value.interval is not None
    assert value.interval.low < 0.5 < value.interval.high


def test_grades_above_1_that_are_all_alike_have_no_interval_and_say_why() -> None:
    found = average_score([answer(f"c{place}", 3.0) for place in range(5)], "exact", Certainty())

    assert (found.value, found.interval) == (3.0, None)
    assert found.reason == "no interval: all 5 scores are alike, and nobody said what they can be"


def test_repeats_are_averaged_before_cases_are() -> None:
    cases = [answer("a", 1.0), answer("a", 0.0, repeat=1), answer("a", None, repeat=2), answer("b", 1.0)]

    value = average_score(cases, "exact", SURE)

    assert value.value == 0.75
    assert value.interval is not None
    assert value.interval.cases == 2


def test_cases_of_one_cluster_count_for_less() -> None:
    alone = average_score([answer(f"c{place}", float(place % 4 > 0)) for place in range(40)], "exact", SURE)
    shared = average_score(
        [answer(f"c{place}", float(place % 4 > 0), cluster=f"k{place % 4}{place // 8}") for place in range(40)],
        "exact",
        SURE,
    )

    assert alone.interval is not None
    assert shared.interval is not None
    assert shared.interval.method == "Wilson, 20 clusters"
    assert shared.interval.high - shared.interval.low > alone.interval.high - alone.interval.low


def test_what_crashed_or_was_not_scored_is_counted_and_never_averaged_in() -> None:
    cases = [
        answer("right", 1.0),
        answer("unscored", None),
        crash("crashed"),
        answer("scorer crashed", None, crashes={"exact": BOOM}),
    ]

    value = average_score(cases, "exact", SURE)
    counts = count_scored(cases, "exact")

    assert (value.value, value.coverage) == (1.0, 0.25)
    assert (counts.scored, counts.unscored, counts.crashed) == (1, 1, 1)


def test_nothing_scored_is_no_number() -> None:
    value = average_score([answer("a", None), crash("b")], "exact", SURE)

    assert (value.value, value.interval, value.coverage) == (None, None, 0.0)
    assert value.reason == "no answer was scored"


def test_too_few_cases_leave_the_number_without_an_interval_and_say_why() -> None:
    value = average_score([answer("a", 0.3)], "exact", SURE)

    assert value.interval is not None  # one score is alike: Wilson takes it
    one_cluster = average_score([answer("a", 0.3, cluster="k"), answer("b", 0.5, cluster="k")], "exact", SURE)
    assert (one_cluster.value, one_cluster.interval) == (0.4, None)
    assert "1 cases or clusters, 2 needed" in one_cluster.reason


@pytest.mark.parametrize("wrong", [{"level": 95}, {"resamples": 5}])
def test_a_certainty_that_cannot_work_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidSetting):
        Certainty(**wrong)


def by_language(cases: int) -> list[CaseResult]:
    return [
        answer(f"c{place}", float(place % 3 > 0), metadata={"language": "de" if place % 3 else "en", "id": place})
        for place in range(cases)
    ]


def test_slices_have_their_own_scores_and_intervals() -> None:
    found = slices(by_language(60), "exact", SURE)

    assert [(each.key, each.value, each.cases, each.score.value) for each in found] == [
        ("language", "de", 40, 1.0),
        ("language", "en", 20, 0.0),
    ]
    assert all(each.score.interval is not None for each in found)


def test_true_and_one_are_two_slices() -> None:
    cases = [answer("a", 1.0, metadata={"new": True}), answer("b", 0.0, metadata={"new": 1})]

    assert {str(each.value): each.score.value for each in slices(cases, "exact", SURE)} == {"True": 1.0, "1": 0.0}


def test_a_key_with_one_value_or_very_many_is_no_slice() -> None:
    cases = [answer(f"c{place}", 1.0, metadata={"all": "same", "id": place}) for place in range(30)]

    assert slices(cases, "exact", SURE) == ()
    assert len(slices(cases, "exact", SURE, most=30)) == 30


def test_a_number_that_is_none_is_a_slice_by_its_name() -> None:
    cases = [answer(f"c{place}", 1.0, metadata={"size": math.nan if place else 1.0}) for place in range(3)]

    assert [(each.value, each.cases) for each in slices(cases, "exact", SURE)] == [("nan", 2), (1.0, 1)]


def test_a_case_that_must_pass_fails_by_any_wrong_repeat_and_by_silence() -> None:
    cases = [
        answer("fine", 1.0, must_pass=True),
        answer("once wrong", 1.0, must_pass=True),
        answer("once wrong", 0.0, repeat=1, must_pass=True),
        answer("unscored", None, must_pass=True),
        crash("crashed", must_pass=True),
        answer("wrong, may be", 0.0),
    ]

    assert result(cases).must_pass_failures == ("once wrong", "unscored", "crashed")


@given(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=1, max_size=30))
def test_coverage_is_the_share_of_cases_with_a_score(scores: list[float | None]) -> None:
    value = average_score([answer(f"c{place}", score) for place, score in enumerate(scores)], "exact", SURE)

    assert math.isclose(value.coverage, sum(score is not None for score in scores) / len(scores))
