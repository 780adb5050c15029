"""The commands of ``handrail``, each loaded when it is called."""

from typing import Annotated

import typer

from handrail.deferred import register
from handrail.main import main

__all__ = ["app", "main"]

app = typer.Typer(
    help="Durable triage and document pipelines: rules, AI steps with guards and thresholds, people for the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: drawing frames takes more time than everything else in --help
    add_completion=False,
)
register(
    app,
    "demo",
    "handrail.demo.command:demo",
    "Triage 304 support tickets offline: rules first, then a local model, then people.",
)
register(app, "new", "handrail.new.command:new", "Write a small project that runs, is tested and measured.")
register(
    app,
    "run",
    "handrail_orchestrator.cli.running:run",
    "Run a workflow on every line of a file; the same command again goes on.",
)
register(app, "work", "handrail.working:work", "Execute whatever is due in a store, until stopped.")
register(
    app,
    "watch",
    "handrail.working:watch",
    "Start a run for each file that is dropped into a folder, and execute what is due.",
)
register(
    app,
    "document",
    "handrail.document_command:app",
    "Read a file as pages of text, and find what is wrong with the files of a folder.",
)
register(
    app, "serve", "handrail.console.serve:serve", "Show the review pages in a browser, and the HTTP API beside them."
)
register(
    app,
    "people",
    "handrail.console.people_command:app",
    "Say who works with a store, with which role, and how they sign in.",
)
register(
    app,
    "prepare",
    "handrail_orchestrator.cli.preparing:prepare",
    "Make a store where none is, or bring it to this version.",
)
register(
    app,
    "backup",
    "handrail_orchestrator.cli.backup:backup",
    "Write a store as it is at this moment into a file, while everybody goes on.",
)
register(app, "restore", "handrail_orchestrator.cli.backup:restore", "Make a store of a backup.")
register(
    app,
    "keys",
    "handrail_orchestrator.cli.keys:app",
    "Make, list and rotate the keys that a store's values are sealed by.",
)
register(
    app,
    "migrate",
    "handrail_orchestrator.cli.migrate:migrate",
    "Move all of a store to another address, such as from SQLite to PostgreSQL.",
)
register(app, "learn", "handrail.learning:learn", "Train a local model from labelled examples, without a network.")
register(
    app,
    "extract",
    "handrail.extracting:extract",
    "Open files and print their fields as a step reads them, with places.",
)
register(
    app, "eval", "handrail_evals.show.cli:app", "Measure steps and workflows: run suites, compare, gate, calibrate."
)
register(app, "review", "handrail.reviewing:app", "Answer what the workflows ask.")
register(app, "runs", "handrail_orchestrator.cli.runs:app", "Look at runs, and cancel, retry, fork or prune them.")
register(
    app,
    "pause",
    "handrail_orchestrator.cli.pausing:pause",
    "Let a workflow type or a queue rest, in every process on the store.",
)
register(app, "resume", "handrail_orchestrator.cli.pausing:resume", "Let a paused workflow type or queue go on.")
register(app, "paused", "handrail_orchestrator.cli.pausing:paused", "List what is paused, by whom and why.")
register(
    app,
    "stats",
    "handrail_orchestrator.cli.stats:app",
    "Show what runs came to: funnel, times, steps, people, outcomes; keep numbers from before.",
)
register(app, "report", "handrail_orchestrator.cli.report:app", "Write what is reviewed every week.")
register(
    app,
    "map",
    "handrail_orchestrator.cli.flow:show_map",
    "Show how runs went from step to step, as lines, a picture, or text for Mermaid and Graphviz.",
)
register(
    app,
    "triggers",
    "handrail_orchestrator.cli.triggers:app",
    "Look at what starts runs by itself, pause and resume it, and fire it by hand.",
)
register(
    app,
    "notices",
    "handrail_orchestrator.cli.notices:app",
    "Look at what people are told, try channels, and send again.",
)
register(
    app,
    "promise",
    "handrail.promise_command:app",
    "What AI steps promise of what they accept: look, pause, resume, keep, and measure again.",
)
register(
    app,
    "rollout",
    "handrail.rollout_command:app",
    "How far steps and versions are let loose: look, promote on evidence, hold and resume.",
)
register(
    app,
    "audit",
    "handrail_orchestrator.cli.audit:app",
    "Verify the audit log, and write every decision out as evidence.",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- no other command needs it

        typer.echo(f"handrail {version('handrail')}")
        raise typer.Exit


@app.callback()
def handrail(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Durable triage and document pipelines: rules, AI steps with guards and thresholds, people for the rest."""
