"""What every store must do with review items; counts and lists agree."""

import itertools
import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from handrail_orchestrator.errors import NotAllowed, ReviewError
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    Cancel,
    Change,
    ExtendLease,
    Fork,
    MoveReview,
    OpenWait,
    ReadAnswer,
    RecordStep,
    ReviewSets,
    Suspend,
)
from handrail_orchestrator.store.claiming import Claim
from handrail_orchestrator.store.kept_settings import PutView
from handrail_orchestrator.store.rows import ReviewRow, ReviewState
from tests.contract.stores import (
    NOW,
    asked,
    decided,
    executing,
    question,
    refusal,
    signed_on,
    step,
    steps,
    wrote,
)


def test_a_move_is_made_only_to_the_version_it_was_decided_on(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    take = MoveReview(item.id, 1, "leased", "take", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300)
    (taken,) = wrote(store, take)
    assert (taken.state, taken.version, taken.lease_owner, taken.lease_until) == ("leased", 2, "ann", NOW + 300)
    assert isinstance(refusal(store, decided(item)), ReviewError)
    assert store.review(item.id) == taken
    assert isinstance(refusal(store, MoveReview(99, 1, "open", "skip", "person:ann", NOW)), ReviewError)
    wrote(store, MoveReview(item.id, 2, "open", "skip", "person:ann", NOW, priority=80, note="not mine"))
    moved = store.review(item.id)
    assert moved is not None
    assert (moved.state, moved.priority, moved.note, moved.lease_owner) == ("open", 80, "not mine", None)
    log = [(entry.actor, entry.action, entry.state, entry.version) for entry in store.review_log(item.id)]
    assert log == [
        (f"run:{item.run}", "ask", "open", 1),
        ("person:ann", "take", "leased", 2),
        ("person:ann", "skip", "open", 3),
    ]


def test_an_item_for_somebody_new_is_answered_by_nobody_who_answered_another_of_its_run(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    waits = [step(key, name, seq=seq, kind="human", status="waiting") for seq, name in enumerate(("ask", "again"), 1)]
    wrote(store, *(OpenWait(each, review=question(key, each.name)) for each in waits), worker=worker)
    wrote(store, Suspend(key, None, 0), worker=worker)
    first, second = sorted(store.reviews(ReviewQuery(run_id="a")), key=lambda item: item.id)
    assert store.answered_others(second.id) == set()

    wrote(store, decided(first))

    assert (store.answered_others(second.id), store.answered_others(first.id)) == ({"ann"}, set())
    refused = refusal(store, decided(second)._replace(is_of_new=True))
    assert isinstance(refused, NotAllowed)
    assert "another question of its run" in str(refused)
    wrote(store, decided(second, by="person:ben")._replace(is_of_new=True))


def test_a_lease_is_extended_by_its_owner_at_its_version_and_leaves_no_trace_in_the_log(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, MoveReview(item.id, 1, "leased", "take", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300))
    logged = store.review_log(item.id)
    replies = [
        wrote(store, ExtendLease(item.id, version, owner, NOW + 400, 7.0))
        for version, owner in ((2, "ben"), (1, "ann"), (2, "ann"))
    ]
    assert replies == [[False], [False], [True]]
    row = store.review(item.id)
    assert row is not None
    assert (row.version, row.lease_until, row.hands_on, row.first_taken) == (2, NOW + 400, 7.0, NOW)
    assert store.review_log(item.id) == logged


def test_a_note_leaves_the_lease_as_it_is_by_then(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, MoveReview(item.id, 1, "leased", "take", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300))
    seen = MoveReview(item.id, 2, "leased", "note", "person:ben", NOW, lease_owner="ann", lease_until=NOW + 300)
    wrote(store, ExtendLease(item.id, 2, "ann", NOW + 400, 0.0))
    wrote(store, seen._replace(note="see the other one"))
    row = store.review(item.id)
    assert row is not None
    assert (row.version, row.lease_owner, row.lease_until, row.note) == (3, "ann", NOW + 400, "see the other one")


def test_the_next_timer_is_that_of_a_policy_or_of_an_undo_window(store: Store) -> None:
    worker = signed_on(store)
    assert store.next_timer(NOW) is None
    first, second = asked(store, worker, "r1"), asked(store, worker, "r2")
    sets = ReviewSets(timer=NOW + 60)
    wrote(store, MoveReview(first.id, 1, "open", "note", "person:ann", NOW, sets=sets))
    assert store.next_timer(NOW) == NOW + 60
    sets = ReviewSets(commit_at=NOW + 5, answers='[["ann", 1.0, "true", null, []]]')
    wrote(store, MoveReview(second.id, 1, "pending", "decide", "person:ann", NOW, sets=sets))
    assert store.next_timer(NOW) == NOW + 5
    due = [row.id for row in store.reviews(ReviewQuery(timer_due=NOW + 60))]
    assert due == [first.id, second.id]
    assert [row.id for row in store.reviews(ReviewQuery(timer_due=NOW + 5))] == [second.id]


def test_what_a_person_skipped_comes_last_for_that_person_alone(store: Store) -> None:
    worker = signed_on(store)
    items = [asked(store, worker, f"r{number}", priority=number) for number in range(4)]

    def offered(person: str) -> list[int]:
        return [row.priority for row in store.reviews(ReviewQuery(free_for=person, now=NOW))]

    def skips(person: str, number: int) -> None:
        found = store.review(items[number].id)
        assert found is not None
        wrote(store, MoveReview(found.id, found.version, "open", "skip", f"person:{person}", NOW))

    skips("ann", 3)
    assert offered("ann") == [2, 1, 0, 3]
    skips("ann", 1)
    assert offered("ann") == [2, 0, 3, 1], "the one skipped longest ago first"
    skips("ann", 3)
    assert offered("ann") == [2, 0, 1, 3]
    assert offered("ben") == [3, 2, 1, 0]
    assert [row.priority for row in store.reviews(ReviewQuery())] == [3, 2, 1, 0]


def test_a_reopened_item_waits_again_with_its_step(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item))
    wrote(store, MoveReview(item.id, 2, "open", "reopen", "policy:reopen", NOW))
    again = store.review(item.id)
    assert again is not None
    assert (again.state, again.decision, again.decided_by) == ("open", None, None)
    assert steps(store, item.run) == [("ask", "waiting", None)]


def answer_of(store: Store, run: int) -> str | None:
    """Return what is recorded about the checks of a run's one answer."""
    (row,) = store.history(run).steps
    return row.verdicts


def test_an_answer_says_what_it_was_confirmed_against_until_its_run_has_read_it(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item)._replace(despite=("sums", "grounded")))
    assert json.loads(answer_of(store, item.run) or "") == {"despite": ["sums", "grounded"]}
    assert json.loads(store.review_log(item.id)[-1].data or "")["despite"] == ["sums", "grounded"]
    wrote(store, ReadAnswer(item.run, "ask", '[["sums", false, null, "why", "review"]]'), worker=worker)
    assert answer_of(store, item.run) == '[["sums", false, null, "why", "review"]]'


