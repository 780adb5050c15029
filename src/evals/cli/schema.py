"""``handrail eval schema``: the JSON Schema of a file of cases, for editors."""

from pathlib import Path
from typing import Annotated

import typer

from evals.cases import write_schema
from orchestrator.cli import complaining


@complaining
def schema(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="where to write it")] = Path("cases.schema.json"),
) -> None:
    """Write the JSON Schema that editors check and complete files of cases with."""
    write_schema(out)
    typer.echo(f"written  {out}")
