"""``handrail eval``: run suites, compare results, gate releases, calibrate steps, look at what came out."""

import typer

from handrail_evals.show.cli.calibrating import calibrate
from handrail_evals.show.cli.comparing import compare_results, gate
from handrail_evals.show.cli.routing import route
from handrail_evals.show.cli.running import run
from handrail_evals.show.cli.showing import list_results, report, schema, show
from handrail_evals.show.cli.stores import labels, watch
from handrail_evals.show.cli.sweeping import sweep

__all__ = ["app"]

app = typer.Typer(
    help="Measure steps and workflows: run suites, compare, gate, calibrate. Exit codes: 0 fine, 1 worse, 2 usage or"
    " data, 3 can't tell.",
    no_args_is_help=True,
)
app.command()(run)
app.command()(sweep)
app.command("compare")(compare_results)
app.command()(gate)
app.command()(calibrate)
app.command()(route)
app.command()(labels)
app.command()(watch)
app.command()(report)
app.command("list")(list_results)
app.command()(show)
app.command()(schema)
