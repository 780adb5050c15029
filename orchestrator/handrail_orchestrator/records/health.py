"""How a store's runs and those who execute them are doing, at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from handrail_orchestrator.records.down import SystemDown
from handrail_orchestrator.records.paused import Paused
from handrail_orchestrator.store.rows import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What an operator looks at first."""

    at: float
    """When, in seconds since the epoch."""
    runs: Mapping[tuple[str, int, RunStatus], int]
    """How many there are, by workflow, version and status."""
    due: Mapping[tuple[str, int], int]
    """How many are due and not taken by a worker, by workflow and version."""
    questions: int
    """How many wait for a person."""
    is_worked_on: bool
    """Whether any process executes runs, or may."""
    paused: tuple[Paused, ...] = ()
    """The workflow types and queues that rest."""
    down: tuple[SystemDown, ...] = ()
    """The systems that are down."""
