"""What a store is asked for: which review items, which runs, which judgements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from handrail_orchestrator.store.rows import ReviewState, RunStatus

ACTIVE: tuple[ReviewState, ...] = ("open", "leased")
"""The states of items that wait for an answer."""


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Which review items to list; counts and lists use the same one, so they always agree."""

    states: tuple[ReviewState, ...] = ACTIVE
    queue: str | None = None
    queues: tuple[str, ...] | None = None
    """Only those of these queues; None: of all."""
    not_queues: tuple[str, ...] = ()
    """None of these queues."""
    workflow: str | None = None
    kinds: tuple[str, ...] | None = None
    assignee: str | None = None
    """Only those that are given to this person."""
    tier_from: int = 1
    """Only those of this tier and above; 2: what was sent up."""
    tier_to: int | None = None
    """Only those of this tier and below; 1: what was not sent up."""
    is_late: bool | None = None
    """Only those that are past their due time at ``now``, or only those that are not."""
    text: str | None = None
    """Only those with this in their title, or with this run id or number."""
    created_from: float | None = None
    created_to: float | None = None
    decided_by: str | None = None
    """Only those decided by ``person:<name>`` or ``policy:<name>``."""
    timer_due: float | None = None
    """Only those with a timer, or an undo window, that is over by this time."""
    is_snoozed: bool | None = None
    """Only those that are put away at ``now``, or only those that are not."""
    run_id: str | None = None
    run_ids: tuple[str, ...] | None = None
    """Only those of these runs; None: of all."""
    step: str | None = None
    """Only the item of this wait, such as ``ask#2``."""
    free_for: str | None = None
    """Only items that this person may take at ``now``: open, their own, or with a lease that ran out.

    Those that the person skipped or sent up come last, those of longest ago first; ``after`` does not know this order.
    What is put away, given to somebody else, or has this person's answer is not among them."""
    but: tuple[int, ...] = ()
    """None of these items."""
    now: float = 0.0
    order: Literal["urgent", "newest"] = "urgent"
    """Most urgent first, and of those the oldest; or newest first. What is free for a person is always the former."""
    after: tuple[int, int] | None = None
    """Continue after the item with this (priority, id)."""
    before: tuple[int, int] | None = None
    """End before the item with this (priority, id): of all before it, the last."""
    limit: int = 100

    @property
    def names_runs(self) -> bool:
        """Return whether only the items of named runs are wanted, which the index of runs finds."""
        return self.run_id is not None or self.run_ids is not None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs to list, newest first."""

    status: RunStatus | None = None
    workflow: str | None = None
    text: str | None = None
    """Only runs with this somewhere in their id, whatever the case of its letters A to Z."""
    parent: int | None = None
    """Only child runs of the run with this key."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Only runs that carry all of these tags, such as ``{"customer": "acme"}``."""
    created_from: float | None = None
    """Only runs made at this time or later, in seconds since the epoch."""
    created_to: float | None = None
    """Only runs made before this time."""
    before_key: int | None = None
    """Continue after the run with this key."""
    limit: int = 100
    values: bool = True
    """Whether what they were given and gave back is read; without it, a look at either raises."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """Which judgements to read."""

    step: str | None = None
    """Calls of this AI step: ``route`` finds ``route#2`` and ``all.0/route`` too; None: of all."""
    workflow: str | None = None
    after: tuple[int, str] = (0, "")
    """Continue after the judgement with this ``place``."""
    limit: int = 500
    run_id: str | None = None
    """Only those of this run."""
    since: float | None = None
    """Only those made at this time or later, in seconds since the epoch."""
