"""What holds runs and questions back, kept the same way by every store."""

import pytest

from handrail_orchestrator.errors import ReviewConflict
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import MoveReview
from handrail_orchestrator.store.control import Pause, PauseRow, Resume
from tests.contract.stores import NOW, asked, claim, claimed_ids, refusal, signed_on, starting, wrote

ADD = PauseRow("workflow", "add", "person:ann", "the CRM moves", NOW)
MONEY = PauseRow("queue", "money", None, None, NOW)


def test_runs_of_a_paused_workflow_are_left_alone_until_it_is_resumed(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), Pause(ADD))
    assert store.pauses() == [ADD]
    held = claim(store, worker)
    assert (held.runs, held.next_wake, held.paused) == ([], None, frozenset({"add"}))
    (started,) = wrote(store, starting("b")._replace(execute=True), worker=worker)
    assert started.rests
    assert wrote(store, Resume("workflow", "add", None, NOW + 9)) == [ADD]
    assert store.pauses() == []
    assert claimed_ids(claim(store, worker)) == ["a", "b"]


def test_the_first_to_pause_stays_the_one_who_did(store: Store) -> None:
    assert wrote(store, Pause(ADD)) == [ADD]
    assert wrote(store, Pause(ADD._replace(by="person:bob", at=NOW + 1))) == [ADD]
    assert wrote(store, Resume("workflow", "add", None, NOW), Resume("workflow", "add", None, NOW)) == [ADD, None]


def test_a_deadline_stands_still_while_its_run_may_not_go_on(store: Store) -> None:
    wrote(store, starting("a")._replace(deadline=NOW + 100), Pause(ADD._replace(at=NOW + 10)))
    wrote(store, starting("b", created=NOW + 40)._replace(deadline=NOW + 140))
    wrote(store, Resume("workflow", "add", None, NOW + 60))
    rows = {row.id: row.deadline for row in store.runs()}
    assert rows == {"a": NOW + 150, "b": NOW + 160}


def test_a_question_of_a_paused_queue_is_offered_to_nobody_and_cannot_be_taken(store: Store) -> None:
    worker = signed_on(store)
    free, begun = asked(store, worker, "a", queue="money"), asked(store, worker, "b", queue="money")
    take = MoveReview(begun.id, begun.version, "leased", "take", "person:bob", NOW, "bob", NOW + 300)
    (mine,) = wrote(store, take)
    wrote(store, Pause(MONEY))
    assert store.reviews(ReviewQuery(free_for="ann", now=NOW)) == []
    for action, state in (("take", "leased"), ("decide", "decided")):
        change = MoveReview(free.id, free.version, state, action, "person:ann", NOW, decision="true")  # type: ignore[arg-type]
        assert isinstance(error := refusal(store, change), ReviewConflict)
        assert "paused by code" in str(error)
    wrote(store, MoveReview(mine.id, mine.version, "decided", "decide", "person:bob", NOW, decision="true"))
    wrote(store, Resume("queue", "money", None, NOW))
    assert [row.id for row in store.reviews(ReviewQuery(free_for="ann", now=NOW))] == [free.id]


def test_due_times_of_a_paused_queue_move_on_by_as_long_as_it_rested(store: Store) -> None:
    item = asked(store, signed_on(store), queue="money")
    sets = MoveReview(
        item.id, item.version, "open", "assign", "person:ann", NOW, sets={"due": NOW + 5, "timer": NOW + 5}
    )
    wrote(store, sets, Pause(MONEY))
    assert store.next_timer(NOW) is None
    wrote(store, Resume("queue", "money", "person:ann", NOW + 100))
    after = store.review(item.id)
    assert after is not None
    assert (after.due, after.timer, store.next_timer(NOW)) == (NOW + 105, NOW + 105, NOW + 105)


@pytest.mark.parametrize("order", [(0, 5, -5), (-5, 0, 5)])
def test_the_most_urgent_of_what_is_due_is_claimed_first(store: Store, order: tuple[int, ...]) -> None:
    worker = signed_on(store)
    wrote(store, *[starting(f"p{each}")._replace(priority=each) for each in order])
    assert store.due(NOW) == {("add", 1): 3}
    assert [claimed_ids(claim(store, worker, most=1)) for _ in range(4)] == [["p5"], ["p0"], ["p-5"], []]
