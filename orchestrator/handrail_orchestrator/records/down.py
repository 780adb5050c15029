"""A system, or a model, that is down."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_orchestrator.store.model_circuits import MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemDown:
    """A system that failed too often in a row, so that runs that need it wait; or a model, which calls pass over."""

    system: str
    """Its name; of a model ``model:``, its name and its server."""
    since: float
    """In seconds since the epoch."""
    failures: int
    """In a row."""
    error: str | None
    """The type of the last one."""
    waiting: int
    """How many runs wait for it."""
    probed: bool
    """Whether a run tries it just now."""
    look_at: float
    """When it is tried again, unless it is tried just now."""

    def __str__(self) -> str:
        """Return it in one line, as lists say it."""
        if self.system.startswith(MODEL):
            model = self.system.removeprefix(MODEL)
            return f"model {model} is down ({self.failures:,} times {self.error} in a row): calls pass it over"
        runs = "1 run waits" if self.waiting == 1 else f"{self.waiting:,} runs wait"
        return f"system {self.system} is down ({self.failures:,} times {self.error or 'a failure'} in a row): {runs}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)
