"""Bootstrap intervals (BCa, Efron 1987): of skewed means, and of metrics by the sums or weights they are made of.

Macro F1, calibration error and the area under a risk-coverage curve are no means of cases: each resample of the cases
is measured anew. Most such metrics are functions of sums over the cases (F1 is), and those of one ranking share their
work: 150 F1 scores of 10,000 cases take about as long as one does where each resample is handed to a function. With
clusters, whole clusters are drawn.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from handrail_evals.errors import InvalidScore, TooFewCases
from handrail_evals.numbers.statistics.clusters import group
from handrail_evals.numbers.statistics.intervals import STANDARD, Certainty, Interval, critical_value
from handrail_ground.optional import OptionalLibrary
from handrail_ground.shares import wilson_bounds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
else:
    np = OptionalLibrary("numpy", extra="evals")

BLOCKS = 1000
"""Most units that are left out one by one for the acceleration; more are left out in as many blocks."""

DEFINED = 0.9
"""Share of the resamples on which a metric must have a value to get an interval."""

BATCH = 1_000_000
"""Positions drawn at once: 8 MB, where drawing all of them for 10,000 cases takes 800."""

ROUNDING = 1e-12
"""Equal sums in another order differ in their last digits, by less than this share of them: that is no variation."""

SHARES = (0.0, 1.0)
"""The least and the largest value of a share."""


def bca_mean(values: Sequence[float], clusters: Sequence[str | None] | None, certainty: Certainty) -> Interval:
    """Return the mean with its BCa bootstrap interval, which follows the skew of the values.

    Values that are all alike give an interval of no width: ``wilson`` is for right-or-wrong scores.

    Raises:
        TooFewCases: fewer than two values, or all of one cluster.
        InvalidScore: a value is not a finite number.
    """
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise InvalidScore(where=f"value {position}", score=value)
    rows = np.asarray([(value, 1.0) for value in values], dtype=np.float64).reshape(-1, 2)
    (made,) = from_sums(
        Kinds.of_each(rows, clusters),
        lambda sums: sums[:, :1] / sums[:, 1:],
        len(values),
        certainty,
        bounds=None,
    )
    assert made is not None  # noqa: S101 -- a mean has a value on every resample
    return made


@dataclass(frozen=True, slots=True)
class Kinds:
    """Units of answers (clusters, or single answers) by the sums of their rows: what is alike is drawn as one kind.

    10,000 answers in 150 labels are about 1,000 kinds.
    """

    rows: "Floats"
    """The sums, a line for each kind."""
    kind_of: "NDArray[np.intp]"
    """The kind of each unit."""
    copies: "NDArray[np.intp]"
    """How many units there are of each kind."""
    total: "Floats"
    """The sums over all units."""

    @classmethod
    def of(cls, rows: "Floats", row_of: "NDArray[np.intp]", clusters: Sequence[str | None] | None) -> "Kinds":
        """Return the kinds of answers, each of which stands for one of the rows.

        Raises:
            TooFewCases: fewer than two answers, or all of one cluster.
        """
        unit_of, units = units_of(clusters, len(row_of))
        if units == len(row_of):
            sums, kind_of = rows, row_of
        else:
            sums, kind_of = summed(rows, row_of, unit_of, units), np.arange(units, dtype=np.intp)
        copies = np.bincount(kind_of, minlength=len(sums))
        return cls(sums, kind_of, copies, copies @ sums)

    @classmethod
    def of_each(cls, rows: "Floats", clusters: Sequence[str | None] | None) -> "Kinds":
        """Return the kinds of answers that have a row each.

        Raises:
            TooFewCases: fewer than two answers, or all of one cluster.
        """
        kinds, row_of = np.unique(rows, axis=0, return_inverse=True)
        return cls.of(kinds, row_of.reshape(-1), clusters)

    def drawn(self, certainty: Certainty) -> "Floats":
        """Return the sums of resampled units, a line for each resample."""
        return np.concatenate([counts @ self.rows for counts in draws(self.kind_of, len(self.rows), certainty)])


def from_sums(
    kinds: Kinds,
    statistic: Callable[["Floats"], "Floats"],
    answers: int,
    certainty: Certainty,
    *,
    bounds: tuple[float, float] | None = SHARES,
) -> list[Interval | None]:
    """Return the interval of each metric that is a function of the answers' sums.

    ``statistic`` takes sums, a line for each resample, and returns the metrics, a column for each, NaN where one has
    no value. None stands for a metric without a value, or without one on more than a tenth of the resamples.
    ``bounds`` are the least and the largest value of the metrics; with them, answers on which no resample differs (all
    of them right), or so few that the interval had no width, get a Wilson interval instead.
    """
    estimates = statistic(kinds.total[None, :])[0]
    left_out = (statistic(kinds.total[None, :] - kinds.rows), kinds.copies)
    size = (answers, len(kinds.kind_of))
    return intervals(estimates, statistic(kinds.drawn(certainty)), left_out, size, certainty, bounds)


def from_weights(
    metrics: Callable[["Floats"], "Floats"], answers: int, clusters: Sequence[str | None] | None, certainty: Certainty
) -> list[Interval | None]:
    """Return the interval of each metric, a share from 0 to 1, that takes how often each answer counts.

    ``metrics`` takes a weight for each answer (0 when it was not drawn) and returns a number for each metric, NaN
    where one has no value.

    Raises:
        TooFewCases: fewer than two answers, or all of one cluster.
    """
    unit_of, units = units_of(clusters, answers)
    each = np.arange(units, dtype=np.intp)

    def measured(weights: "Floats") -> "Floats":
        return metrics(weights if units == answers else weights[unit_of])

    resampled = np.stack([measured(line) for drawn in draws(each, units, certainty) for line in drawn])
    # Blocks of units show the same skew as single units, by chance a little more or less.
    block_of = np.random.default_rng(certainty.seed).permutation(units) % min(units, BLOCKS)
    left_out = np.stack([measured((block_of != block).astype(np.float64)) for block in range(min(units, BLOCKS))])
    copies = np.ones(len(left_out), dtype=np.intp)
    return intervals(measured(np.ones(units)), resampled, (left_out, copies), (answers, units), certainty, SHARES)


def units_of(clusters: Sequence[str | None] | None, answers: int) -> tuple["NDArray[np.intp]", int]:
    """Return which unit each answer belongs to (its cluster, or itself), and how many units there are.

    Raises:
        TooFewCases: fewer than two units.
    """
    unit_of = np.arange(answers, dtype=np.intp)
    groups = group(clusters, answers)
    if len(groups) < 2:
        raise TooFewCases(found=len(groups), needed=2, what="cases" if clusters is None else "clusters")
    for unit, positions in enumerate(groups):
        unit_of[positions] = unit
    return unit_of, len(groups)


def summed(rows: "Floats", row_of: "NDArray[np.intp]", unit_of: "NDArray[np.intp]", units: int) -> "Floats":
    """Return the sums of the rows of each unit's answers."""
    sums = np.zeros((units, rows.shape[1]))
    # In parts: a row for every answer at once may take more memory than all else.
    for start in range(0, len(row_of), 1000):
        part = slice(start, start + 1000)
        np.add.at(sums, unit_of[part], rows[row_of[part]])
    return sums


