"""What a watch is set to: decisions, so none has a default."""

import math
from dataclasses import dataclass

from handrail_evals.errors import InvalidSetting

FEWEST_BETWEEN = 100
"""Cases or audits between two false alarms that can be asked for: below, a watch does little but alarm."""

NO_CHANCE = 1e-9
"""What has so small a chance has another cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How much risk, how many audits and how many false alarms a watch may cost.

    Raises:
        InvalidSetting: a number is outside its range; the message names it.
    """

    target: float
    """The promise: largest share of wrong values among the accepted ones, above 0 and below 1."""
    audit_rate: float
    """Share of the cases that is audited while nothing is suspected, above 0 to 1."""
    raised_rate: float
    """Share that is audited once the scores or the review rate have moved; ``audit_rate`` to 1."""
    cases_per_false_alarm: int
    """Mean number of cases between two alarms while nothing changes, at least; 100 or more."""
    audits_per_false_stop: int
    """Mean number of audits until acceptance is stopped while the risk is at the target, at least; 100 or more."""
    settled_after: int
    """Audits of accepted cases after which an alarm that did not end in a stop is settled: the cases since become the
    reference, and the audit rate is the usual one again; 1 or more."""
    most_awaited: int
    """Unanswered audits of accepted cases beyond which nothing more is accepted, because nobody looks; 1 or more."""

    def __post_init__(self) -> None:
        _require("target", self.target, 0 < _number(self.target) < 1, "a share above 0 and below 1, such as 0.02")
        _require("audit_rate", self.audit_rate, 0 < _number(self.audit_rate) <= 1, "a share above 0, up to 1")
        raised = self.audit_rate <= _number(self.raised_rate) <= 1
        _require("raised_rate", self.raised_rate, raised, f"a share from audit_rate ({self.audit_rate:g}) to 1")
        for name in ("cases_per_false_alarm", "audits_per_false_stop"):
            count = getattr(self, name)
            _require(name, count, _is_count(count) and count >= FEWEST_BETWEEN, f"{FEWEST_BETWEEN} or more")
        for name in ("settled_after", "most_awaited"):
            count = getattr(self, name)
            _require(name, count, _is_count(count) and count >= 1, "a number of audits, 1 or more")

    @property
    def longest_undrawn(self) -> int:
        """Return how many cases in a row may not be drawn for an audit before it cannot be chance, 1 or more."""
        if self.audit_rate == 1:
            return 1
        return math.ceil(math.log(NO_CHANCE) / math.log1p(-self.audit_rate))


def _number(value: object) -> float:
    """Return the number, or NaN, which is in no range, for what is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(name: str, value: object, holds: bool, wanted: str) -> None:  # noqa: FBT001 -- a test's outcome
    if not holds:
        raise InvalidSetting(f"{name} is {value!r}; give {wanted}")
