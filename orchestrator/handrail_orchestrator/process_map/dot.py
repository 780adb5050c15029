"""A map as text for Graphviz: https://graphviz.org/doc/info/lang.html."""

import math
from collections.abc import Mapping

from handrail_ground.text import harmless
from handrail_orchestrator.process_map.flow import ENDS, START
from handrail_orchestrator.process_map.graph import NodeKind, ProcessMap
from handrail_orchestrator.process_map.labels import Labels, plain_labels

SHAPES: Mapping[NodeKind, str] = {
    "rule": "box",
    "action": "cds",
    "undo": "larrow",
    "ai": "component",
    "human": "house",
    "timer": "circle",
    "event": "note",
    "child": "box3d",
    "start": "oval",
    "end": "doublecircle",
}


def dot(shown: ProcessMap, *, labels: Labels | None = None) -> str:
    """Return a map as a directed graph in Graphviz's language, from left to right."""
    label = labels or plain_labels(shown.longest)
    ids = {node.activity: f"n{number}" for number, node in enumerate(shown.nodes)}
    most = max((edge.count for edge in shown.edges), default=1)
    lines = ["digraph process {", "    rankdir=LR;", '    node [fontname="sans-serif"];']
    for node in shown.nodes:
        told = label(node)
        looks = ", penwidth=3" if told.is_longest else ""
        text = "\\n".join(map(_escaped, told.lines))
        lines.append(f'    {ids[node.activity]} [shape={SHAPES.get(node.kind, "box")}, label="{text}"{looks}];')
    for edge in shown.edges:
        wide = 1 + 4 * math.sqrt(edge.count / most)
        lines.append(f'    {ids[edge.source]} -> {ids[edge.target]} [label="{edge.count}", penwidth={wide:.1f}];')
    for rank, names in (("source", (START,)), ("sink", tuple(ENDS.values()))):
        held = [ids[name] for name in names if name in ids]
        if held:
            lines.append(f"    {{ rank={rank}; {'; '.join(held)}; }}")
    return "\n".join([*lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    """Return text for a quoted label: a backslash would begin an escape there, and an ampersand an entity."""
    seen = harmless(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return seen.replace("\\", "\\\\").replace('"', '\\"')
