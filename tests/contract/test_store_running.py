"""What every store must do with waits that belong together, undo actions, rounds, keys, tags and set results."""

import json

import pytest

from handrail_orchestrator.errors import Fenced, ReviewConflict, RunConflict, WrongState
from handrail_orchestrator.store import ReviewQuery, RunQuery, Store
from handrail_orchestrator.store.changes import Cancel, EndRun, OpenWait, RecordStep, RetryRun, Send, Suspend
from handrail_orchestrator.store.rows import StepRow
from handrail_orchestrator.store.running import (
    DecideFirst,
    DeclareInput,
    FinishUndo,
    GoOn,
    InputRow,
    JoinBranches,
    OpenKeyedWait,
    PutAside,
    PutProgress,
    PutTags,
    RegisterUndo,
    SendTo,
    Sent,
    SetResult,
    StartDetached,
)
from tests.contract.stores import (
    NOW,
    claim,
    decided,
    executing,
    question,
    refusal,
    signed_on,
    starting,
    status,
    step,
    steps,
    wrote,
)


@pytest.fixture
def worker(store: Store) -> int:
    return signed_on(store)


def undo(key: int, name: str = "undo:free", *, seq: int = 9) -> StepRow:
    return step(key, name, seq=seq, kind="undo", status="registered")


def failed(key: int) -> EndRun:
    return EndRun(key, "failed", None, json.dumps({"type": "ValueError", "message": "no", "steps": ["bump"]}), NOW)


def test_tags_and_progress_are_recorded_once_and_found(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, PutTags(step(key, "tag:customer", kind="tag"), {"customer": "acme"}), worker=worker)
    wrote(store, PutProgress(step(key, "status", seq=2, kind="status"), "on its way"), worker=worker)
    assert isinstance(refusal(store, PutTags(step(key, "tag:customer", kind="tag"), {"customer": "b"}), worker), Fenced)
    (row,) = store.latest(RunQuery(tags={"customer": "acme"}))
    assert (row.progress, row.tags) == ("on its way", '{"customer":"acme"}')
    assert store.latest(RunQuery(tags={"customer": "b"})) == []


