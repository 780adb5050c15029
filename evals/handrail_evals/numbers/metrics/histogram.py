"""How many values lie where, on a logarithmic scale."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = 10
"""Bars to a decade, each a quarter wider than the last."""

LEAST = 1e-6
"""What is smaller counts as this: a microsecond."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges."""

    edges: tuple[float, ...]
    """Rising, one more than counts; empty when there are no values."""
    counts: tuple[int, ...]
    """Values from one edge up to, and without, the next."""


def histogram(values: Iterable[float]) -> Histogram:
    """Return the histogram of values of 0 or more, from the bar of the least to that of the largest."""
    bars = [math.floor(math.log10(max(value, LEAST)) * STEPS) for value in values]
    if not bars:
        return Histogram((), ())
    first, last = min(bars), max(bars)
    counts = [0] * (last - first + 1)
    for bar in bars:
        counts[bar - first] += 1
    return Histogram(tuple(10 ** (each / STEPS) for each in range(first, last + 2)), tuple(counts))
