"""What every store must do when a run is retried, forked or pruned."""

from typing import Any, get_args

import pytest

from handrail_orchestrator.errors import ReviewError, RunConflict, UnknownRun, WrongState
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    Cancel,
    Change,
    EndRun,
    Fork,
    NoteStarted,
    OpenWait,
    Prune,
    RecordStep,
    ReopenWait,
    RetryRun,
    Send,
    Suspend,
)
from handrail_orchestrator.store.claiming import Release
from handrail_orchestrator.store.rows import DUE, ReviewState, RunStatus
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

# -- retry and fork


def test_a_retried_run_keeps_all_but_the_failures_that_ended_it(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    survived = RecordStep(step(key, "survived", status="failed"))
    fatal = RecordStep(step(key, "send", seq=3, status="failed"))
    cut_short = NoteStarted(step(key, "long", seq=4, status="started"))
    end = EndRun(key, "failed", None, '{"type": "StepFailed", "steps": ["send"]}', NOW)
    wrote(store, survived, RecordStep(step(key, seq=2)), fatal, cut_short, end, worker=worker)
    wrote(store, RetryRun("a", NOW + 1))
    assert steps(store, key) == [("survived", "failed", None), ("bump", "done", "2")]
    row = store.run("a")
    assert row is not None
    assert (row.status, row.wake, row.ended, row.error) == ("pending", DUE, None, None)
    (run,) = claim(store, worker, now=NOW + 1).runs
    assert (run.cancel, run.crashes) == (False, 0)
    wrote(store, fatal, end, worker=worker)
    wrote(store, RetryRun("a", NOW + 2))


def test_retrying_a_run_retries_the_child_that_ended_it(store: Store) -> None:
    worker = signed_on(store)
    key = waiting_for_child(store, worker, starting("a/child"))
    (child,) = claim(store, worker).runs
    wrote(store, EndRun(child.key, "failed", None, "{}", NOW), worker=worker)
    claim(store, worker)
    wrote(store, EndRun(key, "failed", None, '{"type": "StepFailed", "steps": ["child"]}', NOW), worker=worker)
    wrote(store, RetryRun("a", NOW))
    assert steps(store, key) == []
    assert (status(store, "a"), status(store, "a/child")) == ("pending", "pending")


def test_a_cancelled_run_that_is_retried_asks_its_question_anew(store: Store) -> None:
    worker = signed_on(store)
    old = asked(store, worker)
    wrote(store, Cancel("a", NOW, "by mistake"), RetryRun("a", NOW))
    (run,) = claim(store, worker).runs
    assert not run.cancel
    wait = step(run.key, "ask", kind="human", status="waiting")
    wrote(store, OpenWait(wait, review=question(run.key)), Suspend(run.key, None, run.signals), worker=worker)
    (new,) = store.reviews(ReviewQuery())
    assert new.id != old.id
    assert isinstance(refusal(store, decided(old)), ReviewError)
    wrote(store, decided(new))
    assert claimed_ids(claim(store, worker)) == ["a"]


def test_a_wait_that_is_opened_anew_waits_and_keeps_what_it_had_taken(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    taken = step(key, "event:paid", kind="event", output='"abc"')
    wrote(store, RecordStep(taken), ReopenWait(taken._replace(status="waiting", output=None)), worker=worker)
    assert steps(store, key) == [("event:paid", "waiting", None)]
    wrote(store, RecordStep(taken._replace(output="7")), worker=worker)
    assert steps(store, key) == [("event:paid", "done", "7")]


@pytest.mark.parametrize("run_status", ["pending", "running", "waiting", "completed"])
def test_only_a_run_that_did_not_complete_can_be_retried(store: Store, run_status: str) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    changes: dict[str, list[Change]] = {
        "pending": [Release()],
        "running": [],
        "waiting": [Suspend(key, None, 0)],
        "completed": [EndRun(key, "completed", "1", None, NOW)],
    }
    wrote(store, *changes[run_status], worker=worker)
    before = store.run("a")
    assert isinstance(refusal(store, RetryRun("a", NOW)), WrongState)
    assert isinstance(refusal(store, RetryRun("nobody", NOW)), UnknownRun)
    assert store.run("a") == before


def test_a_fork_has_the_history_before_its_step(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, *(RecordStep(step(key, name, seq=seq)) for seq, name in enumerate("xyz", 1)), worker=worker)
    wrote(store, Send("a", "paid", "1", NOW, "e"), EndRun(key, "completed", "9", None, NOW), worker=worker)
    (fork, whole) = wrote(store, Fork("a", "z", "b", NOW), Fork("a", None, "c", NOW))
    assert (fork.new, whole.new) == (True, True)
    assert [name for name, _, _ in steps(store, fork.key)] == ["x", "y"]
    assert [name for name, _, _ in steps(store, whole.key)] == []
    assert [event.event_id for event in store.history(fork.key).events] == ["e"]
    assert [name for name, _, _ in steps(store, key)] == ["x", "y", "z"]
    assert claimed_ids(claim(store, worker)) == ["b", "c"]


def test_a_fork_and_a_child_run_belong_to_whoever_started_the_run(store: Store) -> None:
    worker = signed_on(store)
    key = waiting_for_child(store, worker, starting("a/sub"), started_by="person:ann")
    wrote(store, Fork("a", None, "b", NOW, "person:ben"), starting("code"), Fork("code", None, "c", NOW, "person:ben"))
    started_by = {run.id: run.started_by for run in store.runs()}

    assert key
    assert started_by == {
        "a": "person:ann", "a/sub": "person:ann", "b": "person:ann", "code": None, "c": "person:ben",
    }  # fmt: skip


def test_a_fork_that_cannot_be_leaves_nothing(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, RecordStep(step(key)), EndRun(key, "completed", "9", None, NOW), starting("taken"), worker=worker)
    assert isinstance(refusal(store, Fork("nobody", None, "b", NOW)), UnknownRun)
    assert isinstance(refusal(store, Fork("a", "nowhere", "b", NOW)), WrongState)
    assert isinstance(refusal(store, Fork("a", "bump", "taken", NOW)), RunConflict)
    assert [row.id for row in store.runs()] == ["a", "taken"]


# -- pruning


ENDINGS: tuple[RunStatus, ...] = ("completed", "failed", "cancelled")


def ended(store: Store, worker: int, run_id: str, at: float, how: Any = "completed") -> int:
    """Let a run with a step, an event and an answered question end; return its key."""
    item = asked(store, worker, run_id)
    wrote(store, decided(item), Send(run_id, "paid", "1", NOW))
    (run,) = claim(store, worker).runs
    wrote(store, EndRun(run.key, how, None, None, at), worker=worker)
    return run.key


def test_pruning_deletes_old_ended_runs_with_all_that_belongs_to_them(store: Store) -> None:
    worker = signed_on(store)
    old = ended(store, worker, "old", NOW)
    ended(store, worker, "new", NOW + 10)
    wrote(store, starting("last", created=NOW + 99))
    every = ReviewQuery(states=get_args(ReviewState))
    (item,) = [each for each in store.reviews(every) if each.run_id == "old"]
    assert wrote(store, Prune(NOW + 5, ENDINGS, 100)) == [1]
    assert [row.id for row in store.runs()] == ["new", "last"]
    assert store.history(old) == ([], [], [])
    assert store.review(item.id) is None
    assert store.review_log(item.id) == []
    assert store.review_count(every) == 1
    store.vacuum()
    assert [row.id for row in store.runs()] == ["new", "last"]


def test_pruning_takes_only_the_statuses_and_the_number_asked_for(store: Store) -> None:
    worker = signed_on(store)
    for run_id in ("a", "b", "c"):
        ended(store, worker, run_id, NOW)
    ended(store, worker, "bad", NOW, "failed")
    wrote(store, starting("last", created=NOW + 99))
    assert wrote(store, Prune(NOW + 5, ("completed",), 2)) == [2]
    assert wrote(store, Prune(NOW + 5, ("completed",), 2)) == [1]
    assert [row.id for row in store.runs()] == ["bad", "last"]


def test_pruning_never_deletes_what_is_alive(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker, "running")
    asked(store, worker, "waiting")
    parent = waiting_for_child(store, worker, starting("child"))
    (child,) = claim(store, worker).runs
    wrote(store, starting("due"))
    wrote(store, EndRun(child.key, "completed", "1", None, NOW), starting("last", created=NOW + 9), worker=worker)
    everything = Prune(NOW + 999, (*ENDINGS, "set_aside", "pending", "running", "waiting"), 100)
    assert wrote(store, everything) == [0], "not even the ended child of a run that lives"
    assert [row.id for row in store.runs()] == ["running", "waiting", "a", "child", "due", "last"]
    assert parent in [run.key for run in claim(store, worker).runs]


def test_keys_and_item_numbers_are_never_used_again(store: Store) -> None:
    worker = signed_on(store)
    keys, items = set(), set()
    for round_number in range(3):
        for run_id in ("x", "y"):
            key = ended(store, worker, f"{run_id}{round_number}", NOW)
            items |= {entry.id for entry in store.reviews(ReviewQuery(states=("decided",))) if entry.run == key}
            assert key not in keys
            keys.add(key)
        wrote(store, Prune(NOW + 1, ENDINGS, 100))
    assert len(items) == 6
