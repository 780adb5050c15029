"""How commands end, and call the code that is measured: nothing of it reaches their output, and nothing outlasts them.

Exit codes: 0 fine, 1 worse, 2 usage or data, 3 can't tell, 130 stopped by hand, 141 nobody reads on.
"""

import functools
import os
import traceback
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

import typer

from handrail_evals.measure.running.runner import Evaluation
from handrail_evals.measure.threads import leaving_threads
from handrail_ground.errors import HandrailError, is_order, told
from handrail_ground.text import harmless
from handrail_orchestrator.cli.failing import complaining
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.stopping import run_until_stopped

P = ParamSpec("P")
R = TypeVar("R")

FINE = 0
WORSE = 1
DATA = 2
CANT_TELL = 3
CLOSED = 141
"""Whoever read what is printed has gone, as ``head`` does: 128 and the signal's number, as shells have it."""

T = TypeVar("T")


def measuring(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with 2 whatever goes wrong in it: Python's own 1 would say that a candidate is worse.

    What is wrong is said in one message; only what nobody foresaw shows its traceback.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BrokenPipeError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it closes it
            raise typer.Exit(CLOSED) from error
        except (KeyboardInterrupt, typer.Exit, typer.Abort, typer.BadParameter, HandrailError, OSError):
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and not is_order(error):
                typer.echo(f"handrail: the code that was measured raised {harmless(told(error))}", err=True)
            else:
                traceback.print_exc()
            raise typer.Exit(DATA) from error

    return complaining(wrapped)


def code_of(evaluation: Evaluation) -> int:
    """Return what a run ends with: crashed cases could not be measured, and a used up budget tells half the story.

    Without any score there is nothing to tell, however many answers there are.
    """
    if evaluation.crashed or evaluation.lost:
        return DATA
    if evaluation.result.must_pass_failures:
        return WORSE
    return CANT_TELL if evaluation.stopped or evaluation.unscored else FINE


def complaint(evaluation: Evaluation) -> str:
    """Return what is wrong with a run, empty when nothing is."""
    missing, crashed = evaluation.unrecorded, evaluation.crashed
    if missing:
        first = missing[0]
        return (
            f"{len(missing):,} cases are not in the recording, first {first.case!r}: {first.error}; record them with"
            " --recording FILE --record, which asks the models"
        )
    if crashed:
        first = crashed[0]
        what = first.error or next(iter(first.crashes.values()))
        return (
            f"{len(crashed):,} cases crashed, first {first.case!r} with {what}; see it with `handrail eval show`."
            " The same command asks them again"
        )
    if evaluation.lost:
        return (
            f"{evaluation.lost:,} of {evaluation.wanted:,} answers are missing: code that was measured stopped the"
            " tasks of the run, which belong to none of its cases. The same command asks for them"
        )
    failing, high = evaluation.result.must_pass_failures, evaluation.unscored_must_pass
    if failing:
        why = f"; {high[0]!r} has a score above 1, and nobody said what passes: score from 0 to 1" if high else ""
        return f"{len(failing):,} must-pass cases fail, first {failing[0]!r}{why}"
    if evaluation.stopped:
        return f"stopped: {evaluation.stopped}; the same command goes on"
    return _unscored(evaluation)


def _unscored(evaluation: Evaluation) -> str:
    if not evaluation.unscored:
        return ""
    return (
        f"no scorer has a score for any of {len(evaluation.result.cases):,} answers; see that the cases have what the"
        " scorers look at"
    )


def run_measured(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that calls foreign code to its end; threads that it left at work are not waited for.

    Raises:
        KeyboardInterrupt: it was stopped.
    """
    return run_until_stopped(leaving_threads(work))


def printing_aside(*, aside: bool) -> AbstractContextManager[None]:
    """Keep this command's streams, directory and exit code while code is measured.

    With ``aside`` what that prints goes to standard error, where standard output is for a program to read.
    """
    return calling_foreign_code(aside=aside, lying=(FINE, WORSE, CANT_TELL))
