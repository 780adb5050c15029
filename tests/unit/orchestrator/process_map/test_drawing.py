"""A map as SVG, Mermaid and Graphviz, whatever its steps are called."""

import re
from collections import Counter
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from handrail_orchestrator.process_map.dot import dot
from handrail_orchestrator.process_map.flow import COMPLETED, FAILED, START, Edge
from handrail_orchestrator.process_map.graph import MapNode, ProcessMap, process_map, simplified
from handrail_orchestrator.process_map.labels import KINDS
from handrail_orchestrator.process_map.mermaid import mermaid
from handrail_orchestrator.process_map.svg import svg
from handrail_orchestrator.step_kind import StepKind

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>",
    '"]; n1 --> n0; click n0 "javascript:alert(1)"',
    "</svg><img src=x onerror=alert(1)>",
    "end",
    "`markdown` **bold**",
    "#quot;#35;",
    'label\\" shape=box, URL="x',
    "\u202eturned\x00\x1b[31m",
    "List<String>",
    "List",
    "style a:b #1;",
    "subgraph x\nA-->B",
    "\\N\\G&lt;",
    "名前 مرحبا 🙂",
)

EDGES: dict[Edge, int] = {
    (START, "check"): 10,
    ("check", "route"): 6,
    ("check", COMPLETED): 4,
    ("route", "route/review"): 5,
    ("route/review", "route"): 2,
    ("route", "route"): 1,
    ("route", COMPLETED): 2,
    ("route", FAILED): 1,
}
NODES = [
    MapNode(activity="check", kind="rule", count=10),
    MapNode(activity="route", kind="ai", count=8, owner="ann's team"),
    MapNode(activity="route/review", kind="human", count=5, waiting=3, longest_wait=7200.0),
]


def whole() -> ProcessMap:
    return process_map(EDGES, NODES)


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_a_map_shows_counts_waits_and_owners() -> None:
    root = ET.fromstring(svg(whole()))  # noqa: S314 -- our own
    shown = texts(root)

    assert {"check", "route", "route/review", "start", "completed", "failed"} <= set(shown)
    assert {"3 waiting", "longest wait 2.0 h", "owner: ann's team", "AI · 8", "people · 5"} <= set(shown)
    counts = Counter(each.text for each in root.iter(f"{SVG}text") if each.get("class") == "count")
    assert counts == Counter(f"{count:,}" for count in EDGES.values())
    assert [g.get("class") for g in root.iter(f"{SVG}g") if "longest" in (g.get("class") or "")] == [
        "node human longest"
    ]


def test_each_kind_has_a_shape_of_its_own() -> None:
    shapes: dict[str, str] = {}
    for kind in ("rule", "action", "ai", "human", "timer", "event", "child", "undo"):
        root = ET.fromstring(svg(process_map({}, [MapNode(activity="x", kind=kind, count=1)])))  # noqa: S314 -- our own
        (group,) = root.iter(f"{SVG}g")
        drawn = [
            ET.tostring(each, encoding="unicode") for each in group if each.tag not in {f"{SVG}text", f"{SVG}title"}
        ]
        shapes[kind] = "".join(drawn)
        assert KINDS[kind] in " ".join(texts(root))

    assert len(set(shapes.values())) == len(shapes)


@pytest.mark.parametrize("kind", get_args(StepKind))
def test_whatever_kind_of_step_a_run_records_is_drawn(kind: StepKind) -> None:
    shown = process_map({}, [MapNode(activity="x", kind=kind, count=1)])
    for drawn in (svg(shown), dot(shown), mermaid(shown)):
        assert KINDS[kind] in drawn.replace("#32;", " ")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name_in_svg(name: str) -> None:
    text = svg(
        process_map({(START, name): 1, (name, name): 2}, [MapNode(activity=name, kind="ai", owner=name)]), title=name
    )
    root = ET.fromstring(text)  # noqa: S314 -- our own
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}

    assert tags <= {"svg", "title", "style", "g", "rect", "path", "circle", "text"}
    assert not [key for each in root.iter() for key in each.attrib if key.startswith("on") or "href" in key]
    assert not re.search("[\x00-\x08\u202e]", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name_in_mermaid(name: str) -> None:
    lines = mermaid(process_map({(START, name): 1}, [MapNode(activity=name, kind="rule", count=1)])).splitlines()

    assert lines[0] == "flowchart LR"
    assert len(lines) == 4
    found = re.fullmatch(r'    n1\["((?:[^"#]|#\d+;)*)"\]', lines[2])
    assert found, lines[2]
    assert not set("`<>()[]{}|;:\\") & set(re.sub(r"#\d+;|<br/>", "", found[1]))
    assert lines[3] == "    n0 -->|1| n1"


def test_names_that_differ_are_drawn_differently() -> None:
    drawn = {mermaid(process_map({}, [MapNode(activity=name, kind="rule")])) for name in HOSTILE}
    assert len(drawn) == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name_in_dot(name: str) -> None:
    lines = dot(process_map({(START, name): 1}, [MapNode(activity=name, kind="rule", count=1)])).splitlines()

    assert len(lines) == 8
    assert re.fullmatch(r'    n1 \[shape=box, label="(?:[^"\\]|\\["\\n])*"\];', lines[4]), lines[4]
    assert "<" not in lines[4]


def test_large_maps_are_simplified_and_say_what_they_left_out() -> None:
    names = [f"s{number}" for number in range(300)]
    edges: dict[Edge, int] = {(START, name): 1 for name in names}
    nodes = [MapNode(activity=name, kind="rule", count=place) for place, name in enumerate(names)]
    nodes[0] = MapNode(activity="s0", kind="human", count=1, waiting=1, longest_wait=5.0)
    found = simplified(process_map(edges, nodes), 40)

    assert found.hidden == 260
    assert len(found.nodes) == 41
    assert {"s0", "s299", START} <= {node.activity for node in found.nodes}
    assert simplified(found, 40) == found


def test_a_workflow_that_never_ran_has_an_empty_map() -> None:
    empty = process_map({})

    assert ET.fromstring(svg(empty)).tag == f"{SVG}svg"  # noqa: S314 -- our own
    assert mermaid(empty) == "flowchart LR\n"
    assert dot(empty).startswith("digraph")
    assert empty.as_json() == {"nodes": [], "edges": [], "hidden": 0, "longest_wait": None}


def test_steps_that_only_edges_tell_of_are_shown_as_steps() -> None:
    found = process_map({(START, "gone"): 2})
    assert [(node.activity, node.kind, node.count) for node in found.nodes] == [
        (START, "start", 2),
        ("gone", "unknown", 2),
    ]
