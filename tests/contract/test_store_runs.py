"""What every store must do with a run: start, steps, waits, children, end."""

from typing import Any

import pytest

from handrail_orchestrator.errors import Fenced, RunConflict, StoreError, UnknownRun, WrongState
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    Cancel,
    EndRun,
    NoteStarted,
    OpenWait,
    RecordStep,
    Send,
    StartMany,
    Suspend,
)
from handrail_orchestrator.store.rows import DUE, StepRow
from handrail_orchestrator.store.starts import Started
from tests.contract.stores import (
    NOW,
    asked,
    claim,
    claimed_ids,
    decided,
    executing,
    question,
    refusal,
    signed_on,
    starting,
    status,
    step,
    steps,
    waiting_for_child,
    wrote,
)

# -- starting


def test_a_started_run_is_pending_and_due_at_once(store: Store) -> None:
    (started,) = wrote(store, starting("a", '{"n": 1}'))
    assert started == Started(started.key, new=True)
    row = store.run("a")
    assert row is not None
    assert (row.key, row.workflow, row.version, row.input) == (started.key, "add", 1, '{"n": 1}')
    assert (row.status, row.wake, row.owner, row.ended) == ("pending", DUE, None, None)


def test_a_run_started_to_be_executed_belongs_to_its_worker(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.owner, row.wake, row.started) == ("running", worker, None, NOW)
    assert claimed_ids(claim(store, worker)) == []


def test_a_run_nobody_can_execute_yet_is_pending(store: Store) -> None:
    wrote(store, starting("a")._replace(execute=True))
    assert status(store, "a") == "pending"


def test_starting_the_same_again_finds_the_run(store: Store) -> None:
    (first,) = wrote(store, starting("a"))
    assert wrote(store, starting("a", created=NOW + 9)) == [Started(first.key, new=False)]
    assert wrote(store, starting("a", version=2)) == [Started(first.key, new=False)]
    assert store.counts() == {("add", 1, "pending"): 1}


def test_an_id_with_another_input_or_workflow_is_refused_and_the_others_of_the_call_go_on(store: Store) -> None:
    wrote(store, starting("a"))
    replies = store.apply([starting("a", "2"), starting("a", workflow="other"), starting("b")])
    assert [type(reply) for reply in replies] == [RunConflict, RunConflict, Started]
    assert [row.id for row in store.runs()] == ["a", "b"]


def test_several_starts_are_all_or_none(store: Store) -> None:
    wrote(store, starting("c", "9"))
    several = StartMany([starting("a"), starting("b"), starting("c", "1")])
    assert isinstance(refusal(store, several), RunConflict)
    assert [row.id for row in store.runs()] == ["c"]
    (started,) = wrote(store, StartMany([starting("a"), starting("c", "9"), starting("b")]))
    assert [each.new for each in started] == [True, False, True]
    assert len({each.key for each in started}) == 3


