"""The score interval for a difference of paired proportions (Tango 1998, Statistics in Medicine 17, 891).

It stays honest where few cases differ, and even where none does: no difference seen in 100 cases is no proof that
there is none, and the usual standard error would be zero.
"""

import math
from collections.abc import Callable


def variance(difference: float, gains: float, losses: float, cases: float) -> float:
    """Return the variance of ``gains - losses`` if the true difference of proportions were ``difference``."""
    # The share of losses that is most likely at this difference is the upper root of a x² + b x + c.
    a = 2.0 * cases
    b = -gains - losses + (2.0 * cases - gains + losses) * difference
    c = -losses * difference * (1.0 - difference)
    root = math.sqrt(max(0.0, b * b - 4.0 * a * c))
    # Of two equal forms the one that does not subtract near numbers.
    share = (root - b) / (2.0 * a) if b <= 0.0 else -2.0 * c / (root + b)
    return max(0.0, cases * (2.0 * share + difference * (1.0 - difference)))


def score_bounds(gains: float, losses: float, cases: float, *, critical: float) -> tuple[float, float]:
    """Return the lowest and highest difference, -1 to 1, that the counts do not contradict.

    ``gains`` and ``losses`` are the cases that only the candidate, and only the baseline, got right. They need not be
    whole: averaged repeats count in parts, clustered cases count less than one. ``critical`` is the number of
    standard errors.
    """
    estimate = (gains - losses) / cases

    def contradicted(difference: float) -> bool:
        distance = gains - losses - cases * difference
        return distance * distance > critical * critical * variance(difference, gains, losses, cases)

    return edge(contradicted, estimate, -1.0), edge(contradicted, estimate, 1.0)


def edge(contradicted: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where the differences that fit end, to within 1e-12, between one that fits and the end of the scale."""
    if not contradicted(outside):
        return outside
    while abs(outside - inside) > 1e-12:
        middle = (inside + outside) / 2.0
        if contradicted(middle):
            outside = middle
        else:
            inside = middle
    return inside
