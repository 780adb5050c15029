"""One remembered call of a run."""

from dataclasses import dataclass
from typing import Any

from handrail_guards.confidence import ConfidenceSource
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.verdict import Verdict
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.lazy import LazyRecord
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import StepStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord(LazyRecord):
    """One step of one run; values are JSON data, times are seconds since the epoch (UTC)."""

    name: str
    """Its name in its run, such as ``route#2``."""
    seq: int
    """Order of recording in the run, from 1."""
    kind: StepKind
    status: StepStatus
    attempt: int = 1
    queued: float | None = None
    started: float | None = None
    ended: float | None = None
    input: Any = None
    """What it was called with; for a wait, what it asks for."""
    output: Any = None
    """What it returned; of an AI step the whole outcome: take its value from ``outcome``, which says if it may be used.
    """
    outcome: Accepted[Any] | Doubtful[Any] | None = None
    """What an AI step's judgement came to, its value as JSON data; None for another step, and while there is none."""
    owner: str | None = None
    """Who answers for it; for a child run, that run's id."""
    decided_by: str | None = None
    """``rule``, ``model:<name>``, ``person:<name>`` or ``policy:<name>``."""
    due: float | None = None
    """For a wait: when it is over, or late."""
    error: RecordedError | None = None
    confidence: float | None = None
    """0 to 1."""
    source: ConfidenceSource | None = None
    """The confidence's source."""
    verdicts: tuple[Verdict, ...] = ()
    """What guards said of the value, or of a person's answer that its run has read."""
    despite: tuple[str, ...] | None = None
    """Of a person's answer that its run has not read yet: the guards that it was confirmed against."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    money: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail runs show --json`` prints it within its run."""
        return {
            "name": self.name,
            "seq": self.seq,
            "kind": self.kind,
            "status": self.status,
            "attempt": self.attempt,
            "queued": self.queued,
            "started": self.started,
            "ended": self.ended,
            "input": self.input,
            "output": self.output,
            "owner": self.owner,
            "decided_by": self.decided_by,
            "due": self.due,
            "error": None if self.error is None else self.error.as_json(),
            "confidence": self.confidence,
            "source": self.source,
            "verdicts": self._verdicts_as_json(),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "money": self.money,
        }

    def _verdicts_as_json(self) -> Any:
        if self.despite is not None:
            return {"despite": list(self.despite)}
        return [[each.guard, each.passed, each.field, each.reason, each.on_fail] for each in self.verdicts] or None
