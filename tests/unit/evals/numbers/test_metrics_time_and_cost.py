"""Quantiles of seconds, histograms, money and tokens."""

import math
import random

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting, TooFewCases
from handrail_evals.numbers.metrics.cost import costs, histogram, latency
from handrail_evals.numbers.statistics.clusters import Sample
from handrail_evals.numbers.statistics.intervals import Certainty, quantile
from tests.unit.evals.numbers.metric_answers import answer, crashed

SURE = Certainty()


@given(st.integers(80, 400), st.sampled_from([0.5, 0.9, 0.95]), st.sampled_from([0.8, 0.9, 0.95]))
def test_the_ends_of_a_quantile_hold_it_at_least_as_often_as_they_say(cases: int, share: float, level: float) -> None:
    found = quantile(Sample([float(place) for place in range(1, cases + 1)]), share, Certainty(level=level))

    # Values are their own ranks: the quantile lies between them with a binomial chance, at least the level, and the
    # next rank inwards on either side would not do.
    ranks = scipy.stats.binom(cases, share)
    missing = (1 - level) / 2
    assert ranks.cdf(found.low - 1) <= missing < ranks.cdf(found.low)
    assert ranks.sf(found.high - 1) <= missing < ranks.sf(found.high - 2)
    assert found.low <= found.estimate <= found.high
    assert found.estimate == math.ceil(share * cases - 1e-9)


@pytest.mark.parametrize(("share", "needed"), [(0.5, 6), (0.95, 72)])
def test_too_few_values_have_no_end(share: float, needed: int) -> None:
    values = [float(place) for place in range(needed)]

    assert quantile(Sample(values), share, SURE).high <= needed
    with pytest.raises(TooFewCases, match=f"at least {needed}"):
        quantile(Sample(values[1:]), share, SURE)


def test_values_of_a_cluster_count_for_less() -> None:
    chance = random.Random(2)
    alike = [speed for speed in (chance.random() for _ in range(50)) for _ in range(10)]
    clusters = [f"k{place // 10}" for place in range(500)]

    alone, shared = quantile(Sample(alike), 0.5, SURE), quantile(Sample(alike, clusters), 0.5, SURE)

    assert alone.estimate == shared.estimate
    assert shared.low < alone.low <= alone.high < shared.high
    assert shared.method == "order statistics, 50 clusters"
    with pytest.raises(TooFewCases):
        quantile(Sample(alike, clusters), 0.95, SURE)


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="95"):
        quantile(Sample([1.0] * 100), 95, SURE)


def test_latency_leaves_crashes_out() -> None:
    cases = [*(answer(f"c{place}", 1.0, seconds=place / 100) for place in range(1, 101)), crashed("x", seconds=99.0)]

    p50, p95 = latency(cases, SURE)

    assert (p50.name, p50.value, p50.unit) == ("latency_p50", 0.5, "seconds")
    assert (p95.name, p95.value) == ("latency_p95", 0.95)
    assert p95.interval is not None
    assert p95.interval.high <= 1.0
    assert latency([crashed("x")], SURE) == ()


def test_few_answers_have_a_latency_without_an_interval() -> None:
    p50, p95 = latency([answer(f"c{place}", 1.0, seconds=1.0) for place in range(10)], SURE)

    assert p50.interval is not None
    assert (p95.value, p95.interval) == (1.0, None)
    assert p95.reason == "no interval: 10 cases or clusters, 72 needed"


@given(st.lists(st.floats(0.0, 1e5), max_size=50))
def test_a_histogram_holds_every_value_once(values: list[float]) -> None:
    found = histogram(values)

    assert sum(found.counts) == len(values)
    if values:
        assert len(found.edges) == len(found.counts) + 1
        assert list(found.edges) == sorted(found.edges)
        assert found.counts[0] > 0
        assert found.counts[-1] > 0
        assert found.edges[-1] > max(values) * (1 - 1e-9)


def test_unknown_money_is_not_zero() -> None:
    cases = [
        answer("a", 1.0, money=0.02, input_tokens=100),
        answer("b", 1.0, money=0.04, input_tokens=300),
        answer("c", 1.0, input_tokens=200),
        crashed("d"),
    ]

    found = {each.name: each for each in costs(cases, SURE)}

    assert set(found) == {"money_total", "money_mean", "input_tokens_total", "input_tokens_mean"}
    assert found["money_total"].value == pytest.approx(0.06)
    assert found["money_total"].reason == "a total, unknown for 1 of 3 answers"
    assert found["money_mean"].value == pytest.approx(0.03)
    assert found["money_mean"].coverage == pytest.approx(2 / 3)
    assert found["input_tokens_mean"].interval is not None
    assert found["input_tokens_mean"].interval.method == "BCa bootstrap"


def test_a_mean_over_many_cases_gets_students_t_and_one_of_equal_amounts_says_so() -> None:
    cases = [answer(f"c{place}", 1.0, money=place % 7 / 100, human_minutes=2.0) for place in range(2000)]

    found = {each.name: each.interval for each in costs(cases, SURE)}

    assert found["money_mean"] is not None
    assert found["money_mean"].method == "t"
    minutes = found["human_minutes_mean"]
    assert minutes is not None
    assert (minutes.low, minutes.high, minutes.method) == (2.0, 2.0, "no variation seen")


def test_repeats_are_paid_each_and_averaged_per_case() -> None:
    cases = [answer("a", 1.0, money=0.1), answer("a", 1.0, repeat=1, money=0.3), answer("b", 1.0, money=0.4)]

    total, mean = costs(cases, SURE)

    assert [total.value, mean.value] == pytest.approx([0.8, 0.3])
