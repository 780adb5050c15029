"""Standing chores: what the commands that go on for long do for every store."""

from collections.abc import Callable

from handrail_orchestrator.chores import Chore
from handrail_orchestrator.client import Client
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.retention import Retention
from handrail_orchestrator.statistics.rolling import RollingUp

_added: list[Callable[[Client], Chore]] = []


def add(make: Callable[[Client], Chore]) -> None:
    """Have those commands do one chore more, which a part above this one knows how to do; each is added once."""
    if make not in _added:
        _added.append(make)


def standing(client: Client) -> list[Chore]:
    """Return what ``handrail work``, ``serve`` and ``watch`` do beside the runs; each area adds its own here."""
    working: list[Chore] = [Retention(client)] if isinstance(client, Orchestrator) else []
    return [*working, RollingUp(client), *(make(client) for make in _added)]
