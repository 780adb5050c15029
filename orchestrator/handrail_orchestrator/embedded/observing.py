"""Driving an execution, and telling whoever is told how runs go; nobody is, as a rule, and that costs nothing."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from handrail_orchestrator.store.changes import ClaimedChange
from handrail_orchestrator.store.traces import KeepTrace

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.equipment import Equipment
    from handrail_orchestrator.embedded.execution import Execution
    from handrail_orchestrator.telemetry.port import Telemetry


def driven(execution: "Execution", equipment: "Equipment") -> Coroutine[object, object, None]:
    """Return what drives an execution."""
    if equipment.telemetry is None:
        return execution.drive()
    return _observed(execution, equipment, equipment.telemetry)


async def _observed(execution: "Execution", equipment: "Equipment", telemetry: "Telemetry") -> None:
    claimed, clock, writer = execution.claimed, equipment.clock, equipment.writer
    observed = telemetry.execution(claimed, equipment.store, clock.now())

    def keep(trace: str | None) -> None:
        if trace is not None:
            writer.add(ClaimedChange(claimed.claim, KeepTrace(claimed.key, trace)))

    execution.before_wait = lambda: keep(observed.kept_for_next())
    execution.run.waits.told = observed.wait_over
    keep(observed.kept_at_first)
    observed.enter()
    try:
        await execution.drive()
    finally:
        execution.before_wait = execution.run.waits.told = None
        observed.concluded(execution.status, execution.error, clock.now())
