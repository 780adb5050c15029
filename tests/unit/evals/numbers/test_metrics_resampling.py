"""Bootstraps from sums and from weights, against the one that measures positions."""

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail_evals.errors import TooFewCases
from handrail_evals.numbers.statistics.bootstrap import Kinds, from_sums, from_weights
from handrail_evals.numbers.statistics.intervals import Certainty, Interval, wilson
from tests.unit.evals.numbers.recomputing import recomputed

if TYPE_CHECKING:
    from handrail_evals.numbers.statistics.bootstrap import Floats


def ratio(sums: "Floats") -> "Floats":
    with np.errstate(invalid="ignore"):
        return sums[:, :1] / sums[:, 1:2]


def ratio_interval(rows: "Floats", clusters: list[str] | None, certainty: Certainty) -> list[Interval | None]:
    return from_sums(Kinds.of_each(rows, clusters), ratio, len(rows), certainty)


def drawn(cases: int, seed: int = 5) -> "Floats":
    chance = random.Random(seed)
    sizes = [chance.randrange(1, 6) for _ in range(cases)]
    return np.array([[sum(chance.random() < 0.8 for _ in range(size)), size] for size in sizes], dtype=np.float64)


def close(ours: Interval | None, theirs: Interval) -> None:
    assert ours is not None
    width = theirs.high - theirs.low
    assert ours.estimate == pytest.approx(theirs.estimate)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.1 * width)


@pytest.mark.dear
def test_a_ratio_of_sums_gets_the_ends_of_the_positions() -> None:
    rows = drawn(120)

    (ours,) = ratio_interval(rows, None, Certainty())

    close(ours, recomputed(lambda at: float(rows[at, 0].sum() / rows[at, 1].sum()), 120, seed=9))


def test_clusters_are_drawn_whole() -> None:
    rows = drawn(120)
    clusters = [f"k{place // 4}" for place in range(120)]

    (ours,) = ratio_interval(rows, clusters, Certainty())

    close(ours, recomputed(lambda at: float(rows[at, 0].sum() / rows[at, 1].sum()), 120, clusters, seed=9))
    assert ours is not None
    assert ours.method == "BCa bootstrap, 30 clusters"


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [None, [f"k{place // 4}" for place in range(1600)]])
def test_weights_get_the_ends_of_the_positions_also_when_blocks_are_left_out(clusters: list[str] | None) -> None:
    values = np.random.default_rng(4).random(1600) ** 3

    (ours,) = from_weights(
        lambda weights: np.array([(weights * values).sum() / weights.sum()]), 1600, clusters, Certainty()
    )

    theirs = recomputed(lambda at: float(values[at].mean()), 1600, clusters, seed=9)
    close(ours, theirs)


@given(cases=st.integers(2, 200), right=st.booleans())
def test_where_nothing_varies_wilson_says_how_little_that_proves(cases: int, *, right: bool) -> None:
    rows = np.array([[float(right), 1.0]] * cases)

    (ours,) = ratio_interval(rows, None, Certainty(resamples=100))

    theirs = wilson([right] * cases)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert ours.method == "Wilson, no variation seen"


def test_a_metric_without_a_value_on_many_resamples_has_no_interval() -> None:
    rows = np.array([[1.0, 1.0]] + [[0.0, 0.0]] * 9)

    assert ratio_interval(rows, None, Certainty(resamples=100)) == [None]


@settings(deadline=None)
@given(st.integers(0, 5))
def test_the_same_seed_gives_the_same_ends(seed: int) -> None:
    rows = drawn(30)
    certainty = Certainty(seed=seed, resamples=200)

    assert ratio_interval(rows, None, certainty) == ratio_interval(rows, None, certainty)


@pytest.mark.parametrize("clusters", [["k", "k", "k"], None])
def test_one_unit_is_too_few(clusters: list[str] | None) -> None:
    rows = np.ones((3 if clusters else 1, 2))

    with pytest.raises(TooFewCases):
        ratio_interval(rows, clusters, Certainty())


@pytest.mark.slow
def test_the_interval_of_a_ratio_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(300):
        (ours,) = ratio_interval(drawn(60, seed), None, Certainty(resamples=400))
        assert ours is not None
        held += ours.low <= 0.8 <= ours.high

    assert math.isclose(held / 300, 0.95, abs_tol=0.035)
