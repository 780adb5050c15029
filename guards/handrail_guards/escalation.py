"""Who is asked when a value is in doubt, by when, and what happens if nobody answers."""

from dataclasses import dataclass
from typing import Literal, get_args

from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_count, is_finite, is_text

WhenLate = Literal["keep_waiting", "raise_priority", "fail"]
"""What happens to a question that nobody answered by its due time."""

DEFAULT_QUEUE = "review"
MAX_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class Escalation:
    """Where a doubtful value goes: pure data that a ``Doubtful`` carries.

    Raises:
        InvalidGuard: a queue without a name, a due time that is no number above 0, a priority outside 0 to 100, or an
            unknown ``when_late``.
    """

    queue: str = DEFAULT_QUEUE
    """The name of the review queue."""
    due_hours: float | None = None
    """Hours from the question to its due time, more than 0; None: no due time."""
    priority: int = 50
    """0 to 100; higher is asked first."""
    when_late: WhenLate = "keep_waiting"

    def __post_init__(self) -> None:
        if not is_text(self.queue):
            raise InvalidGuard(
                f"queue is {self.queue!r}; an escalation needs the name of a queue, such as Escalation(queue='triage')"
            )
        if self.due_hours is not None and not (is_finite(self.due_hours) and self.due_hours > 0):
            raise InvalidGuard(f"due_hours is {self.due_hours!r}; give hours above 0, or None for no due time")
        if not (is_count(self.priority) and self.priority <= MAX_PRIORITY):
            raise InvalidGuard(f"priority is {self.priority!r}; give a whole number from 0 to {MAX_PRIORITY}")
        if self.when_late not in get_args(WhenLate):
            raise InvalidGuard(f"when_late is {self.when_late!r}; choose one of {', '.join(get_args(WhenLate))}")
        if self.when_late != "keep_waiting" and self.due_hours is None:
            raise InvalidGuard(f"when_late={self.when_late!r} needs due_hours: without a due time nothing is ever late")
