"""Records made of what a store holds; each field is read when somebody looks at it."""

import json
from typing import Any, cast

from handrail_guards.outcome import Alternative
from handrail_guards.verdict import OnFail, Verdict
from handrail_orchestrator.records.failure import RecordedError
from handrail_orchestrator.records.item import ReviewChange, ReviewDetail, ReviewItem
from handrail_orchestrator.records.judgement import JudgementRecord
from handrail_orchestrator.records.outcome import outcome_data, outcome_of
from handrail_orchestrator.records.run import RunRecord, WaitRecord
from handrail_orchestrator.records.step import StepRecord
from handrail_orchestrator.records.unread import unread
from handrail_orchestrator.records.worker import WorkerRecord
from handrail_orchestrator.store.rows import JudgedRow, ReviewLogRow, ReviewRow, RunRow, StepRow, WaitRow, WorkerRow
from handrail_orchestrator.unmarking import MARK, plain


def run_record(row: RunRow) -> RunRecord:
    """Return a run."""
    data = row._asdict()
    data |= {"input": unread(row.input, plain), "output": unread(row.output, plain)}
    return RunRecord(**{**data, "error": unread(row.error, RecordedError.read)})


def wait_record(row: WaitRow) -> WaitRecord:
    """Return what a run waits for."""
    data = row._asdict()
    return WaitRecord(run_key=data.pop("run"), **data)


def worker_record(row: WorkerRow) -> WorkerRecord:
    """Return a worker."""
    return WorkerRecord(id=row.id, pid=row.pid, host=row.host, beat=row.beat, started=row.started)


def step_record(row: StepRow) -> StepRecord:
    """Return a step."""
    data = row._asdict()
    del data["run"]
    is_judged = row.kind == "ai"
    data |= {
        "input": unread(row.input, plain),
        "output": unread(row.output, outcome_data if is_judged else plain),
        "outcome": unread(row.output, outcome_of) if is_judged else None,
        "error": unread(row.error, RecordedError.read),
        "verdicts": unread(row.verdicts or "[]", _verdicts),
        "despite": unread(row.verdicts, despite_unread),
    }
    return StepRecord(**data)


def _verdicts(recorded: str) -> tuple[Verdict, ...]:
    data = json.loads(recorded)
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


def review_item(row: ReviewRow) -> ReviewItem:
    """Return a question."""
    return ReviewItem(**_item(row))


def review_detail(row: ReviewRow, judged: str | None, log: list[ReviewLogRow]) -> ReviewDetail:
    """Return a question with the outcome that led to it, as it is recorded, and its changes."""
    return ReviewDetail(**_item(row), judgement=unread(judged, _judgement), history=tuple(map(review_change, log)))


def _judgement(recorded: str) -> Any:
    outcome = outcome_of(recorded)
    return None if outcome is None else outcome.judgement


def _item(row: ReviewRow) -> dict[str, Any]:
    data: dict[str, Any] = row._asdict()
    data |= {
        "run_key": data.pop("run"),
        "suggestion": unread(row.suggestion, plain),
        "exact_suggestion": row.suggestion if (row.suggestion or "").startswith(MARK) else None,
        "alternatives": unread(row.alternatives, _alternatives),
        "schema": unread(row.schema, json.loads),
        "context": unread(row.context, plain),
        "decision": unread(row.decision, plain),
    }
    return data


def _alternatives(recorded: str) -> tuple[Alternative, ...]:
    return tuple(Alternative(value=value, confidence=confidence) for value, confidence in json.loads(recorded))


def review_change(row: ReviewLogRow) -> ReviewChange:
    """Return a change of a question."""
    return ReviewChange(**{**row._asdict(), "data": unread(row.data, _change)})


def _change(recorded: str) -> Any:
    data = json.loads(recorded)
    return {**data, "decision": plain(json.dumps(data["decision"]))} if "decision" in data else data


def judgement_record(row: JudgedRow) -> JudgementRecord:
    """Return a judgement."""
    return JudgementRecord(
        run_id=row.run_id,
        workflow=row.workflow,
        version=row.version,
        step=row.step,
        run_input=unread(row.run_input, plain),
        input=unread(row.input, plain),
        outcome=unread(row.output, outcome_of),
        ended=row.ended,
        copied=row.copied,
        item=row.item,
        state=row.state,
        decision=unread(row.decision, plain),
        decided_by=row.decided_by,
        decided=row.decided,
        place=row.place,
    )
