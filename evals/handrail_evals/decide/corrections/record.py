"""One judgement as a store remembers it, with what people said of it, and how the answers of a step are compared."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from handrail_evals.errors import DataError
from handrail_guards.outcome import THRESHOLD_DECIDES, Accepted, DoubtCode, Judgement
from handrail_orchestrator.engine import RunRecords
from handrail_orchestrator.reader import reading
from handrail_orchestrator.records.judgement import JudgementRecord
from handrail_orchestrator.records.rollout import ChallengeRecord
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.store.queries import JudgedQuery

if TYPE_CHECKING:
    from handrail_ai_steps.output import Output

PERSON = "person:"
"""How the record of a decision by a person begins."""

RUNS_LOOKED_AT = 500
"""The first of a store, to say which steps there are."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a step whose type is known, or, without it, any JSON."""

    output: "Output | None" = None
    """The step's output type; None: only its name is known."""

    def agree(self, one: object, other: object) -> bool:
        """Return whether two answers are the same; of a known type, a default left out is the default."""
        if same(one, other):
            return True
        return self.output is not None and same(self._as_written(one), self._as_written(other))

    def label_of(self, answer: object) -> str | None:
        """Return the label that an answer stands for; None when no label fits.

        Raises:
            ValueError: it is not a label.
        """
        if answer is None:
            return None
        if self.output is not None:
            return self.output.label_of(self.output.load(json.dumps(answer)))
        if isinstance(answer, bool):
            return "true" if answer else "false"
        if isinstance(answer, str | int) and str(answer).strip():
            return str(answer)
        raise ValueError(f"{answer!r} is not a label")

    def _as_written(self, answer: object) -> Any:
        """Return an answer as the step itself would have recorded it, or as it is when it does not fit any more."""
        if self.output is None:
            return answer
        try:
            return json.loads(self.output.dump(self.output.load(json.dumps(answer))))
        except ValueError:
            return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One judgement of one run, read from a store."""

    case: str
    """``run id/step name``: the key that it was drawn by."""
    run_id: str
    workflow: str
    step: str
    """The step's name in its run, such as ``route#2``."""
    run_input: Any
    """What the run was started with, as JSON data."""
    input: Any
    """What the step was called with: its only value, or a tuple of several; as JSON data.

    The text that models read stands for several values of which some were given by name.
    """
    accepted: bool
    """Whether the value was accepted without a person."""
    value: Any
    """The accepted value or the suggestion, as JSON data; None also when there was no suggestion."""
    code: DoubtCode | None
    """Why it was in doubt; None: it was accepted."""
    judgement: Judgement
    ended: float
    """When it was judged, in seconds since the epoch."""
    copied: bool
    """Whether a fork took it over from another run."""
    open_because: Literal["undecided", "cancelled", "by_policy"] | None
    """Why no person's decision is known; None: ``decision`` is one."""
    decision: Any = None
    """What a person decided, as JSON data."""
    decided_by: str = ""
    """The person's name; empty: nobody decided."""
    decided_at: float | None = None
    """When the item was decided, by a person or a policy; None: it was not."""
    challenge: ChallengeRecord | None = None
    """What a challenger answered to the same call."""

    @property
    def would_accept(self) -> bool:
        """Whether the step's rule accepted the value, be it rolled out to this run or not."""
        return self.accepted or self.code == "rollout"

    @property
    def drawn(self) -> bool:
        """Whether the case was drawn for a blind audit."""
        return self.judgement.drawn

    @property
    def blocked(self) -> bool:
        """Whether it was in doubt for a reason that no threshold can lift."""
        return self.code is not None and self.code not in THRESHOLD_DECIDES

    @property
    def text(self) -> str | None:
        """Return what was judged, as models read it; None when it is not one text."""
        return self.judgement.source or (self.input if isinstance(self.input, str) else None)


class Judgements(Protocol):
    """Whoever can read judgements: a client or an orchestrator that has a store open."""

    def judgements(self, query: JudgedQuery) -> Sequence[JudgementRecord]:
        """Return a page of judgements with what people said of them."""
        ...


def read_records(
    store: Judgements | str,
    *,
    step: str,
    workflow: str | None = None,
    run_id: str | None = None,
    since: float | None = None,
) -> Iterator[Recorded | None]:
    """Give the judgements of a step, by run, oldest first; None for a record that does not read as a judgement.

    All of them, or those of one run, or those made at a time (in seconds since the epoch) or later. One page is held at
    a time, so memory does not grow with the store, which is a client that has it open, or its address.

    Raises:
        StoreError: the store cannot be read.
    """
    query = JudgedQuery(step, workflow, run_id=run_id, since=since)
    with opened(store) as judgements:
        while page := judgements.judgements(query):
            yield from map(recorded, page)
            query = replace(query, after=page[-1].place)


@contextmanager
def opened(store: Judgements | str) -> Iterator[Judgements]:
    """Hold whoever can read judgements: the one that is given, or one that opens the store at this address.

    Raises:
        StoreError: the store cannot be opened.
    """
    if isinstance(store, str):
        with reading(store) as reader:
            yield reader
    else:
        yield store


def recorded(record: JudgementRecord) -> Recorded | None:
    """Return a judgement as it is read from a store; None: it does not read as one."""
    outcome = record.outcome
    if outcome is None:
        return None
    judgement = outcome.judgement
    value, code = (outcome.value, None) if isinstance(outcome, Accepted) else (outcome.suggestion, outcome.code)
    open_because = _open_because(record)
    return Recorded(
        case=f"{record.run_id}/{record.step}",
        run_id=record.run_id,
        workflow=record.workflow,
        step=record.step,
        run_input=record.run_input,
        input=called_with(record.input, judgement.source),
        accepted=code is None,
        value=value,
        code=code,
        judgement=judgement,
        ended=record.ended,
        copied=record.copied,
        open_because=open_because,
        decision=None if open_because else record.decision,
        decided_by="" if open_because else (record.decided_by or "").removeprefix(PERSON),
        decided_at=record.decided,
        challenge=record.challenge,
    )


def _open_because(record: JudgementRecord) -> Literal["undecided", "cancelled", "by_policy"] | None:
    match record.state:
        case "decided":
            return None if (record.decided_by or "").startswith(PERSON) else "by_policy"
        case "cancelled":
            return "cancelled"
        case "expired":
            return "by_policy"
        case _:  # open, taken, or not asked yet
            return "undecided"


def called_with(data: object, source: str) -> Any:
    """Return the arguments of a call, recorded by an AI step or by the signature of another judge."""
    if not isinstance(data, dict):
        return data
    if data.keys() == {"values", "named"} and isinstance(data["values"], list) and isinstance(data["named"], dict):
        given = (*data["values"], *data["named"].values())
        if data["named"] and len(given) > 1:
            return source or given
    else:
        given = tuple(data.values())
    return given[0] if len(given) == 1 else given


def require_known(client: RunRecords, step: str) -> None:
    """Check that a store has judgements of a step, or of none at all yet.

    Raises:
        DataError: it has those of other steps only; they are named.
    """
    if any(True for _ in read_records(client, step=step)):
        return
    names = {
        row.name.rpartition("/")[2].partition("#")[0]
        for run in client.runs(limit=RUNS_LOOKED_AT)
        for row in client.steps(run.id)
        if row.kind == "ai"
    }
    if names:
        raise DataError(f"{client.store}: no AI step {step!r} has judged there; there are {', '.join(sorted(names))}")
