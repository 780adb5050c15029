"""The part of the page on what answers take: time, money, tokens, people's minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.cost import Histogram
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.report.charts.histogram import Bucket, histogram
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.figure import Figure, figure
from handrail_evals.show.report.headline import earlier
from handrail_evals.show.report.numbers import count, seconds
from handrail_evals.show.report.table import Table, table

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Effort:
    """The figures, and how time spreads."""

    figures: tuple[Figure, ...]
    chart: "Markup"
    """Empty when nothing took time."""
    buckets: Table
    template: str = "effort.html.j2"


def effort(metrics: Sequence[MetricValue], latency: Histogram, before: Summary | None = None) -> Effort:
    """Return the part of the page on the metrics of the groups ``time`` and ``cost``."""
    edges = list(zip(latency.edges, latency.edges[1:], latency.counts, strict=False))
    marks = {
        each.name.removeprefix("latency_"): each.value
        for each in metrics
        if each.group == "time" and each.value is not None
    }
    picture = ""
    if edges:
        buckets = [Bucket(low, high, cases) for low, high, cases in edges]
        picture = histogram(buckets, title="time to answer", write=seconds, marks=marks, name="latency")
    rows = [(f"{seconds(low)} to {seconds(high)}", count(cases)) for low, high, cases in edges if cases]
    return Effort(
        figures=tuple(figure(each, earlier(each, before)) for each in metrics),
        chart=drawn(picture),
        buckets=table(("took", "answers"), rows),
    )
