"""Intervals of shares, means and recomputed metrics, against scipy, statsmodels and simulation."""

import math
import random
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import DataError, InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.bootstrap import bca_mean
from handrail_evals.numbers.statistics.clusters import satterthwaite, spread
from handrail_evals.numbers.statistics.intervals import Certainty, Interval, mean_interval, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


@given(cases=st.integers(1, 500), data=st.data(), level=st.floats(0.5, 0.999))
def test_wilson_is_scipys(cases: int, data: st.DataObject, level: float) -> None:
    successes = data.draw(st.integers(0, cases))

    ours = wilson([1.0] * successes + [0.0] * (cases - successes), level=level)

    theirs = scipy.stats.binomtest(successes, cases).proportion_ci(level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert 0.0 <= ours.low <= ours.estimate <= ours.high <= 1.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_a_mean_without_clusters_gets_scipys_t_interval(values: list[float]) -> None:
    ours = mean_interval(values)

    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(scipy.stats.t.ppf(0.975, len(values) - 1)) * error
    assert ours.high - ours.low == pytest.approx(2 * reach, rel=1e-6, abs=1e-6)
    assert ours.estimate == pytest.approx(float(np.mean(values)), rel=1e-9, abs=1e-6)


@pytest.mark.dear
def test_the_clustered_error_is_near_that_of_statsmodels() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels and its own dependencies
        linear = pytest.importorskip("statsmodels.regression.linear_model", reason="statsmodels is not installed")
    chance = np.random.default_rng(3)
    sizes = chance.integers(1, 8, size=200)
    labels = np.repeat(np.arange(200), sizes)
    values = np.repeat(chance.normal(size=200), sizes) + chance.normal(size=labels.size)

    ours = spread(values.tolist(), [str(label) for label in labels])

    fit = linear.OLS(values, np.ones(labels.size)).fit(cov_type="cluster", cov_kwds={"groups": labels})
    # Theirs scales by G / (G - 1), ours cluster by cluster: alike for many clusters.
    assert ours.standard_error == pytest.approx(float(fit.bse[0]), rel=0.01)
    assert ours.design_effect > 2.0
    assert ours.clusters == 200


@given(st.lists(st.integers(1, 30), min_size=2, max_size=12))
def test_degrees_of_freedom_are_those_of_the_whole_matrix(sizes: list[int]) -> None:
    cases = sum(sizes)
    members = np.repeat(np.arange(len(sizes)), sizes)
    shares = np.array(sizes) / cases
    terms = ((members == np.arange(len(sizes))[:, None]) - shares[:, None]) / np.sqrt(1 - shares)[:, None]
    alike = (members[:, None] == members[None, :]).astype(float)

    def degrees(covariance: "NDArray[np.float64]") -> float:
        matrix = terms @ covariance @ terms.T
        return float(np.trace(matrix) ** 2 / np.sum(matrix * matrix))

    expected = min(degrees(np.eye(cases)), degrees(alike))
    assert satterthwaite(sizes) == pytest.approx(max(1.0, expected), rel=1e-6)


def test_clusters_of_one_case_change_nothing() -> None:
    values = [0.1, 0.5, 0.9, 0.3]

    alone = mean_interval(values)

    assert mean_interval(values, ["a", "b", None, "c"]) == alone
    assert wilson(values, ["a", "b", None, "c"]) == wilson(values)
    assert spread(values).design_effect == pytest.approx(1.0)


def test_copies_of_a_case_count_once() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0]

    tenfold = mean_interval(
        [value for value in values for _ in range(10)], [str(i) for i in range(8) for _ in range(10)]
    )

    assert (tenfold.low, tenfold.high) == pytest.approx((mean_interval(values).low, mean_interval(values).high))
    shares = wilson([1.0] * 80, [str(i) for i in range(8) for _ in range(10)])
    assert shares.low < wilson([1.0] * 8).low + 1e-9, "eight clusters that are all right are eight observations"


