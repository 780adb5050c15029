"""Bootstrap intervals (Efron 1987, BCa): for skewed means, and for metrics that must be recomputed on each resample.

Macro F1, calibration error and the area under a risk-coverage curve are no means of cases: each resample of the cases
is measured anew. With clusters, whole clusters are drawn.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from handrail_evals.errors import DataError, InvalidScore, InvalidSetting, TooFewCases
from handrail_evals.numbers.statistics.clusters import group
from handrail_evals.numbers.statistics.intervals import Interval, check_level, critical_value, wilson_bounds
from handrail_ground.optional import Library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy import stats
else:
    np = Library("numpy", extra="evals")
    stats = Library("scipy.stats", extra="evals")

RESAMPLES = 2000
"""Enough for ends that move by a twentieth of the interval's width or so from seed to seed."""

BATCH = 1_000_000
"""Positions drawn at once: 8 MB, where drawing all of them for 10,000 cases takes 800."""


def bca_mean(
    values: Sequence[float],
    clusters: Sequence[str | None] | None = None,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return the mean with its BCa bootstrap interval, which follows the skew of the values.

    Values that are all alike give an interval of no width: ``wilson`` is for right-or-wrong scores.

    Raises:
        TooFewCases: fewer than two values, or all of one cluster.
        InvalidScore: a value is not a finite number.
        InvalidSetting: the level or the number of resamples cannot work.
    """
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise InvalidScore(where=f"value {position}", score=value)
    array = np.asarray(values, dtype=np.float64)
    return recomputed(
        lambda chosen: float(array[chosen].mean()),
        len(values),
        clusters,
        seed=seed,
        level=level,
        resamples=resamples,
    )


def recomputed(
    metric: Callable[["NDArray[np.intp]"], float],
    cases: int,
    clusters: Sequence[str | None] | None = None,
    *,
    seed: int,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Return the metric with the BCa interval of its values on resampled cases.

    ``metric`` takes the positions of the chosen cases, some of them several times, and returns a number. ``bounds``
    are the least and the largest number it can return; with them, cases on which no resample differs (all of them
    right) get a Wilson interval instead of one of no width. The same seed gives the same interval.

    Raises:
        TooFewCases: fewer than two cases, or all of one cluster.
        DataError: the metric is not a finite number, on all cases or on a resample.
        InvalidSetting: the level, the number of resamples or the bounds cannot work.
    """
    check_level(level)
    if resamples < 100:
        raise InvalidSetting(f"resamples is {resamples!r}; give at least 100, {RESAMPLES} for a report")
    groups = group(clusters, cases)
    if len(groups) < 2:
        raise TooFewCases(found=len(groups), needed=2, what="cases" if clusters is None else "clusters")
    members = [np.asarray(positions, dtype=np.intp) for positions in groups]

    def measure(chosen: "NDArray[np.intp]") -> float:
        drawn = chosen if len(members) == cases else np.concatenate([members[cluster] for cluster in chosen])
        value = float(metric(drawn))
        if not math.isfinite(value):
            raise DataError(
                f"the metric is {value!r} on a resample of the cases: give it a value there, or a class less"
            )
        return value

    estimate = measure(np.arange(len(members), dtype=np.intp))
    ends = bootstrap_ends(measure, len(members), level=level, resamples=resamples, seed=seed)
    method = "BCa bootstrap" if len(members) == cases else f"BCa bootstrap, {len(members)} clusters"
    if ends is None:
        ends, method = (estimate, estimate), "no variation seen"
        if bounds is not None:
            ends, method = bounded_ends(estimate, len(members), bounds, level), "Wilson, no variation seen"
    low, high = ends
    return Interval(estimate=estimate, low=low, high=high, level=level, cases=cases, method=method)


def bootstrap_ends(
    measure: Callable[["NDArray[np.intp]"], float], units: int, *, level: float, resamples: int, seed: int
) -> tuple[float, float] | None:
    """Return the ends of the BCa interval over resampled units, or None when no resample differs."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # No variation is an answer here, told by the ends being NaN.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        result = stats.bootstrap(
            (np.arange(units, dtype=np.intp),),
            measure,
            n_resamples=resamples,
            batch=max(1, BATCH // units),
            vectorized=False,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    low, high = float(result.confidence_interval.low), float(result.confidence_interval.high)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def bounded_ends(estimate: float, units: int, bounds: tuple[float, float], level: float) -> tuple[float, float]:
    """Return a Wilson interval between the bounds: of all numbers between them, the bounds themselves vary most."""
    least, largest = bounds
    width = largest - least
    if not (width > 0.0 and least <= estimate <= largest):
        raise InvalidSetting(f"bounds are {bounds!r} and the metric is {estimate!r}; give the least and largest value")
    low, high = wilson_bounds((estimate - least) / width * units, units, critical_value(level))
    return least + low * width, least + high * width