def test_what_was_first_withdraws_the_others_and_refuses_whoever_is_second(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wait = step(key, "event:go", kind="event", status="waiting")._replace(input='{"event": "go"}')
    asks = step(key, "ask", seq=2, kind="human", status="waiting")
    join = JoinBranches(key, "first", ["event:go", "ask"])
    wrote(store, join, OpenWait(wait), OpenWait(asks, review=question(key)), Suspend(key, None, 0), worker=worker)
    (item,) = store.reviews(ReviewQuery())
    assert wrote(store, Send("a", "go", "1", NOW)) == [True]
    assert isinstance(refusal(store, decided(item)), ReviewConflict)
    claim(store, worker)
    row = step(key, "first", seq=3, kind="first")
    wrote(store, DecideFirst(row, ["ask"], "the event came"), worker=worker)
    assert [(name, state) for name, state, _ in steps(store, key)] == [
        ("event:go", "waiting"), ("ask", "withdrawn"), ("first", "done")
    ]  # fmt: skip
    assert "withdrawn: the event came" in str(refusal(store, decided(item)))


def test_a_run_that_fails_is_due_again_to_undo_what_it_did(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, RecordStep(step(key)), RegisterUndo(undo(key)), failed(key), worker=worker)
    assert status(store, "a") == "pending"
    (claimed,) = claim(store, worker).runs
    assert json.loads(claimed.undoing or "{}")["status"] == "failed"
    wrote(store, RecordStep(undo(key)._replace(status="done", output="null", ended=NOW)), worker=worker)
    wrote(store, FinishUndo(key, NOW), worker=worker)
    assert status(store, "a") == "failed"
    assert isinstance(refusal(store, RetryRun("a", NOW)), WrongState)
    assert isinstance(refusal(store, FinishUndo(key, NOW), worker), Fenced)


def test_what_cannot_be_undone_sets_its_run_aside_until_somebody_retries_it(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, RegisterUndo(undo(key)), Suspend(key, None, 0), worker=worker)
    assert wrote(store, Cancel("a", NOW, "enough")) == ["running"]
    claim(store, worker)
    broken = undo(key)._replace(status="failed", ended=NOW, error="{}")
    wrote(store, RecordStep(broken), PutAside(key, '{"type": "UndoFailed"}', NOW), worker=worker)
    assert status(store, "a") == "set_aside"
    assert isinstance(refusal(store, Cancel("a", NOW, "again")), WrongState)
    wrote(store, RetryRun("a", NOW))
    assert (status(store, "a"), steps(store, key)) == ("pending", [("undo:free", "registered", None)])


def test_a_round_takes_what_was_remembered_out_of_the_way_and_leaves_events(store: Store, worker: int) -> None:
    key = executing(store, worker)
    took = step(key, "event:go", kind="event", output="1")._replace(input='{"event": "go", "number": 1}')
    wrote(store, Send("a", "go", "1", NOW, "e1"), Send("a", "go", "2", NOW, "e2"), RecordStep(took), worker=worker)
    wrote(store, GoOn(key, "7", "add", 1, "code", NOW, None), worker=worker)
    (claimed,) = claim(store, worker).runs
    assert (claimed.input, claimed.round, claimed.round_seq) == ("7", 2, 1)
    history = store.history(key)
    assert history.steps == []
    assert [(event.name, event.payload) for event in history.events] == [("[1]/go", "1"), ("go", "2")]
    assert [row.name for row in store.some_steps(key)] == ["[1]/event:go"]
    assert wrote(store, Send("a", "go", "1", NOW, "e1"), Send("a", "go", "3", NOW, "e3")) == [False, True]
    assert not wrote(store, starting("a"))[0].new


def test_a_child_that_is_left_outlives_its_parent_and_a_taken_id_is_refused(store: Store, worker: int) -> None:
    key = executing(store, worker)
    for name in ("leave", "cancel"):
        child = starting(f"a/{name}")._replace(parent=key, parent_step=name)
        wrote(store, StartDetached(step(key, name, kind="child"), child, name), worker=worker)
    taken = starting("a", "9")._replace(parent=key, parent_step="taken")
    assert isinstance(
        refusal(store, StartDetached(step(key, "taken", kind="child"), taken, "leave"), worker), RunConflict
    )
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)
    assert [status(store, f"a/{name}") for name in ("leave", "cancel")] == ["pending", "cancelled"]


def test_an_event_by_key_is_kept_goes_to_one_run_and_is_given_back(store: Store, worker: int) -> None:
    assert wrote(store, SendTo("paid", "A", "1", NOW, "e")) == [Sent(new=True, run_id=None)]
    assert [(each.name, each.key) for each in store.kept_events(9)] == [("paid", "A")]
    keys = [executing(store, worker, name) for name in "ab"]
    for key in keys:
        wait = step(key, "event:paid", kind="event", status="waiting")
        wrote(store, OpenKeyedWait(wait, "paid", "A"), Suspend(key, None, 0), worker=worker)
    assert store.kept_events(9) == []
    assert wrote(store, SendTo("paid", "A", "1", NOW, "e")) == [Sent(new=False, run_id="a")]
    wrote(store, Cancel("a", NOW, "enough"))
    assert [event.payload for event in store.history(keys[1]).events] == ["1"]


def test_a_result_is_set_where_a_step_stopped_its_run(store: Store, worker: int) -> None:
    key = executing(store, worker)
    broken = step(key, status="failed")._replace(error="{}")
    wrote(store, RecordStep(broken), worker=worker)
    change = SetResult("a", "bump", "5", "person:ann", NOW, "by hand")
    assert isinstance(refusal(store, change), WrongState)
    wrote(store, failed(key), worker=worker)
    assert isinstance(refusal(store, change._replace(step="other")), WrongState)
    wrote(store, change)
    assert (status(store, "a"), steps(store, key)) == ("pending", [("bump", "done", "5")])


def test_what_a_workflow_is_started_with_is_known_newest_version_first(store: Store) -> None:
    for version in (1, 2):
        wrote(store, DeclareInput("add", version, '{"type": "integer"}', "code", None))
    wrote(store, DeclareInput("add", 1, "{}", "other", 5.0))
    assert store.inputs("add") == [
        InputRow("add", 2, '{"type": "integer"}', "code", None), InputRow("add", 1, "{}", "other", 5.0)
    ]  # fmt: skip
    assert store.inputs("sub") == []
