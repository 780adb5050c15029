"""What a failed command says, and its exit code: 0 done, 1 failed or refused, 2 usage or data, 130 stopped."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from handrail_ground.errors import HandrailError
from handrail_ground.files import in_words
from handrail_ground.text import harmless
from handrail_orchestrator.errors import AnswerRefused, NotAllowed, ReviewConflict

P = ParamSpec("P")
R = TypeVar("R")

REFUSALS = (AnswerRefused, NotAllowed, ReviewConflict)
"""What was asked for is possible, but not now, not by this person, or not without confirming what fails."""

LONGEST = 4_000
"""Characters of a message: some repeat what was given, however long that is."""

REFUSED = 1
USAGE = 2
STOPPED = 130


def complaining(command: Callable[P, R]) -> Callable[P, R]:
    """Say what was wrong in one message instead of a traceback, and exit with 2, or with 1 for a refusal."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except HandrailError as error:
            typer.echo(f"handrail: {told(str(error))}", err=True)
            raise typer.Exit(REFUSED if isinstance(error, REFUSALS) else USAGE) from error
        except OSError as error:
            typer.echo(f"handrail: {told(in_words(error))}", err=True)
            raise typer.Exit(USAGE) from error
        except KeyboardInterrupt as error:
            typer.echo("handrail: stopped; everything recorded is kept, the same command goes on", err=True)
            raise typer.Exit(STOPPED) from error

    return wrapped


def told(message: str) -> str:
    """Return a message as it may be shown on a terminal: harmless, and no longer than anybody reads."""
    shown = harmless(message)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}… ({len(shown):,} characters)"
