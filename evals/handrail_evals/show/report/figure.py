"""One number that stands by itself, with its name and what there is to say about it."""

from dataclasses import dataclass

from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.show.report.numbers import UNKNOWN, amount, spread
from handrail_evals.show.report.titles import title


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name."""

    name: str
    value: str
    note: str = ""
    """Its interval, or why there is none."""


def figure(metric: MetricValue, before: MetricValue | None = None) -> Figure:
    """Return a metric as a figure, with what it was in the baseline."""
    note = metric.reason if metric.interval is None else spread(metric.interval, metric.unit)
    value = UNKNOWN if metric.value is None else amount(metric.value, metric.unit)
    if before is not None and before.value is not None:
        note = f"{note}; baseline {amount(before.value, before.unit)}".removeprefix("; ")
    return Figure(title(metric), value, note)
