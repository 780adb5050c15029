"""The signal that unwinds a workflow when its run has to wait; not an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Suspended(BaseException):
    """The run waits for a person, a timer, an event or a child run; it goes on from its top when that is there."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
        """The name of the wait."""


halted: ContextVar[Suspended | None] = ContextVar("handrail_halted", default=None)
"""What unwinds the current branch of a workflow; None: nothing does.

Code that runs on its way out, such as ``finally``, runs at every wait. What it calls must not happen before its time.
"""


def unwinding(suspended: Suspended) -> Suspended:
    """Let nothing more begin in the current branch, and return what unwinds it."""
    halted.set(suspended)
    return suspended


def unless_halted() -> None:
    """Go on unwinding if the branch is to be unwound, whatever its code wants to do on the way."""
    suspended = halted.get()
    if suspended is not None:
        raise suspended


@contextmanager
def apart() -> Iterator[None]:
    """Execute a workflow whose unwinding concerns nobody else in this task."""
    token = halted.set(None)
    try:
        yield
    finally:
        halted.reset(token)


def only_suspensions(error: BaseException) -> bool:
    """Return whether the error is a suspension, or a group of nothing else."""
    return all(isinstance(leaf, Suspended) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


class GoesOn(BaseException):
    """The run goes on with another input, from its top and with nothing remembered; not an error."""

    def __init__(self, encoded: str) -> None:
        super().__init__("run.again")
        self.input = encoded
