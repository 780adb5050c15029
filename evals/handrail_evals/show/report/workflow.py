"""The part of the page on workflows: who decides, how long it takes, and where failures come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.flow import Attribution, Blame, Fault
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.report.charts.bars import Bar, bars
from handrail_evals.show.report.charts.stack import Part, stack
from handrail_evals.show.report.charts.whisker import Whisker
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.figure import Figure, figure
from handrail_evals.show.report.headline import earlier
from handrail_evals.show.report.numbers import count, counted, share, spread
from handrail_evals.show.report.table import Table, table
from handrail_evals.show.report.text import brief

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_STEPS = 15
DECIDERS: Mapping[str, tuple[str, str]] = {
    "decided_by_rule": ("rules", "p1"),
    "decided_by_model": ("models", "p2"),
    "decided_by_person": ("people", "p3"),
    "decided_by_policy": ("policies", "p4"),
}
FAULTS: Mapping[Fault, str] = {
    "differs": "other value than expected",
    "error": "raised an error",
    "unattributed": "nobody knows which step",
}


@dataclass(frozen=True, slots=True)
class Workflow:
    """How the runs went."""

    figures: tuple[Figure, ...]
    deciders: "Markup"
    """Empty when nobody decided anything."""
    blames: "Markup"
    """Empty when nothing failed."""
    numbers: Table
    failures: str
    template: str = "workflow.html.j2"


def workflow(
    metrics: Sequence[MetricValue], attribution: Attribution | None, before: Summary | None = None
) -> Workflow:
    """Return the part of the page on the metrics of the group ``flow``."""
    blames = attribution.blames if attribution is not None else ()
    return Workflow(
        figures=tuple(figure(each, earlier(each, before)) for each in metrics if each.name not in DECIDERS),
        deciders=drawn(_deciders(metrics)),
        blames=drawn(_blames(blames)),
        numbers=table(("step", "how", "failures", "share", "interval"), [_row(each) for each in blames]),
        failures="" if attribution is None else counted(attribution.failures, "failed run"),
    )


def _deciders(metrics: Sequence[MetricValue]) -> str:
    shares = {each.name: each.value for each in metrics}
    parts = [Part(words, value, class_) for name, (words, class_) in DECIDERS.items() if (value := shares.get(name))]
    return stack(parts, title="Who decides the steps", name="deciders") if parts else ""


def _blames(blames: Sequence[Blame]) -> str:
    if not blames:
        return ""
    total = sum(each.failures for each in blames)
    rows = [
        Bar(
            name=_step(each),
            value=each.failures / total,
            label=f"{count(each.failures)}, {share(each.failures / total)}",
            whisker=None
            if each.interval is None
            else Whisker(each.interval.estimate, each.interval.low, each.interval.high),
            class_="bar plain" if each.fault == "unattributed" else "bar bad",
        )
        for each in blames[:MOST_STEPS]
    ]
    described = ", ".join(f"{_step(each)} {each.failures}" for each in blames[:3])
    return bars(rows, title="Where failures come from", description=described, longest=1.0, name="blames")


def _step(blame: Blame) -> str:
    return brief(blame.step) if blame.step else "not known"


def _row(blame: Blame) -> tuple[str, ...]:
    interval = blame.interval
    return (
        _step(blame),
        FAULTS[blame.fault],
        count(blame.failures),
        "" if interval is None else share(interval.estimate),
        "" if interval is None else spread(interval, "share"),
    )
