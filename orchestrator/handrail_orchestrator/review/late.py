"""What happens to an item that nobody answered in time: the move of the next policy that is due."""

from dataclasses import replace
from typing import assert_never

from handrail_guards.escalation import MAX_PRIORITY
from handrail_guards.late import GROUP, LatePolicy
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.lateness import HOUR_SECONDS, LatePlan, PlannedPolicy
from handrail_orchestrator.review.answers import problems, recorded_answer
from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store.changes import MoveReview, ReviewSets

GENTLE: frozenset[LatePolicy] = frozenset({"remind", "raise_priority", "keep_waiting"})
"""What leaves an item with whoever has it, and what they look at as it is."""


def late(item: ReviewItem, *, now: float) -> MoveReview | None:
    """Return the move of the policy that is due; None when none is, or while somebody has the item.

    Whoever has taken it goes first: what would take it away, or answer in their place, fires when the lease ends.
    """
    if item.state not in {"open", "leased"} or item.timer is None or item.timer > now:
        return None
    plan, fired = LatePlan.read(item.late), item.late_step
    if fired >= len(plan.policies):
        return None
    policy = plan.policies[fired]
    is_held = item.state == "leased" and (item.lease_until or 0.0) > now
    if is_held and policy.policy not in GENTLE:
        return None
    rest = plan.after(fired + 1, now)
    sets = ReviewSets(late_step=fired + 1, timer=rest.timer(fired + 1), late=rest.text())
    return _move(item, policy, now, sets)


def timer_of(item: ReviewItem) -> float | None:
    """Return when the next policy fires if the item waits for an answer again."""
    return LatePlan.read(item.late).timer(item.late_step)


def left_to_all(item: ReviewItem, move: MoveReview, why: str) -> MoveReview:
    """Return a reassignment that leaves the item to whoever comes, as nobody whom it would be given to could answer."""
    sets = ReviewSets(**{**move.sets, "assignee": None})
    sets.pop("rules", None)
    return move._replace(sets=sets, priority=max(item.priority, MAX_PRIORITY), note=why)


def reopened(item: ReviewItem, now: float, *, note: str, schema: str | None, asked: str | None) -> MoveReview:
    """Return the move by which the run asks again: the answer is void, and what is left of the policies goes on.

    A default that its run cannot use leaves a question that nobody has looked at: it comes before all others.
    """
    is_unseen = (item.decided_by or "").startswith("policy:")
    sets = ReviewSets(answers=None, digest=digest_of(item.digest, schema, asked), timer=timer_of(item))
    return MoveReview(
        item.id, item.version, "open", "reopen", "policy:reopen", now,
        priority=max(item.priority, MAX_PRIORITY) if is_unseen else None,
        note=note, schema=schema, asked=asked, sets=sets,
    )  # fmt: skip


def _move(item: ReviewItem, late: PlannedPolicy, now: float, sets: ReviewSets) -> MoveReview:
    match late.policy:
        case "remind" | "keep_waiting":
            return _kept(item, late.policy, now, sets)
        case "raise_priority":
            raised = _kept(item, late.policy, now, sets)
            return raised._replace(priority=max(item.priority, MAX_PRIORITY))
        case "reassign":
            return _opened(item, late.policy, now, {**sets, **_to(item, late.to or "")}, {"to": late.to})
        case "escalate":
            up = ReviewSets(tier=item.tier + 1, assignee=None, snoozed_until=None)
            return _opened(item, late.policy, now, {**sets, **up}, {"tier": item.tier + 1})
        case "default":
            return _answered(item, late, now, sets)
        case "fail":
            return MoveReview(
                item.id, item.version, "expired", "fail", "policy:fail", now,
                sets={**sets, "timer": None}, note=_nobody(item, late), fired=item.late_step,
            )  # fmt: skip
        case _:
            assert_never(late.policy)


def _kept(item: ReviewItem, policy: LatePolicy, now: float, sets: ReviewSets) -> MoveReview:
    """Return a move after which the item is where it was, and an answer that somebody is giving still fits it."""
    return MoveReview(
        item.id, item.version, item.state, policy, f"policy:{policy}", now,
        sets=sets, fired=item.late_step, is_gentle=True,
    )  # fmt: skip


def _opened(item: ReviewItem, policy: LatePolicy, now: float, sets: ReviewSets, data: dict[str, object]) -> MoveReview:
    return MoveReview(
        item.id, item.version, "open", policy, f"policy:{policy}", now, sets=sets, data=data, fired=item.late_step
    )


def _to(item: ReviewItem, to: str) -> ReviewSets:
    if not to.startswith(GROUP):
        return ReviewSets(assignee=to, snoozed_until=None)
    rules = replace(item.rules, group=to.removeprefix(GROUP))
    return ReviewSets(assignee=None, snoozed_until=None, rules=rules.text())


def _answered(item: ReviewItem, late: PlannedPolicy, now: float, sets: ReviewSets) -> MoveReview:
    """Return the answer of a policy, or, should the question have changed so that it fits no more, the next try."""
    if found := problems(item, late.value):
        told = f"the default {late.value!r} does not fit the question any more: {found[0][1]}"
        refused = _opened(item, "default", now, sets, {"refused": told})
        return refused._replace(priority=max(item.priority, MAX_PRIORITY))
    answer = recorded_answer(item, late.value)
    return MoveReview(
        item.id, item.version, "decided", "default", "policy:default", now,
        decision=answer, note=_nobody(item, late), sets={**sets, "timer": None}, answer=answer, shown=item.digest,
        fired=item.late_step,
    )  # fmt: skip


def _nobody(item: ReviewItem, late: PlannedPolicy) -> str:
    hours = (late.at - item.created) / HOUR_SECONDS
    return f"nobody answered within {round(hours, 2):g} hours"
