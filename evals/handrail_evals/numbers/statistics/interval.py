"""A number with the range it may truly have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and its confidence interval, in the unit of what was measured."""

    estimate: float
    """What was measured."""
    low: float
    """Lower end; never above the estimate but for skewed bootstraps."""
    high: float
    """Upper end."""
    level: float
    """Confidence of the interval, 0 to 1, half of what is missing on either side."""
    cases: int
    """How many cases it was measured on."""
    method: str
    """How the interval was made, for people: ``Wilson``, ``t, 40 clusters``, ``BCa bootstrap``."""
