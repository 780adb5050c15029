"""A map as SVG: no script, no style but its own classes, every text escaped; kinds have shapes, not only colours."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handrail_ground.text import harmless
from handrail_orchestrator.process_map.flow import ENDS, START
from handrail_orchestrator.process_map.graph import MapNode, NodeKind, ProcessMap
from handrail_orchestrator.process_map.labels import Labels, NodeLabel, plain_labels
from handrail_orchestrator.process_map.layout import Link, MapLayout, MapPlace, lay_out

WIDTH = 164
"""Of a node, in pixels."""
LINE = 17
GAP = 58
"""Between columns, where the numbers of ways stand."""
MARGIN = 24
TOP = 34
"""Room above, for ways that lead to themselves."""
LETTERS = (7.6, 6.7)
"""How wide a letter is on the average, of a name and of what is below; what has no room is in the node's title."""
WIDEST_WAY = 7.0
FITTING = 1_760.0
"""Pixels: a picture that is wider is scrolled, not made smaller, so that it can be read."""

STYLE = """
.map { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
.map .box { fill: #f4f5fa; stroke: #7d8797; stroke-width: 1.2; }
.map .end .box { fill: #ffffff; }
.map .sign { fill: none; stroke: #4a5568; stroke-width: 1.3; }
.map text { fill: #14181f; }
.map .name { font-weight: 600; }
.map .more { fill: #4a5568; font-size: 12px; }
.map .way { fill: none; stroke: #9aa4b5; }
.map .head { fill: #9aa4b5; }
.map .count { font-size: 12px; text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.map .longest .box { fill: #fff1d3; stroke: #b86e00; stroke-width: 2.4; }
"""
"""Its looks where no page gives it any."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """How large everything is."""

    height: int
    """Of a node."""

    @property
    def row(self) -> float:
        return self.height + 30.0

    def left(self, place: MapPlace) -> float:
        return MARGIN + place.column * (WIDTH + GAP)

    def middle(self, place: MapPlace) -> float:
        return TOP + self.height / 2 + place.down * self.row


def svg(shown: ProcessMap, *, labels: Labels | None = None, title: str = "Process map", styled: bool = True) -> str:
    """Return a map as one ``svg`` element; without ``styled`` its looks are the page's, by its classes.

    A node's shape says its kind: a rule is a plain box, an AI step a box with a double frame, people a round one with a
    head, an action an arrow, a timer has a clock, an event a flag, a child run a box in a box.
    """
    label = labels or plain_labels(shown.longest)
    layout = lay_out(
        [node.activity for node in shown.nodes],
        [Link(edge.source, edge.target, edge.count) for edge in shown.edges],
        first=(START,),
        last=tuple(ENDS.values()),
    )
    told = {node.activity: label(node) for node in shown.nodes}
    most_lines = max((len(each.lines) for each in told.values()), default=2)
    frame = _Frame(LINE * most_lines + 14)
    wide = MARGIN * 2 + layout.columns * (WIDTH + GAP) - (GAP if layout.columns else 0)
    high = TOP + layout.height * frame.row + frame.height + MARGIN
    fits = " fits" if wide <= FITTING else ""
    size = f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map{fits}" role="img" {size}>',
        f"<title>{text_of(title)}</title>",
        f"<style>{STYLE}</style>" if styled else "",
        *_ways(shown, layout, frame),
        *(_node(node, told[node.activity], layout.places[node.activity], frame) for node in shown.nodes),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def text_of(text: str) -> str:
    """Return text as it may stand in XML: escaped, and with what nobody sees written out."""
    return html.escape(harmless(" ".join(text.split())))


# -- ways


def _ways(shown: ProcessMap, layout: MapLayout, frame: _Frame) -> list[str]:
    """Return the ways, then their numbers on top of them."""
    most = max((edge.count for edge in shown.edges), default=1)
    both = {(edge.target, edge.source) for edge in shown.edges if edge.source != edge.target}
    lines: list[str] = []
    counts: list[str] = []
    for edge in sorted(shown.edges, key=lambda edge: edge.count):
        points = layout.ways[edge.source, edge.target]
        wide = 1.0 + (WIDEST_WAY - 1.0) * math.sqrt(edge.count / most)
        shift = 7.0 if (edge.source, edge.target) in both else 0.0
        path, (x, y), head = _itself(points[0], frame) if len(points) == 1 else _over(points, frame, shift)
        lines += [f'<path class="way" stroke-width="{wide:.1f}" d="{path}"/>', f'<path class="head" d="{head}"/>']
        counts.append(f'<text class="count" x="{x:.0f}" y="{y:.0f}">{edge.count:,}</text>')
    return lines + counts


def _over(points: Sequence[MapPlace], frame: _Frame, shift: float) -> tuple[str, tuple[float, float], str]:
    """Return a way from one node to another: its path, where its number stands, its head."""
    is_back = points[0].column > points[-1].column
    down = shift if is_back else -shift
    turn = -1.0 if is_back else 1.0
    start = (frame.left(points[0]) + (0 if is_back else WIDTH), frame.middle(points[0]) + down)
    end = (frame.left(points[-1]) + (WIDTH if is_back else 0) - turn * 8, frame.middle(points[-1]) + down)
    at = start
    path = [f"M{at[0]:.0f} {at[1]:.1f}"]
    half = [at]
    for bend in points[1:-1]:
        middle = frame.middle(bend) + down
        near, far = frame.left(bend) + (WIDTH if is_back else 0), frame.left(bend) + (0 if is_back else WIDTH)
        path.append(_curve(at, (near, middle)))
        path.append(f"L{far:.0f} {middle:.1f}")
        half.append(((near + far) / 2, middle))
        at = (far, middle)
    path.append(_curve(at, end))
    if len(half) > 1:
        x, y = half[len(half) // 2]
    else:
        x, y = (at[0] + end[0]) / 2, (at[1] + end[1]) / 2
    return " ".join(path), (x, y - 5), _head(end, turn)


def _curve(a: tuple[float, float], b: tuple[float, float]) -> str:
    half = (a[0] + b[0]) / 2
    return f"C{half:.0f} {a[1]:.1f} {half:.0f} {b[1]:.1f} {b[0]:.0f} {b[1]:.1f}"


def _head(end: tuple[float, float], turn: float) -> str:
    x, y = end
    return f"M{x + turn * 8:.0f} {y:.1f}l{-turn * 9:.0f} -5v10z"


def _itself(place: MapPlace, frame: _Frame) -> tuple[str, tuple[float, float], str]:
    """Return a way that leads to where it comes from: a loop above the node."""
    x, y = frame.left(place) + WIDTH - 46, frame.middle(place) - frame.height / 2
    path = f"M{x:.0f} {y:.1f}C{x - 4:.0f} {y - 24:.1f} {x + 32:.0f} {y - 24:.1f} {x + 28:.0f} {y - 7:.1f}"
    return path, (x + 14, y - 21), f"M{x + 28:.0f} {y:.1f}l-5 -8h10z"


# -- nodes


def _node(node: MapNode, label: NodeLabel, place: MapPlace, frame: _Frame) -> str:
    x, y = frame.left(place), frame.middle(place) - frame.height / 2
    classes = f"node {node.kind}{' longest' if label.is_longest else ''}"
    inset = _INSETS.get(node.kind, 12)
    lines = [
        f'<text class="{"more" if number else "name"}" x="{x + inset:.0f}" y="{y + 21 + number * LINE:.1f}">'
        f"{text_of(_short(line, (WIDTH - inset - 8) / LETTERS[number > 0]))}</text>"
        for number, line in enumerate(label.lines)
    ]
    whole = text_of(", ".join(label.lines))
    return f'<g class="{classes}"><title>{whole}</title>{_shape(node.kind, x, y, frame.height)}{"".join(lines)}</g>'


def _short(line: str, room: float) -> str:
    seen = " ".join(line.split())
    return seen if len(seen) <= room else f"{seen[: int(room) - 1]}…"


_INSETS: Mapping[NodeKind, int] = {
    "human": 34,
    "timer": 34,
    "event": 34,
    "child": 18,
    "ai": 16,
    "start": 20,
    "end": 20,
    "undo": 18,
}
"""Where the text begins: beside a sign, within a second frame."""


def _shape(kind: NodeKind, x: float, y: float, high: float) -> str:
    """Return the outline of a kind of node, with its sign."""
    signs = {
        "human": f'<circle class="sign" cx="{x + 19:.0f}" cy="{y + 14:.1f}" r="4.5"/>'
        f'<path class="sign" d="M{x + 11:.0f} {y + 29:.1f}c0 -11 16 -11 16 0z"/>',
        "timer": f'<circle class="sign" cx="{x + 19:.0f}" cy="{y + 18:.1f}" r="8"/>'
        f'<path class="sign" d="M{x + 19:.0f} {y + 13:.1f}v5h4"/>',
        "event": f'<path class="sign" d="M{x + 13:.0f} {y + 29:.1f}v-19h13l-4 5l4 5h-13"/>',
        "ai": _box(x + 4, y + 4, WIDTH - 8, high - 8, 7, "sign"),
        "child": f'<path class="sign" d="M{x + 8:.0f} {y:.1f}v{high:.0f}M{x + WIDTH - 8:.0f} {y:.1f}v{high:.0f}"/>',
    }
    if kind == "action":
        middle = high / 2
        box = f'<path class="box" d="M{x:.0f} {y:.1f}h{WIDTH - 12}l12 {middle:.1f}l-12 {middle:.1f}h-{WIDTH - 12}z"/>'
    elif kind == "undo":
        middle, right = high / 2, x + WIDTH
        outline = f"M{right:.0f} {y:.1f}h-{WIDTH - 12}l-12 {middle:.1f}l12 {middle:.1f}h{WIDTH - 12}z"
        box = f'<path class="box" d="{outline}"/>'
    else:
        corner = {"human": 18.0, "ai": 10.0, "start": 24.0, "end": 24.0}.get(kind, 2.0)
        box = _box(x, y, WIDTH, high, corner, "box")
    return box + signs.get(kind, "")


def _box(x: float, y: float, wide: float, high: float, corner: float, name: str) -> str:
    return f'<rect class="{name}" x="{x:.0f}" y="{y:.1f}" width="{wide:.0f}" height="{high:.0f}" rx="{corner:.0f}"/>'
