"""The part of the page on extracted fields: how well each is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics.fields import FieldScore
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.show.report.charts.bars import Bar, bars
from handrail_evals.show.report.charts.whisker import Whisker
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.numbers import UNKNOWN, amount, counted, significant, spread
from handrail_evals.show.report.table import Table, table
from handrail_evals.show.report.text import brief

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 40
ALL = "all fields"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one scorer."""

    scorer: str
    chart: "Markup"
    numbers: Table
    left_out: str
    template: str = "fields.html.j2"


def fields(scores: Sequence[FieldScore], *, number: int = 1) -> Fields:
    """Return the part of the page on the fields of one scorer; ``number`` tells several of them apart."""
    shown = [each for each in scores if each.f1.value is not None][:MOST]
    more = len(scores) - len(shown)
    worst = min((each for each in shown if each.field), key=lambda each: each.f1.value or 0.0, default=None)
    told = "" if worst is None else f"the lowest is {brief(worst.field)} with {_number(worst.f1)}"
    chart = bars(
        [_bar(each) for each in shown],
        title="F1 by field",
        description=told,
        longest=1.0,
        name=f"fields-{number}",
    )
    return Fields(
        scorer=brief(scores[0].scorer),
        chart=drawn(chart),
        numbers=table(
            ("field", "precision", "recall", "F1", "interval", "right", "extra", "missed"),
            [_row(each) for each in scores[:MOST]],
        ),
        left_out=f"{counted(more, 'field')} without an F1, or beyond the first {MOST}, not drawn" if more else "",
    )


def _bar(score: FieldScore) -> Bar:
    interval = score.f1.interval
    return Bar(
        name=brief(score.field) if score.field else ALL,
        value=score.f1.value or 0.0,
        label=_number(score.f1),
        whisker=None if interval is None else Whisker(interval.estimate, interval.low, interval.high),
        class_="bar" if score.field else "bar plain",
    )


def _row(score: FieldScore) -> tuple[str, ...]:
    interval, counts = score.f1.interval, score.counts
    return (
        brief(score.field) if score.field else ALL,
        _number(score.precision),
        _number(score.recall),
        _number(score.f1),
        "" if interval is None else spread(interval, "share"),
        *(significant(each, 4) if each % 1 else f"{each:,.0f}" for each in (counts.hits, counts.extra, counts.missed)),
    )


def _number(metric: MetricValue) -> str:
    return UNKNOWN if metric.value is None else amount(metric.value, metric.unit)
