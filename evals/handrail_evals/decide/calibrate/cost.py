"""What a threshold means in a day's work."""

from dataclasses import dataclass

from handrail_evals.decide.calibrate.calibration import Calibration
from handrail_evals.errors import InvalidSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How much work there is, and how long people take for it."""

    cases: int
    """Cases in the time looked at, such as a day; 0 or more."""
    minutes_each: float
    """How long a person takes to decide one case, in minutes; 0 or more."""
    audited: float = 0.0
    """Share of the accepted cases that is audited, 0 to 1."""

    def __post_init__(self) -> None:
        if self.cases < 0 or not self.minutes_each >= 0 or not 0 <= self.audited <= 1:
            raise InvalidSetting(f"{self} cannot be; cases and minutes are 0 or more, audited is from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostView:
    """What to expect of a threshold."""

    coverage: float
    """Share of the cases that is accepted, 0 to 1."""
    human_minutes: float
    """Minutes people spend on doubtful cases and audits."""
    expected_wrong: float
    """Accepted values that are wrong, going by the errors seen."""
    promised_wrong: float
    """The most of them that the promise allows."""


def cost_view(calibration: Calibration, work: Workload) -> CostView:
    """Return what a calibrated threshold means for an amount of work."""
    accepted = calibration.coverage * work.cases
    seen = calibration.errors / calibration.accepted if calibration.accepted else 0.0
    return CostView(
        coverage=calibration.coverage,
        human_minutes=(work.cases - accepted * (1 - work.audited)) * work.minutes_each,
        expected_wrong=accepted * seen,
        promised_wrong=accepted * calibration.promise.target,
    )
