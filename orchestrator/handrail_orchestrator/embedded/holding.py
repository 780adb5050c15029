"""What a look at the store says is held back, told to the runs of this process."""

from collections.abc import Callable, Iterable

from handrail_orchestrator.embedded.equipment import Equipment
from handrail_orchestrator.embedded.execution import Execution
from handrail_orchestrator.store.port import Store


def hold_back(
    active: Iterable[Execution], equipment: Equipment, paused: frozenset[str], failing: frozenset[str]
) -> None:
    """Let runs of workflows that are paused end the step they are in, and rest; note which systems and models fail."""
    if equipment.systems is not None:
        equipment.systems.failing = failing
    if equipment.outages is not None:
        equipment.outages.failing = failing
    for execution in active:
        execution.run.rest(rests=execution.claimed.workflow in paused)


def held_back(store: Store) -> tuple[frozenset[str], frozenset[str]]:
    """Return the workflows that are paused, and the systems and models that have failed lately."""
    paused = frozenset(each.name for each in store.pauses() if each.kind == "workflow")
    return paused, frozenset(each.row.system for each in store.systems())


def connect(equipment: Equipment, *, looks: Callable[[], None], rings: Callable[[], None]) -> None:
    """Have this process, and others, look when a system or a place of a limit has become free for them."""
    if equipment.systems is not None:
        equipment.systems.changed = looks
    if equipment.outages is not None:
        equipment.outages.changed = looks
    if equipment.shared is not None:
        equipment.shared.ring_others = rings


def look_for_places(equipment: Equipment, worker: int) -> None:
    """Let bodies begin that have a place of a limit since, from whichever process."""
    if equipment.shared is not None:
        equipment.shared.look(worker)


def lose_places(equipment: Equipment) -> None:
    """Have bodies that stood in line for a place stand there anew: the worker was struck off."""
    if equipment.shared is not None:
        equipment.shared.lost()
