"""Precision, recall and F1 of extracted fields."""

import random

import pytest

from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.metrics.fields import field_scores
from handrail_evals.numbers.statistics.intervals import Certainty
from tests.unit.evals.numbers.metric_answers import answer
from tests.unit.evals.numbers.recomputing import recomputed

QUICK = Certainty(resamples=100)


def extracted(case: str, cluster: str | None = None, **counts: Counts) -> CaseResult:
    return answer(case, 1.0, fields={"exact": counts}, cluster=cluster)


def test_counts_are_summed_before_they_are_divided() -> None:
    cases = [
        extracted("a", total=Counts(1, 0, 0), lines=Counts(2, 1, 0)),
        extracted("b", total=Counts(0, 1, 1), lines=Counts(2, 0, 3)),
        extracted("c", total=Counts(1, 0, 0)),
    ]

    overall, total, lines = field_scores(cases, "exact", QUICK)

    assert [each.field for each in (overall, total, lines)] == ["", "total", "lines"]
    assert total.counts == Counts(2, 1, 1)
    assert [total.precision.value, total.recall.value] == pytest.approx([2 / 3, 2 / 3])
    assert [lines.precision.value, lines.recall.value] == pytest.approx([4 / 5, 4 / 7])
    assert lines.f1.value == pytest.approx(2 * 4 / (2 * 4 + 1 + 3))
    assert overall.counts == Counts(6, 2, 4)
    assert overall.f1.value == pytest.approx(12 / 18)
    assert (overall.f1.name, lines.f1.name) == ("exact.f1", "exact.lines.f1")


@pytest.mark.dear
def test_intervals_are_those_of_measuring_every_resample_anew() -> None:
    chance = random.Random(3)
    cases = [
        extracted(f"c{place}", total=Counts(1, 0, 0) if chance.random() < 0.8 else Counts(0, 1, 1))
        for place in range(200)
    ]

    found = field_scores(cases, "exact", Certainty())[1].f1.interval

    hits = [each.fields["exact"]["total"].hits for each in cases]
    theirs = recomputed(lambda at: sum(hits[place] for place in at) / len(at), 200, seed=8)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_a_field_that_is_never_there_has_no_recall() -> None:
    cases = [extracted(f"c{place}", total=Counts(1, 0, 0), tip=Counts(0, 1, 0)) for place in range(5)]

    tip = field_scores(cases, "exact", QUICK)[2]

    assert (tip.recall.value, tip.recall.reason) == (None, "nothing to divide by")
    assert tip.precision.value == 0.0


def test_answers_without_counts_show_as_coverage() -> None:
    cases = [extracted("a", total=Counts(1, 0, 0)), extracted("b", total=Counts(1, 0, 0)), answer("refused", 0.0)]

    overall = field_scores(cases, "exact", QUICK)[0]

    assert overall.f1.coverage == pytest.approx(2 / 3)
    assert field_scores([answer("a", 1.0)], "exact", QUICK) == ()


def test_one_cluster_leaves_numbers_without_intervals() -> None:
    cases = [extracted(f"c{place}", cluster="k", total=Counts(1, 0, 0)) for place in range(3)]

    overall = field_scores(cases, "exact", QUICK)[0]

    assert (overall.f1.value, overall.f1.interval) == (1.0, None)
    assert "clusters" in overall.f1.reason
