"""Paired differences, exact tests, and how many cases a comparison needs."""

import functools
import math
import random
import warnings
from bisect import bisect_left
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handrail_evals.errors import DataError, InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.difference import holm, mcnemar, paired_difference, score_bounds, variance
from handrail_evals.numbers.statistics.intervals import mean_interval
from handrail_evals.numbers.statistics.power import MANY, cases_needed, power_of, smallest_detectable

COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 200))


@functools.cache
def statsmodels(module: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels and its own dependencies
        return pytest.importorskip(f"statsmodels.stats.{module}", reason="statsmodels is not installed")


@given(COUNTS)
def test_the_score_interval_holds_the_estimate_and_mirrors(counts: tuple[int, int, int]) -> None:
    gains, losses, rest = counts
    cases = gains + losses + rest

    low, high = score_bounds(gains, losses, cases, critical=1.96)

    assert -1.0 <= low <= (gains - losses) / cases <= high <= 1.0
    assert low < high
    assert score_bounds(losses, gains, cases, critical=1.96) == pytest.approx((-high, -low), abs=1e-9)


@given(COUNTS)
def test_the_score_interval_excludes_zero_exactly_when_mcnemars_chi_square_does(counts: tuple[int, int, int]) -> None:
    gains, losses, rest = counts
    assume(gains + losses > 0)
    result = statsmodels("contingency_tables").mcnemar([[rest, gains], [losses, 0]], exact=False, correction=False)
    assume(abs(result.statistic - 1.96**2) > 1e-6)

    low, high = score_bounds(gains, losses, gains + losses + rest, critical=1.96)

    assert (not low <= 0.0 <= high) == (result.statistic > 1.96**2)


@pytest.mark.parametrize(("gains", "losses", "cases"), [(3, 9, 60), (0, 4, 30), (12, 1, 200), (0, 0, 50)])
@pytest.mark.parametrize("difference", [-0.2, -0.03, 0.01, 0.15])
def test_the_score_variance_is_that_of_the_most_likely_table(
    gains: int, losses: int, cases: int, difference: float
) -> None:
    def unlikelihood(share: float) -> float:
        chances = (share + difference, share, 1 - 2 * share - difference)
        counts = (gains, losses, cases - gains - losses)
        return -sum(
            count * math.log(max(chance, 1e-300)) for count, chance in zip(counts, chances, strict=True) if count
        )

    bounds = (max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12)
    found = scipy.optimize.minimize_scalar(unlikelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12})

    expected = cases * (2 * float(found.x) + difference * (1 - difference))
    assert variance(difference, gains, losses, cases) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_no_difference_seen_is_no_proof_of_none() -> None:
    few, many = paired_difference([0.0] * 30), paired_difference([0.0] * 3000)

    assert few.low == pytest.approx(-few.high)
    assert few.low < -0.1
    assert -0.002 < many.low < 0.0


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=2, max_size=80), st.floats(0.8, 0.99))
def test_the_p_value_and_the_interval_agree(differences: list[float], level: float) -> None:
    difference = paired_difference(differences, level=level)
    assume(abs(difference.high) > 1e-9)

    assert (difference.high < 0.0) == (difference.p_worse < (1 - level) / 2)


def test_scores_between_get_scipys_paired_t() -> None:
    chance = np.random.default_rng(2)
    baseline, candidate = chance.random(50), chance.random(50)

    ours = paired_difference((candidate - baseline).tolist())

    test = scipy.stats.ttest_rel(candidate, baseline, alternative="less")
    both = scipy.stats.ttest_rel(candidate, baseline).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((both.low, both.high))
    assert ours.p_worse == pytest.approx(float(test.pvalue))
    assert ours.method == "paired t"


def test_few_partial_differences_are_counted_not_averaged() -> None:
    ours = paired_difference([-1 / 3] * 3 + [0.0] * 297)

    assert ours.method == "paired score"
    assert ours.estimate == pytest.approx(-1 / 300)
    assert (ours.low, ours.high) == pytest.approx(score_bounds(0, 1, 300, critical=1.959964), abs=1e-6)


def test_a_wider_scale_only_changes_the_unit() -> None:
    share = paired_difference([-1.0, 0.0, 1.0, 0.0, -1.0])
    points = paired_difference([-100.0, 0.0, 100.0, 0.0, -100.0], scale=100.0)

    assert (points.low, points.high) == pytest.approx((100 * share.low, 100 * share.high))
    assert points.p_worse == pytest.approx(share.p_worse)