def test_an_answer_can_be_taken_back_until_its_run_may_have_read_it(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    undo = MoveReview(item.id, 2, "leased", "undo", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300)
    wrote(store, decided(item), undo)
    again = store.review(item.id)
    assert again is not None
    assert (again.state, again.lease_owner, again.decision, again.decided_by) == ("leased", "ann", None, None)
    assert steps(store, item.run) == [("ask", "waiting", None)]

    wrote(store, decided(item)._replace(version=3))
    (claimed,) = wrote(store, Claim([("add", 1)], NOW, 10, suspects=False), worker=worker)
    assert [run.key for run in claimed.runs] == [item.run]
    assert "has gone on with the answer" in str(refusal(store, undo._replace(version=4))), "it is being executed"
    wrote(store, ReadAnswer(item.run, "ask", "[]"), Suspend(item.run, None, claimed.runs[0].signals), worker=worker)
    assert "has gone on with the answer" in str(refusal(store, undo._replace(version=4))), "it was read"


def test_an_answer_for_a_run_that_has_ended_cannot_be_taken_back(store: Store) -> None:
    item = asked(store, signed_on(store))
    wrote(store, decided(item), Cancel("a", NOW, "gone"))
    undo = MoveReview(item.id, 2, "leased", "undo", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300)
    assert "has gone on with the answer" in str(refusal(store, undo))


def test_a_fork_does_not_copy_an_answer_that_nobody_has_checked(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item))
    wrote(store, RecordStep(step(item.run, "later", seq=9)), worker=worker)
    (fork,) = wrote(store, Fork("a", "later", "b", NOW))
    assert steps(store, fork.key) == []
    wrote(store, ReadAnswer(item.run, "ask", "[]"), worker=worker)
    (fork,) = wrote(store, Fork("a", "later", "c", NOW))
    assert [name for name, *_ in steps(store, fork.key)] == ["ask"]


@pytest.fixture
def queue(store: Store) -> Store:
    """A store with review items in every state, of three queues and priorities."""
    worker = signed_on(store)
    for number, (name, priority) in enumerate(itertools.product(("triage", "money", "replies"), (0, 50, 100))):
        item = asked(store, worker, f"r{number}", queue=name, priority=priority)
        moves: list[Change | None] = [
            None,
            MoveReview(item.id, 1, "leased", "take", "person:ann", NOW, lease_owner="ann", lease_until=NOW + 300),
            MoveReview(item.id, 1, "leased", "take", "person:ben", NOW, lease_owner="ben", lease_until=NOW - 1),
            decided(item),
            MoveReview(item.id, 1, "expired", "expire", "policy:expire", NOW),
            Cancel(f"r{number}", NOW, "gone"),
            MoveReview(item.id, 1, "leased", "take", "person:ben", NOW, lease_owner="ben", lease_until=NOW + 300),
            None,
            None,
        ]
        move = moves[number]
        if move is not None:
            wrote(store, move)
    return store


