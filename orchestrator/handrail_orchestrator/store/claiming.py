"""Who executes which run: workers sign on and off, own what is due or one run by its id, and tell engines elsewhere."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from handrail_orchestrator.store.rows import RunStatus

NotClaimedReason = Literal["unknown", "ended", "not_due", "owned", "paused", "alone"]


class Claim(NamedTuple):
    """Own due runs of these workflow versions, oldest first. Reply: ``Claimed``."""

    versions: Sequence[tuple[str, int]]
    now: float
    most: int
    suspects: bool
    """Whether runs that were in flight in two crashes may be among them: half of those that died together."""
    busy: bool = False
    """Whether the worker executes anything: then what must be executed alone is not among them."""
    but: Sequence[int] = ()
    """Keys of runs that are left for later."""


class Release(NamedTuple):
    """Give back every run this worker owns and sign off."""


class HandBack(NamedTuple):
    """Give back one run that this worker owns, without blame; due at ``wake``."""

    key: int
    wake: float


class Register(NamedTuple):
    """Sign on as a worker. Reply: its id."""

    pid: int
    host: str
    bell: str
    lock: str
    now: float


class Beat(NamedTuple):
    """Show that this worker lives."""


class TakeOver(NamedTuple):
    """Strike off a dead worker and make its runs due. Reply: how many, or None when it beat since."""

    worker: int
    beat: int
    now: float
    crash_limit: int
    blame: bool = True
    """Whether it may have died of what it executed."""


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
    is_new: bool
    """Whether nobody has executed it yet, so that the engine has most likely not heard of it."""


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
