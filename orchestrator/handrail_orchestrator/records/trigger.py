"""One trigger: what it is, and where it stands."""

from dataclasses import asdict, dataclass
from typing import Any

from handrail_orchestrator.store.triggers import TriggerState


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRecord:
    """A trigger as it was last given to an orchestrator; times are seconds since the epoch (UTC)."""

    name: str
    kind: str
    """What it is, such as ``every`` or ``folder``."""
    workflow: str
    """The workflow that it starts."""
    says: str
    """What its code says of it, in one line."""
    declared: float
    """When an orchestrator was first given it."""
    seen: float
    """When one last was."""
    paused: float | None
    """Since when it fires nothing; None: it fires."""
    fired: float | None
    """When it last started a run."""
    waiting: int
    """What it has yet to fire: runs that ended, and what somebody asked for."""
    trouble: str | None
    """Why it cannot look at present."""
    trouble_at: float | None
    """Since when."""

    @staticmethod
    def of(state: TriggerState) -> "TriggerRecord":
        """Return the record of what a store knows."""
        row = state.row
        return TriggerRecord(
            name=row.name,
            kind=row.kind,
            workflow=row.workflow,
            says=row.says,
            declared=row.declared,
            seen=row.seen,
            paused=row.paused,
            fired=state.fired_at,
            waiting=state.waiting,
            trouble=row.trouble,
            trouble_at=row.trouble_at,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail triggers list --json`` prints it."""
        return asdict(self)
