"""The parts of the page on runs: who decides, where failures come from, and what answers take in time and money."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail_evals.numbers.metrics.answers import Fault
from handrail_evals.numbers.metrics.cost import Histogram
from handrail_evals.numbers.metrics.flow import Attribution, Blame
from handrail_evals.numbers.metrics.value import MetricValue
from handrail_evals.numbers.summary.summary import Summary
from handrail_evals.show.report.charts import (
    WIDTH,
    Axis,
    Bar,
    Whisker,
    bars,
    bottom,
    decade_ticks,
    drawn,
    left,
    line,
    picture,
    rectangle,
    round_end,
    text,
)
from handrail_evals.show.report.metrics import Figure, earlier, figure
from handrail_evals.show.report.writing import brief, count, counted, seconds, share, spread
from handrail_evals.show.tables import Table, named_numbers

TALL = 26.0
LEGEND_ROW = 22.0


@dataclass(frozen=True, slots=True)
class StackPart:
    """A share of the whole."""

    name: str
    share: float
    """0 to 1; those of all parts sum to 1."""
    class_: str
    """What the style sheet colours it by."""


def stack(parts: Sequence[StackPart], *, title: str, name: str) -> str:
    """Return the bar and, below it, a line for each part with its share."""
    drawn, left = [], 0.0
    for row, each in enumerate(parts):
        wide = WIDTH * each.share
        # A hair of background parts the neighbours, which colour alone would not.
        drawn.append(rectangle((left, 0, max(wide - 1.5, min(wide, 0.75)), TALL), each.class_))
        left += wide
        y = TALL + 22 + row * LEGEND_ROW
        drawn.append(rectangle((0, y - 10, 11, 11), each.class_))
        drawn.append(text(19, y, each.name, class_="name"))
        drawn.append(text(WIDTH, y, share(each.share), class_="number", anchor="end"))
    described = ", ".join(f"{each.name} {share(each.share)}" for each in parts)
    return picture(name, title, described, TALL + 8 + len(parts) * LEGEND_ROW, *drawn)


LEFT, RIGHT = 46.0, WIDTH - 10.0
TOP, BASE = 40.0, 172.0
HEIGHT = 206.0
ROOM = 84.0
"""What the words of a mark take at most."""
ROW = 16.0
"""Between the words of two marks: a line of text and its gap."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Cases between two values."""

    low: float
    """Above 0."""
    high: float
    """Above ``low``."""
    cases: int


def histogram(
    buckets: Sequence[Bucket],
    *,
    title: str,
    write: Callable[[float, int], str],
    marks: Mapping[str, float],
    name: str = "histogram",
) -> str:
    """Return the bars from the first bucket, of at least one, to the last.

    ``write`` makes words of a value, with so many digits; ``marks`` are values to point out, by name.
    """
    low, high = buckets[0].low, buckets[-1].high
    scale = Axis(math.log10(low), math.log10(high), LEFT, RIGHT)
    y = Axis(0.0, round_end(max(1, *(each.cases for each in buckets)), 3), BASE, TOP)
    ticks = {math.log10(tick): write(tick, 1) for tick in decade_ticks(low, high)}
    spots = {label: scale.at(math.log10(max(value, low))) for label, value in marks.items()}
    described = ", ".join(f"{label} {write(value, 3)}" for label, value in marks.items())
    return picture(
        name,
        title,
        described or counted(sum(each.cases for each in buckets), "case"),
        HEIGHT,
        left(y, (LEFT, RIGHT), count, about=3),
        *(_bar(each, scale, y, write) for each in buckets if each.cases),
        *(line(across, ROW * row + 4, across, BASE, "own-line") for row, across in enumerate(spots.values())),
        *(_words(row, f"{label} {write(marks[label], 3)}", spots) for row, label in enumerate(marks)),
        bottom(scale, BASE, ticks, title),
    )


def _bar(bucket: Bucket, x: Axis, y: Axis, write: Callable[[float, int], str]) -> str:
    start, end, top = x.at(math.log10(bucket.low)), x.at(math.log10(bucket.high)), y.at(bucket.cases)
    tip = f"{write(bucket.low, 2)} to {write(bucket.high, 2)}: {counted(bucket.cases, 'case')}"
    return rectangle((start + 0.5, top, end - start - 1, BASE - top), "bar", tip)


def _words(row: int, words: str, spots: Mapping[str, float]) -> str:
    """Return the words of a mark, away from the other marks: the first one's left of its line, the others' right.

    Each has a row of its own, so that they stay apart where the edge of the picture leaves one side only.
    """
    across = list(spots.values())[row]
    leftmost = across <= min(spots.values()) and len(spots) > 1
    on_left = across > WIDTH - ROOM or (leftmost and row == 0 and across > LEFT + ROOM)
    anchor, shift = ("end", -5) if on_left else ("start", 5)
    return text(across + shift, ROW * row + 12, words, class_="note own", anchor=anchor)


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
class WorkflowPart:
    """How the runs went."""

    figures: tuple[Figure, ...]
    deciders: Markup
    """Empty when nobody decided anything."""
    blames: Markup
    """Empty when nothing failed."""
    numbers: Table
    failures: str
    kind: str = "workflow"


def workflow(
    metrics: Sequence[MetricValue], attribution: Attribution | None, before: Summary | None = None
) -> WorkflowPart:
    """Return the part of the page on the metrics of the group ``flow``."""
    blames = attribution.blames if attribution is not None else ()
    return WorkflowPart(
        figures=tuple(figure(each, earlier(each, before)) for each in metrics if each.name not in DECIDERS),
        deciders=drawn(_deciders(metrics)),
        blames=drawn(_blames(blames)),
        numbers=named_numbers(("step", "how", "failures", "share", "interval"), [_blame_row(each) for each in blames]),
        failures="" if attribution is None else counted(attribution.failures, "failed run"),
    )


def _deciders(metrics: Sequence[MetricValue]) -> str:
    shares = {each.name: each.value for each in metrics}
    parts = [
        StackPart(words, value, class_) for name, (words, class_) in DECIDERS.items() if (value := shares.get(name))
    ]
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


def _blame_row(blame: Blame) -> tuple[str, ...]:
    interval = blame.interval
    return (
        _step(blame),
        FAULTS[blame.fault],
        count(blame.failures),
        "" if interval is None else share(interval.estimate),
        "" if interval is None else spread(interval, "share"),
    )


@dataclass(frozen=True, slots=True)
class Effort:
    """The figures, and how time spreads."""

    figures: tuple[Figure, ...]
    chart: Markup
    """Empty when nothing took time."""
    buckets: Table
    kind: str = "effort"


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
        buckets=named_numbers(("took", "answers"), rows),
    )
