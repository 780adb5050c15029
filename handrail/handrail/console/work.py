"""Everything that a page shows of one item: read once, and put together for the templates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from starlette.requests import Request

from handrail.console.beside import Beside, beside, heading, headings
from handrail.console.context import Console, console_of
from handrail.console.documents import files_of, kept_pictures
from handrail.console.keys import KeyMap, key_map
from handrail.console.labels import IN_SIGHT, LabelOption, label_options, shown_value
from handrail.console.lit import LitLine, lit_lines
from handrail.console.marks import answer_form
from handrail.console.notes import Note, notes_of
from handrail.console.sheets import ShownDocument, shown_documents
from handrail.console.standing import ANSWERABLE, Standing, is_own_answer, standing
from handrail.console.viewer import Viewer, viewer_of
from handrail.console.way import WayStep, way_to
from handrail_guards.outcome import SourcePicture
from handrail_guards.verdict import Verdict
from handrail_orchestrator.client import Client
from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.file import File
from handrail_orchestrator.records.item import ReviewDetail, ReviewItem
from handrail_orchestrator.review.blinding import item_for
from handrail_orchestrator.review.moves import LEASE_SECONDS, SEND_UP_CODES
from handrail_orchestrator.similar import SimilarCase
from handrail_orchestrator.store import ReviewQuery

WorkKind: TypeAlias = Literal["triage", "extraction"]
BEAT_SECONDS = LEASE_SECONDS / 5
"""Between two signs of life of a page in sight: several may be lost before somebody else can have its item."""
LOADED_AHEAD = 2
"""Items that are loaded ahead, without being taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a person sent that was not taken, to be shown to them again."""

    choice: str = ""
    """The label they chose, as JSON text."""
    note: str = ""
    despite: tuple[str, ...] = ()
    form: Any = None
    """The form with what they typed."""
    refused: tuple[Verdict, ...] = ()
    """The guards that their answer fails."""
    problem: str = ""
    """Why it was not taken, in words."""
    is_conflict: bool = False
    """Whether somebody else was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer that somebody has just given, while they can take it back."""

    item: int
    heading: str
    value: str
    until: float | None
    """When it counts; None: it does already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One item as its page shows it."""

    item: ReviewDetail
    kind: WorkKind
    heading: str
    standing: Standing
    beside: Beside
    lines: Sequence[LitLine]
    labels: Sequence[LabelOption]
    form: Any
    """The form of an answer that is no label."""
    way: Sequence[WayStep]
    verdicts: Sequence[Verdict]
    similar: Sequence[SimilarCase]
    notes: Sequence[Note]
    documents: Sequence[ShownDocument]
    """What the question is about, with pictures of its pages."""
    files: Sequence[File]
    """Files that stand in what is shown."""
    pictures: Sequence[SourcePicture]
    """What a model was shown; a record has what they are, and not their bytes."""
    kept: Collection[str]
    """The ids of those whose files the store has."""
    keys: KeyMap
    queue: str
    """The queue that the person works through; empty: all."""
    ahead: Sequence[tuple[int, str]]
    """The items that come next, with what they are called."""
    typed: Typed = Typed()
    done: Done | None = None
    is_mine_to_undo: bool = False
    may_assign: bool = False
    may_fork: bool = False
    send_up_codes: Sequence[str] = field(default=SEND_UP_CODES)
    beat_seconds: float = BEAT_SECONDS

    @property
    def has_pictures(self) -> bool:
        """Whether a page of a document can be looked at."""
        return any(each.sheets for each in self.documents)

    @property
    def is_answerable(self) -> bool:
        """Whether the person may answer it."""
        return self.standing in ANSWERABLE

    @property
    def chosen(self) -> str:
        """The label that is chosen when the page opens: what they chose before, or what is suggested."""
        suggested = next((each.value for each in self.labels if each.is_suggested), "")
        return self.typed.choice or suggested

    def letter_of(self, label: LabelOption) -> str:
        """Return the letter that chooses a label, unless this person has given it to something else."""
        return "" if label.letter in self.keys.keys.values() or self.keys.are_single_off else label.letter

    @property
    def in_sight(self) -> Sequence[LabelOption]:
        """The labels that are always shown."""
        return self.labels if len(self.labels) <= IN_SIGHT else [each for each in self.labels if each.key]

    @property
    def others(self) -> Sequence[LabelOption]:
        """The labels that wait behind the search."""
        return () if len(self.labels) <= IN_SIGHT else [each for each in self.labels if not each.key]


def work_of(
    request: Request,
    item: ReviewDetail,
    *,
    queue: str = "",
    typed: Typed = Typed(),
    done: int | None = None,
) -> Work:
    """Return everything that the page of an item shows."""
    console, viewer = console_of(request), viewer_of(request)
    client, now = console.client, console.client.now()
    item = item_for(item, viewer.person)
    kind = kind_of(item)
    shown = beside(item)
    labels = label_options(item, console.commonness.of(client, item)) if kind == "triage" and item.choices else []
    judgement = item.judgement
    evidence: Mapping[str, Any] = {} if judgement is None else judgement.evidence
    looks = {"": "first"} | {each.text: each.look for each in labels if each.look}
    stands = standing(item, viewer.person, now, may_decide=viewer.may("decide", item))
    documents = shown_documents(console, item)
    form = None if labels else typed.form or answer_form(item, shown.text, viewer, documents)
    return Work(
        item=item,
        kind=kind,
        heading=heading(item),
        standing=stands,
        beside=shown,
        lines=lit_lines(shown.text, evidence, looks, told=shown.told) if shown.text else [],
        labels=labels,
        form=form,
        way=way_to(item, client.steps(item.run_id)),
        verdicts=() if judgement is None else judgement.verdicts,
        similar=() if console.similar is None else console.similar.similar(item),
        notes=notes_of(item),
        documents=documents,
        files=files_of(item),
        pictures=() if judgement is None else judgement.pictures,
        kept=kept_pictures(client, item),
        keys=key_map(kind, viewer.settings),
        queue=queue,
        ahead=ahead_of(console, viewer, item, queue) if stands in ANSWERABLE else (),
        typed=typed,
        done=None if done is None else done_of(console, viewer, done),
        may_assign=not viewer.is_single_user and viewer.may("assign", item),
        may_fork=viewer.may("fork"),
        is_mine_to_undo=is_own_answer(item, viewer.person) and may_be_taken_back(client, item, now),
    )


def may_be_taken_back(client: Client, item: ReviewItem, now: float) -> bool:
    """Return whether an answer does not count yet, or is fresh and its run, as far as it shows, has not used it."""
    if item.state != "decided":
        return item.state == "pending"
    is_fresh = item.decided is not None and now <= item.decided + LEASE_SECONDS
    return is_fresh and (item.kind == "audit" or client.run(item.run_id).status in {"waiting", "pending"})


def kind_of(item: ReviewItem) -> WorkKind:
    """Return the page that an item needs: for one label or short value, or for an answer with fields."""
    if item.choices:
        return "triage"
    is_short = item.schema.get("type") in {"string", "number", "integer", "boolean"}
    return "triage" if is_short and item.schema.get("contentMediaType") is None else "extraction"


def ahead_of(console: Console, viewer: Viewer, item: ReviewItem, queue: str) -> list[tuple[int, str]]:
    """Return the items that the person is likely offered next."""
    query = ReviewQuery(
        queue=queue or None, free_for=viewer.person, now=console.client.now(), but=(item.id,), limit=LOADED_AHEAD
    )
    return list(headings(console.client, console.client.reviews(query)).items())


def done_of(console: Console, viewer: Viewer, number: int) -> Done | None:
    """Return an answer that this person has just given; None: there is none, or it is somebody else's."""
    try:
        item = console.client.plain_review(number)
    except ReviewError:
        return None
    if item.state not in {"pending", "decided", "open"} or not is_own_answer(item, viewer.person):
        return None
    value = item.decision if item.state == "decided" else item.answers[-1].value
    return Done(
        item=number,
        heading=item.run_id,
        value=shown_value(value),
        until=item.commit_at if item.state == "pending" else None,
    )
