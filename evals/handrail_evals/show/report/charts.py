"""Charts, and the parts of every chart, as SVG that is escaped and the same for the same data."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail_evals.numbers.statistics.intervals import Interval
from handrail_evals.show.report.writing import count, counted, fitted, share, visible

WIDTH = 340
"""Units across every chart: about the pixels of a phone, so that text keeps its size there."""


def drawn(svg: str) -> Markup:
    """Return a chart of the report, which escaped what it was given, for a template to use as it is."""
    return Markup(svg)  # noqa: S704 -- the charts escape every text themselves


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Return an element; ``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``; children are SVG."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items() if value != ""
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(x: float, y: float, content: str, *, class_: str = "", anchor: str = "", **attributes: str | float) -> str:
    """Return a line of text; ``anchor`` is ``middle`` or ``end``. What comes from outside may stand in it."""
    return element("text", escaped(content), x=x, y=y, class_=class_, text_anchor=anchor, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rectangle(box: tuple[float, float, float, float], class_: str, tip: str = "") -> str:
    """Return a box, given as left, top, width and height, with what it says when pointed at."""
    left, top, width, height = box
    children = [element("title", escaped(tip))] if tip else []
    return element("rect", *children, x=left, y=top, width=max(0.0, width), height=max(0.0, height), class_=class_)


def path(points: list[tuple[float, float]], class_: str, *, closed: bool = False) -> str:
    """Return straight lines from point to point."""
    drawn = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{drawn}{'Z' if closed else ''}", class_=class_)


def picture(name: str, title: str, description: str, height: float, *parts: str, role: str = "img") -> str:
    """Return a whole chart; ``name`` makes its ids and must be unique in the page; ``role`` for one with links."""
    return element(
        "svg",
        element("title", escaped(title), id=f"{name}-title"),
        element("desc", escaped(description), id=f"{name}-desc"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {number(height)}",
        class_="chart",
        role=role,
        aria_labelledby=f"{name}-title {name}-desc",
    )


def number(value: float) -> str:
    """Return a coordinate with at most two decimals: a hundredth of a pixel is enough, and keeps the page small."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def escaped(content: str) -> str:
    """Return text that stands in an element or a quoted attribute, both of HTML and of XML."""
    safe = visible(content)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        safe = safe.replace(character, entity)
    return safe


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight scale from numbers to units of the chart."""

    low: float
    """The number at ``start``."""
    high: float
    """The number at ``end``, above ``low``."""
    start: float
    """Where it starts: left for x, bottom for y."""
    end: float
    """Where it ends: right for x, top for y."""

    def at(self, value: float) -> float:
        """Return where a number stands; one beyond the scale stands at its end."""
        part = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)

    def labels(self, write: Callable[[float], str], about: int = 5) -> dict[float, str]:
        """Return about so many round numbers on the scale with their words."""
        return {tick: write(tick) for tick in self.ticks(about)}

    def ticks(self, about: int = 5) -> list[float]:
        """Return about so many round numbers on the scale."""
        step = round_step((self.high - self.low) / max(1, about))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]


def decade_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at most about so many round numbers between two positive ones for a logarithmic scale."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [step * 10.0**power for power in decades for step in steps if low <= step * 10.0**power <= high]
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / most)]


def round_step(step: float) -> float:
    """Return the next larger of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(size * power for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * power >= step * (1 - 1e-9))


def round_end(value: float, about: int = 5) -> float:
    """Return a round number at or above a positive one, for the end of a scale that starts at 0."""
    step = round_step(value / about)
    return math.ceil(value / step - 1e-9) * step


def bottom(axis: Axis, y: float, ticks: Mapping[float, str], title: str) -> str:
    """Return an x axis: ticks with their words below a line at ``y``, the title under them."""
    parts = [line(axis.start, y, axis.end, y, "axis")]
    for tick, words in ticks.items():
        x = axis.at(tick)
        # The last tick's words end with the axis: centred, they would run out of the picture.
        anchor = "end" if axis.end - x < 3 * len(words) - 8 else "middle"
        parts.append(line(x, y, x, y + 3, "axis"))
        parts.append(text(min(x, axis.end + 4) if anchor == "end" else x, y + 14, words, class_="tick", anchor=anchor))
    parts.append(text((axis.start + axis.end) / 2, y + 29, title, class_="axis-title", anchor="middle"))
    return "".join(parts)


