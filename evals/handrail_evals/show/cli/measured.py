"""Where the commands call the code that is measured: nothing of it reaches their output, and nothing outlasts them."""

from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from handrail_evals.measure.threads import leaving_threads
from handrail_evals.show.cli.exits import CANT_TELL, FINE, WORSE
from handrail_orchestrator.cli.foreign import calling_foreign_code
from handrail_orchestrator.cli.stopping import run_until_stopped

T = TypeVar("T")


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
