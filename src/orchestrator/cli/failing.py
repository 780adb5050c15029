"""What a failed command says, and its exit code: 0 done, 1 something failed, 2 usage or data, 130 stopped."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from guards.errors import HandrailError
from orchestrator.cli.harmless import harmless

P = ParamSpec("P")
R = TypeVar("R")

USAGE = 2
STOPPED = 130


def complaining(command: Callable[P, R]) -> Callable[P, R]:
    """Say what was wrong in one message instead of a traceback, and exit with 2."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except HandrailError as error:
            typer.echo(f"handrail: {harmless(str(error))}", err=True)
            raise typer.Exit(USAGE) from error
        except KeyboardInterrupt as error:
            typer.echo("handrail: stopped; everything recorded is kept, the same command goes on", err=True)
            raise typer.Exit(STOPPED) from error

    return wrapped
