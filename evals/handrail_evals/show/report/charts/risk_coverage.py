"""Risk-coverage curve: how wrong accepted answers are, the more of them are accepted (El-Yaniv and Wiener 2010)."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.show.report.charts.axis import Axis, bottom, left, round_end, upright
from handrail_evals.show.report.charts.svg import WIDTH, element, line, path, picture, text
from handrail_evals.show.report.charts.whisker import Whisker
from handrail_evals.show.report.charts.whisker import upright as whisker
from handrail_evals.show.report.numbers import share

LEFT, RIGHT = 46.0, WIDTH - 10.0
TOP, BASE = 16.0, 268.0
HEIGHT = 302.0


@dataclass(frozen=True, slots=True)
class Point:
    """What accepting the surest answers comes to."""

    coverage: float
    """Share of the cases that is accepted, 0 to 1."""
    risk: float
    """Share of the accepted that is wrong, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Operating:
    """Where the step stands by its own rule."""

    coverage: float
    """Share of the cases that it accepts, 0 to 1."""
    risk: Whisker
    """Share of what it accepts that is wrong, with its interval, 0 to 1."""


def risk_coverage(
    curve: Sequence[Point],
    *,
    operating: Operating | None = None,
    target: float | None = None,
    name: str = "risk-coverage",
) -> str:
    """Return the curve, with the step's own point and the risk it was promised to stay under, when they are known."""
    x = Axis(0.0, 1.0, LEFT, RIGHT)
    # The first few cases make the curve jump to 100% and back: the scale follows what comes after them.
    settled = [each.risk for each in curve if each.coverage >= 0.05] or [each.risk for each in curve]
    highest = max([*settled, target or 0.0, operating.risk.high if operating else 0.0, 0.01])
    y = Axis(0.0, min(1.0, round_end(highest * 1.05)), BASE, TOP)
    parts = [left(y, (LEFT, RIGHT), lambda value: share(value, _digits(y.high)))]
    points = [(x.at(each.coverage), y.at(each.risk)) for each in curve]
    if len(points) > 1:
        parts.append(path([(points[0][0], BASE), *points, (points[-1][0], BASE)], "area", closed=True))
        parts.append(path(points, "curve"))
    if target is not None:
        parts.append(line(LEFT, y.at(target), RIGHT, y.at(target), "target"))
        parts.append(text(LEFT + 5, y.at(target) - 5, f"target {share(target)}", class_="note target-note"))
    if operating is not None:
        parts.append(_operating(operating, x, y))
    return picture(
        name,
        "Risk against coverage",
        _described(curve, operating, target),
        HEIGHT,
        *parts,
        upright(10, (TOP + BASE) / 2, "wrong among accepted"),
        bottom(x, BASE, x.labels(lambda value: share(value, 0)), "accepted, surest first"),
    )


def _operating(operating: Operating, x: Axis, y: Axis) -> str:
    across, height = x.at(operating.coverage), y.at(operating.risk.estimate)
    anchor, shift = ("start", 10) if operating.coverage < 0.45 else ("end", -10)
    # In the half of the picture that the point is not in, where the curve is not either.
    top = TOP + 9 if height > (TOP + BASE) / 2 else BASE - 30
    return (
        line(across, BASE, across, TOP, "drop")
        + whisker(operating.risk, y, across, "own")
        + element("circle", cx=across, cy=height, r=6, class_="ring")
        + text(across + shift, top, f"now: {share(operating.coverage)} accepted,", class_="note own", anchor=anchor)
        + text(across + shift, top + 13, f"{share(operating.risk.estimate)} wrong", class_="note own", anchor=anchor)
    )


def _described(curve: Sequence[Point], operating: Operating | None, target: float | None) -> str:
    said = []
    if curve:
        said.append(f"with everything accepted {share(curve[-1].risk)} are wrong")
    if operating is not None:
        said.append(
            f"the step accepts {share(operating.coverage)}, of which {share(operating.risk.estimate)} are wrong"
        )
    if target is not None:
        said.append(f"the target is {share(target)}")
    return "; ".join(said)


def _digits(highest: float) -> int:
    """Return the decimals that keep the ticks of a scale apart."""
    return 0 if highest >= 0.05 else 1
