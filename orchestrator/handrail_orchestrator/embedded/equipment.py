"""What every run of an engine works with."""

from dataclasses import dataclass, field
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
from handrail_orchestrator.store.port import Store

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.batches import Batches
    from handrail_orchestrator.embedded.places import Whereabouts
    from handrail_orchestrator.telemetry.port import Telemetry


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
