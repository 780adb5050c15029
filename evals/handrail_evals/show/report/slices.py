"""The part of the page on slices: the main score for parts of the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from handrail_evals.measure.case import Metadatum
from handrail_evals.numbers.metrics.scores import Slice
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.show.report.charts.whisker import ruler
from handrail_evals.show.report.drawn import drawn
from handrail_evals.show.report.headline import AXIS, RULER, Number, number
from handrail_evals.show.report.numbers import count, counted
from handrail_evals.show.report.text import brief

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_KEYS = 20


@dataclass(frozen=True, slots=True)
class Key:
    """The slices by one metadata key: cases and score of each value."""

    name: str
    values: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One slice as a row of the table."""

    text: str
    cases: str
    number: Number
    """Their score."""
    place: str
    """The id of the place that names its cases."""


@dataclass(frozen=True, slots=True)
class Slices:
    """The slices by every key."""

    metric: str
    keys: tuple[Key, ...]
    left_out: str
    ruler: "Markup"
    has_baseline: bool = False
    template: str = "slices.html.j2"


def slices(found: Sequence[Slice], metric: str, before: Sequence[Slice] | None = None) -> Slices:
    """Return the part of the page on slices, at least one; those of one key stand together.

    ``before`` are the baseline's.
    """
    old = {(each.key, each.value): each.score for each in before or ()}
    keys = [
        Key(brief(key), tuple(_value(at, each, old.get((each.key, each.value))) for at, each in values))
        for key, values in groupby(enumerate(found), key=lambda each: each[1].key)
    ]
    more = len(keys) - MOST_KEYS
    return Slices(
        metric=brief(metric),
        keys=tuple(keys[:MOST_KEYS]),
        left_out=f"{counted(more, 'more key')}" if more > 0 else "",
        ruler=drawn(ruler(AXIS, RULER, "scale from 0 to 1")),
        has_baseline=before is not None,
    )


def place(at: int) -> str:
    """Return the id of the place that names the cases of a slice, by its position among all."""
    return f"slice-{at}"


def value_text(value: Metadatum) -> str:
    """Return a slice's value as people read it."""
    return "none" if value is None else brief(value)


def _value(at: int, each: Slice, before: MetricValue | None) -> Value:
    return Value(value_text(each.value), count(each.cases), number(each.score, before), place(at))
