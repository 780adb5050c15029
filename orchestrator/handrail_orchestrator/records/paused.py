"""A workflow type or a queue that rests."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_orchestrator.store.control import PauseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What rests, who said so, and why."""

    kind: PauseKind
    """``workflow``: no step of its runs begins; ``queue``: none of its questions can be taken."""
    name: str
    by: str | None
    """Who paused it, such as ``person:ann``; None: code did."""
    why: str | None
    at: float
    """Since when, in seconds since the epoch."""

    def __str__(self) -> str:
        """Return it in one line, as lists say it."""
        by = "code" if self.by is None else self.by.removeprefix("person:")
        return f"{self.kind} {self.name} is paused by {by}{f': {self.why}' if self.why else ''}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)
