"""``handrail eval schema``: the JSON Schema of a file of cases, for editors."""

from pathlib import Path
from typing import Annotated

import typer

from handrail_evals.measure.cases.schema import write_schema
from handrail_evals.show.cli import options
from handrail_evals.show.cli.exits import measuring
from handrail_evals.show.cli.publishing import say_written


@measuring
def schema(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="where to write it")] = Path("cases.schema.json"),
    as_json: options.JsonOption = False,
) -> None:
    """Write the JSON Schema that editors check and complete files of cases with."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_schema(out)
    say_written([out], as_json=as_json)
