"""The ``handrail`` command."""

import typer

from evals import cli as evals
from handrail.demo.command import demo
from handrail.learning import learn
from orchestrator.cli import reviewing, run, runs, work

app = typer.Typer(
    help="Durable triage and document pipelines: rules, AI steps with guards and thresholds, people for the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo)
app.command()(run)
app.command()(work)
app.command()(learn)
app.add_typer(evals.app, name="eval")
app.add_typer(reviewing.app, name="review")
app.add_typer(runs.app, name="runs")


def main() -> None:
    """Run the command line."""
    app()
