"""One judgement with what people said of it."""

from dataclasses import dataclass
from typing import Any

from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.records.lazy import LazyRecord
from handrail_orchestrator.records.rollout import ChallengeRecord
from handrail_orchestrator.store.rows import ReviewState


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRecord(LazyRecord):
    """One judgement with its review item, if it has one: a doubtful value's question, or an accepted value's audit.

    Values are JSON data, times are seconds since the epoch (UTC).
    """

    run_id: str
    workflow: str
    version: int
    """The workflow's version."""
    step: str
    """The step's name in its run, such as ``route#2``."""
    run_input: Any
    """What the run was started with."""
    input: Any
    """What the step was called with."""
    outcome: Accepted[Any] | Doubtful[Any] | None
    """What it came to, its value as JSON data; None: the record does not read as a judgement, as of foreign code."""
    ended: float
    copied: bool = False
    """Whether another run judged it: this one is its fork."""
    item: int | None = None
    """The review item's number; None: nobody was asked."""
    state: ReviewState | None = None
    """The review item's."""
    decision: Any = None
    """What was answered; None also while nothing is: ``state`` tells."""
    decided_by: str | None = None
    """``person:<name>``, or ``policy:<name>``."""
    decided: float | None = None
    challenge: ChallengeRecord | None = None
    """What a challenger answered to the same call; None: none did, or not yet."""
    place: tuple[int, str] = (0, "")
    """Where it stands in the order of reading, for ``JudgedQuery.after``."""