def draws(kind_of: "NDArray[np.intp]", kinds: int, certainty: Certainty) -> Iterator["Floats"]:
    """Yield, in batches, how often each kind was drawn, a line for each resample of the units."""
    chance, units = np.random.default_rng(certainty.seed), len(kind_of)
    lines = max(1, BATCH // units)
    for start in range(0, certainty.resamples, lines):
        batch = min(lines, certainty.resamples - start)
        drawn = kind_of[chance.integers(0, units, size=(batch, units))]
        drawn += np.arange(batch, dtype=np.intp)[:, None] * kinds
        yield np.bincount(drawn.reshape(-1), minlength=batch * kinds).reshape(batch, kinds).astype(np.float64)


def intervals(
    estimates: "Floats",
    resampled: "Floats",
    left_out: tuple["Floats", "NDArray[np.intp]"],
    size: tuple[int, int],
    certainty: Certainty,
    bounds: tuple[float, float] | None,
) -> list[Interval | None]:
    """Return the interval of each metric; ``left_out`` has the metrics without a unit, and how many such units."""
    answers, units = size
    made: list[Interval | None] = []
    for column, estimate in enumerate(estimates.tolist()):
        seen = resampled[:, column]
        seen = seen[np.isfinite(seen)]
        if not math.isfinite(estimate) or len(seen) < DEFINED * len(resampled):
            made.append(None)
            continue
        method = "BCa bootstrap"
        least, most = float(seen.min()), float(seen.max())
        if most - least > ROUNDING * max(abs(least), abs(most)):
            low, high = bca_ends(estimate, seen, left_out[0][:, column], left_out[1], certainty.level)
            if bounds is not None and high - low <= ROUNDING:  # what differs lies beyond both quantiles
                low, high = bounded_ends(estimate, units, bounds, certainty.level)
                method = "Wilson, hardly any variation seen"
        elif bounds is None:
            low, high, method = estimate, estimate, "no variation seen"
        else:
            low, high = bounded_ends(estimate, units, bounds, certainty.level)
            method = "Wilson, no variation seen"
        if units < answers:
            method = f"{method}, {units} clusters"
        made.append(
            Interval(estimate=estimate, low=low, high=high, level=certainty.level, cases=answers, method=method)
        )
    return made


def bca_ends(
    estimate: float, seen: "Floats", left_out: "Floats", copies: "NDArray[np.intp]", level: float
) -> tuple[float, float]:
    """Return the ends of the BCa interval: quantiles of what was seen, shifted for its bias and its skew."""
    below = (float(np.count_nonzero(seen < estimate)) + float(np.count_nonzero(seen <= estimate))) / 2.0 / len(seen)
    # All on one side: as far out as so many resamples can show.
    edge = 1.0 / (len(seen) + 1.0)
    bias = STANDARD.inv_cdf(min(max(below, edge), 1.0 - edge))
    known = np.isfinite(left_out)
    without, weights = left_out[known], copies[known]
    away = np.average(without, weights=weights) - without if len(without) else np.zeros(0)
    square = float(np.sum(weights * away**2))
    skew = float(np.sum(weights * away**3)) / (6.0 * square**1.5) if square > 0.0 else 0.0

    def shifted(normal: float) -> float:
        moved = bias + normal
        # Few cases at an extreme level: the end lies past all that was seen.
        return STANDARD.cdf(bias + moved / max(1.0 - skew * moved, 1e-9))

    reach = STANDARD.inv_cdf((1.0 + level) / 2.0)
    low, high = np.quantile(seen, [shifted(-reach), shifted(reach)])
    return float(low), float(high)


def bounded_ends(estimate: float, units: int, bounds: tuple[float, float], level: float) -> tuple[float, float]:
    """Return a Wilson interval between the bounds: of all numbers between them, the bounds themselves vary most."""
    least, largest = bounds
    width = largest - least
    inside = min(max(estimate, least), largest)  # rounding takes a metric a hair past them
    low, high = wilson_bounds((inside - least) / width * units, units, critical_value(level))
    return least + low * width, least + high * width
