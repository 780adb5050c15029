"""What stands in a node of a map: its name, what it is, how often, what waits there, who answers for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from handrail_orchestrator.process_map.flow import CANCELLED, COMPLETED, FAILED, SET_ASIDE, START
from handrail_orchestrator.process_map.graph import MapNode, NodeKind


@dataclass(frozen=True, slots=True)
class NodeLabel:
    """What stands in a node: lines of plain text, the first one its name."""

    lines: Sequence[str]
    is_longest: bool = False
    """Whether it is where something waits longest."""


Labels: TypeAlias = Callable[[MapNode], NodeLabel]
"""Says what stands in a node; whoever shows a map has words of their own."""

KINDS: Mapping[NodeKind, str] = {
    "rule": "rule",
    "action": "action",
    "ai": "AI",
    "human": "people",
    "timer": "timer",
    "event": "event",
    "child": "child run",
    "clock": "clock",
    "chance": "chance",
    "tag": "tag",
    "status": "status",
    "first": "first of several",
    "undo": "undo",
    "start": "start",
    "end": "end",
    "unknown": "step",
}
OWN_NAMES: Mapping[str, str] = {
    START: "start",
    COMPLETED: "completed",
    FAILED: "failed",
    CANCELLED: "cancelled",
    SET_ASIDE: "set aside",
}
"""Of what is no step."""

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def plain_labels(longest: MapNode | None) -> Labels:
    """Return labels in plain English; ``longest`` is where something waits longest."""

    def label(node: MapNode) -> NodeLabel:
        if node.kind in {"start", "end"}:
            return NodeLabel((OWN_NAMES.get(node.activity, node.activity), f"{node.count:,}"))
        lines = [node.activity, f"{KINDS[node.kind]} · {node.count:,}"]
        now = [f"{node.waiting:,} waiting"] if node.waiting else []
        now += [f"{node.running:,} running"] if node.running else []
        lines += [" · ".join(now)] if now else []
        is_longest = longest is not None and node.activity == longest.activity
        if is_longest and node.longest_wait is not None:
            lines.append(f"longest wait {_span(node.longest_wait)}")
        lines += [f"owner: {node.owner}"] if node.owner else []
        return NodeLabel(tuple(lines), is_longest)

    return label


def _span(seconds: float) -> str:
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
