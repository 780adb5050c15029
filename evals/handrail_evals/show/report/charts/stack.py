"""One bar cut into shares of a whole, with its legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.show.report.charts.svg import WIDTH, picture, rectangle, text
from handrail_evals.show.report.numbers import share

TALL = 26.0
ROW = 22.0


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the whole."""

    name: str
    share: float
    """0 to 1; those of all parts sum to 1."""
    class_: str
    """What the style sheet colours it by."""


def stack(parts: Sequence[Part], *, title: str, name: str) -> str:
    """Return the bar and, below it, a line for each part with its share."""
    drawn, left = [], 0.0
    for row, each in enumerate(parts):
        wide = WIDTH * each.share
        # A hair of background parts the neighbours, which colour alone would not.
        drawn.append(rectangle((left, 0, max(wide - 1.5, min(wide, 0.75)), TALL), each.class_))
        left += wide
        y = TALL + 22 + row * ROW
        drawn.append(rectangle((0, y - 10, 11, 11), each.class_))
        drawn.append(text(19, y, each.name, class_="name"))
        drawn.append(text(WIDTH, y, share(each.share), class_="number", anchor="end"))
    described = ", ".join(f"{each.name} {share(each.share)}" for each in parts)
    return picture(name, title, described, TALL + 8 + len(parts) * ROW, *drawn)
