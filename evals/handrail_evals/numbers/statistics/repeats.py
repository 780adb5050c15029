"""Repeats of one case: K answers to the same question are one observation, not K."""

import math
from collections.abc import Sequence


def average_repeats(scores: Sequence[float | None]) -> float | None:
    """Return the mean of a case's scored repeats, or None when none was scored.

    Averaging first keeps the case the unit: repeats narrow the noise of the model's answers, never the chance of
    having drawn these cases.
    """
    scored = [score for score in scores if score is not None]
    return math.fsum(scored) / len(scored) if scored else None
