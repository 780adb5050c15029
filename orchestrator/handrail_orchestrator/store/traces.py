"""What is kept of a run's trace, so that the process that goes on with the run goes on with its trace."""

from typing import NamedTuple


class KeepTrace(NamedTuple):
    """Keep the trace of a run that the writing worker owns; of another's nothing is changed.

    Volatile: after a power cut the run goes on in the trace that was kept before, or in a new one.
    """

    run: int
    """The run's key."""
    trace: str
    """JSON; what it says is telemetry's alone."""
