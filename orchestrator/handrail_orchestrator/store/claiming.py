"""Owning single runs: claiming one by its id, and telling an engine elsewhere what is due."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from handrail_orchestrator.store.rows import RunStatus

NotClaimedReason = Literal["unknown", "ended", "not_due", "owned", "paused", "alone"]


class ClaimRun(NamedTuple):
    """Own one run, if it is due. Reply: ``ClaimedRun``, or ``NotClaimed`` with the reason."""

    run_id: str
    now: float
    anew: bool = False
    """Whether it is claimed although somebody owns it, who may write nothing of it any more."""
    busy: bool = False
    """Whether the worker executes anything: a run that may have killed its process is executed alone."""


class NotClaimed(NamedTuple):
    """How a run stands that was not claimed."""

    reason: NotClaimedReason
    status: RunStatus | None
    wake: float | None


class ClaimRings(NamedTuple):
    """Take it on to tell an engine elsewhere of due runs; nobody else is given them for a while. Reply: ``Rings``."""

    versions: Sequence[tuple[str, int]]
    now: float
    late: float
    """A run whose wait for a time was over by then is told of as well: that engine should have noticed by itself."""
    most: int


class Ring(NamedTuple):
    """A due run that an engine elsewhere is to be told of."""

    key: int
    id: str
    workflow: str
    version: int


class Rings(NamedTuple):
    """Whom to tell of, and when to look again (None: when something changes)."""

    rings: Sequence[Ring]
    next_wake: float | None
    paused: frozenset[str] = frozenset()
    """The workflows that rest."""
    failing: frozenset[str] = frozenset()
    """The systems that have failed lately."""
    next_timer: float | None = None
    """When the next timer of a review item is over."""
