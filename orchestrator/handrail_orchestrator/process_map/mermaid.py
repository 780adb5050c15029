"""A map as text for Mermaid: https://mermaid.js.org/syntax/flowchart.html."""

from collections.abc import Mapping

from handrail_ground.text import harmless
from handrail_orchestrator.process_map.graph import NodeKind, ProcessMap
from handrail_orchestrator.process_map.labels import Labels, plain_labels

SHAPES: Mapping[NodeKind, tuple[str, str]] = {
    "rule": ("[", "]"),
    "action": ("{{", "}}"),
    "ai": ("[[", "]]"),
    "human": ("([", "])"),
    "timer": ("((", "))"),
    "event": (">", "]"),
    "child": ("[/", "\\]"),
    "undo": ("[\\", "/]"),
    "start": ("(", ")"),
    "end": ("(((", ")))"),
}


def mermaid(shown: ProcessMap, *, labels: Labels | None = None) -> str:
    """Return a map as a Mermaid flowchart, from left to right.

    Nodes have ids of ours, and of a label only letters, digits and what has no meaning to Mermaid is written as it is:
    neither a step called ``end``, nor one whose name holds quotes, arrows, backticks or tags, changes the chart.
    """
    label = labels or plain_labels(shown.longest)
    ids = {node.activity: f"n{number}" for number, node in enumerate(shown.nodes)}
    lines = ["flowchart LR"]
    for node in shown.nodes:
        opening, closing = SHAPES.get(node.kind, ("[", "]"))
        told = "<br/>".join(map(_escaped, label(node).lines))
        lines.append(f'    {ids[node.activity]}{opening}"{told}"{closing}')
    lines += [f"    {ids[edge.source]} -->|{edge.count}| {ids[edge.target]}" for edge in shown.edges]
    longest = [ids[node.activity] for node in shown.nodes if label(node).is_longest]
    if longest:
        lines += ["    classDef longest stroke-width:4px", f"    class {','.join(longest)} longest"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Return text whose every other character is an entity: ``#34;`` is Mermaid's way to write a quote."""
    seen = harmless(" ".join(text.split()))
    return "".join(each if each.isalnum() or each in " ,._·…" else f"#{ord(each)};" for each in seen)
