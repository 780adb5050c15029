"""How long things took: counts, quantiles from log-spaced buckets, and what is still under way."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramBar:
    """How many durations are from one length on and below another."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long some things took, in seconds; quantiles are off by ``Stats.percentile_error`` at most."""

    count: int = 0
    total: float = 0.0
    p50: float | None = None
    p95: float | None = None
    histogram: Sequence[HistogramBar] = ()
    """Buckets that any are in, short ones first."""

    @property
    def mean(self) -> float | None:
        """Return the mean; None: there are none."""
        return self.total / self.count if self.count else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "count": self.count,
            "total": self.total,
            "mean": self.mean,
            "p50": self.p50,
            "p95": self.p95,
            "histogram": [[each.low, each.high, each.count] for each in self.histogram],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAge:
    """How old the runs are that have not ended: without them, only those that survive to their end are seen."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    oldest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTime:
    """From a run's start to its end, by the wall clock."""

    ended: Durations
    """Of the runs that have ended, however."""
    by_path: Mapping[str, Durations] = field(default_factory=dict)
    """The same by the name of the count in ``Funnel``: ``by_rule``, ``by_model``, ``by_person`` …"""
    open_age: OpenAge = OpenAge()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        by_path = {name: each.as_json() for name, each in self.by_path.items()}
        return {"ended": self.ended.as_json(), "by_path": by_path, "open_age": asdict(self.open_age)}
