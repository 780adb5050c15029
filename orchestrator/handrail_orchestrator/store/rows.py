"""What a store holds, as plain rows; times are seconds since the epoch (UTC), values are JSON text."""

from typing import Final, Literal, NamedTuple

from handrail_orchestrator.step_kind import StepKind

DUE = 0.0
"""The time at which a run is due that is due at once: whatever the wall clock does, it is past."""

SUSPECT = 2
"""Crashes without progress after which a run is executed with only half of those that it was in flight with."""

RunStatus = Literal["pending", "running", "waiting", "completed", "failed", "cancelled", "set_aside"]
"""``pending`` is due and unclaimed; ``set_aside`` killed its process too often; the last four have ended."""

ENDED: tuple[RunStatus, ...] = ("completed", "failed", "cancelled", "set_aside")

StepStatus = Literal["started", "waiting", "done", "failed", "withdrawn", "registered"]
"""``withdrawn`` lost against another branch of ``run.first``; ``registered`` is an undo action that may be needed."""

ReviewState = Literal["open", "leased", "pending", "decided", "expired", "cancelled"]
"""``pending`` has an answer that can still be taken back."""

APPROVE: Final = "approve"
"""The kind of review item that stands before the execution of a step, which uses its answer up."""

SECOND: Final = "second"
"""What the name of the question ends with in which somebody else looks at a judgement that was contradicted ..."""
THIRD: Final = "third"
"""... and of the one that tells how often reviewers miss what two others found wrong."""

DRAWN: Final = "drawn"
"""The code of an item whose case was drawn at random: it is decided without the suggestion in view."""

DRAWN_REASON: Final = "drawn at random, to be decided without a suggestion"
"""The same for accepted and for doubtful values, so that it does not tell them apart."""

AUDIT: Final = "audit"
"""The kind of review item that nothing waits for: it outlives its run's end, and deciding it changes no run."""

WITHDRAWN: Final = "withdrawn: "
"""What the note of an item begins with that nobody needs an answer to: what came first stands behind it."""

NOT_NEW: Final = "whoever answered another question of its run may not answer this one"
"""Why somebody may not answer an item that is for people who have answered nothing else of its run."""

PLAIN_DECISION: Final = "is_plain"
"""The key by which a change's data says that its decision is plain data, although it looks marked."""
QUESTION: Final = "question"
"""The key by which a change's data holds the digest of what is asked from then on."""


class StepRow(NamedTuple):
    """One step of one run; the columns of table ``steps`` in order, those that a plain result leaves empty last."""

    run: int
    """The run's key."""
    name: str
    """The step's name in its run, such as ``route#2``."""
    seq: int
    """Order of recording in the run, from 1."""
    kind: StepKind
    status: StepStatus
    attempt: int = 1
    queued: float | None = None
    started: float | None = None
    ended: float | None = None
    input: str | None = None
    output: str | None = None
    owner: str | None = None
    decided_by: str | None = None
    """``rule``, ``model:<name>``, ``person:<name>`` or ``policy:<name>``."""
    due: float | None = None
    """For a wait: when it is over, or late."""
    error: str | None = None
    """JSON ``{"type", "message", "trace"}``."""
    confidence: float | None = None
    source: str | None = None
    """The confidence's source."""
    verdicts: str | None = None
    """JSON, ``[guard, passed, field, reason, on_fail]`` each. A person's answer that its run has not read yet has
    ``{"despite": [guard, ...]}`` instead; one of a store that did not check answers has nothing."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    money: float | None = None


class ChildRow(NamedTuple):
    """What a step started, beside what it records: the run's workflow, and whether its result is waited for."""

    step: str
    """The step's name in the run that started it."""
    workflow: str
    policy: str | None
    """``wait``, ``leave`` or ``cancel``; None: another step, or somebody else, started it."""


class EventRow(NamedTuple):
    """One external event sent to a run."""

    run: int
    name: str
    number: int
    """1 for the first event of this name sent to the run."""
    payload: str
    sent: float
    event_id: str | None


class ClaimedRun(NamedTuple):
    """A run that one worker owns from now on."""

    key: int
    id: str
    workflow: str
    version: int
    input: str
    signals: int
    """How many answers and events had come when it was claimed."""
    created: float
    deadline: float | None
    cancel: bool
    crashes: int
    code: str
    """Hash of the workflow's code when the run was started."""
    parent: int | None = None
    """The key of the run that waits for it as a child."""
    has_history: bool = True
    """Whether anything may be remembered of it: a step, a wait or an event."""
    copied_seq: int = 0
    """A fork's steps up to this number were copied from another run."""
    died_among: int = 0
    """How many runs were in flight in its last crash; of suspects, how many of those."""
    trace: str | None = None
    """What is kept of the trace it belongs to."""
    undoing: str | None = None
    """How it ends once its actions are undone, which is all that is left to do of it; None: it goes on."""
    round: int = 1
    """Counts up whenever it goes on with another input."""
    round_seq: int = 0
    """The steps of its earlier rounds have numbers up to this one."""
    claim: int = 0
    """Counts up whenever it is claimed: what is written with an earlier number is refused."""

    @property
    def must_be_alone(self) -> bool:
        """Whether it may be what kills its process, and only it: it is executed with nothing beside it."""
        return self.crashes >= SUSPECT and self.died_among <= 1


