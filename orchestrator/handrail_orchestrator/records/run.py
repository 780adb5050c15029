"""One execution of a workflow, and what it waits for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.lazy import LazyRecord
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import ENDED, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(LazyRecord):
    """One run; values are JSON data, times are seconds since the epoch (UTC)."""

    id: str
    key: int
    """Its number in its store: runs are listed by it, oldest first."""
    workflow: str
    version: int
    """The workflow's version."""
    status: RunStatus
    created: float
    input: Any = None
    """What it was started with."""
    output: Any = None
    """Its result; None also while there is none."""
    error: RecordedError | None = None
    """What ended it without a result."""
    started: float | None = None
    """When a worker began with it; None: none has."""
    ended: float | None = None
    wake: float | None = None
    """When it is due; None: nothing to do until an answer or event comes."""
    deadline: float | None = None
    """When it fails if it has not ended by then; None: it may take as long as it likes."""
    owner: int | None = None
    """The worker that executes it."""
    crashes: int = 0
    """How often its process died while it was executed, without progress in between."""
    parent: int | None = None
    """The key of the run that waits for it as a child."""
    copied_seq: int = 0
    """A fork's steps up to this number were copied from another run."""
    started_by: str | None = None
    """Who started it, such as ``person:ann``; None: code did."""
    priority: int = 0
    """Of runs that are due, those of a higher one are executed first."""
    forgotten: float | None = None
    """When its values were blanked; None: it has them."""
    forgotten_by: str | None = None
    """Who had them blanked, such as ``person:ann``."""
    progress: str | None = None
    """What it says of itself, with ``run.status``."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """By what it can be found, as ``run.tag`` set it."""
    round: int = 1
    """Counts up whenever it goes on with another input (``run.again``); ``input`` is that of this round."""
    undoing: RunStatus | None = None
    """``failed`` or ``cancelled``: how it ends once what it did is undone, or has ended; None: nothing is undone."""
    trace_id: str | None = None
    """The trace it belongs to, as 32 hexadecimal digits; None: nobody told of it, or asked."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it happens any more, unless somebody says ``retry``."""
        return self.status in ENDED

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail runs list --json`` prints it."""
        return {
            "key": self.key,
            "id": self.id,
            "workflow": self.workflow,
            "version": self.version,
            "status": self.status,
            "wake": self.wake,
            "owner": self.owner,
            "crashes": self.crashes,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "deadline": self.deadline,
            "input": self.input,
            "output": self.output,
            "error": None if self.error is None else self.error.as_json(),
            "parent": self.parent,
            "copied_seq": self.copied_seq,
            "started_by": self.started_by,
            "priority": self.priority,
            "forgotten": self.forgotten,
            "forgotten_by": self.forgotten_by,
            "progress": self.progress,
            "tags": dict(self.tags),
            "undoing": self.undoing,
            "round": self.round,
            "trace_id": self.trace_id,
            "has_ended": self.has_ended,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRecord:
    """What a run waits for."""

    run_key: int
    """The run's number in its store."""
    step: str
    kind: StepKind
    """``human``, ``timer``, ``event`` or ``child``; or that of a step that waits for a system."""
    since: float | None = None
    due: float | None = None
    """When it is over, or late."""
    child: str | None = None
    """The id of the run that is waited for."""
    item: int | None = None
    """The number of the review item, for a question to people."""
    queue: str | None = None
    system: str | None = None
    """The system that is down, for a step that needs it; ``due`` is when somebody tries it again."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail runs show --json`` prints it within its run."""
        return {name: value for name, value in asdict(self).items() if name != "run_key"}