def left(axis: Axis, across: tuple[float, float], write: Callable[[float], str], *, about: int = 5) -> str:
    """Return a y axis: ticks written left of the plot, with a grid line across it from left to right."""
    parts = []
    for tick in axis.ticks(about):
        y = axis.at(tick)
        parts.append(line(across[0], y, across[1], y, "grid"))
        parts.append(text(across[0] - 6, y + 3.5, write(tick), class_="tick", anchor="end"))
    return "".join(parts)


def upright(x: float, y: float, title: str) -> str:
    """Return a y axis' title, read from bottom to top."""
    turned = f"rotate(-90 {number(x)} {number(y)})"
    return text(x, y, title, class_="axis-title", anchor="middle", transform=turned)


STRIP_WIDTH, STRIP_HEIGHT = 240, 22
CAP = 4
"""Half the height of a whisker's ends."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """An estimate and its interval."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> "Whisker":
        """Return the whisker of an interval."""
        return cls(interval.estimate, interval.low, interval.high)


def lying(whisker: Whisker, axis: Axis, y: float, class_: str = "mark") -> str:
    """Return a whisker that lies on a chart at height ``y``."""
    low, high, dot = axis.at(whisker.low), axis.at(whisker.high), axis.at(whisker.estimate)
    return (
        line(low, y, high, y, f"whisker {class_}")
        + line(low, y - CAP, low, y + CAP, f"whisker {class_}")
        + line(high, y - CAP, high, y + CAP, f"whisker {class_}")
        + element("circle", cx=dot, cy=y, r=3.2, class_=f"dot {class_}")
    )


def standing(whisker: Whisker, axis: Axis, x: float, class_: str = "mark") -> str:
    """Return a whisker that stands on a chart at ``x``."""
    low, high, dot = axis.at(whisker.low), axis.at(whisker.high), axis.at(whisker.estimate)
    return (
        line(x, low, x, high, f"whisker {class_}")
        + line(x - CAP + 1, low, x + CAP - 1, low, f"whisker {class_}")
        + line(x - CAP + 1, high, x + CAP - 1, high, f"whisker {class_}")
        + element("circle", cx=x, cy=dot, r=3.2, class_=f"dot {class_}")
    )


def strip(whisker: Whisker, axis: Axis, title: str, *, marks: tuple[float, ...] = (), class_: str = "mark") -> str:
    """Return a small picture of one whisker for a row of a table; ``marks`` are numbers to hold it against."""
    return element(
        "svg",
        element("title", escaped(title)),
        line(axis.start, STRIP_HEIGHT / 2, axis.end, STRIP_HEIGHT / 2, "track"),
        *(line(axis.at(mark), 2, axis.at(mark), STRIP_HEIGHT - 2, "against") for mark in marks),
        lying(whisker, axis, STRIP_HEIGHT / 2, class_),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {STRIP_WIDTH} {STRIP_HEIGHT}",
        class_="strip",
        role="img",
        aria_label=title,
    )


def scale(low: float, high: float) -> Axis:
    """Return the axis of strips that stand below each other."""
    return Axis(low, high, 6, STRIP_WIDTH - 6)


def ruler(axis: Axis, labels: dict[float, str], title: str) -> str:
    """Return the scale above strips, labelled at some numbers."""
    marks = []
    for value, label in labels.items():
        x = axis.at(value)
        anchor = "start" if x - axis.start < 1 else "end" if axis.end - x < 1 else "middle"
        marks.append(text(x, 11, label, class_="tick", anchor=anchor) + line(x, 15, x, 18, "axis"))
    return element(
        "svg",
        element("title", escaped(title)),
        *marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {STRIP_WIDTH} 18",
        class_="strip",
        role="img",
        aria_label=title,
    )


