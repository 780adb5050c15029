"""The signal that unwinds a workflow when its run has to wait; not an error."""

from collections.abc import Iterator


class Suspended(BaseException):
    """The run waits for a person, a timer, an event or a child run; it goes on from its top when that is there."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step
        """The name of the wait."""


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
