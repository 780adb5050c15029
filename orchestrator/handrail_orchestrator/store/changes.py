"""What can be written to a store: plain data, applied in order, several in one transaction.

A ``VOLATILE`` change need not survive a power cut: a store may commit a transaction of nothing but
those without waiting for the disk. Order is kept either way.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

from handrail_orchestrator.store import control as h
from handrail_orchestrator.store import figures as g
from handrail_orchestrator.store import outbox as o
from handrail_orchestrator.store import rollouts as ro
from handrail_orchestrator.store.batches import AnswerWait, BatchChange, JoinBatch, SealBatch, WakeMember
from handrail_orchestrator.store.claiming import (
    Beat,
    Claim,
    ClaimRings,
    ClaimRun,
    HandBack,
    Register,
    Release,
    TakeOver,
)
from handrail_orchestrator.store.files import BeginFile, FileChange, KeepFile, PutPart, SweepFiles
from handrail_orchestrator.store.fired import NoteFired
from handrail_orchestrator.store.forgetting import ForgetRuns
from handrail_orchestrator.store.kept_settings import DeclareRetention, PutView, Remember
from handrail_orchestrator.store.known import PutKnown, Sow
from handrail_orchestrator.store.learned import (
    BeginModel,
    DecideModel,
    ExchangeModel,
    LearnedChanges,
    TakeLearning,
    TakeRescored,
)
from handrail_orchestrator.store.model_circuits import EnterModel, LeaveModel, ModelCircuitChange
from handrail_orchestrator.store.people import DropPasses, PersonChange, PutPass, PutPerson, Rehash, UsePass
from handrail_orchestrator.store.promises import (
    MovePromise,
    NumberCases,
    PromiseCase,
    PromiseChanges,
    SetLadder,
    SettleCases,
    TakePromise,
)
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.resealing import Reseal
from handrail_orchestrator.store.rows import ReviewState, RunStatus, StepRow
from handrail_orchestrator.store.running import RunningChange, key_of
from handrail_orchestrator.store.sealing import PutSealing
from handrail_orchestrator.store.sharing import LeavePlace, SharedLimitChange, TakePlace, TakeTurn
from handrail_orchestrator.store.starts import Fire, StartRun
from handrail_orchestrator.store.traces import KeepTrace
from handrail_orchestrator.store.triggers import (
    Advance,
    AskToFire,
    CloseAsk,
    DeclareTrigger,
    ForgetTrigger,
    PauseTrigger,
    ResumeTrigger,
    TakeEnd,
    TellTrigger,
    TriggerChange,
    TroubleTrigger,
)


class StartMany(NamedTuple):
    """Make several runs, all or none. Reply: a list of ``Started``."""

    runs: Sequence[StartRun]


class AskedItem(NamedTuple):
    """A question to people, as a run puts it; values are JSON text."""

    run: int
    step: str
    queue: str
    kind: str
    title: str
    created: float
    code: str
    """Why it is asked, as a code to count by."""
    reason: str
    priority: int
    due: float | None
    when_late: str
    schema: str
    """JSON Schema of an answer."""
    context: str = "null"
    suggestion: str | None = None
    confidence: float | None = None
    source: str | None = None
    alternatives: str = "[]"
    digest: str = ""
    """Of what is shown."""
    rules: str | None = None
    """JSON of who may answer, and how many must."""
    late: str | None = None
    """JSON list of the policies for when it is late, and in ``timer`` when the first of them fires."""
    timer: float | None = None


class AskAgain(NamedTuple):
    """Ask people about a promise's case once more, in an item of its own, unless they were. Reply: whether not."""

    case: int
    item: AskedItem
    is_third: bool


class RecordStep(NamedTuple):
    """Record a step's result, once: a result that is there is never overwritten."""

    row: StepRow
    audit: AskedItem | None = None
    """A question about the result that nothing waits for; recorded with it or not at all."""
    cases: Sequence[PromiseCase] = ()
    """What the parts of a promise have to know of it; recorded with it or not at all."""
    claim: int | None = None
    """As ``ClaimedChange`` has it, without an object more for each result."""


class NoteStarted(NamedTuple):
    """Note that a long step has begun, or that a try of it failed and when the next is due.

    Volatile: after a power cut, tries are counted from what was noted before.
    """

    row: StepRow