class RunRow(NamedTuple):
    """One run as people see it."""

    key: int
    id: str
    workflow: str
    version: int
    status: RunStatus
    wake: float | None
    """When it is due; None: nothing to do until an answer or event comes."""
    owner: int | None
    """The worker that executes it."""
    crashes: int
    created: float
    started: float | None
    ended: float | None
    deadline: float | None
    input: str
    output: str | None
    error: str | None
    parent: int | None
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
    """What it says of itself."""
    tags: str | None = None
    """JSON object of text by name."""
    round: int = 1
    """Counts up whenever it goes on with another input."""
    undoing: str | None = None
    """JSON ``{"status", "error"}``: how it ends once its actions are undone, or has ended."""
    trace: str | None = None
    """What is kept of the trace it belongs to."""


class ReviewRow(NamedTuple):
    """One question to people; the columns of table ``reviews`` in order."""

    id: int
    run: int
    run_id: str
    workflow: str
    step: str
    queue: str
    kind: str
    """``decide`` for a doubtful value, ``ask`` for a question, ``repair`` for a step that failed, ``audit``."""
    title: str
    created: float
    code: str
    """Why it is asked, as a code to count by."""
    reason: str
    priority: int
    due: float | None
    when_late: str
    state: ReviewState
    version: int
    """Counts changes; a change is made only to the version it was decided on."""
    lease_owner: str | None
    lease_until: float | None
    suggestion: str | None
    confidence: float | None
    source: str | None
    alternatives: str
    """JSON list of ``[value, confidence]``."""
    schema: str
    """JSON Schema of an answer."""
    context: str
    """JSON shown beside the question."""
    decided: float | None = None
    decided_by: str | None = None
    decision: str | None = None
    note: str | None = None
    tier: int = 1
    """Goes up when it is sent up."""
    assignee: str | None = None
    snoozed_until: float | None = None
    commit_at: float | None = None
    """When its answer counts, while it is pending."""
    timer: float | None = None
    """When the next policy for what is late fires."""
    late_step: int = 0
    """How many policies have fired."""
    late: str | None = None
    """JSON list of the policies for when it is late."""
    rules: str | None = None
    """JSON of who may answer, and how many must; None: one person, whoever it is."""
    answers: str | None = None
    """JSON list of the answers so far: ``[by, at, decision, note, [guard, ...]]`` each."""
    digest: str = ""
    """Of what is shown."""
    first_taken: float | None = None
    hands_on: float = 0.0
    """Seconds that people were at it, as far as they showed it."""
    started_by: str | None = None
    """Who started its run; None: code did."""


class WaitRow(NamedTuple):
    """What a run waits for."""

    run: int
    """The run's key."""
    step: str
    kind: StepKind
    """``human``, ``timer``, ``event`` or ``child``."""
    since: float | None
    due: float | None
    """When it is over, or late."""
    child: str | None
    """The id of the run that is waited for."""
    item: int | None
    """The number of the review item, for a question to people."""
    queue: str | None
    system: str | None = None
    """The system that is down, for a step that needs it; ``due`` is when somebody tries it again."""


class JudgedRow(NamedTuple):
    """One judgement with its review item, if it has one: a doubtful value's question, or an accepted value's audit."""

    run: int
    """The run's key."""
    run_id: str
    workflow: str
    version: int
    """The workflow's version."""
    step: str
    """The step's name in its run, such as ``route#2``."""
    run_input: str
    input: str | None
    output: str
    """The outcome: accepted or doubtful, with its judgement."""
    ended: float
    copied: bool
    """Whether another run judged it: this one is its fork."""
    item: int | None
    """The review item's number; None: nobody was asked."""
    state: ReviewState | None
    decision: str | None
    decided_by: str | None
    decided: float | None
    challenged: float | None = None
    """When a challenger's answer was recorded; None: there is none."""
    challenger: str | None = None
    challenge: str | None = None
    """The outcome that it came to."""
    challenge_error: str | None = None
    challenge_seconds: float | None = None
    challenge_money: float | None = None

    @property
    def place(self) -> tuple[int, str]:
        """Return where it stands in the order of reading, for ``JudgedQuery.after``."""
        return self.run, self.step


class ReviewLogRow(NamedTuple):
    """One change of a review item; never changed or deleted."""

    id: int
    review: int
    at: float
    actor: str
    action: str
    state: ReviewState
    """The state it came to."""
    version: int
    data: str | None
    hash: str | None = None
    """Chains it to the row before it."""


class PersonRow(NamedTuple):
    """Somebody whom the store knows; the columns of table ``people`` in order."""

    name: str
    roles: str = "{}"
    """JSON object: role by queue, ``*`` for every queue that is not named."""
    groups: str = "[]"
    """JSON list."""
    password: str | None = None
    """Its argon2 hash."""
    subject: str | None = None
    """Who they are for an identity provider, as ``issuer|sub``."""
    email: str | None = None
    """By which their first sign-in with an identity provider is known."""
    zone: str | None = None
    settings: str = "{}"
    """JSON object."""
    disabled: int = 0
    created: float = 0.0


PassKind = Literal["session", "token"]
"""What lets somebody in: the session of a browser, or the token of a program."""


class PassRow(NamedTuple):
    """What lets a person in; the columns of table ``passes`` in order."""

    hash: str
    """SHA-256 of the secret, which is stored nowhere."""
    person: str
    kind: PassKind
    label: str
    created: float
    expires: float | None = None
    used: float | None = None


class WorkerRow(NamedTuple):
    """One process that executes runs of this store."""

    id: int
    pid: int
    host: str
    beat: int
    """Goes up while the process lives."""
    bell: str
    """Path of its doorbell socket; empty where there is none."""
    lock: str
    """Path of the file it holds locked while it lives; empty where there is none."""
    started: float
