"""The ``handrail`` command."""

import typer

from handrail.deferred import register

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
register(app, "run", "orchestrator.cli:run", "Run a workflow on every line of a file; the same command again goes on.")
register(app, "work", "orchestrator.cli:work", "Execute whatever is due in a store, until stopped.")
register(app, "learn", "handrail.learning:learn", "Train a local model from labelled examples, without a network.")
register(app, "eval", "evals.cli:app", "Measure steps and workflows: run suites, compare, gate, calibrate.")
register(app, "review", "orchestrator.cli.reviewing:app", "Answer what the workflows ask.")
register(app, "runs", "orchestrator.cli.runs:app", "Look at runs, and cancel, retry, fork or prune them.")


def main() -> None:
    """Run the command line."""
    app()