def test_clusters_widen_and_never_narrow() -> None:
    together = [-1.0] * 10 + [0.0] * 190
    labels = [str(position // 10) for position in range(200)]

    alone, clustered = paired_difference(together), paired_difference(together, labels)
    apart = paired_difference([-1.0 if position % 20 == 0 else 0.0 for position in range(200)], labels)

    assert alone.high < 0.0 < clustered.high, "one bad document is not ten bad cases"
    assert clustered.design_effect > 5.0
    assert apart.design_effect == 1.0


@pytest.mark.parametrize("difference", [-0.25, 0.25])
def test_differences_that_are_all_alike_are_not_certain(difference: float) -> None:
    few, many = (paired_difference([difference] * cases) for cases in (3, 40))

    assert few.low < 0.0 < few.high, "three cases show nothing, however alike"
    assert many.low < difference < many.high
    assert many.low * many.high > 0.0


def test_clusters_that_even_out_never_narrow_an_interval() -> None:
    scores = [-0.3, 0.1] * 20
    labels = [str(position // 2) for position in range(40)]
    alone, clustered = paired_difference(scores), paired_difference(scores, labels)

    assert clustered.low <= alone.low
    assert clustered.high >= alone.high
    assert clustered.design_effect == 1.0
    assert mean_interval(scores, labels).high >= mean_interval(scores).high


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_statsmodels_exact_one(gains: int, losses: int) -> None:
    table = [[5, gains], [losses, 5]]

    theirs = statsmodels("contingency_tables").mcnemar(table, exact=True).pvalue if gains + losses else 1.0

    assert mcnemar(gains, losses) == pytest.approx(min(1.0, float(theirs)))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_holm_is_statsmodels(count: int) -> None:
    chance = random.Random(count)
    p_values = [chance.random() ** 3 for _ in range(count)] + [0.0, 1.0, 0.01, 0.01]

    ours = holm({str(position): p_value for position, p_value in enumerate(p_values)})

    theirs = statsmodels("multitest").multipletests(p_values, method="holm")[1]
    assert list(ours.values()) == pytest.approx(theirs.tolist())


def power_by_brute_force(cases: int, margin: float, discordance: float) -> float:
    """Return how often two equally good results are shown not to differ, from everything that can come out."""
    critical = float(scipy.stats.norm.ppf(0.975))
    found = 0.0
    for differing in range(cases + 1):
        chance = scipy.stats.binom.pmf(differing, cases, discordance)
        if chance < 1e-9:
            continue

        def is_shown(gains: int, losses: int = differing) -> bool:
            return score_bounds(gains, losses - gains, cases, critical=critical)[0] > -margin

        # The lower end rises with what was gained, as a test below proves.
        first = bisect_left(range(differing + 1), True, key=is_shown)
        found += chance * float(scipy.stats.binom.sf(first - 1, differing, 0.5))
    return float(found)


@pytest.mark.parametrize(
    ("margin", "discordance"), [(0.02, 0.01), (0.02, 0.03), (0.05, 0.05), (0.05, 0.12), (0.1, 0.3), (0.3, 0.1)]
)
def test_the_cases_needed_reach_the_power_they_promise_and_no_fewer_do(margin: float, discordance: float) -> None:
    cases = cases_needed(margin, discordance=discordance)

    assert 0.8 <= power_by_brute_force(cases, margin, discordance) < 0.86
    assert power_by_brute_force(cases - 1, margin, discordance) < 0.8


@given(st.integers(1, 60), st.data())
def test_the_lower_end_rises_with_what_was_gained(cases: int, data: st.DataObject) -> None:
    differing = data.draw(st.integers(0, cases))

    ends = [score_bounds(gains, differing - gains, cases, critical=1.96)[0] for gains in range(differing + 1)]

    assert ends == sorted(ends)


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(1, 120), st.floats(0.01, 0.5), st.just(0.0) | st.floats(1e-9, 1.0))
def test_power_is_counted_over_everything_that_can_come_out(cases: int, margin: float, discordance: float) -> None:
    found = power_of(cases, margin, discordance, critical=float(scipy.stats.norm.ppf(0.975)))

    assert found == pytest.approx(power_by_brute_force(cases, margin, discordance), abs=1e-5)


@pytest.mark.parametrize("discordance", [0.2, 0.6])
def test_the_power_of_many_cases_meets_that_of_fewer(discordance: float) -> None:
    fewer = math.floor(MANY / discordance)
    margin = 2.0 * math.sqrt(discordance / fewer) + 0.8 * math.sqrt(discordance / fewer)

    below, above = (power_of(cases, margin, discordance, critical=1.96) for cases in (fewer, fewer + 10))

    assert below == pytest.approx(above, abs=0.002)


def test_the_fewest_cases_of_all_are_those_of_which_none_differs() -> None:
    alike = [0.0] * cases_needed(0.02, discordance=0.0)

    assert paired_difference(alike).low > -0.02
    assert paired_difference(alike[1:]).low <= -0.02
    assert cases_needed(0.02, discordance=1e-6) == len(alike)


@pytest.mark.dear
def test_other_scores_than_right_or_wrong_need_as_many_as_their_spread_says() -> None:
    chance = np.random.default_rng(11)
    cases = cases_needed(0.02, discordance=0.02, right_or_wrong=False)
    drawn = (paired_difference(chance.normal(0.0, math.sqrt(0.02), cases).tolist()).low for _ in range(400))

    assert 0.74 <= sum(low > -0.02 for low in drawn) / 400 <= 0.86, "80% meant, within 3 standard errors"
    assert cases < cases_needed(0.02, discordance=0.02)


def test_a_wider_scale_needs_as_many_cases() -> None:
    shares = cases_needed(0.02, discordance=0.06)

    assert cases_needed(2.0, discordance=600.0, scale=100.0) == shares
    assert cases_needed(0.02, discordance=0.06, design_effect=2.0) == 2 * shares
    normal = math.ceil(400 * ((1.959964 + 0.841621) / 5) ** 2)
    assert normal < cases_needed(5.0, discordance=400.0) <= normal + 3, "of any scores, Student's t takes a few more"


@pytest.mark.parametrize(("deviation", "margin"), [(0.1, 0.1), (0.1, 0.05), (0.1, 0.2)])
def test_few_scores_between_right_and_wrong_reach_the_power_too(deviation: float, margin: float) -> None:
    chance = random.Random(7)
    cases = cases_needed(margin, discordance=deviation**2, right_or_wrong=False)
    drawn = [paired_difference([chance.gauss(0.0, deviation) for _ in range(cases)]).low for _ in range(400)]

    assert sum(low > -margin for low in drawn) / 400 >= 0.74, "80% meant, within 3 standard errors"


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    margin=st.floats(0.01, 0.2),
    discordance=st.floats(0.01, 0.9),
    effect=st.floats(1.0, 5.0),
    power=st.floats(0.5, 0.99),
)
def test_the_smallest_detectable_effect_is_the_margin_its_cases_are_for(
    margin: float, discordance: float, effect: float, power: float
) -> None:
    assume(margin * margin < discordance)
    cases = cases_needed(margin, discordance=discordance, design_effect=effect, power=power)

    found = smallest_detectable(cases, discordance=discordance, design_effect=effect, power=power)

    assert found is not None
    assert found <= margin * 1.0002
    if cases / effect * discordance > 200:
        assert found == pytest.approx(margin, rel=0.02)


def test_too_few_cases_detect_nothing() -> None:
    assert smallest_detectable(3, discordance=0.06) is None


@pytest.mark.parametrize(
    "settings",
    [{"discordance": -0.1}, {"discordance": 0.1, "power": 1.0}, {"discordance": 0.1, "design_effect": 0.0}],
)
def test_a_plan_that_cannot_work_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        cases_needed(0.02, **settings)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidScore, match="difference 1"):
        paired_difference([0.0, math.nan])
    with pytest.raises(TooFewCases):
        paired_difference([0.0])
    with pytest.raises(InvalidSetting, match="scale"):
        paired_difference([0.0, 1.0], scale=0.0)
    with pytest.raises(InvalidSetting, match="margin"):
        cases_needed(0.0, discordance=0.1)
    with pytest.raises(InvalidSetting, match="cases is 0"):
        smallest_detectable(0, discordance=0.1)
    with pytest.raises(DataError, match="counts start at 0"):
        mcnemar(-1, 2)
    with pytest.raises(DataError, match="'f1'"):
        holm({"f1": 1.5})
