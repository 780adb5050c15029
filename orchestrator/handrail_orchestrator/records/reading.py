"""Records made of what a store holds; the one place that knows how a row's text is read."""

import json
from operator import attrgetter
from typing import Any, NamedTuple, cast

from handrail_guards.outcome import Alternative, Judgement
from handrail_guards.verdict import OnFail, Verdict
from handrail_orchestrator.errors import Misuse
from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.decided import AnswerGiven, DecidedRecord, DecidedText, KnownAnswer, seconds_at
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.item import ReviewChange, ReviewDetail, ReviewItem
from handrail_orchestrator.records.judgement import JudgementRecord
from handrail_orchestrator.records.lazy import Readers, lazy_record, readers_of, text
from handrail_orchestrator.records.outcome import outcome_data, outcome_of
from handrail_orchestrator.records.rollout import ChallengeRecord
from handrail_orchestrator.records.rules import ItemRules
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.records.worker import WorkerRecord
from handrail_orchestrator.store.decided import DecidedRow, DecidedTextRow, GivenRow, KnownRow
from handrail_orchestrator.store.rollouts import ChallengeRow
from handrail_orchestrator.store.rows import (
    PLAIN_DECISION,
    QUESTION,
    JudgedRow,
    ReviewLogRow,
    ReviewRow,
    RunRow,
    StepRow,
    WaitRow,
    WorkerRow,
)
from handrail_orchestrator.store.traces import trace_id_of
from handrail_orchestrator.unmarking import MARK, plain

_RUN = readers_of(
    RunRecord,
    input=text("input", plain),
    output=text("output", plain),
    error=text("error", RecordedError.read),
    tags=lambda row: json.loads(row.tags or "{}"),
    # on a server, versions before this one made an empty object of nothing as they forgot a run's values
    undoing=lambda row: json.loads(row.undoing or "{}").get("status"),
    trace_id=lambda row: trace_id_of(row.trace),
)


def _not_read(row: RunRow) -> Any:
    raise Misuse(f"run {row.id!r} was listed without its values: ask with RunQuery(values=True)")


_RUN_WITHOUT_VALUES = {**_RUN, "input": _not_read, "output": _not_read}


def run_record(row: RunRow, *, values: bool = True) -> RunRecord:
    """Return a run; one that was read without its values has none to look at."""
    return lazy_record(RunRecord, row, _RUN if values else _RUN_WITHOUT_VALUES)


def wait_record(row: WaitRow) -> WaitRecord:
    """Return what a run waits for."""
    return WaitRecord(
        run_key=row.run,
        step=row.step,
        kind=row.kind,
        since=row.since,
        due=row.due,
        child=row.child,
        item=row.item,
        queue=row.queue,
        system=row.system,
    )


def worker_record(row: WorkerRow) -> WorkerRecord:
    """Return a worker."""
    return WorkerRecord(id=row.id, pid=row.pid, host=row.host, beat=row.beat, started=row.started)


def _verdicts(row: StepRow) -> tuple[Verdict, ...]:
    data = json.loads(row.verdicts or "[]")
    if not isinstance(data, list):
        return ()
    return tuple(
        Verdict(guard, passed=bool(passed), field=field, reason=reason, on_fail=cast("OnFail", on_fail))
        for guard, passed, field, reason, on_fail in data
    )


def despite_unread(verdicts: str | None) -> tuple[str, ...] | None:
    """Return the guards that an answer was confirmed against; None when its run has read it and checked it before."""
    if verdicts is None or not verdicts.startswith("{"):
        return None
    return tuple(json.loads(verdicts)["despite"])


def _no_outcome(_row: StepRow) -> None:
    """Read nothing: only an AI step comes to an outcome."""


_STEP = readers_of(
    StepRecord,
    input=text("input", plain),
    output=text("output", plain),
    outcome=_no_outcome,
    error=text("error", RecordedError.read),
    verdicts=_verdicts,
    despite=lambda row: despite_unread(row.verdicts),
)
_JUDGED_STEP = {**_STEP, "output": text("output", outcome_data), "outcome": text("output", outcome_of)}


def step_record(row: StepRow) -> StepRecord:
    """Return a step."""
    return lazy_record(StepRecord, row, _JUDGED_STEP if row.kind == "ai" else _STEP)


def _alternatives(recorded: str) -> tuple[Alternative, ...]:
    return tuple(Alternative(value=value, confidence=confidence) for value, confidence in json.loads(recorded))


def _exact(row: ReviewRow) -> Any:
    return json.loads(row.suggestion) if row.suggestion is not None and row.suggestion.startswith(MARK) else None