class OpenWait(NamedTuple):
    """Record what a run waits for, with its question to people or its child run, once."""

    row: StepRow
    review: AskedItem | None = None
    child: StartRun | None = None


class ReopenWait(NamedTuple):
    """Wait again for an event: the record of one that never fitted is archived."""

    row: StepRow
    """The wait as it is from now on."""


class Suspend(NamedTuple):
    """Let go of a run until it is due; at once when an answer came since ``signals``. Reply: when it is due."""

    key: int
    wake: float | None
    signals: int


class EndRun(NamedTuple):
    """End a run; its open questions are cancelled, all but audits, and its parent is told."""

    key: int
    status: RunStatus
    output: str | None
    error: str | None
    ended: float
    has_dependants: bool = True
    """Whether it may have open questions or child runs."""


class Send(NamedTuple):
    """Send an external event to a run; the same ``event_id`` counts once. Reply: whether it is new."""

    run_id: str
    name: str
    payload: str
    now: float
    event_id: str | None = None


class Cancel(NamedTuple):
    """Cancel a run and its children; one that is being executed is told to stop. Reply: its status."""

    run_id: str
    now: float
    reason: str


class RetryRun(NamedTuple):
    """Make a failed, cancelled or set-aside run due again; its failed steps are archived, all others kept."""

    run_id: str
    now: float


class Fork(NamedTuple):
    """Make a new run with the history of another up to, not including, a step. Reply: ``Started``."""

    run_id: str
    step: str | None
    new_id: str
    now: float
    started_by: str | None = None
    """Who forks it; a run that somebody had started remains theirs."""


class ReviewSets(TypedDict, total=False):
    """Further columns of a review item that a move sets."""

    queue: str
    due: float | None
    tier: int
    assignee: str | None
    snoozed_until: float | None
    commit_at: float | None
    timer: float | None
    late_step: int
    late: str | None
    rules: str | None
    answers: str | None
    digest: str


class MoveReview(NamedTuple):
    """Move a review item on, if it still is at ``version``; a decision resumes its run. Reply: the new row."""

    id: int
    version: int
    state: ReviewState
    action: str
    actor: str
    now: float
    lease_owner: str | None = None
    lease_until: float | None = None
    priority: int | None = None
    decision: str | None = None
    note: str | None = None
    despite: Sequence[str] = ()
    """For a decision: the guards against which the person confirms it, although they fail."""
    schema: str | None = None
    """For an item that is opened again because the type of its answer changed: the new one."""
    asked: str | None = None
    """And what its run asks for from now on, as it is recorded with the wait."""
    sets: ReviewSets = {}  # noqa: RUF012 -- never written to
    """Further columns to set; what is not named stays."""
    data: Mapping[str, object] | None = None
    """What the log keeps of it beside the rest."""
    answer: str | None = None
    """An answer that is given with it, for the log; ``decision`` is the one that counts."""
    shown: str | None = None
    """For an answer: the digest of what the person was shown."""
    link: str | None = None
    """For an answer given with a signed link: what is kept of it, so that it answers once."""
    fired: int | None = None
    """Of a policy for what is late: only if so many have fired by then, and nobody has the item."""
    is_gentle: bool = False
    """Of a policy: whether it leaves the item with whoever has it, at its version: an answer being given still fits."""
    is_of_new: bool = False
    """For an answer: only of somebody who has answered no other question of the run by then."""


class ExtendLease(NamedTuple):
    """Extend a lease, if the item is still at ``version`` and this person's; no change for the log. Reply: whether."""

    id: int
    version: int
    owner: str
    until: float
    worked: float
    """Seconds at it since the last sign of life."""


class ReadAnswer(NamedTuple):
    """Note that a run has read a person's answer, and what its guards have against it; it cannot be taken back now."""

    run: int
    name: str
    verdicts: str


class Prune(NamedTuple):
    """Delete runs that ended before a time, with all that belongs to them. Reply: how many."""

    ended_before: float
    statuses: Sequence[RunStatus]
    most: int
    workflow: str | None = None
    """Only runs of this workflow."""
    now: float = 0.0
    actor: str = "code"
    """Who prunes, for the audit log."""


