"""What a step's body may know about itself."""

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field

from orchestrator.errors import Misuse


@dataclass(frozen=True, slots=True)
class StepContext:
    """The step that is being executed."""

    run_id: str
    step: str
    """The step's name in its run, such as ``route#2``."""
    attempt: int = 1
    """1 for the first try; tries before a crash count."""
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set when the run is cancelled or the attempt timed out: a body in a thread looks at it and returns."""

    @property
    def idempotency_key(self) -> str:
        """Return the key that is the same for every attempt of this step of this run."""
        return f"{self.run_id}/{self.step}"


_current: ContextVar[StepContext | None] = ContextVar("handrail_step", default=None)

enter_step = _current.set
leave_step = _current.reset
current_step = _current.get


def step_context() -> StepContext:
    """Return the context of the step whose body calls this.

    Raises:
        Misuse: called outside a step's body.
    """
    context = _current.get()
    if context is None:
        raise Misuse("step_context() works only inside a step's body, called through run.step(...)")
    return context
