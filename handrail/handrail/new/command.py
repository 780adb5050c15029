"""The ``handrail new`` command."""

from pathlib import Path
from typing import Annotated

import typer

from handrail.new.naming import UnusableName
from handrail.new.writing import TEMPLATES, write_project
from handrail_ground.text import harmless
from handrail_orchestrator.cli.failing import complaining


@complaining
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="of the folder, and of the Python package in it")],
    template: Annotated[
        str, typer.Option("--template", help="what it begins with: triage, documents or approvals")
    ] = "triage",
) -> None:
    """Write a small project that runs, is tested, and has cases and a suite to be measured by."""
    if template not in TEMPLATES:
        raise UnusableName(f"there is no template {template!r}; there are {', '.join(TEMPLATES)}")
    written = write_project(Path(), name, template)
    for each in written:
        typer.echo(harmless(each.as_posix()))
    typer.echo(f"\nnext:  cd {name}\n       python -m pytest -q\n       less README.md")
