"""``handrail map`` and ``handrail runs log``: how runs went from step to step, drawn, and as an event log."""

import sys
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Annotated

import typer

from handrail_ground.files import write_whole
from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.audit.moments import window
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.known_workflows import must_be_known
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.event_log.csv_rows import csv_rows
from handrail_orchestrator.event_log.xes import xes
from handrail_orchestrator.process_map.dot import dot
from handrail_orchestrator.process_map.graph import ProcessMap
from handrail_orchestrator.process_map.labels import OWN_NAMES, plain_labels
from handrail_orchestrator.process_map.mermaid import mermaid
from handrail_orchestrator.process_map.svg import svg
from handrail_orchestrator.reader import reading
from handrail_orchestrator.statistics.stats import StatsWindow
from handrail_orchestrator.store.figures import HOUR
from handrail_orchestrator.store.flows import FlowQuery

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="only runs made since: 2026-01-31 (UTC), or a moment")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="only runs made until; a day is included as a whole")
]
OutputOption = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="a file; none: standard output")]
VersionOption = Annotated[int | None, typer.Option("--version", help="only runs of this version")]

FIRST_DAY = "1970-01-01"
LAST_DAY = "9998-12-31"


@complaining
def show_map(
    workflow: str,
    store: StoreOption = DEFAULT_STORE,
    version: VersionOption = None,
    since: FromOption = None,
    until: ToOption = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="as text for Mermaid")] = False,
    as_svg: Annotated[bool, typer.Option("--svg", help="as a picture")] = False,
    as_dot: Annotated[bool, typer.Option("--dot", help="as text for Graphviz")] = False,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Show how the runs of a workflow went from step to step: which followed which, how often, and what waits now."""
    if sum((as_mermaid, as_svg, as_dot, as_json)) > 1:
        raise Misuse("give one of --mermaid, --svg, --dot and --json")
    query = _query(workflow, version, since, until)
    with reading(store) as reader:
        must_be_known(workflow, reader.workflow_names())
        now = time()
        window = StatsWindow(since=query.since or 0.0, until=now + HOUR if query.until is None else query.until)
        found = reader.counted_map(reader.stats(window, workflow=workflow, version=version), workflow, now)
    if as_mermaid:
        text = mermaid(found)
    elif as_svg:
        text = svg(found, title=f"Process map of {workflow}")
    elif as_dot:
        text = dot(found)
    else:
        text = f"{json_line(found.as_json())}\n" if as_json else _plain(found)
    _write(output, [text.encode()])


def _plain(found: ProcessMap) -> str:
    """Return a map in lines: each activity, and what followed it."""
    label = plain_labels(found.longest)
    lines: list[str] = []
    for node in found.nodes:
        lines.append(" | ".join(label(node).lines))
        following = sorted((edge for edge in found.edges if edge.source == node.activity), key=lambda e: -e.count)
        lines += [f"{edge.count:>10,} -> {OWN_NAMES.get(edge.target, edge.target)}" for edge in following]
    return "".join(f"{harmless(line)}\n" for line in lines) or "no run was started in this time\n"


@complaining
def write_log(
    store: StoreOption = DEFAULT_STORE,
    as_xes: Annotated[bool, typer.Option("--xes", help="as XES (IEEE 1849)")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="as CSV, with the column names of XES")] = False,
    workflow: Annotated[str | None, typer.Option(help="only runs of this workflow")] = None,
    version: VersionOption = None,
    since: FromOption = None,
    until: ToOption = None,
    output: OutputOption = None,
) -> None:
    """Write what happened in runs as an event log, for tools of process mining.

    A case is a run, an activity a step, whatever the number of its calls. A step has the events start and complete, a
    question to people also schedule, when it was asked. It names who did what: treat it as personal data.
    """
    if as_xes == as_csv:
        raise Misuse("give one of --xes and --csv")
    with reading(store) as reader:
        if workflow is not None:
            must_be_known(workflow, reader.workflow_names())
        with reader.event_log(_query(workflow, version, since, until)) as cases:
            _write(output, xes(cases) if as_xes else csv_rows(cases))


def _query(workflow: str | None, version: int | None, since: str | None, until: str | None) -> FlowQuery:
    if since is None and until is None:
        return FlowQuery(workflow, version)
    wanted = window(since or FIRST_DAY, until or LAST_DAY)
    return FlowQuery(workflow, version, wanted.since, wanted.before)


def _write(output: Path | None, parts: Iterable[bytes]) -> None:
    if output is not None:
        write_whole(output, parts)
        return
    for part in parts:
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
