"""A process map as data: activities with what is counted of each, and which follows which."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from handrail_orchestrator.process_map.flow import ENDS, START, Edge
from handrail_orchestrator.step_kind import StepKind

NodeKind: TypeAlias = StepKind | Literal["start", "end", "unknown"]
"""What an activity is; ``unknown`` when only edges speak of it, as of steps whose records were pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapNode:
    """One activity, or the beginning or an end of runs."""

    activity: str
    kind: NodeKind
    count: int = 0
    """How often it was called; of an end, how many runs came to it."""
    owner: str | None = None
    """Who answers for it."""
    waiting: int = 0
    """How many calls of it wait now: for a person, for time, for an event, for another run."""
    longest_wait: float | None = None
    """For how many seconds the one has waited that waits longest; None: none waits."""
    running: int = 0
    """How many calls of it are in flight, as far as they are long enough to be noted."""
    failed: int = 0
    """How many of its calls failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEdge:
    """One activity followed by another."""

    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMap:
    """Activities and what follows what, as real runs went."""

    nodes: Sequence[MapNode] = ()
    edges: Sequence[MapEdge] = ()
    hidden: int = 0
    """How many activities were left out, those that were called least."""

    @property
    def longest(self) -> MapNode | None:
        """Return the activity where something waits longest; None: nothing waits."""
        waiting = [node for node in self.nodes if node.longest_wait is not None]
        return max(waiting, key=lambda node: node.longest_wait or 0.0, default=None)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        longest = self.longest
        return {
            "nodes": [asdict(node) for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
            "hidden": self.hidden,
            "longest_wait": None if longest is None else longest.activity,
        }


def process_map(edges: Mapping[Edge, int], nodes: Iterable[MapNode] = ()) -> ProcessMap:
    """Return the map of counted edges, with what is known of activities; the beginning first, the ends last."""
    known = {node.activity: node for node in nodes}
    coming: dict[str, int] = {}
    for (source, target), count in edges.items():
        coming[target] = coming.get(target, 0) + count
        coming.setdefault(source, 0)
    started = sum(count for (source, _), count in edges.items() if source == START)
    found: list[MapNode] = [] if START not in coming else [MapNode(activity=START, kind="start", count=started)]
    found += [
        known.get(each) or MapNode(activity=each, kind="unknown", count=coming.get(each, 0))
        for each in {**coming, **known}
        if each != START and each not in _END_PLACES
    ]
    found += [MapNode(activity=end, kind="end", count=coming[end]) for end in _END_PLACES if end in coming]
    links = [MapEdge(source=source, target=target, count=count) for (source, target), count in edges.items()]
    return ProcessMap(nodes=tuple(found), edges=tuple(links))


def simplified(whole: ProcessMap, most: int) -> ProcessMap:
    """Return a map of at most so many activities, those that were called most and those where something waits.

    What was on the way through those left out is not shown as if it had been direct: their edges are left out too.
    """
    steps = [node for node in whole.nodes if node.kind not in {"start", "end"}]
    if len(steps) <= most:
        return whole
    chosen = sorted(steps, key=lambda node: (node.waiting, node.count), reverse=True)[:most]
    shown = {node.activity for node in chosen} | {START, *_END_PLACES}
    return replace(
        whole,
        nodes=tuple(node for node in whole.nodes if node.activity in shown),
        edges=tuple(edge for edge in whole.edges if {edge.source, edge.target} <= shown),
        hidden=len(steps) - most,
    )


_END_PLACES = tuple(ENDS.values())
