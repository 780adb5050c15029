"""Runs of a real store as observations and results: the metrics of workflows on what happened, not on what would."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from handrail_evals.measure.fingerprint import hash_of
from handrail_evals.measure.result.case_result import OBSERVED, CaseResult
from handrail_evals.measure.target import Observation
from handrail_evals.measure.targets.workflow_record import TracedRun, traced_run
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.records.item import ReviewChange, ReviewItem

AT_ONCE: Final = 500
"""Runs read in one query."""


def observe_run(client: EngineClient, run_id: str) -> Observation[Any]:
    """Return a run of a store as an observation; its output and its steps' are JSON data, its times are real.

    A run that has not ended counts as waiting. Human minutes are from when a reviewer first took a question to that
    reviewer's decision, None when a decision was made without taking it: pauses are in them.

    Raises:
        UnknownRun: there is none with this id.
    """
    record = traced_run(client, run_id, until=client.now())
    return _observed(client, record)


def past_runs(client: EngineClient, workflow: str, *, since: float = 0.0) -> Iterator[CaseResult]:
    """Yield the runs of a workflow as results without scores, oldest first; a run's id is its case's name.

    Runs that were not yet begun are left out, and so are those started before ``since``, in seconds since the epoch.
    They are read from the store as they are asked for.
    """
    after = 0
    while rows := client.runs(workflow=workflow, after_key=after, limit=AT_ONCE):
        after = rows[-1].key
        for row in rows:
            if row.created >= since and row.status != "pending":
                yield _result(client, traced_run(client, row.id, until=client.now()))


def _result(client: EngineClient, record: TracedRun) -> CaseResult:
    seen = _observed(client, record)
    data = record.run.input
    known: dict[str, Any] = {name: getattr(seen, name) for name in OBSERVED} | {"flow": record.flow}
    return CaseResult(
        case=record.run.id,
        input_hash=hash_of(data),
        input=data,
        output=seen.output,
        seconds=record.flow.cycle_seconds,
        **known,
    )


def _observed(client: EngineClient, record: TracedRun) -> Observation[Any]:
    return record.observation(record.run.output, human_minutes=_human_minutes(client, record))


def _human_minutes(client: EngineClient, record: TracedRun) -> float | None:
    if not record.asked:
        return 0.0
    decided = [item for item in record.items if item.state == "decided"]
    by_people = [item for item in decided if (item.decided_by or "").startswith("person:")]
    if decided and not by_people:
        return 0.0
    spent = [_minutes(item, client.review_log(item.id)) for item in by_people]
    known = [minutes for minutes in spent if minutes is not None]
    return sum(known) if known and len(known) == len(spent) else None


def _minutes(item: ReviewItem, log: Sequence[ReviewChange]) -> float | None:
    """Return how long the reviewer who decided had the question; None when it was never taken."""
    taken: float | None = None
    for entry in log:
        if entry.actor.startswith("policy:") and entry.state == "leased":  # it left the item with whoever had it
            continue
        if entry.actor != item.decided_by or entry.action in {"skip", "release"}:
            taken = None
        elif entry.action == "take" and taken is None:
            taken = entry.at
    return None if taken is None or item.decided is None else max(0.0, item.decided - taken) / 60.0