FILTERS: Sequence[dict[str, Any]] = [
    {**states, **queue, **run, **free}
    for states in ({}, {"states": ("decided",)}, {"states": get_args(ReviewState)})
    for queue in ({}, {"queue": "triage"}, {"queue": "nowhere"})
    for run in (
        {},
        {"run_id": "r7"},
        {"text": "r7"},
        {"text": "approve"},
        {"tier_from": 2},
        {"tier_to": 1},
        {"is_late": False, "now": NOW, "is_snoozed": False},
        {"workflow": "approve", "kinds": ("ask",), "but": (1, 2), "created_to": NOW + 1},
        {"decided_by": "person:ann", "assignee": None, "created_from": NOW + 1},
        {"queues": ("triage", "money"), "timer_due": NOW},
        {"not_queues": ("triage", "nowhere")},
        {"queues": ()},
        {"queues": (), "is_late": True, "now": NOW},
        {"run_ids": ("r1", "r4", "r7", "nobody")},
        {"run_ids": ()},
    )
    for free in ({}, {"free_for": "ann", "now": NOW}, {"free_for": "ben", "now": NOW})
]


@pytest.mark.dear
def test_a_count_is_the_number_of_rows_whatever_the_filter(queue: Store) -> None:
    for wanted in FILTERS:
        rows = queue.reviews(ReviewQuery(**wanted))
        assert queue.review_count(ReviewQuery(**wanted, limit=1)) == len(rows), wanted
        for row in rows:
            assert row.state in wanted.get("states", ("open", "leased")), wanted
            assert row.queue == wanted.get("queue", row.queue), wanted
            assert row.queue not in wanted.get("not_queues", ()), wanted
            assert row.run_id == wanted.get("run_id", row.run_id), wanted
            assert row.run_id in wanted.get("run_ids", (row.run_id,)), wanted


def test_items_are_listed_most_urgent_first_and_page_by_page(queue: Store) -> None:
    everything = ReviewQuery(states=get_args(ReviewState))
    rows = queue.reviews(everything)
    assert [(row.priority, row.id) for row in rows] == sorted(
        ((r.priority, r.id) for r in rows), key=lambda p: (-p[0], p[1])
    )
    paged: list[ReviewRow] = []
    while page := queue.reviews(
        ReviewQuery(states=everything.states, limit=2, after=(paged[-1].priority, paged[-1].id) if paged else None)
    ):
        paged += page
    assert paged == rows


def test_the_page_before_an_item_is_the_one_that_was_left_to_reach_it(queue: Store) -> None:
    everything = ReviewQuery(states=get_args(ReviewState))
    rows = queue.reviews(everything)
    for place, row in enumerate(rows):
        before = queue.reviews(ReviewQuery(states=everything.states, limit=2, before=(row.priority, row.id)))
        assert before == rows[max(0, place - 2) : place]


def test_views_of_a_person_are_kept_by_name_and_dropped_by_an_empty_query(store: Store) -> None:
    wrote(
        store, PutView("ann", "late", "late=1"), PutView("ann", "mine", "assignee=ann"), PutView("ben", "late", "x=1")
    )
    wrote(store, PutView("ann", "late", "late=1&queue=money"))
    assert store.views("ann") == [("late", "late=1&queue=money"), ("mine", "assignee=ann")]
    wrote(store, PutView("ann", "late", ""), PutView("ann", "never", ""))
    assert store.views("ann") == [("mine", "assignee=ann")]
    assert store.views("ben") == [("late", "x=1")]


def test_no_more_than_fifty_views_of_a_person_are_kept(store: Store) -> None:
    wrote(store, *(PutView("ann", f"view {number}", "late=1") for number in range(50)))
    assert isinstance(refusal(store, PutView("ann", "one more", "late=1")), ReviewError)
    wrote(store, PutView("ann", "view 7", "late=0"), PutView("ben", "one more", "late=1"))
    assert len(store.views("ann")) == 50


def test_what_is_free_for_a_person_is_open_or_theirs_or_was_let_go(queue: Store) -> None:
    for person, others in (("ann", "ben"), ("ben", "ann")):
        free = {row.run_id for row in queue.reviews(ReviewQuery(free_for=person, now=NOW))}
        held = {
            row.run_id
            for row in queue.reviews(ReviewQuery())
            if row.lease_owner == others and row.lease_until != NOW - 1
        }
        assert free == {"r0", "r1", "r2", "r6", "r7", "r8"} - held