_ITEM = readers_of(
    ReviewItem,
    run_key=lambda row: row.run,
    suggestion=text("suggestion", plain),
    exact_suggestion=_exact,
    alternatives=text("alternatives", _alternatives),
    schema=text("schema", json.loads),
    context=text("context", plain),
    decision=text("decision", plain),
    late=text("late", json.loads),
    rules=lambda row: ItemRules.read(row.rules),
    answers=lambda row: GivenAnswer.read(row.answers),
)


def review_item(row: ReviewRow) -> ReviewItem:
    """Return a question."""
    return lazy_record(ReviewItem, row, _ITEM)


class _Detail(NamedTuple):
    """A question with what belongs to it."""

    item: ReviewItem
    judged: str | None
    log: list[ReviewLogRow]


def _judgement(detail: _Detail) -> Judgement | None:
    outcome = None if detail.judged is None else outcome_of(detail.judged)
    return None if outcome is None else outcome.judgement


def _history(detail: _Detail) -> tuple[ReviewChange, ...]:
    return tuple(map(review_change, detail.log))


_OF_ITEM = {name: attrgetter(f"item.{name}") for name in _ITEM}
_DETAIL: Readers = {**_OF_ITEM, "judgement": _judgement, "history": _history}


def review_detail(row: ReviewRow, judged: str | None, log: list[ReviewLogRow]) -> ReviewDetail:
    """Return a question with the outcome that led to it, as it is recorded, and its changes."""
    return lazy_record(ReviewDetail, _Detail(review_item(row), judged, log), _DETAIL)


def _change(recorded: str) -> Any:
    data = json.loads(recorded)
    data.pop(QUESTION, None)  # for whoever verifies the log
    is_plain = data.pop(PLAIN_DECISION, False)
    if "decision" not in data or is_plain:
        return data
    return {**data, "decision": plain(json.dumps(data["decision"]))}


_CHANGE = readers_of(ReviewChange, data=text("data", _change))


def review_change(row: ReviewLogRow) -> ReviewChange:
    """Return a change of a question."""
    return lazy_record(ReviewChange, row, _CHANGE)


def challenge_record(row: ChallengeRow) -> ChallengeRecord:
    """Return what a challenger answered."""
    outcome = None if row.outcome is None else outcome_of(row.outcome)
    return ChallengeRecord(
        step=row.step, at=row.at, challenger=row.challenger, outcome=outcome, error=row.error, seconds=row.seconds,
        money=row.money,
    )  # fmt: skip


def _challenge(row: JudgedRow) -> ChallengeRecord | None:
    if row.challenged is None:
        return None
    told = (row.challenger or "", row.challenge, row.challenge_error, row.challenge_seconds or 0.0, row.challenge_money)
    return challenge_record(ChallengeRow(row.run, row.step, row.challenged, *told))


_JUDGEMENT = readers_of(
    JudgementRecord,
    run_input=text("run_input", plain),
    input=text("input", plain),
    outcome=text("output", outcome_of),
    decision=text("decision", plain),
    challenge=_challenge,
)


def judgement_record(row: JudgedRow) -> JudgementRecord:
    """Return a judgement."""
    return lazy_record(JudgementRecord, row, _JUDGEMENT)


def _spans(row: DecidedRow) -> dict[str, tuple[int, int]]:
    found = {} if row.spans is None else json.loads(row.spans)
    return {name: (start, end) for name, (start, end) in found.items()}


_DECIDED = readers_of(
    DecidedRecord,
    item=lambda row: review_item(row.item),
    input=text("input", plain),
    outcome=text("output", outcome_of),
    spans=_spans,
)


def decided_record(row: DecidedRow) -> DecidedRecord:
    """Return a decided item."""
    return lazy_record(DecidedRecord, row, _DECIDED)


def decided_text(row: DecidedTextRow) -> DecidedText:
    """Return what a decided item was about."""
    return DecidedText(row.place, row.id, row.queue, row.workflow, row.step, plain(row.context))


def known_answer(row: KnownRow) -> KnownAnswer:
    """Return what a person made of a known case."""
    return KnownAnswer(
        item=row.item,
        queue=row.queue,
        title=row.title,
        decided=row.decided,
        by=row.decided_by.partition(":")[2],
        said=plain(row.decision),
        right=plain(row.answer),
    )


def given_answer(row: GivenRow) -> AnswerGiven:
    """Return how a person came to an answer."""
    data = {} if row.data is None else _change(row.data)
    suggestion = None if row.suggestion is None else plain(row.suggestion)
    alone = row.hands_on if row.people < 2 else 0.0
    return AnswerGiven(
        item=row.item,
        queue=row.queue,
        at=row.at,
        is_suggestion=suggestion is not None and same(data.get("decision"), suggestion),
        seconds=seconds_at(alone, row.taken, row.at),
    )
