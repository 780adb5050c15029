"""What a summary is asked to say."""

import math
from dataclasses import dataclass, field

from handrail_evals.errors import InvalidSetting
from handrail_evals.numbers.metrics.risk import check_risks
from handrail_evals.numbers.statistics.intervals import Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a result is summarised; another summary beside a result is made anew when these change.

    Raises:
        InvalidSetting: a risk is not a share, or ``right_at`` is not a finite number.
    """

    certainty: Certainty = field(default=Certainty())
    """Of every interval."""
    right_at: float = 1.0
    """The main score from which on an answer counts as right."""
    risks: tuple[float, ...] = (0.02, 0.05)
    """Shares of wrong answers, 0 to below 1, for which the reachable coverage is told."""

    def __post_init__(self) -> None:
        check_risks(self.risks)
        if not math.isfinite(self.right_at):
            raise InvalidSetting(
                f"right_at is {self.right_at!r}; give the score from which on an answer is right, such as 1"
            )
