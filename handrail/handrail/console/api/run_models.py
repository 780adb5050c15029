"""What is given to operations on runs, and what they answer."""

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from handrail.console.api.operation import Given
from handrail_guards.confidence import ConfidenceSource
from handrail_orchestrator.step_kind import StepKind
from handrail_orchestrator.store.rows import RunStatus, StepStatus

LARGEST = 2**63 - 1
"""The largest number that a store holds."""
MOST_LISTED = 500
"""Rows of one page of a list."""
LATEST = 253_402_300_799.0
"""The last second of the year 9999."""

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]+$")]
"""A text by which something is found: in no database with a NUL."""
Moment: TypeAlias = Annotated[float, Field(ge=0, le=LATEST, description="Seconds since the epoch (UTC)")]
GivenMoment: TypeAlias = Annotated[Moment, Field(strict=True)]
"""One in a body, where yes is no number; in an address everything is text."""
Limit: TypeAlias = Annotated[int, Field(ge=1, le=MOST_LISTED, description="Rows of a page")]


class Told(BaseModel):
    """What an operation answers: these fields and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RunPlace(Given):
    """Which run."""

    id: Annotated[str, Field(min_length=1, description="The run's id, percent-encoded; a slash in it is `%2F`")]


class WorkflowPlace(Given):
    """Which workflow."""

    name: Annotated[str, Field(min_length=1, description="The workflow's name")]


class StartBody(Given):
    """What to start."""

    input: Any = Field(default=None, description="The workflow's input, as JSON; null for one that takes none")


class StartHeaders(Given):
    """By what a repeated start is known."""

    idempotency_key: Annotated[
        str | None,
        Field(
            alias="Idempotency-Key",
            pattern=r"^[A-Za-z0-9._:@/+-]{1,200}$",
            description="The run's id: the same key with the same input is the same run, however often it is sent."
            " Without it every request starts a run of its own.",
        ),
    ] = None


TagText: TypeAlias = Annotated[
    str | None,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,59}=[\s\S]{1,300}$",
        description="Only runs that carry this tag, as `name=value`",
    ),
]


class RunsQuery(Given):
    """Which runs."""

    status: RunStatus | None = Field(default=None, description="Only runs with this status")
    workflow: Text | None = Field(default=None, description="Only runs of this workflow")
    text: Text | None = Field(default=None, description="Only runs with this somewhere in their id")
    parent: Text | None = Field(default=None, description="Only child runs of the run with this id")
    tag: TagText = None
    created_from: Moment | None = Field(default=None, description="Only runs made then or later")
    created_to: Moment | None = Field(default=None, description="Only runs made before then")
    limit: Limit = 50
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,18}$", description="`next` of the page before this one")] = (
        None
    )


class StepsQuery(Given):
    """Which steps."""

    limit: Limit = 100
    cursor: Annotated[
        str | None, Field(pattern=r"^[0-9]{1,18}\.[\s\S]*$", description="`next` of the page before this one")
    ] = None


class CancelBody(Given):
    """Why it is cancelled."""

    reason: Text | None = Field(default=None, description="Recorded with the run; who cancelled it, if none is given")


class ForkBody(Given):
    """What to fork."""

    step: Name | None = Field(default=None, description="The history before this step is taken over; null: none of it")
    id: Name | None = Field(default=None, description="The new run's id; null: one is made")


class EventBody(Given):
    """What has happened."""

    name: Name = Field(description="The event's name, as the workflow waits for it")
    payload: Any = Field(default=None, description="What belongs to it, as JSON")
    event_id: Name | None = Field(
        default=None, description="An event with the same id counts once, however often it is sent"
    )


class ErrorTold(Told):
    """What went wrong."""

    type: str = Field(description="The name of the error's class")
    message: str
    trace: str | None = Field(default=None, description="The last lines of its traceback: for seniors")
    steps: list[str] | None = Field(default=None, description="The steps that a retry executes again")
    failed: int | None = Field(default=None, description="How many tries have failed, while it is tried again")


class WaitTold(Told):
    """What a run waits for."""

    step: str
    kind: StepKind
    since: float | None
    due: float | None = Field(description="When it is over, or late")
    child: str | None = Field(description="The id of the run that is waited for")
    item: int | None = Field(description="The number of the review item")
    queue: str | None
    system: str | None = Field(description="The system that is down, for a step that needs it")


class RunTold(Told):
    """One run; times are seconds since the epoch (UTC)."""

    key: int = Field(description="Its number in its store")
    id: str
    workflow: str
    version: int
    status: RunStatus
    wake: float | None = Field(description="When it is due; null: nothing to do until an answer or event comes")
    owner: int | None = Field(description="The worker that executes it")
    crashes: int
    created: float
    started: float | None
    ended: float | None
    deadline: float | None
    input: Any
    output: Any
    error: ErrorTold | None
    parent: int | None = Field(description="The key of the run that waits for it")
    parent_id: str | None = Field(description="The id of that run")
    copied_seq: int = Field(description="A fork's steps up to this number were copied")
    started_by: str | None = Field(description="Such as `person:ann`; null: code did")
    priority: int = Field(description="Of runs that are due, those of a higher one are executed first")
    forgotten: float | None = Field(description="When its values were blanked; null: it has them")
    forgotten_by: str | None = Field(description="Who had them blanked")
    progress: str | None = Field(description="What it says of itself: how far it is")
    tags: dict[str, str] = Field(description="By what it can be found")
    round: int = Field(description="Counts up whenever it goes on with another input")
    undoing: RunStatus | None = Field(description="How it ends once what it did is undone; null: nothing is undone")
    trace_id: str | None = Field(description="The trace it belongs to; null: nobody told of it")
    has_ended: bool
    hidden: bool = Field(
        description="Whether output, error and progress are left out: of a case in it you may be asked without them,"
        " until its audit is answered"
    )
    waits: list[WaitTold] = Field(description="What it waits for")


class RunsTold(Told):
    """A page of runs, newest first."""

    runs: list[RunTold]
    next: str | None = Field(description="The `cursor` of the next page; null: this is the last one")


class StartedTold(RunTold):
    """A run that was started, by this request or by one before it."""

    new: bool = Field(description="Whether this request started it")


class DespiteTold(Told):
    """Guards that a person's answer was confirmed against, while its run has not read it."""

    despite: list[str]


