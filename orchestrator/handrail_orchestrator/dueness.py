"""By when a question is to be answered, where that depends on what is asked: a function of the item, given by code."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation

if TYPE_CHECKING:
    from handrail_orchestrator.records.item import ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A question that is about to be put to people; values are JSON data."""

    step: str
    """Where in its run it stands, such as ``ask#2``."""
    kind: "ItemKind"
    queue: str
    title: str
    context: Any
    """What is shown beside it: the text that was judged, or what the step was called with."""
    suggestion: Any
    """What the model would say; None: nothing."""
    confidence: float | None
    code: str
    """Why it is asked, as a code to count by."""
    priority: int
    due_hours: float | None
    """What its escalation says."""


DueHours: TypeAlias = Callable[[NewItem], float | None]
"""Says in how many hours an item is due; None: as its escalation says. Asked once, when the question is put."""


def by_condition(escalation: Escalation, due: DueHours, item: NewItem) -> Escalation:
    """Return an escalation with the due time of this item.

    Raises:
        InvalidGuard: what the function returns is no number of hours above 0.
    """
    hours = due(item)
    if hours is None:
        return escalation
    try:
        return replace(escalation, due_hours=hours)
    except InvalidGuard as problem:
        name = getattr(due, "__qualname__", "due")
        raise InvalidGuard(f"the due time of {item.step!r}, from {name}(item): {problem}") from problem
