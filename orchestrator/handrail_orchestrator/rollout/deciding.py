"""Whether a step's value, or a version, is let through in one run: code says how far, the store what people said."""

from dataclasses import replace
from typing import Any, TypeVar

from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.rollout import RolledOut, Rollout, RolloutCase, RolloutState, rolled_out, unknown
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.rollouts import RolloutKey, RolloutRow, RolloutStore

T = TypeVar("T")


def state_of(row: RolloutRow | None, *, offered: str) -> RolloutState | None:
    """Return what people said of what code offers: a promotion holds for the very same alone, a hold for all."""
    if row is None:
        return None
    promoted = row.promoted if row.promoted_for == offered else None
    return RolloutState(promoted=promoted, is_held=bool(row.held), why=row.why if row.held else "")


def offer(subject: str, rollout: Rollout) -> str:
    """Return what a promotion is given for: what is let loose, and the terms of the code."""
    return f"{subject} {rollout.terms}"


def decided(store: RolloutStore, key: RolloutKey, rollout: Rollout, subject: str, case: RolloutCase) -> RolledOut:
    """Return whether a run gets what is rolled out, as the store says now; one that cannot be read lets nothing out."""
    try:
        state = state_of(store.rollout(key), offered=offer(subject, rollout))
    except StoreError as error:
        return unknown(case, target=key.target, subject=subject, problem=str(error))
    return rolled_out(rollout, state, case, target=key.target, subject=subject)


def applied(
    outcome: Accepted[T] | Doubtful[T], found: RolledOut, rollout: Rollout, escalation: Escalation
) -> Accepted[T] | Doubtful[T]:
    """Return an outcome as its run may use it: a value that is not let through is in doubt.

    Runs that chance alone keeps out are a sample of all, as those that are drawn for audits: people decide them without
    a suggestion in view, so that what they say is evidence.
    """
    is_sample = not found.let_through and rollout.is_by_chance and not rollout.is_shown
    judgement = replace(outcome.judgement, rolled_out=found, drawn=outcome.judgement.drawn or is_sample)
    if isinstance(outcome, Accepted) and not found.let_through:
        return Doubtful(outcome.value, "rollout", found.reason, judgement, escalation)
    return replace(outcome, judgement=judgement)


def value_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what a step was called with as slices look at it: its only value, or all of them."""
    given = (*args, *kwargs.values())
    return given[0] if len(given) == 1 else given
