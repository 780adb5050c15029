"""Two people who answer the same item without each other see that the other has answered, and not what."""

from dataclasses import replace

import pytest

from handrail.orchestrator import ReviewChange, ReviewItem
from handrail_orchestrator.records.rules import ItemRules
from handrail_orchestrator.review.blinding import is_blind, log_for
from handrail_orchestrator.store.rows import ReviewState

ITEM = ReviewItem(id=7, run_id="r", workflow="w", step="ask", rules=ItemRules(reviewers=2))
TOLD = {"decision": "billing", "note": "clearly", "despite": ["sums"], "shown": "d1", "agreement": 1.0}


def change(number: int, actor: str, action: str, data: dict[str, object] | None) -> ReviewChange:
    return ReviewChange(
        id=number, review=7, at=float(number), actor=actor, action=action, state="open", version=number, data=data
    )


LOG = [
    change(1, "run:3", "ask", {"code": "asked"}),
    change(2, "person:ann", "take", None),
    change(3, "person:ann", "decide", TOLD),
    change(4, "person:ann", "commit", TOLD),
    change(5, "person:ann", "note", {"note": "look at page two"}),
]


def test_another_persons_answer_is_not_in_the_log_that_one_sees() -> None:
    seen = log_for(ITEM, LOG, "ben")

    assert [each.action for each in seen] == [each.action for each in LOG]
    assert [each.data for each in seen] == [
        {"code": "asked"},
        None,
        {"shown": "d1"},
        {"shown": "d1"},
        {"note": "look at page two"},
    ]
    assert [each.at for each in seen] == [each.at for each in LOG]


def test_ones_own_answer_is_seen() -> None:
    assert log_for(ITEM, LOG, "ann") == LOG


@pytest.mark.parametrize("state", ["decided", "expired", "cancelled"])
def test_once_nobody_is_asked_any_more_everything_is_seen(state: ReviewState) -> None:
    assert log_for(replace(ITEM, state=state), LOG, "ben") == LOG


@pytest.mark.parametrize("rules", [ItemRules(), ItemRules(reviewers=2, blind=False)])
def test_what_one_person_answers_or_several_together_is_seen(rules: ItemRules) -> None:
    item = replace(ITEM, rules=rules)

    assert not is_blind(item)
    assert log_for(item, LOG, "ben") == LOG
