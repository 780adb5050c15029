"""How one worker of an engine behaves."""

from dataclasses import dataclass, replace

from handrail_guards.numbers import is_count
from handrail_orchestrator.errors import InvalidWorkflow
from handrail_orchestrator.given_time import is_above_zero, is_seconds
from handrail_orchestrator.hooks import Hooks

MOST = 1_000_000_000
"""More runs, threads or crashes than anybody means; a number with that many digits is a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one worker behaves."""

    concurrency: int = 500
    """Runs executed at once; others wait as rows."""
    lease_seconds: float = 5.0
    """A worker whose beat stops for this long loses its runs; one that holds its lock is given six times as long."""
    crash_limit: int = 3
    """A run is set aside when its process died so many times while executing nothing else, without any progress."""
    threads: int = 16
    """Sync step bodies at once."""
    grace_seconds: float = 5.0
    """On closing: how long steps in flight may go on before they are stopped and left to another worker."""

    hooks: Hooks | None = None
    """What is done differently where runs are rehearsed or measured."""

    def with_concurrency(self, concurrency: int | None) -> "Settings":
        """Return the same settings with another number of runs at once."""
        return self if concurrency is None else replace(self, concurrency=concurrency)

    def __post_init__(self) -> None:
        for name in ("concurrency", "lease_seconds", "crash_limit", "threads"):
            if not is_above_zero(getattr(self, name)):
                raise InvalidWorkflow(f"Settings({name}={getattr(self, name)!r}): give a number above 0")
        for name in ("concurrency", "crash_limit", "threads"):
            if not is_count(getattr(self, name)) or getattr(self, name) > MOST:
                raise InvalidWorkflow(f"Settings({name}={getattr(self, name)!r}): give a whole number up to {MOST:,}")
        if not is_seconds(self.grace_seconds):
            raise InvalidWorkflow(f"Settings(grace_seconds={self.grace_seconds!r}): give seconds, 0 or more")
