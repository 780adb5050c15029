"""Commands that say what was wrong in one message instead of a traceback."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from handrail_orchestrator.cli.complaints import EXPECTED, complaint_of

P = ParamSpec("P")
R = TypeVar("R")


def complaining(command: Callable[P, R]) -> Callable[P, R]:
    """Say what was wrong in one message instead of a traceback, and exit with 2, or with 1 for a refusal."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except EXPECTED as error:
            complaint = complaint_of(error)
            typer.echo(complaint.message, err=True)
            raise typer.Exit(complaint.code) from error

    return wrapped
