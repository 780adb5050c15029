"""What a trace shows of a question that people, or a policy, have answered; no convention exists for it yet."""

from handrail_ground.hashing import hash_of_text
from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.records.sameness import same
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.queries import ReviewQuery
from handrail_orchestrator.store.rows import ReviewRow, ReviewState, StepRow
from handrail_orchestrator.telemetry.meters import Meters
from handrail_orchestrator.telemetry.spans import OpenSpan, Value
from handrail_orchestrator.unmarking import plain

HUMAN_REVIEW = "human_review"
"""The name of the evaluation that a person's word on a suggestion is."""

_EVERY_STATE: tuple[ReviewState, ...] = ("open", "leased", "pending", "decided", "expired", "cancelled")


def item_of(store: Store, run_id: str, row: StepRow) -> ReviewRow | None:
    """Return the review item of a wait; None: it cannot be read, or is not there."""
    query = ReviewQuery(states=_EVERY_STATE, run_id=run_id, step=row.name, limit=1)
    try:
        return next(iter(store.reviews(query)), None)
    except OrchestratorError:
        return None


def tell(span: OpenSpan, item: ReviewRow, row: StepRow, meters: Meters) -> None:
    """Say of a question who answered it, how long that took, and whether the suggestion stood."""
    decision = "expired" if row.status == "failed" else _by(row.decided_by)
    ended = row.ended or item.decided
    wait = None if item.first_taken is None else item.first_taken - item.created
    late = item.due is not None and ended is not None and ended > item.due
    changed = _changed(item, row)
    values: dict[str, Value] = {
        "handrail.review.queue": item.queue,
        "handrail.review.kind": item.kind,
        "handrail.review.reason": item.code,
        "handrail.review.decision": decision,
        "handrail.review.work_s": item.hands_on,
        "handrail.review.sla.breached": late,
        "handrail.review.tier": item.tier,
    }
    if wait is not None:
        values["handrail.review.wait_s"] = wait
    if changed is not None:
        values["handrail.review.changed"] = changed
    if decision == "person":
        values["handrail.review.reviewer.hash"] = hash_of_text((row.decided_by or "").partition(":")[2], digits=12)
    span.set(values)
    if changed is not None and decision == "person":
        label = "changed" if changed else "confirmed"
        scored: dict[str, Value] = {
            "gen_ai.evaluation.name": HUMAN_REVIEW,
            "gen_ai.evaluation.score.label": label,
            "gen_ai.evaluation.score.value": 0.0 if changed else 1.0,
        }
        span.event("gen_ai.evaluation.result", scored)
    labels: dict[str, str | bool | int] = {
        "handrail.review.queue": meters.named(item.queue),
        "handrail.review.kind": item.kind,
        "handrail.review.decision": decision,
        "handrail.review.sla.breached": late,
    }
    meters.review(wait, item.hands_on, labels if changed is None else labels | {"handrail.review.changed": changed})


def _by(decided_by: str | None) -> str:
    """Return who decided, without a name: ``person``, ``policy:escalate``."""
    kind, _, name = (decided_by or "nobody").partition(":")
    return f"policy:{name}" if kind == "policy" else kind


def _changed(item: ReviewRow, row: StepRow) -> bool | None:
    """Return whether an answer is another than was suggested; None: nothing was, or there is no answer."""
    if item.suggestion is None or row.output is None:
        return None
    try:
        return not same(plain(item.suggestion), plain(row.output))
    except ValueError:
        return None
