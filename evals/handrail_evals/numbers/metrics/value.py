"""One number of a report: what it is, how sure it is, and how much of the data it speaks of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_evals.errors import TooFewCases
from handrail_evals.numbers.statistics.interval import Interval

Unit: TypeAlias = Literal["share", "score", "seconds", "money", "tokens", "minutes", "count"]
"""What a number is in; a share and most scores are from 0 to 1, money is in the price table's currency."""

Group: TypeAlias = Literal["scores", "labels", "fields", "confidence", "acceptance", "cost", "time", "flow"]
"""What a number speaks of; a name is unique within its group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """A number with its interval, or without one and why."""

    group: Group
    name: str
    """Unique in its group; in the group ``scores`` it is the scorer's."""
    unit: Unit
    higher_is_better: bool | None
    """None where neither is: a count, a share of steps."""
    value: float | None
    """What was measured; None when nothing could be."""
    interval: Interval | None
    """None when there are too few cases for one, or when the number is a count, not an estimate."""
    reason: str = ""
    """Why there is no interval, or no number; empty with an interval."""
    coverage: float
    """Share, 0 to 1, of the cases (or answers, steps) it could have been measured on that it was measured on."""

    @property
    def label(self) -> str:
        """Return the group and the name, unique in a summary."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number is, before it is measured."""

    group: Group
    name: str
    unit: Unit
    higher_is_better: bool | None = None

    def of(self, interval: Interval, *, coverage: float = 1.0) -> MetricValue:
        """Return the number with its interval."""
        return self._made(interval.estimate, interval, "", coverage)

    def alone(self, value: float | None, reason: str, *, coverage: float = 1.0) -> MetricValue:
        """Return a number that has no interval, or no number at all, and why."""
        return self._made(value, None, reason, coverage)

    def measured(
        self, make: Callable[[], Interval], *, coverage: float = 1.0, value: float | None = None
    ) -> MetricValue:
        """Return the number with the interval that is made, or without it where there are too few cases.

        ``value`` is what was measured, shown also when no interval can be made.
        """
        try:
            return self.of(make(), coverage=coverage)
        except TooFewCases as few:
            return self.alone(
                value, f"no interval: {few.found} cases or clusters, {few.needed} needed", coverage=coverage
            )

    def _made(self, value: float | None, interval: Interval | None, reason: str, coverage: float) -> MetricValue:
        return MetricValue(
            group=self.group,
            name=self.name,
            unit=self.unit,
            higher_is_better=self.higher_is_better,
            value=value,
            interval=interval,
            reason=reason,
            coverage=coverage,
        )
