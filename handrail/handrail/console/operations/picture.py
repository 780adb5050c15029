"""The process map of the operations page: from counted steps and edges to a picture and the same in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from handrail.console.operations.lengths import length
from handrail.console.words import WORDS, say
from handrail_orchestrator.process_map.flow import CANCELLED, COMPLETED, FAILED, SET_ASIDE, START
from handrail_orchestrator.process_map.graph import MapNode, ProcessMap, simplified
from handrail_orchestrator.process_map.labels import NodeLabel
from handrail_orchestrator.process_map.svg import svg

MOST_SHOWN = 40
"""Steps on the page; the command draws them all."""
MOST_LISTED = 200
"""Ways in the table below the picture, the most travelled."""

OWN_NAMES: Mapping[str, str] = {
    START: "start",
    COMPLETED: "completed",
    FAILED: "failed",
    CANCELLED: "cancelled",
    SET_ASIDE: "set_aside",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPicture:
    """A map as it is shown."""

    workflow: str
    svg: Markup
    whole: ProcessMap
    hidden: int

    @property
    def longest(self) -> str:
        """Return in words where something waits longest; empty: nothing waits."""
        node = self.whole.longest
        if node is None:
            return ""
        return say(
            "operations.map.longest", step=name_of(node.activity), count=node.waiting, wait=length(node.longest_wait)
        )

    @property
    def ways(self) -> list[tuple[str, str, int]]:
        """Return what followed what, the most travelled first."""
        edges = sorted(self.whole.edges, key=lambda edge: (-edge.count, edge.source, edge.target))
        return [(name_of(edge.source), name_of(edge.target), edge.count) for edge in edges[:MOST_LISTED]]


def picture(whole: ProcessMap, workflow: str) -> MapPicture:
    """Return a map as it is shown, large ones without the steps that are called least."""
    shown = simplified(whole, MOST_SHOWN)
    title = say("operations.map.title", workflow=workflow)
    # everything in it is escaped where it is drawn, and it has no style and no script
    drawn = Markup(svg(shown, labels=labels(shown.longest), title=title, styled=False))  # noqa: S704 -- as said above
    return MapPicture(workflow=workflow, svg=drawn, whole=whole, hidden=shown.hidden)


def name_of(activity: str) -> str:
    """Return what an activity is called; the beginning and the ends of runs have words."""
    return say(f"operations.map.{OWN_NAMES[activity]}") if activity in OWN_NAMES else activity


def labels(longest: MapNode | None) -> Callable[[MapNode], NodeLabel]:
    """Return what says what stands in a node, in the words of the pages."""

    def label(node: MapNode) -> NodeLabel:
        if node.kind in {"start", "end"}:
            return NodeLabel((name_of(node.activity), say("operations.map.runs", count=node.count)))
        kind = WORDS.get(f"operations.kind.{node.kind}", node.kind)
        lines = [node.activity, say("operations.map.calls", kind=kind, count=node.count)]
        now = [say("operations.map.waiting", count=node.waiting)] if node.waiting else []
        now += [say("operations.map.running", count=node.running)] if node.running else []
        lines += [" · ".join(now)] if now else []
        is_longest = longest is not None and longest.activity == node.activity
        lines += [say("operations.map.wait", wait=length(node.longest_wait))] if is_longest else []
        lines += [say("operations.map.owner", owner=node.owner)] if node.owner else []
        return NodeLabel(tuple(lines), is_longest)

    return label
