"""The circle as one picture: coverage, true risk and people's answers by round, for each arm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circle_bench.plan import Plan
from circle_bench.played import Round, Story
from circle_bench.summary import Arm, risk
from handrail_evals.show.report.charts import (
    WIDTH,
    Axis,
    bottom,
    element,
    left,
    line,
    path,
    picture,
    rectangle,
    round_end,
    text,
)

LEFT, RIGHT = 40.0, WIDTH - 40.0
FIRST_TOP = 68.0
TALL, APART = 112.0, 36.0
"""Height of a panel, and of the room between two of them for a title."""
SMALL = 0.1
"""Shares below it are written with a decimal where they have one."""
LEAST_APART = 10.0
"""Between the numbers beside the last points, so that none covers another."""

STYLE = """
.chart { --paper: #fff; --ink: #1f2328; --soft: #59636e; --grid: #e4e7eb;
  --circle: #0b62d6; --alone: #7a828c; --naive: #c8500a; font-family: system-ui, sans-serif; background: var(--paper); }
@media (prefers-color-scheme: dark) { .chart { --paper: #12161c; --ink: #e8edf3; --soft: #a2abb6; --grid: #2a313a;
  --circle: #62a8ff; --alone: #98a2ad; --naive: #ff9a56; } }
.paper { fill: var(--paper); } .heading { fill: var(--ink); font-size: 12px; font-weight: 600; }
.panel { fill: var(--ink); font-size: 10px; font-weight: 600; } .key { fill: var(--ink); font-size: 10px; }
.tick, .axis-title, .note { fill: var(--soft); font-size: 9px; }
.axis { stroke: var(--soft); } .grid { stroke: var(--grid); }
.target { stroke: var(--ink); stroke-dasharray: 4 3; }
.one, .mean { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.one { stroke-width: 1; opacity: .28; } .mean { stroke-width: 2.2; }
.line-0 { stroke: var(--circle); } .line-1 { stroke: var(--alone); } .line-2 { stroke: var(--naive); }
.dot-0 { fill: var(--circle); } .dot-1 { fill: var(--alone); } .dot-2 { fill: var(--naive); }
.said-0 { fill: var(--circle); } .said-1 { fill: var(--alone); } .said-2 { fill: var(--naive); }
.dot-0, .dot-1, .dot-2 { stroke: var(--paper); stroke-width: 1; }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the charts that stand below each other."""

    title: str
    value: Callable[[Round], float | None]
    write: Callable[[float], str]
    """How a number of its axis is written."""
    mark: float | None = None
    """A number to hold the lines against."""


def draw(arms: Sequence[Arm], plan: Plan) -> str:
    """Return the picture as SVG that stands alone: thin lines are seeds, thick ones their means."""
    panels = (
        Panel("accepted without a person", lambda each: each.coverage, _percent),
        Panel("truly wrong among the accepted", risk, _percent, mark=plan.promise.target),
        Panel("answers people gave", lambda each: each.answers, lambda value: f"{value:,.0f}"),
    )
    x = Axis(0.75, arms[0].length + 0.25, LEFT, RIGHT)
    height = FIRST_TOP + len(panels) * (TALL + APART)
    parts = [
        element("style", STYLE),
        rectangle((0, 0, WIDTH, height), "paper"),
        text(12, 20, f"The circle, {plan.requests:,} requests a round", class_="heading"),
        _key(arms),
    ]
    for place, panel in enumerate(panels):
        parts.append(_panel(panel, arms, x, FIRST_TOP + place * (TALL + APART)))
    base = height - APART
    ticks = {float(number): str(number) for number in range(1, arms[0].length + 1)}
    parts.append(bottom(x, base, ticks, "round"))
    return picture("circle", "The circle", _described(arms, plan), height, *parts)


def _key(arms: Sequence[Arm]) -> str:
    parts, across = [], 12.0
    for place, arm in enumerate(arms):
        parts.append(path([(across, 34), (across + 16, 34)], f"mean line-{place}"))
        parts.append(text(across + 21, 37.5, arm.name, class_="key"))
        across += 36 + 5.6 * len(arm.name)
    return "".join(parts)


def _panel(panel: Panel, arms: Sequence[Arm], x: Axis, top: float) -> str:
    values = [found for arm in arms for found in _all(arm, panel.value)]
    y = Axis(0.0, round_end(max([*values, panel.mark or 0.0, 1e-3]), 4), top + TALL, top)
    parts = [
        text(12, top - 8, panel.title, class_="panel"),
        left(y, (LEFT, RIGHT), panel.write, about=4),
    ]
    if panel.mark is not None:
        parts.append(line(LEFT, y.at(panel.mark), RIGHT, y.at(panel.mark), "target"))
        parts.append(text(LEFT + 3, y.at(panel.mark) - 4, f"promised: at most {_percent(panel.mark)}", class_="note"))
    # The first arm is what this is about: it lies on top.
    for place, arm in reversed(list(enumerate(arms))):
        if len(arm.stories) > 1:
            parts += [
                path(line_of, f"one line-{place}") for each in arm.stories if (line_of := _line(each, panel, x, y))
            ]
        means = [(number, arm.mean(number, panel.value)) for number in range(1, arm.length + 1)]
        points = [(x.at(number), y.at(mean)) for number, mean in means if mean is not None]
        parts += [path(points, f"mean line-{place}")] if points else []
        parts += [element("circle", cx=across, cy=up, r=3, class_=f"dot-{place}") for across, up in points]
    return "".join([*parts, _last(panel, arms, y)])


def _last(panel: Panel, arms: Sequence[Arm], y: Axis) -> str:
    """Return the numbers of the last round, beside their points."""
    found = [(place, arm.mean(arm.length, panel.value)) for place, arm in enumerate(arms)]
    rising = sorted(((y.at(value), place, value) for place, value in found if value is not None), reverse=True)
    parts, free = [], y.start
    for height, place, value in rising:
        free = min(height, free)
        parts.append(text(RIGHT + 4, free + 3.5, panel.write(value), class_=f"key said-{place}"))
        free -= LEAST_APART
    return "".join(parts)


def _line(story: Story, panel: Panel, x: Axis, y: Axis) -> list[tuple[float, float]]:
    found = ((each.number, panel.value(each)) for each in story.rounds)
    return [(x.at(number), y.at(value)) for number, value in found if value is not None]


def _all(arm: Arm, value: Callable[[Round], float | None]) -> list[float]:
    found = (value(each) for story in arm.stories for each in story.rounds)
    return [each for each in found if each is not None]


def _percent(value: float) -> str:
    return f"{100 * value:.2g}%" if value < SMALL else f"{100 * value:.0f}%"


def _described(arms: Sequence[Arm], plan: Plan) -> str:
    said = [f"At most {_percent(plan.promise.target)} of what is accepted should be wrong."]
    for arm in arms:
        covered, wrong = arm.mean(arm.length, lambda each: each.coverage), arm.mean(arm.length, risk)
        if covered is not None:
            shown = "nothing" if wrong is None else f"{_percent(covered)}, of which {_percent(wrong)} are wrong"
            said.append(f"In the last round {arm.name} accepts {shown}.")
    return " ".join(said)