class ClaimedChange(NamedTuple):
    """A change that an execution makes of its run: refused unless the run is still claimed as it was given to it.

    A worker that lives may have lost one of its runs, to another worker or to a later execution in its own process.
    """

    claim: int
    """The number that the run's claim had."""
    change: "Change"


Change = (
    StartRun | StartMany | BatchChange | Fire | NoteFired | FileChange | TriggerChange | g.FigureChange
    | RecordStep | RecordResult | AskAgain | NoteStarted | OpenWait | ReopenWait | Suspend | EndRun | Claim
    | ClaimRun | ClaimRings | ClaimedChange | Release | HandBack | Register | Beat | TakeOver | Send | Cancel
    | RetryRun | Fork | MoveReview | ExtendLease | ReadAnswer | Prune | PutView | DeclareRetention | Remember
    | PersonChange | o.OutboxChange | h.ControlChange | ModelCircuitChange | SharedLimitChange | ro.RolloutChanges
    | PutKnown | Sow | KeepTrace | PutSealing | Reseal | RunningChange | PromiseChanges | LearnedChanges
)  # fmt: skip


def plain(change: Change) -> Change:
    """Return what a change does, whoever makes it."""
    return change.change if isinstance(change, ClaimedChange) else change


def claim_of(change: Change) -> int | None:
    """Return the number of the claim under which a change is made; None: whoever owns the run may make it."""
    return change.claim if isinstance(change, (RecordResult, ClaimedChange, RecordStep)) else None


def run_of(change: Change) -> int | None:
    """Return the key of the run that a change is about, where it names one."""
    match change:  # the most frequent first
        case ClaimedChange():
            return run_of(change.change)
        case RecordStep() | NoteStarted() | OpenWait() | ReopenWait() | JoinBatch():
            return change.row.run
        case EndRun() | Suspend() | HandBack() | SealBatch():
            return change.key
        case (
            RecordResult() | ReadAnswer() | KeepTrace() | h.EnterSystem() | h.SystemFailed() | h.SystemAnswered()
            | TakePlace()
        ):  # fmt: skip
            return change.run
        case (
            StartRun() | StartMany() | Claim() | Release() | Register() | Beat() | TakeOver() | Send() | Cancel()
            | RetryRun() | Fork() | MoveReview() | ExtendLease() | Prune() | DeclareRetention() | Remember()
            | PutView() | PutKnown() | Sow() | ClaimRun() | ClaimRings() | PutSealing() | Reseal() | AnswerWait()
            | WakeMember() | EnterModel() | LeaveModel() | LeavePlace() | TakeTurn() | g.RollUp() | g.RecordOutcome()
            | g.PutBaseline() | AskAgain() | NumberCases() | SettleCases() | TakePromise() | SetLadder() | MovePromise()
            | Fire() | NoteFired() | BeginFile() | PutPart() | KeepFile() | SweepFiles() | o.Tell()
            | o.DeclareNotices() | o.RouteNotices() | o.ClaimDelivery() | o.EndTry() | o.RetryDeliveries()
            | o.SweepOutbox() | o.SeeRequest() | DeclareTrigger() | PauseTrigger() | ResumeTrigger() | AskToFire()
            | CloseAsk() | TellTrigger() | Advance() | TakeEnd() | TroubleTrigger() | ForgetTrigger()
            | ro.DeclareRollout() | ro.MoveRollout() | ro.HoldFired() | ro.RecordChallenge() | h.Pause() | h.Resume()
            | h.ProbeNow() | h.BulkBatch() | ForgetRuns() | BeginModel() | TakeRescored() | ExchangeModel()
            | DecideModel() | TakeLearning() | PutPerson() | Rehash() | PutPass() | DropPasses() | UsePass()
        ):  # fmt: skip
            return None
        case _:
            return key_of(change)


VOLATILE: frozenset[type] = frozenset(
    {KeepTrace, NoteStarted, Claim, ClaimRun, ClaimRings, Beat, ExtendLease, UsePass, BeginFile, PutPart, g.RollUp}
)
"""After a power cut a claim is due again, and a hint, a beat, a sign of life or half a file is of no use any more."""
