"""What becomes of an item when an answer counts: decided, open for a second person, or up for somebody to settle."""

from collections.abc import Sequence

from handrail_orchestrator.records.answer import GivenAnswer
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.review.agreement import agreement
from handrail_orchestrator.store.changes import MoveReview, ReviewSets


def settled(item: ReviewItem, answers: Sequence[GivenAnswer], *, action: str, actor: str, now: float) -> MoveReview:
    """Return the move by which the last of the answers counts.

    Of an item for one person it decides. Of one for several, equal answers decide it; when they differ, the item is
    open again one tier up, and the answer of whoever settles it stands.
    """
    last = answers[-1]
    needed = item.rules.reviewers
    sets = ReviewSets(answers=GivenAnswer.text_of(answers), commit_at=None)
    data: dict[str, object] = {}
    if needed > 1 and len(answers) >= needed:
        data["agreement"] = agreement([each.value for each in answers])
    is_settled = len(answers) > needed or (
        len(answers) == needed and all(each.says_the_same_as(last) for each in answers)
    )
    if is_settled:
        return MoveReview(
            item.id, item.version, "decided", action, actor, now,
            decision=last.decision, note=last.note, despite=last.despite, sets={**sets, "timer": None},
            data=data or None, answer=last.decision, shown=item.digest,
        )  # fmt: skip
    if len(answers) >= needed:
        sets["tier"] = item.tier + 1
        data["tier"] = item.tier + 1
    sets["assignee"] = None
    return MoveReview(
        item.id, item.version, "open", action, actor, now,
        note=last.note, despite=last.despite, sets=sets, data=data or None, answer=last.decision, shown=item.digest,
    )  # fmt: skip
