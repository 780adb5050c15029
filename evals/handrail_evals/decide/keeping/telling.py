"""What people are told of a promise without asking: that it stopped, began to accept, has grown, or is at risk."""

from collections.abc import Sequence

from handrail_evals.decide.keeping.state import KeeperState
from handrail_ground.shares import decimal, in_percent
from handrail_orchestrator.promising.rules import name_of
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.promises import NewRule, PromiseRow

TENTHS = 10
"""Growth is told each time when it comes to another tenth of the last cases: no more than ten notices, not hundreds."""


def notice_of(row: PromiseRow, state: KeeperState, rule: NewRule | None, now: float) -> Notice | None:
    """Return what people are told as a promise is moved on from a row; None: nothing."""
    target = name_of(row)
    key = f"promise:{row.id}:{row.version}"
    if state.stopped:
        return Notice("promise", key, f"{target}: the promise stopped; people decide again", now, body=state.stopped)
    if rule is None or rule.threshold is None:
        return None
    accepts = f"accepts from a confidence of {decimal(rule.threshold)} on"
    if row.threshold is None:
        return Notice("promise", key, f"{target}: the promise ({row.terms}) {accepts}", now, body=rule.why)
    has_moved = state.watch is not None and state.watch.phase == "raised"
    # a share rises, too, where answers are worth more than it seemed
    if has_moved and rule.accepted_share > row.accepted_share and not state.is_shadowed:
        return Notice("promise", key, f"{target}: the promise is at risk; more is asked blind", now, body=rule.why)
    before, after = (_covered(state.scores, threshold) for threshold in (row.threshold, rule.threshold))
    if int(TENTHS * after) > int(TENTHS * before):
        grown = f"{target}: the promise has grown: it {accepts}, {in_percent(after)} of the last cases"
        return Notice("promise", key, grown, now, body=rule.why)
    return None


def _covered(scores: Sequence[float], threshold: float) -> float:
    """Return which share of scores a threshold accepts."""
    return sum(each >= threshold for each in scores) / len(scores) if scores else 0.0
