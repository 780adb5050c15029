"""Where the commands call the code that is measured: nothing of it reaches their output, and nothing outlasts them."""

import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

from handrail_evals.measure.threads import leaving_threads
from handrail_orchestrator.cli.stopping import run_until_stopped

T = TypeVar("T")


def run_measured(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that calls foreign code to its end; threads that it left at work are not waited for.

    Raises:
        KeyboardInterrupt: it was stopped.
    """
    return run_until_stopped(leaving_threads(work))


@contextmanager
def printing_aside(*, aside: bool) -> Iterator[None]:
    """Send what foreign code prints to standard error, where standard output is for a program to read."""
    if not aside:
        yield
        return
    kept = _own_output()
    try:
        if kept is not None:
            os.dup2(2, 1)  # what other programs print that it starts
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _own_output() -> int | None:
    """Return a second name of standard output, None where it is no file of the system, as in a test."""
    try:
        if sys.stdout.fileno() != 1 or sys.stderr.fileno() != 2:
            return None
        sys.stdout.flush()
        return os.dup(1)
    except (OSError, ValueError, AttributeError):
        return None
