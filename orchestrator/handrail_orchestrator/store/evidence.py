"""The port to what a store holds as evidence: its audit log, and every decision, all of one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from handrail_orchestrator.store.chain import ChainedRow, LogGap, LogHead
from handrail_orchestrator.store.flows import FlowQuery, LoggedStep
from handrail_orchestrator.store.forgetting import BlankedRow


class DecidedItem(NamedTuple):
    """What a review item says now; of a decided one also what was decided."""

    id: int
    state: str
    version: int
    decision: str | None
    decided_by: str | None
    digest: str
    title: str
    context: str
    suggestion: str | None
    schema: str
    alternatives: str
    confidence: float | None
    source: str | None
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Which decisions to read."""

    since: float
    """Made at this time or later, in seconds since the epoch."""
    before: float
    """Made before this time."""
    workflow: str | None = None


class DecisionRow(NamedTuple):
    """One decision: a step that a rule, a model, a person or a policy settled, or an audit that a person answered.

    Values are JSON text.
    """

    run_id: str
    workflow: str
    version: int
    code: str
    """Hash of the workflow's code when the run was started."""
    step: str
    kind: str
    """The step's kind; ``audit`` for an audit, which no run waited for."""
    status: str
    ended: float
    input: str | None
    output: str | None
    error: str | None
    decided_by: str
    confidence: float | None
    source: str | None
    verdicts: str | None
    copied: bool
    """Whether it was taken over from the run that this one is a fork of."""
    superseded: bool
    """Whether the run was retried since, so that the decision counts no more."""
    judged: str | None
    """For a question about a judgement: the judgement's outcome."""
    item: int | None
    """The review item's number; None: nobody was asked."""
    item_kind: str | None
    queue: str | None
    title: str | None
    asked: float | None
    asked_because: str | None
    suggestion: str | None
    context: str | None
    digest: str | None
    note: str | None
    log_row: int | None
    """The row of the audit log that decided the item."""
    log_hash: str | None
    log_data: str | None
    files: str = "[]"
    """JSON list of the ids of the files that the run uses, in order."""


class StoredEvidence(Protocol):
    """What a store holds at one moment; everything comes row by row, and nothing is kept in memory."""

    def head(self) -> LogHead:
        """Return where the audit log ends."""
        ...

    def log(self) -> Iterator[ChainedRow]:
        """Yield the audit log, oldest row first."""
        ...

    def log_by_item(self) -> Iterator[ChainedRow]:
        """Yield the rows of review items by the item's number, oldest first."""
        ...

    def gaps(self) -> Iterator[LogGap]:
        """Yield what pruning took out of the log, in order."""
        ...

    def blanks(self) -> Iterator[BlankedRow]:
        """Yield the rows of the log whose data was blanked, in order."""
        ...

    def items(self) -> Iterator[DecidedItem]:
        """Yield what review items say now, by number."""
        ...

    def decisions(self, query: DecisionQuery) -> Iterator[DecisionRow]:
        """Yield decisions: of steps by run, in order of recording; then of steps that a retry archived; then audits."""
        ...

    def steps(self, query: FlowQuery) -> Iterator[LoggedStep]:
        """Yield the steps of runs, run by run, the oldest first; those of one run in no order."""
        ...
