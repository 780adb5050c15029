"""A layered layout: each activity in a column after those that lead to it, with few crossings and straight ways.

The steps of Sugiyama, Tagawa and Toda (1981): ways that lead back are turned around, activities get columns, ways over
several columns get a bend in each, columns are ordered by barycentres, and places along a column are found by isotonic
regression, so that each is as near to its neighbours as the order and the room between them allow. Everything is
bounded: a map of some hundred activities takes a fraction of a second.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 8
MOST_BENDS = 4_000
"""Bends of all ways together; beyond, long ways are drawn without."""


class Link(NamedTuple):
    """A way from one activity to another."""

    source: str
    target: str
    weight: int = 1
    """How often it was gone: heavier ways are straighter."""


class MapPlace(NamedTuple):
    """A place: the column from 0, and how far down it, in heights of one activity."""

    column: int
    down: float


@dataclass(frozen=True, slots=True)
class MapLayout:
    """Where everything stands."""

    places: Mapping[str, MapPlace]
    ways: Mapping[tuple[str, str], Sequence[MapPlace]]
    """By source and target: from the one to the other over its bends; of one that leads to itself, its place alone."""
    columns: int
    height: float
    """The largest place down a column."""


def lay_out(
    names: Sequence[str], links: Iterable[Link], *, first: Sequence[str] = (), last: Sequence[str] = ()
) -> MapLayout:
    """Return where activities stand; ``first`` are kept in the first column, ``last`` in the last one."""
    heavy = sorted(links, key=lambda link: (-link.weight, link.source, link.target))
    forward = _forward(names, [link for link in heavy if link.source != link.target], first)
    columns = _columns(names, forward, last)
    chains, bends = _chains(forward, columns)
    column_of = columns | bends
    neighbours = _neighbours(chains, column_of)
    ordered = _ordered(column_of, neighbours)
    down = _downs(ordered, neighbours)
    places = {name: MapPlace(columns[name], down[name]) for name in names}
    ways: dict[tuple[str, str], Sequence[MapPlace]] = {
        (link.source, link.target): (places[link.source],) for link in heavy if link.source == link.target
    }
    for (source, target), chain in chains.items():
        points = [MapPlace(column_of[each], down[each]) for each in chain]
        is_turned = forward[source, target].is_turned
        ways[(target, source) if is_turned else (source, target)] = points[::-1] if is_turned else points
        if forward[source, target].is_both:
            ways[target, source] = points[::-1]
    return MapLayout(places, ways, max(columns.values(), default=-1) + 1, max(down.values(), default=0.0))


class _Forward(NamedTuple):
    """A way as the layout takes it: never back."""

    weight: int
    is_turned: bool
    """Whether it really leads the other way."""
    is_both: bool
    """Whether there is one each way."""


def _forward(names: Sequence[str], links: Sequence[Link], first: Sequence[str]) -> dict[tuple[str, str], _Forward]:
    """Return the ways as the layout takes them, those turned around that lead back."""
    weights = {(link.source, link.target): link.weight for link in links}
    back = _leading_back(names, links, first)
    found = {
        edge: _Forward(weight, is_turned=False, is_both=False) for edge, weight in weights.items() if edge not in back
    }
    for source, target in back:
        weight, straight = weights[source, target], found.get((target, source))
        together = weight + (straight.weight if straight else 0)
        found[target, source] = _Forward(together, is_turned=straight is None, is_both=straight is not None)
    return found


def _leading_back(names: Sequence[str], links: Sequence[Link], first: Sequence[str]) -> set[tuple[str, str]]:
    """Return the ways that lead back to where a walk along the heaviest ways has come from."""
    leaving: dict[str, list[str]] = {name: [] for name in names}
    for link in links:
        leaving[link.source].append(link.target)
    back: set[tuple[str, str]] = set()
    seen: set[str] = set()
    is_open: set[str] = set()
    for root in (*(name for name in first if name in leaving), *names):
        if root in seen:
            continue
        stack = [(root, iter(leaving[root]))]
        seen.add(root)
        is_open.add(root)
        while stack:
            name, left = stack[-1]
            following = next(left, None)
            if following is None:
                is_open.discard(name)
                stack.pop()
            elif following in is_open:
                back.add((name, following))
            elif following not in seen:
                seen.add(following)
                is_open.add(following)
                stack.append((following, iter(leaving[following])))
    return back


def _columns(names: Sequence[str], forward: Mapping[tuple[str, str], object], last: Sequence[str]) -> dict[str, int]:
    """Return each one's column: one after the last of those that lead to it."""
    leaving: dict[str, list[str]] = {name: [] for name in names}
    missing = dict.fromkeys(names, 0)
    for source, target in forward:
        leaving[source].append(target)
        missing[target] += 1
    columns = dict.fromkeys(names, 0)
    ready = [name for name in names if not missing[name]]
    for name in ready:  # grows while it is gone through
        for target in leaving[name]:
            columns[target] = max(columns[target], columns[name] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    final = max(columns.values(), default=0)
    ends = [name for name in last if name in columns]
    if ends and any(columns[name] == final for name in names if name not in ends):
        final += 1
    return columns | dict.fromkeys(ends, final)


def _chains(
    forward: Mapping[tuple[str, str], _Forward], columns: Mapping[str, int]
) -> tuple[dict[tuple[str, str], list[str]], dict[str, int]]:
    """Return over which bends each way goes, and the bends' columns."""
    chains: dict[tuple[str, str], list[str]] = {}
    bends: dict[str, int] = {}
    for source, target in forward:
        chain = [source]
        between = range(columns[source] + 1, columns[target])
        if len(bends) + len(between) <= MOST_BENDS:
            for column in between:
                bend = f"\n{len(bends)}"  # no activity is called so
                bends[bend] = column
                chain.append(bend)
        chains[source, target] = [*chain, target]
    return chains, bends


_Neighbours = tuple[Mapping[str, Sequence[tuple[str, float]]], Mapping[str, Sequence[tuple[str, float]]]]
"""Of each one those before it and those after it, with their weights."""


def _neighbours(chains: Mapping[tuple[str, str], Sequence[str]], column_of: Mapping[str, int]) -> _Neighbours:
    before: dict[str, list[tuple[str, float]]] = {name: [] for name in column_of}
    after: dict[str, list[tuple[str, float]]] = {name: [] for name in column_of}
    for chain in chains.values():
        for source, target in pairwise(chain):
            # bends in a line are kept straight before all else
            weight = 1.0 + 2.0 * (source.startswith("\n") + target.startswith("\n"))
            before[target].append((source, weight))
            after[source].append((target, weight))
    return before, after


def _ordered(column_of: Mapping[str, int], neighbours: _Neighbours) -> list[list[str]]:
    """Order the columns by barycentres, up and down, and return the order with the fewest crossings."""
    count = max(column_of.values(), default=-1) + 1
    columns: list[list[str]] = [[] for _ in range(count)]
    for name, column in column_of.items():
        columns[column].append(name)
    best, fewest = [list(each) for each in columns], _crossings(columns, neighbours)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        is_down = sweep % 2 == 0
        for column in range(count) if is_down else reversed(range(count)):
            fixed = column - 1 if is_down else column + 1
            if 0 <= fixed < count:
                places = {name: place for place, name in enumerate(columns[fixed])}
                _sort_by_centre(columns[column], neighbours[0 if is_down else 1], places)
        crossings = _crossings(columns, neighbours)
        if crossings < fewest:
            best, fewest = [list(each) for each in columns], crossings
    return best


def _sort_by_centre(
    column: list[str], near: Mapping[str, Sequence[tuple[str, float]]], places: Mapping[str, int]
) -> None:
    centres: dict[str, float] = {}
    for place, name in enumerate(column):
        found = [places[each] for each, _ in near[name] if each in places]
        centres[name] = sum(found) / len(found) if found else float(place)
    column.sort(key=centres.__getitem__)


def _crossings(columns: Sequence[Sequence[str]], neighbours: _Neighbours) -> int:
    """Return how many ways cross between neighbouring columns."""
    total = 0
    for left, right in pairwise(columns):
        places = {name: place for place, name in enumerate(right)}
        ends = [place for name in left for place in sorted(places[t] for t, _ in neighbours[1][name] if t in places)]
        total += _inversions(ends, len(right))
    return total


def _inversions(values: Sequence[int], size: int) -> int:
    """Return how many pairs stand in the wrong order, by a Fenwick tree."""
    tree = [0] * (size + 1)
    total = 0
    for seen, value in enumerate(values):
        smaller, at = 0, value + 1
        while at:
            smaller += tree[at]
            at -= at & -at
        total += seen - smaller
        at = value + 1
        while at <= size:
            tree[at] += 1
            at += at & -at
    return total


def _downs(columns: Sequence[Sequence[str]], neighbours: _Neighbours) -> dict[str, float]:
    """Return how far down each one stands: near its neighbours, in order, with room between."""
    down = {name: float(place) for column in columns for place, name in enumerate(column)}
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        near = neighbours[0 if is_down else 1]
        for column in columns if is_down else reversed(columns):
            wanted, weights = [], []
            for name in column:
                found = near[name]
                weight = sum(each for _, each in found)
                wanted.append(sum(down[other] * each for other, each in found) / weight if found else down[name])
                weights.append(weight or 0.1)
            room = [_room(a, b) for a, b in pairwise(column)]
            down.update(zip(column, _spaced(wanted, weights, room), strict=True))
    top = min(down.values(), default=0.0)
    return {name: place - top for name, place in down.items()}


def _room(above: str, below: str) -> float:
    """Return how far apart two neighbours of a column must stand: a bend needs less than an activity."""
    return {0: 1.0, 1: 0.75, 2: 0.4}[above.startswith("\n") + below.startswith("\n")]


def _spaced(wanted: Sequence[float], weights: Sequence[float], room: Sequence[float]) -> list[float]:
    """Return places in order with room between, as near to those wanted as can be: the least sum of squares."""
    offsets = [0.0]
    for each in room:
        offsets.append(offsets[-1] + each)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for place, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, total, size = place - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_weight, other_size = blocks.pop()
            mean = (mean * total + other * other_weight) / (total + other_weight)
            total, size = total + other_weight, size + other_size
        blocks.append((mean, total, size))
    flat = [mean for mean, _, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=False)]
