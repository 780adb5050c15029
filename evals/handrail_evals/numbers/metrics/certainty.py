"""How sure the intervals are, and how their bootstraps are drawn."""

from dataclasses import dataclass

from handrail_evals.errors import InvalidSetting
from handrail_evals.numbers.statistics.quantiles import check_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """What every interval of a summary has in common; the same certainty gives the same numbers again.

    Raises:
        InvalidSetting: the level is not between 0 and 1, or there are too few resamples.
    """

    seed: int = 0
    """Of the bootstraps' chance."""
    level: float = 0.95
    """Confidence of the intervals, 0 to 1, half of what is missing on either side."""
    resamples: int = 2000
    """How often a bootstrap draws the cases anew, 100 or more."""

    def __post_init__(self) -> None:
        check_level(self.level)
        if self.resamples < 100:
            raise InvalidSetting(f"resamples is {self.resamples!r}; give at least 100, 2000 for a report")
