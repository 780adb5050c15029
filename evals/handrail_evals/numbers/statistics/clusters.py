"""Cases that come in clusters (questions on one document, one sender's tickets).

Cases of one cluster err together, so they say less than as many cases on their own. The variance is the
cluster-robust one in the bias-reduced form of Bell and McCaffrey (2002, "CR2"), the degrees of freedom are
Satterthwaite's as Imbens and Kolesár (2016) use them. For a mean both have closed forms that cost O(cases); with
every case on its own they are the ordinary standard error and n - 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.errors import DataError, InvalidScore, TooFewCases


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers, and what they share with each other."""

    values: Sequence[float]
    clusters: Sequence[str | None] | None = None
    """One for each value, None for a value that stands alone; None as a whole when all do."""

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return len(self.values)

    @property
    def mean(self) -> float | None:
        """Return the mean; None of nothing."""
        return math.fsum(self.values) / len(self.values) if self.values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A mean and how far it may be off, with clusters taken into account."""

    mean: float
    """In the unit of the values."""
    standard_error: float
    """In the unit of the values."""
    degrees: float
    """Degrees of freedom of Student's t, 1 or more."""
    design_effect: float
    """Variance of the mean over what it were with every case on its own; 1 without clusters, often 1 to 5 with."""
    cases: int
    """How many values there are."""
    clusters: int
    """How many clusters they come from; a case without one is a cluster of its own."""

    alone: float
    """What the standard error were with every case on its own."""

    @property
    def cautious_error(self) -> float:
        """Return the standard error, at least that of cases on their own.

        Clusters that seem to help are chance: where the values of each even out, nothing of an error would be left.
        """
        return max(self.standard_error, self.alone)


def group(clusters: Sequence[str | None] | None, cases: int) -> list[list[int]]:
    """Return the positions of each cluster's cases; a case whose cluster is None stands alone.

    Raises:
        DataError: there is not one cluster (or None) for every case.
    """
    if clusters is None:
        return [[position] for position in range(cases)]
    if len(clusters) != cases:
        raise DataError(f"{len(clusters)} clusters for {cases} cases: give one for every case, None for none")
    members: dict[str | int, list[int]] = {}
    for position, cluster in enumerate(clusters):
        members.setdefault(position if cluster is None else cluster, []).append(position)
    return list(members.values())


def spread(values: Sequence[float], clusters: Sequence[str | None] | None = None) -> Spread:
    """Return the mean of the values with its cluster-robust standard error.

    Raises:
        TooFewCases: fewer than two clusters (without clusters: fewer than two values).
        InvalidScore: a value is not a finite number.
        DataError: there is not one cluster (or None) for every value.
    """
    cases = len(values)
    groups = group(clusters, cases)
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise InvalidScore(where=f"value {position}", score=value)
    if len(groups) < 2:
        raise TooFewCases(found=len(groups), needed=2, what="cases" if clusters is None else "clusters")
    mean = math.fsum(values) / cases
    plain = math.fsum((value - mean) ** 2 for value in values) / (cases * (cases - 1))
    robust = math.fsum(
        math.fsum(values[position] - mean for position in members) ** 2 / (1.0 - len(members) / cases)
        for members in groups
    ) / (cases * cases)
    sizes = [len(members) for members in groups]
    # Values that are all alike do not show how they move together: the worst is assumed, a cluster counting as one.
    effect = robust / plain if plain > 0.0 else math.fsum(size * size for size in sizes) / cases
    return Spread(
        mean=mean,
        standard_error=math.sqrt(robust),
        degrees=satterthwaite(sizes),
        design_effect=effect,
        cases=cases,
        clusters=len(groups),
        alone=math.sqrt(plain),
    )


def satterthwaite(sizes: Sequence[int]) -> float:
    """Return the degrees of freedom for clusters of these sizes: the number of clusters - 1 when they are alike.

    The smaller of two: for cases that are independent within a cluster, and for cases that move as one, since which
    of the two is nearer is not known. One large cluster among small ones costs many degrees in the second.
    """
    cases = sum(sizes)
    if max(sizes) == min(sizes):
        return float(len(sizes) - 1)
    # A matrix is meant: entry (g, k) is the covariance of two clusters' terms of the variance. Degrees are its squared
    # trace over the trace of its square; only sums over clusters are needed, as its entries are products of such.
    shares = [size / cases for size in sizes]
    weights = [share * share / (1.0 - share) for share in shares]

    # Independent cases: diagonal share_g / cases, else share_g share_k / sqrt((1 - share_g) (1 - share_k)) / cases.
    pairs = math.fsum(weights) ** 2 - math.fsum(weight * weight for weight in weights)
    alone = 1.0 / (math.fsum(share * share for share in shares) + pairs)

    # Cases that move as one: diagonal w_g (1 + c - 2 share_g), else sqrt(w_g w_k) (c - share_g - share_k).
    common = math.fsum(share * share for share in shares)
    diagonal = [weight * (1.0 + common - 2.0 * share) for weight, share in zip(weights, shares, strict=True)]
    own = math.fsum((weight * (common - 2.0 * share)) ** 2 for weight, share in zip(weights, shares, strict=True))
    moments = [
        math.fsum(weight * share**power for weight, share in zip(weights, shares, strict=True)) for power in range(3)
    ]
    every = (
        (common * moments[0]) ** 2
        - 4.0 * common * moments[0] * moments[1]
        + 2.0 * moments[0] * moments[2]
        + 2.0 * moments[1] ** 2
    )
    together = math.fsum(diagonal) ** 2 / (math.fsum(entry * entry for entry in diagonal) + every - own)
    return max(1.0, min(alone, together))