VerdictTold: TypeAlias = Annotated[list[Any], Field(min_length=5, max_length=5)]


class StepTold(Told):
    """One remembered call of a run."""

    name: str
    seq: int = Field(description="Order of recording in the run, from 1")
    kind: StepKind
    status: StepStatus
    attempt: int
    queued: float | None
    started: float | None
    ended: float | None
    input: Any
    output: Any = Field(description="What it returned; of an AI step the whole outcome")
    owner: str | None
    decided_by: str | None = Field(description="`rule`, `model:<name>`, `person:<name>` or `policy:<name>`")
    due: float | None
    error: ErrorTold | None
    confidence: float | None
    source: ConfidenceSource | None
    verdicts: list[VerdictTold] | DespiteTold | None = Field(
        description="What guards said: guard, passed, field, reason, what it does when it fails"
    )
    input_tokens: int | None
    output_tokens: int | None
    money: float | None
    hidden: bool = Field(
        description="Whether values are left out: people, of an accepted one you, are asked about it, or about what it"
        " follows from, without them"
    )


class StepsTold(Told):
    """A page of a run's steps, in order of recording."""

    steps: list[StepTold]
    next: str | None = Field(description="The `cursor` of the next page; null: this is the last one")


class CancelledTold(Told):
    """What became of the run."""

    id: str
    status: RunStatus = Field(description="`running` while its steps are being stopped")


class ForkedTold(Told):
    """The new run."""

    id: str


class SentTold(Told):
    """Whether the event counts."""

    new: bool = Field(description="False: an event with this id had come before")


class WorkflowTold(Told):
    """A workflow whose runs can be started here."""

    name: str
    version: int
    takes_input: bool
    input: dict[str, Any] = Field(description="JSON Schema of its input; empty: any JSON")


class WorkflowsTold(Told):
    """The workflows that this server executes."""

    workflows: list[WorkflowTold]