BAR_ROW = 36.0
NAME_COLUMNS = 26
"""How much of a name fits beside its number."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    name: str
    value: float
    """How long it is, 0 or more."""
    label: str
    """The number as people read it, with its unit."""
    whisker: Whisker | None = None
    """The interval of the value; None: it has none."""
    class_: str = "bar"
    """What the style sheet colours it by."""


def bars(rows: Sequence[Bar], *, title: str, description: str, longest: float, name: str) -> str:
    """Return the bars below each other on a scale from 0 to ``longest``."""
    x = Axis(0.0, longest, 0.0, WIDTH - 8.0)
    drawn = [_bar(each, x, position * BAR_ROW) for position, each in enumerate(rows)]
    return picture(name, title, description, len(rows) * BAR_ROW, *drawn)


def _bar(bar: Bar, x: Axis, top: float) -> str:
    middle = top + 25
    shown = fitted(bar.name, NAME_COLUMNS)
    return (
        element("g", element("title", escaped(bar.name)), text(0, top + 12, shown, class_="name"))
        + text(WIDTH - 8, top + 12, bar.label, class_="number", anchor="end")
        + rectangle((0, middle - 5, x.end, 10), "trough")
        + rectangle((0, middle - 5, x.at(bar.value), 10), bar.class_)
        + (lying(bar.whisker, x, middle, "over") if bar.whisker else "")
    )


STACK_HEIGHT = 26.0
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
    shapes, reached = [], 0.0
    for row, each in enumerate(parts):
        wide = WIDTH * each.share
        # A hair of background parts the neighbours, which colour alone would not.
        shapes.append(rectangle((reached, 0, max(wide - 1.5, min(wide, 0.75)), STACK_HEIGHT), each.class_))
        reached += wide
        y = STACK_HEIGHT + 22 + row * LEGEND_ROW
        shapes.append(rectangle((0, y - 10, 11, 11), each.class_))
        shapes.append(text(19, y, each.name, class_="name"))
        shapes.append(text(WIDTH, y, share(each.share), class_="number", anchor="end"))
    described = ", ".join(f"{each.name} {share(each.share)}" for each in parts)
    return picture(name, title, described, STACK_HEIGHT + 8 + len(parts) * LEGEND_ROW, *shapes)


PLOT_LEFT, PLOT_RIGHT = 46.0, WIDTH - 10.0
PLOT_TOP, PLOT_BASE = 40.0, 172.0
PLOT_HEIGHT = 206.0
MARK_ROOM = 84.0
"""What the words of a mark take at most."""
MARK_ROW = 16.0
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
    x = Axis(math.log10(low), math.log10(high), PLOT_LEFT, PLOT_RIGHT)
    y = Axis(0.0, round_end(max(1, *(each.cases for each in buckets)), 3), PLOT_BASE, PLOT_TOP)
    ticks = {math.log10(tick): write(tick, 1) for tick in decade_ticks(low, high)}
    spots = {label: x.at(math.log10(max(value, low))) for label, value in marks.items()}
    described = ", ".join(f"{label} {write(value, 3)}" for label, value in marks.items())
    return picture(
        name,
        title,
        described or counted(sum(each.cases for each in buckets), "case"),
        PLOT_HEIGHT,
        left(y, (PLOT_LEFT, PLOT_RIGHT), count, about=3),
        *(_bucket(each, x, y, write) for each in buckets if each.cases),
        *(line(across, MARK_ROW * row + 4, across, PLOT_BASE, "own-line") for row, across in enumerate(spots.values())),
        *(_words(row, f"{label} {write(marks[label], 3)}", spots) for row, label in enumerate(marks)),
        bottom(x, PLOT_BASE, ticks, title),
    )


def _bucket(bucket: Bucket, x: Axis, y: Axis, write: Callable[[float, int], str]) -> str:
    start, end, top = x.at(math.log10(bucket.low)), x.at(math.log10(bucket.high)), y.at(bucket.cases)
    tip = f"{write(bucket.low, 2)} to {write(bucket.high, 2)}: {counted(bucket.cases, 'case')}"
    return rectangle((start + 0.5, top, end - start - 1, PLOT_BASE - top), "bar", tip)


def _words(row: int, words: str, spots: Mapping[str, float]) -> str:
    """Return the words of a mark, away from the other marks: the first one's left of its line, the others' right.

    Each has a row of its own, so that they stay apart where the edge of the picture leaves one side only.
    """
    across = list(spots.values())[row]
    leftmost = across <= min(spots.values()) and len(spots) > 1
    on_left = across > WIDTH - MARK_ROOM or (leftmost and row == 0 and across > PLOT_LEFT + MARK_ROOM)
    anchor, shift = ("end", -5) if on_left else ("start", 5)
    return text(across + shift, MARK_ROW * row + 12, words, class_="note own", anchor=anchor)
