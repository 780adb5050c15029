"""Writing which models are down: in the rows of systems, by the same rules; but nobody waits for one."""

from handrail_guards.model_circuits import Passage
from handrail_orchestrator.store import breaking as b
from handrail_orchestrator.store.model_circuits import MODEL, EnterModel, LeaveModel
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.sql import outbox, systems
from handrail_orchestrator.store.sql.transaction import Transaction


def enter(tx: Transaction, change: EnterModel) -> Passage:
    """Say whether a run may ask a model, for itself or for all.

    A model that has failed less often than the caller's own rule allows is asked, whatever others think of it.
    """
    row, rule = systems.row_of(tx, MODEL + change.model), change.rule
    if row.state == "up" or row.failures < rule.failures:
        return Passage("go", row.failures, row.error or "")
    patience = max(systems.PATIENCE_SECONDS, systems.TRY_SPANS * rule.probe_after_seconds)
    is_tried = systems.is_tried(tx, row)
    way, now_is = b.entered(row, change.run, tx.worker, change.now, patience, is_tried=is_tried)
    if way == "probe":
        systems.put(tx, now_is)
        return Passage("probe", row.failures, row.error or "")
    seconds = row.look_at - change.now if row.state == "down" else None
    return Passage("pass_over", row.failures, row.error or "", seconds)


def leave(tx: Transaction, change: LeaveModel) -> bool:
    """Count an outage, or note that a model is there; of one that is down, by whoever tries or had nobody else."""
    before = systems.row_of(tx, MODEL + change.model)
    is_probe = systems.is_probe(tx, before, change.run)
    counts = is_probe or (before.state == "down" and change.way == "pass_over")
    after = before
    if change.said == "outage":
        rule = b.Rule(change.rule.failures, change.rule.probe_after_seconds, 1.0)
        after = b.failed(before, rule, change.now, change.last, is_probe=counts)
    elif change.said == "reached":
        counts = is_probe or change.way == "pass_over"
        if before.state == "up" or counts:
            after = b.SystemRow(before.system)
            tx.execute("DELETE FROM systems WHERE system = ?", (before.system,))
            return before.state != "up"
    elif is_probe:  # somebody else may try at once
        after = before._replace(state="down", look_at=change.now, probe=None, worker=None)
    if after == before:
        return False
    systems.put(tx, after)
    if before.state == "up" and after.state == "down":
        _tell(tx, change, after.failures)
    return after.state != before.state


def _tell(tx: Transaction, change: LeaveModel, failures: int) -> None:
    times = "1 outage" if failures == 1 else f"{failures:,} outages in a row"
    title = f"model {change.model} is down: {times}, the last {change.last}"
    body = "Steps that have another model ask that one; by itself one call tries again."
    outbox.tell(tx, Notice("breaker", f"breaker:{MODEL}{change.model}:{change.now}", title, change.now, body))
