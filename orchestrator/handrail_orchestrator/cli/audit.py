"""``handrail audit``: whether the audit log is as it was written, and every decision as a file."""

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from handrail_ground.text import harmless
from handrail_ground.values import json_line
from handrail_orchestrator.audit.export import ExportFormat, export
from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.audit.moments import window
from handrail_orchestrator.audit.verify import verify
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.reader import reading

app = typer.Typer(help="Verify the audit log, and write every decision out as evidence.", no_args_is_help=True)

SHOWN = 100
"""Findings that are shown; the rest is counted."""
NOT_WHOLE = 1
"""The exit code for a log that is not as it was written."""


@app.command("verify")
@complaining
def verify_log(
    store: StoreOption = DEFAULT_STORE,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="the hash of the log's end that was kept elsewhere")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look for rows of the audit log that were edited, removed, inserted or reordered, and name them.

    Ends with 0 when everything is as it was written, with 1 when not. Keep the hash that it prints away from the store:
    with --head, a log that was cut or written anew since is found too.
    """
    shown: list[AuditFinding] = []

    def keep(finding: AuditFinding) -> None:
        if len(shown) >= SHOWN:
            return
        shown.append(finding)
        if not as_json:
            typer.echo(harmless(str(finding)))

    with reading(store) as reader:
        result = verify(reader, head=head, found=keep)
    if as_json:
        typer.echo(json_line({**result.as_json(), "shown": [each.as_json() for each in shown]}))
    else:
        if result.findings > len(shown):
            typer.echo(f"and {result.findings - len(shown):,} more")
        told = "as it was written" if result.is_whole else f"NOT as it was written: {result.findings:,} found"
        pruned = f", {result.pruned:,} pruned and signed for in {result.gaps:,} gaps" if result.gaps else ""
        blanked = f", {result.blanked:,} forgotten and signed for" if result.blanked else ""
        typer.echo(f"the audit log is {told} ({result.rows:,} rows{pruned}{blanked})")
        typer.echo(f"head {result.head.hash} (row {result.head.row:,}): keep this hash elsewhere")
    if not result.is_whole:
        raise typer.Exit(NOT_WHOLE)


@app.command("export")
@complaining
def export_decisions(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="2026-01-31 (UTC), or a moment with its zone")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="a day is included as a whole; a moment is not")],
    output: Annotated[Path, typer.Option("--output", metavar="PATH", help="a file, or a new folder (with a page)")],
    store: StoreOption = DEFAULT_STORE,
    workflow: Annotated[str | None, typer.Option(help="only decisions of this workflow")] = None,
    file_format: Annotated[str, typer.Option("--format", help="jsonl, or html: pages in a new folder")] = "jsonl",
    as_json: JsonOption = False,
) -> None:
    """Write every decision of a time: who, when, what was shown, by which rule with which bound, and why.

    Days and moments without a zone are UTC. The folder's index.html says which field helps with which article of the
    EU AI Act; it claims no compliance.
    """
    wanted = window(since, until)
    if file_format not in get_args(ExportFormat):
        raise Misuse(f"--format {file_format!r} is not known; there are: {', '.join(get_args(ExportFormat))}")
    with reading(store) as reader:
        found = export(reader, output, window=wanted, workflow=workflow, format=cast("ExportFormat", file_format))
    if as_json:
        typer.echo(json_line({**dict(found.facts()), "deciders": found.deciders, "output": str(output)}))
        return
    for name, value in found.facts():
        typer.echo(harmless(f"{name:<32}{value}"))
    typer.echo(harmless(f"{'written to':<32}{output}"))
