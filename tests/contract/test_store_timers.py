"""What every store must do with what is late: the next timer, and moves of policies that count once."""

import json
from typing import Any

import pytest

from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import ExtendLease, MoveReview, ReviewSets
from handrail_orchestrator.store.rows import ReviewRow
from tests.contract.stores import NOW, asked, claim, decided, refusal, signed_on, status, steps, wrote


def late(store: Store, worker: int, run_id: str = "a", *, at: float = NOW + 60) -> ReviewRow:
    """Return a question that is late at a time."""
    item = asked(store, worker, run_id)
    wrote(store, MoveReview(item.id, 1, "open", "note", "person:ann", NOW, sets=ReviewSets(timer=at)))
    return row(store, item.id)


def row(store: Store, item: int) -> ReviewRow:
    found = store.review(item)
    assert found is not None
    return found


def taken(store: Store, item: ReviewRow, until: float) -> ReviewRow:
    take = MoveReview(item.id, item.version, "leased", "take", "person:ann", NOW, lease_owner="ann", lease_until=until)
    wrote(store, take)
    return row(store, item.id)


def policy(item: ReviewRow, action: str, state: Any = "open", *, now: float = NOW + 60, **more: Any) -> MoveReview:
    """Return the move of a policy that is due."""
    sets = ReviewSets(late_step=item.late_step + 1, timer=None)
    return MoveReview(
        item.id, item.version, state, action, f"policy:{action}", now, sets=sets, fired=item.late_step, **more
    )


def test_a_claim_says_when_the_next_timer_is_over(store: Store) -> None:
    worker = signed_on(store)
    assert claim(store, worker).next_timer is None

    first = late(store, worker, "r1", at=NOW + 60)
    late(store, worker, "r2", at=NOW + 90)
    assert claim(store, worker).next_timer == store.next_timer(NOW) == NOW + 60
    wrote(store, decided(first)._replace(sets=ReviewSets(timer=None)))
    assert claim(store, worker).next_timer == NOW + 90


def test_a_timer_that_is_over_while_somebody_has_the_item_is_looked_at_when_the_lease_ends(store: Store) -> None:
    worker = signed_on(store)
    item = late(store, worker, at=NOW + 60)
    taken(store, item, NOW + 300)

    assert store.next_timer(NOW) == NOW + 60
    assert store.next_timer(NOW + 60) == NOW + 300
    assert store.next_timer(NOW + 301) == NOW + 60


def test_what_a_run_leaves_behind_when_it_is_cancelled_has_no_timer(store: Store) -> None:
    worker = signed_on(store)
    item = late(store, worker)
    wrote(store, MoveReview(item.id, item.version, "cancelled", "cancel", "run:1", NOW))

    assert store.next_timer(NOW) is None


@pytest.mark.parametrize("action", ["remind", "raise_priority"])
def test_a_gentle_policy_leaves_the_version_and_the_lease_and_counts_once(store: Store, action: str) -> None:
    worker = signed_on(store)
    item = taken(store, late(store, worker), NOW + 300)
    move = policy(item, action, "leased", is_gentle=True, priority=100)
    assert wrote(store, ExtendLease(item.id, item.version, "ann", NOW + 400, 0.0)) == [True]

    wrote(store, move)

    fired = row(store, item.id)
    assert (fired.version, fired.lease_owner, fired.lease_until) == (item.version, "ann", NOW + 400)
    assert (fired.late_step, fired.priority) == (1, 100)
    assert isinstance(refusal(store, move), ReviewError)
    log = [(entry.action, entry.state, entry.version) for entry in store.review_log(item.id)]
    assert log[-1] == (action, "leased", item.version)
    wrote(store, decided(item))
    assert row(store, item.id).decided_by == "person:ann"


def test_a_policy_takes_nothing_from_somebody_who_has_just_extended_the_lease(store: Store) -> None:
    worker = signed_on(store)
    item = taken(store, late(store, worker), NOW + 50)
    move = policy(item, "default", "decided", decision="true")
    wrote(store, ExtendLease(item.id, item.version, "ann", NOW + 350, 0.0))

    assert isinstance(refusal(store, move), ReviewError)
    assert row(store, item.id).state == "leased"
    wrote(store, move._replace(now=NOW + 351))
    assert row(store, item.id).state == "decided"


def test_the_answer_of_a_policy_is_no_persons(store: Store) -> None:
    worker = signed_on(store)
    item = late(store, worker)
    wrote(store, policy(item, "default", "decided", decision="true"))

    (asked_for,) = store.history(item.run).steps
    assert (asked_for.status, asked_for.decided_by, asked_for.source) == ("done", "policy:default", None)
    assert json.loads(asked_for.verdicts or "") == {"despite": []}
    assert status(store, "a") == "waiting"
    assert claim(store, worker).runs[0].id == "a"


def test_a_question_that_is_given_up_fails_its_wait_and_resumes_its_run(store: Store) -> None:
    worker = signed_on(store)
    item = late(store, worker)
    wrote(store, policy(item, "fail", "expired", note="nobody answered within 2 hours"))

    (asked_for,) = store.history(item.run).steps
    assert steps(store, item.run) == [("ask", "failed", None)]
    assert asked_for.decided_by == "policy:fail"
    error = json.loads(asked_for.error or "")
    assert error == {"type": "WaitExpired", "message": "nobody answered within 2 hours"}
    assert claim(store, worker).runs[0].id == "a"


def test_a_person_and_a_policy_at_once_are_one_answer(store: Store) -> None:
    worker = signed_on(store)
    item = late(store, worker)
    replies = store.apply([policy(item, "default", "decided", decision="false"), decided(item)])

    assert isinstance(replies[1], ReviewError)
    assert row(store, item.id).decision == "false"
    other = late(store, worker, "b")
    replies = store.apply([decided(other), policy(other, "fail", "expired")])
    assert isinstance(replies[1], ReviewError)
    assert steps(store, other.run) == [("ask", "done", "true")]
