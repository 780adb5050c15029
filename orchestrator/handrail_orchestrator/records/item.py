"""One question to people: what it asks, what was suggested, what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from handrail_guards.confidence import ConfidenceSource
from handrail_guards.late import LatePolicy
from handrail_guards.outcome import Alternative, Judgement
from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.choices import choices_of
from handrail_orchestrator.records.lazy import LazyRecord
from handrail_orchestrator.records.rules import ORDINARY, ItemRules
from handrail_orchestrator.records.said import Said
from handrail_orchestrator.store.rows import ReviewState

ItemKind: TypeAlias = Literal["decide", "ask", "repair", "audit", "approve"]
"""``decide`` for a doubtful value, ``ask`` for a question, ``repair`` for a step that failed, ``audit``,
``approve`` for a step that is executed only when people say yes."""

_ANYTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem(LazyRecord):
    """One question to people; values are JSON data, times are seconds since the epoch (UTC)."""

    id: int
    run_id: str
    workflow: str
    step: str
    """The wait's name in its run, such as ``route#2/review``."""
    queue: str = "review"
    kind: ItemKind = "decide"
    title: str = ""
    created: float = 0.0
    code: str = ""
    """Why it is asked, as a code to count by; ``drawn``: to be decided without a suggestion."""
    reason: str = ""
    """Why it is asked, in plain words."""
    priority: int = 50
    """0 to 100; higher is asked first."""
    due: float | None = None
    """When it is late; None: never."""
    when_late: LatePolicy = "keep_waiting"
    """The first policy for when it is late."""
    state: ReviewState = "open"
    version: int = 1
    """Counts changes; a change is made only to the version it was decided on."""
    lease_owner: str | None = None
    """Who has taken it."""
    lease_until: float | None = None
    """Until when it is theirs."""
    suggestion: Any = None
    """What the model would have said; None: it said nothing usable, or people are to decide without."""
    confidence: float | None = None
    """How sure it was of that, 0 to 1."""
    source: ConfidenceSource | None = None
    """The confidence's source."""
    alternatives: tuple[Alternative, ...] = ()
    """Other answers that the model considered, most likely first."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of an answer."""
    context: Any = None
    """What is shown beside the question: the text that was judged, or what the step was called with."""
    decided: float | None = None
    decided_by: str | None = None
    """``person:<name>``, or ``policy:<name>``."""
    decision: Any = None
    """What was answered; None also while nothing is: ``state`` tells."""
    note: str | None = None
    exact_suggestion: Any = field(default=None, repr=False)
    """The suggestion as it is stored, where plain data says less of it than its type does: which member of a union it
    is, in which time zone. A decision that takes the suggestion as it is keeps that. None: plain data says it all."""
    run_key: int = 0
    """The run's number in its store."""
    tier: int = 1
    """Goes up when it is sent up, or when answers of several people differ."""
    assignee: str | None = None
    """Whom it was given to; None: whoever comes."""
    snoozed_until: float | None = None
    """Until when it is put away: nobody is offered it before."""
    commit_at: float | None = None
    """When its answer counts, while it is ``pending``."""
    timer: float | None = None
    """When the next policy for what is late fires."""
    late_step: int = 0
    """How many of those policies have fired."""
    late: Any = None
    """Those policies, as JSON data."""
    rules: ItemRules = ORDINARY
    """Who may answer, and how many must."""
    answers: tuple[GivenAnswer, ...] = field(default=(), repr=False)
    """The answers given so far: of an item that needs several, not to be shown to who is to answer without them."""
    digest: str = ""
    """Of what is shown: title, context, suggestion, form of the answer, reason, and how the suggestion came to be."""
    first_taken: float | None = None
    """When somebody first took it."""
    hands_on: float = 0.0
    """Seconds that people were at it, as far as they showed it."""
    started_by: str | None = None
    """Who started its run, such as ``person:ann``; None: code did."""

    @property
    def choices(self) -> tuple[Any, ...]:
        """Return the values that an answer can have, the likeliest first; empty if there is no list of them."""
        likely = () if self.suggestion is None else (self.suggestion,)
        return choices_of(self.schema, likely, (each.value for each in self.alternatives))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail review list --json`` prints it."""
        return {
            "id": self.id,
            "run": self.run_key,
            "run_id": self.run_id,
            "workflow": self.workflow,
            "step": self.step,
            "queue": self.queue,
            "kind": self.kind,
            "title": self.title,
            "created": self.created,
            "code": self.code,
            "reason": self.reason,
            "priority": self.priority,
            "due": self.due,
            "when_late": self.when_late,
            "state": self.state,
            "version": self.version,
            "lease_owner": self.lease_owner,
            "lease_until": self.lease_until,
            "suggestion": self.suggestion,
            "confidence": self.confidence,
            "source": self.source,
            "alternatives": [[each.value, each.confidence] for each in self.alternatives],
            "schema": dict(self.schema),
            "context": self.context,
            "decided": self.decided,
            "decided_by": self.decided_by,
            "decision": self.decision,
            "note": self.note,
            "tier": self.tier,
            "assignee": self.assignee,
            "snoozed_until": self.snoozed_until,
            "commit_at": self.commit_at,
            "reviewers": self.rules.reviewers,
            "answered_by": [each.by for each in self.answers],
            "digest": self.digest,
            "first_taken": self.first_taken,
            "hands_on": self.hands_on,
            "started_by": self.started_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChange(LazyRecord):
    """One change of a review item; never changed or deleted."""

    id: int
    review: int
    """The item's number."""
    at: float
    """In seconds since the epoch."""
    actor: str
    """``person:<name>``, ``policy:<name>`` or ``run:<key>``."""
    action: str
    """``ask``, ``take``, ``skip``, ``release``, ``snooze``, ``assign``, ``send_up``, ``note``, ``decide``, ``commit``,
    ``undo``, ``reopen``, ``cancel``, or the name of a policy for what is late."""
    state: ReviewState
    """The state it came to."""
    version: int
    data: Mapping[str, Any] | None = None
    """What belongs to it: ``decision``, ``shown``, ``despite``, ``note``, ``code``, ``tier``, ``agreement``."""
    hash: str | None = field(default=None, repr=False)
    """Chains it to the change before it, of whatever item."""

    @property
    def decision(self) -> Any:
        """Return what was decided; None for a change that decided nothing."""
        return (self.data or _ANYTHING).get("decision")

    @property
    def despite(self) -> tuple[str, ...]:
        """Return the guards that a decision was confirmed against."""
        return tuple((self.data or _ANYTHING).get("despite", ()))

    @property
    def note(self) -> str | None:
        """Return what its actor had to say."""
        return (self.data or _ANYTHING).get("note")

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, as ``handrail review show --json`` prints it within its item."""
        return {
            "id": self.id,
            "review": self.review,
            "at": self.at,
            "actor": self.actor,
            "action": self.action,
            "state": self.state,
            "version": self.version,
            "data": None if self.data is None else dict(self.data),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDetail(ReviewItem):
    """A review item read by itself: with what was judged, and everything that happened to it."""

    judgement: Judgement | None = None
    """How the suggestion came to be: its fields, evidence, verdicts; None: it asks about no judgement, or is blind."""
    history: tuple[ReviewChange, ...] = ()
    """Every change, oldest first: who took it, decided, corrected or skipped it."""

    @property
    def said(self) -> Said | None:
        """Return what people may see of the judgement: confidence by field, evidence in words, what failed."""
        return None if self.judgement is None else Said.of(self.judgement)
