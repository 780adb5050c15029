"""What a look at the store says is held back, told to the runs of this process."""

from collections.abc import Iterable

from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.embedded.systems import Systems
from handrail_orchestrator.store.port import Store


def hold_back(
    active: Iterable[Execution], systems: Systems | None, paused: frozenset[str], failing: frozenset[str]
) -> None:
    """Let runs of workflows that are paused end the step they are in, and rest; note which systems fail."""
    if systems is not None:
        systems.failing = failing
    for execution in active:
        execution.run.rest(rests=execution.claimed.workflow in paused)


def held_back(store: Store) -> tuple[frozenset[str], frozenset[str]]:
    """Return the workflows that are paused, and the systems that have failed lately."""
    paused = frozenset(each.name for each in store.pauses() if each.kind == "workflow")
    return paused, frozenset(each.row.system for each in store.systems())
