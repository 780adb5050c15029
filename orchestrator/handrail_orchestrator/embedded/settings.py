"""What the parts of one embedded engine share."""

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handrail_orchestrator.clock import Clock
from handrail_orchestrator.context import FileReading
from handrail_orchestrator.embedded.body import Bodies
from handrail_orchestrator.embedded.library import Library
from handrail_orchestrator.embedded.outages import Outages
from handrail_orchestrator.embedded.promised import PromisedJudges
from handrail_orchestrator.embedded.rolling import Rolling
from handrail_orchestrator.embedded.sharing import SharedLimits
from handrail_orchestrator.embedded.stillness import Stillness
from handrail_orchestrator.embedded.systems import Systems
from handrail_orchestrator.embedded.writer import Writer
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.store.port import Store

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.batches import Batches
    from handrail_orchestrator.embedded.places import Whereabouts
    from handrail_orchestrator.telemetry.port import Telemetry

MOST = 1_000_000_000
"""More runs, threads or crashes than anybody means; a number with that many digits is a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """The parts every run works with."""

    store: Store
    writer: Writer
    clock: Clock
    library: Library
    bodies: Bodies
    stillness: Stillness = field(default_factory=Stillness)
    rolling: Rolling | None = None
    """How far steps are rolled out; None where no body is executed."""
    promises: PromisedJudges | None = None
    """The judges under a promise, with the rules of the store; None: nothing is accepted under one."""
    batches: "Batches | None" = None
    """The batches of the engine; None: each question is asked by itself."""
    files: FileReading | None = None
    """None where no body is executed."""
    telemetry: "Telemetry | None" = None
    """Who is told how runs go; None: nobody."""
    systems: Systems | None = None
    """None there as well."""
    outages: Outages | None = None
    """Which models are down, as all processes know it; None there as well."""
    shared: SharedLimits | None = None
    """As above."""
    place: "Whereabouts | None" = None
    """Where this process stands among others; None: every body is executed where its run is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one worker behaves."""

    concurrency: int = 500
    """Runs executed at once; others wait as rows."""
    lease_seconds: float = 5.0
    """A worker whose beat stops for this long loses its runs; one that holds its lock is given six times as long."""
    crash_limit: int = 3
    """A run is set aside when its process died so many times while executing nothing else, without any progress."""
    threads: int = 16
    """Sync step bodies at once."""
    grace_seconds: float = 5.0
    """On closing: how long steps in flight may go on before they are stopped and left to another worker."""

    hooks: Hooks | None = None
    """What is done differently where runs are rehearsed or measured."""

    def with_concurrency(self, concurrency: int | None) -> "Settings":
        """Return the same settings with another number of runs at once."""
        return self if concurrency is None else replace(self, concurrency=concurrency)

    def __post_init__(self) -> None:
        for name in ("concurrency", "lease_seconds", "crash_limit", "threads"):
            if not getattr(self, name) > 0:
                raise InvalidWorkflow(f"Settings({name}={getattr(self, name)!r}): give a number above 0")
        for name in ("concurrency", "crash_limit", "threads"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) > MOST:
                raise InvalidWorkflow(f"Settings({name}={getattr(self, name)!r}): give a whole number up to {MOST:,}")
        for name in ("lease_seconds", "grace_seconds"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InvalidWorkflow(f"Settings({name}={getattr(self, name)!r}): give seconds, 0 or more")
