"""The rule that is due where a keeper stands, and why: a threshold that moved, or a share that falls or has to rise."""

from handrail_evals.decide.keeping.keeper import PromiseKeeper
from handrail_evals.decide.keeping.state import SHARE_STEP, KeeperState
from handrail_ground.shares import decimal, in_digits, percent
from handrail_guards.promise_grades import grades_as_text
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.promising.rules import subject_told
from handrail_orchestrator.store.promises import NewRule, PromiseRow


def next_rule(row: PromiseRow, state: KeeperState) -> NewRule | None:
    """Return the rule that is due; None: the one in force stays.

    While another version of the model is in shadow more is asked blind, as those labels carry its threshold too.
    """
    keeper = state.keeper
    if row.state != "keeping":
        return None
    share = state.accepted_share
    own = share == keeper.share()  # what a watch, or a version in shadow, asks more for is asked at once
    most = row.accepted_share / SHARE_STEP if own else row.accepted_share
    if keeper.threshold == row.threshold and SHARE_STEP * row.accepted_share < share <= most:
        return None
    if keeper.threshold is None and row.threshold is None:
        return None
    below = 1.0 if keeper.threshold is None or state.is_shadowed else share
    return NewRule(
        keeper.threshold,
        share,
        below,
        state.band_from,
        keeper.cases,
        keeper.labels,
        keeper.errors,
        _why(row, state),
        grades=grades_as_text(keeper.grades(share)),
    )


def _why(row: PromiseRow, state: KeeperState) -> str:
    keeper = state.keeper
    if state.stopped:
        return f"nothing is accepted, and labels are counted anew: {state.stopped}"
    if keeper.threshold is None:
        return f"{keeper.labels:,} blind answers allow no threshold"
    counted = _counted(keeper, subject_told(row.told))
    moved = "the share that is asked blind" if keeper.threshold == row.threshold else "the threshold"
    if state.watch is not None and state.watch.phase == "raised":
        return f"{moved} moves as the scores have moved ({state.watch.why}); {counted}"
    stops = ""
    if keeper.has_stopped and keeper.settings.stops_at is not None:
        share = in_digits(keeper.settings.stops_at)
        stops = f"; it stops there, as below it a case has a risk above {share}, and costs more than its review"
    grades = keeper.grades(state.accepted_share)
    by_score = f", {percent(grades[0].share)} to {percent(grades[-1].share)}% towards the threshold" if grades else ""
    asked = f"{in_digits(state.accepted_share)} is asked blind{by_score}"
    return f"{moved} moves to what they allow: {counted}; {asked}{stops}"


def _counted(keeper: PromiseKeeper, subject: PromiseSubject) -> str:
    threshold = "" if keeper.threshold is None else decimal(keeper.threshold, fewest=4)
    if subject.about == "missed":
        from_there = f"from {threshold} on"
        return f"{keeper.answers:,} blind cases of {subject.of!r}, {keeper.errors:,} of them missed {from_there}"
    wrong = f"wrong in {subject.of!r}" if subject.about == "field" else "wrong"
    return f"{keeper.answers:,} blind answers at or above {threshold}, {keeper.errors:,} of them {wrong}"
