"""Which cases are audited blind: a share of them, drawn before it is known whether their value is accepted."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handrail_ground.hashing import drawn
from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.numbers import is_share


@runtime_checkable
class AuditRule(Protocol):
    """Says which cases of a step are audited, and who is asked; its rate may change while runs are executed."""

    @property
    def escalation(self) -> Escalation:
        """Return who audits; the due time is for people to see: nothing waits for an audit."""
        ...

    def draws(self, key: str) -> bool:
        """Return whether the case with this key is audited; ``key`` is ``run id/step name``."""
        ...


@dataclass(frozen=True, slots=True)
class Auditing:
    """Audit a fixed share of the cases, drawn by a hash of their key.

    The same case always draws the same number, so it is drawn again whenever it is looked at again, and the cases
    drawn at 5% are among those drawn at 50%.

    Raises:
        InvalidGuard: a rate that is no number from 0 to 1, an empty queue, a due time that is not positive, or a
            priority outside 0 to 100.
    """

    rate: float
    """Share of the cases that is drawn, 0 (none) to 1 (all)."""
    queue: str = "audits"
    """Where audits wait; in the step's own queue nobody can tell them from doubtful values that were drawn."""
    priority: int = 40
    """0 to 100; by default an audit, which holds no run up, comes after the questions that do."""
    due_hours: float | None = None
    """Hours from the judgement to the audit's due time, more than 0; None: no due time."""

    def __post_init__(self) -> None:
        if not is_share(self.rate):
            raise InvalidGuard(f"the rate of audits is {self.rate!r}; give a share from 0 to 1, such as 0.05 for 5%")
        _ = self.escalation  # refuses a queue, due time or priority that cannot be, while the step is being built

    @property
    def escalation(self) -> Escalation:
        """Return who audits."""
        return Escalation(queue=self.queue, due_hours=self.due_hours, priority=self.priority)

    def draws(self, key: str) -> bool:
        """Return whether the case with this key is audited."""
        return draw_of(key) < self.rate


def draw_of(key: str) -> float:
    """Return the number that a key draws: 0 up to but not including 1, evenly spread, the same on every machine."""
    return drawn(key, "audit")
