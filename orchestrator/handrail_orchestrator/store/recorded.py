"""The change that most results of steps are: a value, and nothing beside it."""

from typing import NamedTuple

from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import StepStatus


class RecordResult(NamedTuple):
    """Record the result of a step that is a value alone, once, as ``changes.RecordStep`` does.

    Its fields before ``claim`` are the first columns of ``StepRow``: a row of 21 fields, most of them empty, and a
    change around it cost as much as writing them.
    """

    run: int
    name: str
    seq: int
    kind: StepKind
    status: StepStatus
    attempt: int
    queued: float | None
    started: float | None
    ended: float | None
    input: str | None
    output: str | None
    owner: str | None
    decided_by: str | None
    claim: int | None
    """As ``ClaimedChange`` has it."""
