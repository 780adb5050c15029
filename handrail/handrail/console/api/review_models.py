"""What is given to operations on review items, and what they answer."""

import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from handrail.console.api.operation import Given
from handrail.console.api.run_models import LARGEST, GivenMoment, Limit, Moment, Text, Told
from handrail_guards.confidence import ConfidenceSource
from handrail_orchestrator.records.item import ItemKind
from handrail_orchestrator.review.moves import LONGEST_UNDO_SECONDS, UNDO_SECONDS, SendUpCode
from handrail_orchestrator.store.rows import ReviewState

LONGEST_NOTE = 10_000
"""Characters of a note."""


def _with_words(text: str) -> str:
    if not text.strip():
        raise ValueError("it needs words")
    return text


Note: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]
Words: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=r"\S"), AfterValidator(_with_words)
]


def _as_written(number: object) -> object:
    """Refuse another way to write a number: 1_0, +10 and 10.0 are not the address of item 10."""
    if isinstance(number, str) and not re.fullmatch(r"[1-9][0-9]*", number):
        raise ValueError("it is no number of an item")
    return number


class ItemPlace(Given):
    """Which review item."""

    item: Annotated[int, BeforeValidator(_as_written), Field(ge=1, le=LARGEST, description="The item's number")]


class ReviewsQuery(Given):
    """Which review items."""

    state: list[ReviewState] | None = Field(
        default=None, description="Only items in one of these states; those that wait for an answer, if none is given"
    )
    queue: Text | None = Field(default=None, description="Only items of this queue")
    workflow: Text | None = Field(default=None, description="Only items of runs of this workflow")
    kind: list[ItemKind] | None = Field(default=None, description="Only items of one of these kinds")
    run: Text | None = Field(default=None, description="Only items of the run with this id")
    text: Text | None = Field(
        default=None, description="Only items with this in their title, or with this number or run id"
    )
    assignee: Text | None = Field(default=None, description="Only items that are given to this person")
    decided_by: Text | None = Field(
        default=None, description="Only items decided by this one, such as `person:ann` or `policy:default`"
    )
    sent_up: bool | None = Field(default=None, description="true: only items that were sent up")
    late: bool | None = Field(default=None, description="Only items that are past their due time, or only the others")
    snoozed: bool | None = Field(default=None, description="Only items that are put away, or only the others")
    created_from: Moment | None = Field(default=None, description="Only items made then or later")
    created_to: Moment | None = Field(default=None, description="Only items made before then")
    count: bool = Field(default=False, description="true: `total` says how many there are on all pages")
    limit: Limit = 50
    cursor: Annotated[
        str | None,
        Field(pattern=r"^-?[0-9]{1,9}\.[0-9]{1,18}$", description="`next` of the page before this one"),
    ] = None


class NextBody(Given):
    """Of which queue."""

    queue: Text | None = Field(default=None, description="Only items of this queue")


class NoteBody(Given):
    """Why, in words."""

    note: Note | None = Field(default=None, description="Kept in the item's log")


class SnoozeBody(NoteBody):
    """Until when it is put away."""

    until: GivenMoment


class AssignBody(NoteBody):
    """Whom it is given to."""

    to: Text | None = Field(description="A person's name; null: whoever comes")


class SendUpBody(NoteBody):
    """Why it is sent up."""

    code: SendUpCode


class AddNoteBody(Given):
    """What is to be said."""

    text: Words


class ExtendBody(Given):
    """How long one was at it."""

    worked: Annotated[float, Field(strict=True, ge=0, le=LONGEST_UNDO_SECONDS)] = Field(
        default=0.0, description="Seconds at it since the last sign of life"
    )


class DecideBody(NoteBody):
    """An answer, and what was looked at when it was given."""

    value: Any = Field(description="The answer, as JSON that fits the item's `schema`")
    version: Annotated[int, Field(strict=True, ge=1, le=LARGEST)] | None = Field(
        default=None, description="The item's version that was looked at, where `If-Match` does not name it"
    )
    shown: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="The item's `digest` that was looked at"
    )
    despite: list[Text] = Field(
        default=[], max_length=100, description="Guards that fail, and against which the answer stands"
    )
    undo_seconds: Annotated[float, Field(strict=True, ge=0, le=LONGEST_UNDO_SECONDS)] = Field(
        default=0.0, description=f"For so long it can be taken back before it counts; the pages wait {UNDO_SECONDS:g}"
    )


class DecideHeaders(Given):
    """Which version was looked at."""

    if_match: Annotated[
        str | None,
        Field(alias="If-Match", pattern=r'^"[1-9][0-9]{0,17}"$', description="The item's `ETag` that was looked at"),
    ] = None


class ReviewTold(Told):
    """One question to people; times are seconds since the epoch (UTC)."""

    id: int
    run: int = Field(description="The run's number in its store")
    run_id: str
    workflow: str
    step: str = Field(description="The wait's name in its run")
    queue: str
    kind: ItemKind
    title: str
    created: float
    code: str = Field(description="Why it is asked, as a code to count by")
    reason: str = Field(description="Why it is asked, in words")
    priority: int = Field(description="Higher is asked first")
    due: float | None = Field(description="When it is late")
    when_late: str
    state: ReviewState
    version: int = Field(description="Counts changes")
    lease_owner: str | None
    lease_until: float | None
    suggestion: Any
    confidence: float | None
    source: ConfidenceSource | None
    alternatives: list[Annotated[list[Any], Field(min_length=2, max_length=2)]] = Field(
        description="Other answers that the model considered: value, confidence"
    )
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema of an answer")
    context: Any
    decided: float | None
    decided_by: str | None
    decision: Any
    note: str | None
    tier: int = Field(description="2 and more: it was sent up, or answers differed")
    assignee: str | None
    snoozed_until: float | None
    commit_at: float | None = Field(description="When its answer counts, while it is pending")
    reviewers: int = Field(description="How many people must give the same answer")
    answered_by: list[str]
    digest: str = Field(description="Of what is shown")
    first_taken: float | None
    hands_on: float
    started_by: str | None


class ReviewsTold(Told):
    """A page of review items, the most urgent first."""

    reviews: list[ReviewTold]
    next: str | None = Field(description="The `cursor` of the next page; null: this is the last one")
    total: int | None = Field(description="How many there are on all pages, if `count` asked for it")


class FailedTold(Told):
    """A guard that failed."""

    guard: str
    field: str | None
    reason: str


class SaidTold(Told):
    """What was said of a suggestion when it was made."""

    confidence: dict[str, float]
    evidence: dict[str, list[str]]
    failed: list[FailedTold]


class ChangeTold(Told):
    """One change of an item."""

    id: int
    review: int
    at: float
    actor: str
    action: str
    state: ReviewState
    version: int
    data: dict[str, Any] | None


class DetailTold(ReviewTold):
    """One item, with how its suggestion came to be and everything that happened to it."""

    judgement: SaidTold | None
    log: list[ChangeTold]


class NextTold(Told):
    """The item that was taken."""

    review: DetailTold | None = Field(description="null: there is none for this person")


class ExtendedTold(Told):
    """Whether it still is this person's."""

    held: bool