def test_a_transaction_that_fails_records_nothing_of_itself(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    impossible: Any = None
    with pytest.raises(StoreError):
        store.apply([starting("b"), RecordStep(step(key)._replace(name=impossible)), starting("c")], worker=worker)
    assert [row.id for row in store.runs()] == ["a"]
    assert store.history(key).steps == []
    wrote(store, starting("b"))


# -- steps


def test_a_result_is_recorded_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    full = StepRow(
        key, "route", 1, "ai", "done", 2, 1.0, 2.0, 3.0, "[1]", '"x"', "team", "model:m", None, None, 0.9, "local",
        "[]", 7, 8, 0.5,
    )  # fmt: skip
    assert wrote(store, RecordStep(full), worker=worker) == [None]
    assert isinstance(refusal(store, RecordStep(full._replace(output='"y"')), worker), Fenced)
    assert store.history(key).steps == [full]


def test_steps_come_back_in_order_of_recording(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    rows = [step(key, name, seq=seq) for seq, name in ((2, "a"), (10, "b"), (1, "c"))]
    wrote(store, *map(RecordStep, rows), worker=worker)
    assert [row.name for row in store.history(key).steps] == ["c", "a", "b"]


def test_a_noted_step_becomes_its_result_and_a_result_is_never_noted_away(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    begun = step(key, status="started")
    wrote(store, NoteStarted(begun), NoteStarted(begun._replace(attempt=2, started=NOW + 1)), worker=worker)
    (noted,) = store.history(key).steps
    assert (noted.status, noted.attempt, noted.started) == ("started", 2, NOW + 1)
    wrote(store, RecordStep(step(key)), NoteStarted(begun._replace(attempt=3)), worker=worker)
    assert steps(store, key) == [("bump", "done", "2")]


# -- waiting


def test_a_question_is_asked_once_and_logged(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker, queue="money", priority=30)
    assert (item.run_id, item.workflow, item.step, item.queue, item.priority) == ("a", "add", "ask", "money", 30)
    assert (item.state, item.version, item.schema) == ("open", 1, '{"type": "boolean"}')
    (entry,) = store.review_log(item.id)
    assert (entry.action, entry.state, entry.version) == ("ask", "open", 1)
    claim(store, worker)
    again = OpenWait(step(item.run, "ask", kind="human", status="waiting"), review=question(item.run))
    wrote(store, again, worker=worker)
    assert store.reviews(ReviewQuery()) == [item]


def test_a_run_that_waits_is_due_when_it_said(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    assert wrote(store, Suspend(key, NOW + 60, 0), worker=worker) == [NOW + 60]
    assert status(store, "a") == "waiting"
    early = claim(store, worker, now=NOW + 59)
    assert (claimed_ids(early), early.next_wake) == ([], NOW + 60)
    assert claimed_ids(claim(store, worker, now=NOW + 60)) == ["a"]


def test_an_answer_that_came_before_the_run_let_go_makes_it_due_at_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, OpenWait(step(key, "ask", kind="human", status="waiting"), review=question(key)), worker=worker)
    (item,) = store.reviews(ReviewQuery())
    wrote(store, decided(item))
    assert wrote(store, Suspend(key, None, 0), worker=worker) == [DUE]
    (run,) = claim(store, worker, now=NOW + 5).runs
    assert (run.id, run.signals) == ("a", 1)


def test_an_event_that_came_before_the_run_let_go_makes_it_due_at_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, Send("a", "paid", "1", NOW))
    assert wrote(store, Suspend(key, NOW + 999, 0), worker=worker) == [DUE]


def test_a_cancel_that_came_before_the_run_let_go_makes_it_due_at_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    assert wrote(store, Cancel("a", NOW, "no more")) == ["running"]
    assert wrote(store, Suspend(key, None, 1), worker=worker) == [DUE]
    (run,) = claim(store, worker, now=NOW + 5).runs
    assert run.cancel


def test_an_answer_makes_a_waiting_run_due_and_settles_its_step(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    assert claimed_ids(claim(store, worker)) == []
    (moved,) = wrote(store, decided(item))
    assert (moved.state, moved.version, moved.decision, moved.decided_by) == ("decided", 2, "true", "person:ann")
    assert claimed_ids(claim(store, worker)) == ["a"]
    (row,) = store.history(item.run).steps
    assert (row.status, row.output, row.decided_by, row.source) == ("done", "true", "person:ann", "person")


def test_events_are_numbered_by_name_and_counted_once_by_their_id(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, Suspend(key, None, 0), worker=worker)
    sent = [Send("a", "paid", "1", NOW, "x"), Send("a", "paid", "1", NOW, "x"), Send("a", "lost", "2", NOW, "y")]
    assert wrote(store, *sent, Send("a", "paid", "3", NOW)) == [True, False, True, True]
    found = [(event.name, event.number, event.payload) for event in store.history(key).events]
    assert found == [("lost", 1, "2"), ("paid", 1, "1"), ("paid", 2, "3")]
    assert claimed_ids(claim(store, worker)) == ["a"]


def test_an_event_for_a_run_that_is_none_or_has_ended_is_refused(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)
    assert isinstance(refusal(store, Send("nobody", "paid", "1", NOW)), UnknownRun)
    assert isinstance(refusal(store, Send("a", "paid", "1", NOW)), WrongState)
    assert store.history(key).events == []


# -- children


@pytest.mark.parametrize(("outcome", "as_step"), [("completed", "done"), ("failed", "failed")])
def test_a_parent_is_told_how_its_child_ended(store: Store, outcome: Any, as_step: str) -> None:
    worker = signed_on(store)
    key = waiting_for_child(store, worker, starting("a/child"))
    (child,) = claim(store, worker).runs
    assert (child.id, child.parent) == ("a/child", key)
    wrote(store, EndRun(child.key, outcome, "5", None, NOW), worker=worker)
    assert [(name, found) for name, found, _ in steps(store, key)] == [("child", as_step)]
    assert claimed_ids(claim(store, worker)) == ["a"]


def test_a_child_that_had_ended_already_settles_the_wait_at_once(store: Store) -> None:
    worker = signed_on(store)
    ended = executing(store, worker, "b")
    wrote(store, EndRun(ended, "completed", "7", None, NOW), worker=worker)
    key = waiting_for_child(store, worker, starting("b"))
    assert steps(store, key) == [("child", "done", "7")]
    assert claimed_ids(claim(store, worker)) == ["a"]


def test_a_child_whose_id_is_taken_fails_the_wait(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("b", "another input", created=NOW + 99))
    key = waiting_for_child(store, worker, starting("b"))
    (row,) = store.history(key).steps
    assert row.status == "failed"
    assert "RunConflict" in (row.error or "")
    assert sorted(claimed_ids(claim(store, worker))) == ["a", "b"]


# -- ending


def test_a_run_that_ends_leaves_nothing_open(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, Send("a", "go", "1", NOW))
    (run,) = claim(store, worker).runs
    child = starting("a/child", created=NOW + 9)._replace(parent=run.key, parent_step="child")
    wait = OpenWait(step(run.key, "child", seq=2, kind="child", status="waiting"), child=child)
    wrote(store, wait, EndRun(run.key, "failed", None, '{"type": "X"}', NOW), worker=worker)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.error, row.ended, row.owner, row.wake) == ("failed", '{"type": "X"}', NOW, None, None)
    assert status(store, "a/child") == "cancelled"
    closed = store.review(item.id)
    assert closed is not None
    assert (closed.state, closed.version) == ("cancelled", 2)
    assert [(entry.action, entry.version) for entry in store.review_log(item.id)] == [("ask", 1), ("cancel", 2)]


def test_cancelling_a_waiting_run_ends_it_and_what_it_waits_for(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    assert wrote(store, Cancel("a", NOW + 1, "not needed")) == ["cancelled"]
    row = store.run("a")
    assert row is not None
    assert (row.status, row.ended, row.wake) == ("cancelled", NOW + 1, None)
    assert "not needed" in (row.error or "")
    assert store.reviews(ReviewQuery()) == []
    assert store.review(item.id) is not None


def test_cancelling_a_run_that_is_executed_tells_its_worker(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    key = executing(store, first)
    executing(store, second, "b")
    assert wrote(store, Cancel("a", NOW, "stop")) == ["running"]
    assert (store.cancelled_of(first), store.cancelled_of(second)) == ([key], [])


def test_cancelling_an_ended_run_changes_nothing(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, EndRun(executing(store, worker), "completed", "1", None, NOW), worker=worker)
    before = store.run("a")
    assert wrote(store, Cancel("a", NOW + 1, "late")) == ["completed"]
    assert store.run("a") == before
    assert isinstance(refusal(store, Cancel("nobody", NOW, "")), UnknownRun)