@pytest.mark.dear
@pytest.mark.parametrize("method", ["t", "wilson"])
def test_clustered_intervals_hold_the_truth_as_often_as_they_say(method: str) -> None:
    chance = random.Random(f"coverage {method}")
    held, rounds = 0, 400
    for _ in range(rounds):
        values, labels = [], []
        for cluster in range(40):
            share = chance.betavariate(4, 1)  # mean 0.8, intra-cluster correlation 1/6
            size = chance.randint(1, 12)
            values += [float(chance.random() < share) for _ in range(size)]
            labels += [str(cluster)] * size
        interval = wilson(values, labels) if method == "wilson" else mean_interval(values, labels)
        held += interval.low <= 0.8 <= interval.high

    assert held / rounds >= 0.92, "95% meant; 0.92 is 2.8 standard errors below"


def test_bca_follows_the_skew_of_the_values() -> None:
    chance = random.Random(5)
    minutes = [chance.expovariate(1.0) ** 2 for _ in range(80)]

    interval = bca_mean(minutes, None, Certainty(seed=1))

    assert interval.high - interval.estimate > 1.2 * (interval.estimate - interval.low)
    assert interval == bca_mean(minutes, None, Certainty(seed=1))
    assert interval != bca_mean(minutes, None, Certainty(seed=2))


def test_bca_of_a_mean_is_scipys() -> None:
    values = np.random.default_rng(8).lognormal(size=40)

    ours = bca_mean(values.tolist(), None, Certainty(seed=4, resamples=4000))

    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=4000, rng=np.random.default_rng(4)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9 * width)


def test_whole_clusters_are_drawn() -> None:
    values = np.repeat(np.random.default_rng(9).normal(size=30), 20)
    labels = [str(position // 20) for position in range(600)]

    alone, clustered = (bca_mean(values.tolist(), shared, Certainty(seed=1)) for shared in (None, labels))

    assert clustered.high - clustered.low > 3 * (alone.high - alone.low)
    assert clustered.method == "BCa bootstrap, 30 clusters"


@given(st.floats(1e-9, 1e9), st.integers(2, 300))
def test_amounts_that_are_all_alike_show_no_variation(amount: float, cases: int) -> None:
    interval = bca_mean([amount] * cases, None, Certainty(resamples=100))

    assert (interval.low, interval.high, interval.method) == (interval.estimate, interval.estimate, "no variation seen")


@pytest.mark.parametrize("interval", [wilson, mean_interval])
def test_too_little_is_an_error_that_says_how_much_is_needed(interval: object) -> None:
    assert callable(interval)
    with pytest.raises(TooFewCases, match="needed"):
        interval([])
    with pytest.raises(TooFewCases, match="1 clusters"):
        interval([0.0, 1.0], ["a", "a"])
    with pytest.raises(InvalidSetting, match="level is 95"):
        interval([0.0, 1.0], level=95)
    with pytest.raises(InvalidScore, match="nan"):
        interval([0.0, math.nan])
    with pytest.raises(DataError, match="2 clusters for 3 cases"):
        interval([0.0, 1.0, 1.0], ["a", "b"])


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="resamples"):
        Certainty(resamples=10)
    with pytest.raises(TooFewCases):
        bca_mean([1.0, 2.0, 3.0], ["a"] * 3, Certainty())
    with pytest.raises(TooFewCases):
        bca_mean([], None, Certainty())
    with pytest.raises(InvalidScore, match="outcome 1"):
        wilson([0.0, 1.5])
    with pytest.raises(InvalidScore, match="value 0"):
        bca_mean([math.inf, 1.0], None, Certainty())


def test_an_interval_says_how_it_was_made() -> None:
    interval = wilson([1.0, 0.0])

    assert interval == Interval(
        estimate=0.5, low=interval.low, high=interval.high, level=0.95, cases=2, method="Wilson"
    )
    assert mean_interval([0.0, 1.0, 1.0], ["a", "a", "b"]).method == "t, 2 clusters"
