"""One process that executes runs of a store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """One process that has signed on and not signed off."""

    id: int
    """Its number in the store; a run's ``owner``."""
    pid: int
    host: str
    """The machine, and when that was started last."""
    beat: int
    """Goes up while the process lives."""
    started: float
    """In seconds since the epoch."""
