"""What is kept of a run's trace, so that the process that goes on with the run goes on with its trace."""

import json
from typing import NamedTuple


class KeepTrace(NamedTuple):
    """Keep the trace of a run that the writing worker owns; of another's nothing is changed.

    Volatile: after a power cut the run goes on in the trace that was kept before, or in a new one.
    """

    run: int
    """The run's key."""
    trace: str
    """JSON ``{"parent": traceparent, ...}``; the rest is telemetry's alone."""


def trace_id_of(kept: str | None) -> str | None:
    """Return the id of the trace that is kept of a run; None: nothing is kept."""
    if kept is None:
        return None
    try:
        parts = str(json.loads(kept)["parent"]).split("-")
    except (ValueError, TypeError, KeyError):
        return None
    return parts[1] if len(parts) == 4 else None
