"""How a run begins: what is asked of the store, and when, where that is not at once."""

import math
from datetime import datetime, timedelta

from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.given_time import checked_moment, checked_span
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.workflow import AnyWorkflow

LONGEST_SECONDS = 10 * 366 * 86_400.0
"""Nobody plans a run further ahead; a larger number is a slip, such as milliseconds for seconds."""


def start_of(
    workflow: AnyWorkflow, run_id: str, encoded: str, *, now: float, execute: bool, by: str | None, priority: int
) -> StartRun:
    """Return the start of a run with its encoded input, by a person if one starts it."""
    deadline = None if workflow.deadline_seconds is None else now + workflow.deadline_seconds
    return StartRun(
        run_id, workflow.name, workflow.version, encoded, workflow.code, now, deadline, execute,
        started_by=None if by is None else f"person:{by}", priority=priority,
    )  # fmt: skip


def moment_of(now: float, at: datetime | None, after: timedelta | None) -> float | None:
    """Return when a run begins, in seconds since the epoch; None: at once, as for a moment that is past.

    Raises:
        Misuse: it is no moment, has no time zone, or is too far away; it is no length of time; or both are given.
    """
    if at is not None and after is not None:
        raise Misuse("a run begins at= a moment or after= a while: give one of the two")
    if at is not None:
        begins = checked_moment(at, "at").timestamp()
    elif after is not None:
        begins = now + checked_span(after, "after").total_seconds()
    else:
        return None
    if not math.isfinite(begins) or begins - now > LONGEST_SECONDS:
        raise Misuse("that is more than ten years ahead: give the moment at which the run is to begin")
    return begins if begins > now else None


def later(start: StartRun, begins: float) -> StartRun:
    """Return a start that begins later; its deadline counts from then."""
    deadline = None if start.deadline is None else begins + (start.deadline - start.created)
    return start._replace(at=begins, deadline=deadline)
