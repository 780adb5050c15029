"""A judgement whose question is sent with those of other runs: the wait for its reply."""

import json
import logging
from typing import TYPE_CHECKING, NamedTuple

from handrail_guards.batching import BatchReply
from handrail_orchestrator.embedded.batches import decoded
from handrail_orchestrator.records.failure import RecordedError

if TYPE_CHECKING:
    from handrail_guards.batching import BatchedJudge
    from handrail_orchestrator.embedded.batches import Batches
    from handrail_orchestrator.embedded.waits import Waits
    from handrail_orchestrator.step import Args, Kwargs

BATCH = "batch"
"""What the name of such a wait ends with, after the step's."""

_log = logging.getLogger("handrail.steps")


class DecidedAt(NamedTuple):
    """Where a judge is called."""

    workflow: str
    name: str
    step: str


async def reply_for(
    waits: "Waits", batches: "Batches | None", at: DecidedAt, judge: "BatchedJudge | None", args: "Args",
    kwargs: "Kwargs",
) -> BatchReply | None:  # fmt: skip
    """Return the reply that a batch brought to a call, or wait for it; None: the call is judged by itself.

    Raises:
        AIStepError: a model on a server would be asked singly first, for it takes no batches.
    """
    if judge is None or batches is None:
        return None
    own = f"{at.name}/{BATCH}"
    row = waits.history.find(own, "child")
    if row is None:
        if not judge.can_batch:
            return None
        judge.require_batches()
        try:
            question = await judge.batch_question(*args, **kwargs)
        except Exception:  # noqa: BLE001 -- judging it by itself brings the same, and records it
            question = None
        if question is not None and question.holds_pictures:
            _log.warning("asked singly, because no store keeps the pictures of a question", extra=waits.ids(at.name))
            return None
        if question is None:
            return None
        row = waits.new_row(own, "child")
        waits.started_child = True
        waits.write(batches.joins(row, at.workflow, at.step, judge, question))
        raise waits.suspend(row)
    if row.status == "waiting":
        batches.knows(at.workflow, at.step, json.loads(row.input or "{}").get("group", ""), judge)
        raise waits.suspend(row)
    waits.tell(row)
    if row.status == "failed":
        return BatchReply(reason=f"the batch failed: {RecordedError.read(row.error or '{}').message}")
    return decoded(row.output)
