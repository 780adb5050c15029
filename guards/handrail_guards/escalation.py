"""Who is asked when a value is in doubt, by when, and what happens if nobody answers."""

import math
from dataclasses import dataclass
from typing import Literal

from handrail_guards.errors import InvalidGuard

WhenLate = Literal["keep_waiting", "raise_priority", "fail"]
"""What happens to a question that nobody answered by its due time."""

DEFAULT_QUEUE = "review"
MAX_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where a doubtful value goes: pure data that a ``Doubtful`` carries.

    Raises:
        InvalidGuard: an empty queue, a due time that is not positive, or a priority outside 0 to 100.
    """

    queue: str = DEFAULT_QUEUE
    """The name of the review queue."""
    due_hours: float | None = None
    """Hours from the question to its due time, more than 0; None: no due time."""
    priority: int = 50
    """0 to 100; higher is asked first."""
    when_late: WhenLate = "keep_waiting"

    def __post_init__(self) -> None:
        if not self.queue.strip():
            raise InvalidGuard("an escalation needs the name of a queue, such as Escalation(queue='triage')")
        if self.due_hours is not None and not (self.due_hours > 0 and math.isfinite(self.due_hours)):
            raise InvalidGuard(f"due_hours is {self.due_hours!r}; give hours above 0, or None for no due time")
        if not 0 <= self.priority <= MAX_PRIORITY:
            raise InvalidGuard(f"priority is {self.priority!r}; give a number from 0 to {MAX_PRIORITY}")
        if self.when_late != "keep_waiting" and self.due_hours is None:
            raise InvalidGuard(f"when_late={self.when_late!r} needs due_hours: without a due time nothing is ever late")
