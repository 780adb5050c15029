"""The part of the page on slices: the main score for parts of the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from handrail_evals.numbers.metrics import MetricValue, Slice
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
    values: tuple[tuple[str, str, Number], ...]
    """The value, how many cases have it, and their score."""


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
        Key(brief(key), tuple(_value(each, old.get((each.key, each.value))) for each in values))
        for key, values in groupby(found, key=lambda each: each.key)
    ]
    more = len(keys) - MOST_KEYS
    return Slices(
        metric=brief(metric),
        keys=tuple(keys[:MOST_KEYS]),
        left_out=f"{counted(more, 'more key')}" if more > 0 else "",
        ruler=drawn(ruler(AXIS, RULER, "scale from 0 to 1")),
        has_baseline=before is not None,
    )


def _value(each: Slice, before: MetricValue | None) -> tuple[str, str, Number]:
    value = "none" if each.value is None else brief(each.value)
    return value, count(each.cases), number(each.score, before)
