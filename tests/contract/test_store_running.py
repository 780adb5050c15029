"""What every store must do with waits that belong together, undo actions, rounds, keys, tags and set results."""

import json

import pytest

from handrail_orchestrator.errors import Fenced, ReviewConflict, RunConflict, UnknownRun, WrongState
from handrail_orchestrator.store import ReviewQuery, RunQuery, Store
from handrail_orchestrator.store.changes import Cancel, Change, EndRun, OpenWait, RecordStep, RetryRun, Send, Suspend
from handrail_orchestrator.store.forgetting import ForgetRuns
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
from handrail_orchestrator.store.traces import KeepTrace
from tests.contract.stores import (
    NOW,
    claim,
    crash,
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


def event_wait(key: int, name: str = "event:paid", *, seq: int = 1) -> StepRow:
    return step(key, name, seq=seq, kind="event", status="waiting")


def test_a_worker_that_was_struck_off_can_do_nothing_of_this_to_its_runs(store: Store) -> None:
    stale = signed_on(store)
    key = executing(store, stale)
    wrote(store, OpenWait(event_wait(key)), RegisterUndo(undo(key)), SendTo("paid", "A", "1", NOW), worker=stale)
    claim(store, crash(store, stale))
    before = (store.runs(), store.history(key), store.kept_events(9))
    child = starting("a/child")._replace(parent=key, parent_step="child")
    changes: list[Change] = [
        PutTags(step(key, "tag", kind="tag"), {"customer": "acme"}),
        PutProgress(step(key, "status", kind="status"), "done"),
        JoinBranches(key, "first", ["event:paid"]),
        DecideFirst(step(key, "first", kind="first"), ["event:paid"], "stale"),
        RegisterUndo(undo(key, "undo:other")),
        StartDetached(step(key, "child", kind="child"), child, "leave"),
        OpenKeyedWait(event_wait(key, "event:paid#2"), "paid", "A"),
        GoOn(key, "7", "add", 1, "code", NOW, None),
        PutAside(key, "{}", NOW),
        FinishUndo(key, NOW),
    ]
    for change in changes:  # one by one, since what follows a refusal in a transaction is refused with it
        assert isinstance(refusal(store, change, stale), Fenced)
    wrote(store, KeepTrace(key, '{"parent": "stale"}'), worker=stale)
    assert (store.runs(), store.history(key), store.kept_events(9)) == before


def test_another_live_workers_run_is_not_begun_anew_or_set_aside_or_ended_and_keeps_its_trace(
    store: Store, worker: int
) -> None:
    key, other = executing(store, worker), signed_on(store, 2)
    wrote(store, KeepTrace(key, '{"parent": "mine"}'), worker=worker)
    wrote(store, KeepTrace(key, '{"parent": "other"}'), worker=other)
    for change in (GoOn(key, "7", "add", 1, "code", NOW, None), PutAside(key, "{}", NOW), FinishUndo(key, NOW)):
        assert isinstance(refusal(store, change, other), Fenced)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.owner, row.round, row.trace) == ("running", worker, 1, '{"parent": "mine"}')
    wrote(store, Suspend(key, NOW, 0), worker=worker)
    assert [run.trace for run in claim(store, other).runs] == ['{"parent": "mine"}']


def test_tags_and_progress_are_recorded_once_and_found(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, PutTags(step(key, "tag:customer", kind="tag"), {"customer": "acme"}), worker=worker)
    wrote(store, PutProgress(step(key, "status", seq=2, kind="status"), "on its way"), worker=worker)
    assert isinstance(refusal(store, PutTags(step(key, "tag:customer", kind="tag"), {"customer": "b"}), worker), Fenced)
    (row,) = store.latest(RunQuery(tags={"customer": "acme"}))
    assert (row.progress, json.loads(row.tags or "")) == ("on its way", {"customer": "acme"})
    assert store.latest(RunQuery(tags={"customer": "b"})) == []
    wrote(store, PutTags(step(key, "tag:customer#2", seq=3, kind="tag"), {"customer": "b", "eu": "yes"}), worker=worker)
    assert store.latest(RunQuery(tags={"customer": "acme"})) == []
    assert [row.id for row in store.latest(RunQuery(tags={"customer": "b", "eu": "yes"}))] == ["a"]


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


def test_a_first_is_decided_once_and_a_second_decision_withdraws_nothing(store: Store, worker: int) -> None:
    key = executing(store, worker)
    waits = [OpenWait(event_wait(key, name, seq=seq)) for seq, name in enumerate(("event:a", "event:b"), 1)]
    wrote(store, *waits, worker=worker)
    row = step(key, "first", seq=3, kind="first", output='"event:b"')
    wrote(store, DecideFirst(row, ["event:a"], "b came"), worker=worker)
    before = store.history(key)
    second = DecideFirst(row._replace(output='"event:a"'), ["event:b"], "a came")
    replies = store.apply([second, EndRun(key, "completed", "1", None, NOW)], worker=worker)
    assert [type(reply) for reply in replies] == [Fenced, Fenced]  # what it would have led to did not happen either
    assert store.history(key) == before
    assert status(store, "a") == "running"


def test_what_lost_is_given_up_with_the_decision(store: Store, worker: int) -> None:
    key, other = executing(store, worker), executing(store, worker, "b")
    wrote(store, starting("shared"), SendTo("paid", "A", "1", NOW))
    child = starting("a/own")._replace(parent=key, parent_step="own")
    losers: list[Change] = [
        OpenWait(step(key, "own", kind="child", status="waiting")._replace(owner="a/own"), child=child),
        OpenWait(step(key, "shared", seq=2, kind="child", status="waiting")._replace(owner="shared")),
        OpenKeyedWait(event_wait(key, seq=3), "paid", "A"),
        OpenWait(step(key, "sleep", seq=4, kind="timer", status="waiting")._replace(due=NOW + 60)),
    ]
    wrote(store, *losers, OpenKeyedWait(event_wait(other), "paid", "A"), worker=worker)
    names = ["own", "shared", "event:paid", "sleep"]
    wrote(store, DecideFirst(step(key, "first", seq=5, kind="first"), names, "enough"), worker=worker)
    assert store.waits([key]) == []
    assert [(row.status, row.ended) for row in store.history(key).steps] == [("withdrawn", NOW)] * 4 + [("done", NOW)]
    assert [status(store, run) for run in ("a/own", "shared")] == ["cancelled", "pending"]
    assert [event.payload for event in store.history(other).events] == ["1"]
    assert store.history(key).events == []


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


def test_an_undo_that_is_registered_twice_stands_once_and_is_for_nothing_once_its_run_completes(
    store: Store, worker: int
) -> None:
    key = executing(store, worker)
    wrote(
        store, RegisterUndo(undo(key)._replace(input="1")), RegisterUndo(undo(key)._replace(input="2")), worker=worker
    )
    assert [(row.name, row.input) for row in store.history(key).steps] == [("undo:free", "1")]
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)
    assert status(store, "a") == "completed"
    assert claim(store, worker).runs == []


def test_a_run_that_is_cancelled_ends_as_cancelled_once_it_is_undone_and_not_before(store: Store, worker: int) -> None:
    key = executing(store, worker)
    asks = step(key, "ask", kind="human", status="waiting")
    wrote(store, RegisterUndo(undo(key)), OpenWait(asks, review=question(key)), Suspend(key, None, 0), worker=worker)
    wrote(store, Cancel("a", NOW, "enough"))
    assert store.reviews(ReviewQuery()) == []
    assert (status(store, "a"), wrote(store, Cancel("a", NOW, "again"))) == ("pending", ["running"])
    claim(store, worker)
    wrote(store, RecordStep(undo(key)._replace(status="done", output="null", ended=NOW)), worker=worker)
    wrote(store, FinishUndo(key, NOW + 1), worker=worker)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.ended, json.loads(row.error or "{}")["message"]) == ("cancelled", NOW + 1, "enough")


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


def test_a_round_gives_up_its_undo_actions_and_events_by_key_that_it_did_not_take(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, SendTo("paid", "A", "1", NOW), RegisterUndo(undo(key)), worker=worker)
    wrote(store, OpenKeyedWait(event_wait(key), "paid", "A"), worker=worker)
    assert store.kept_events(9) == []
    wrote(store, GoOn(key, "7", "add", 1, "code", NOW, None), worker=worker)
    assert [(event.name, event.key) for event in store.kept_events(9)] == [("paid", "A")]
    claim(store, worker)
    wrote(store, failed(key), worker=worker)
    assert status(store, "a") == "failed"  # with nothing to undo


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


def test_a_detached_child_is_started_with_its_record_or_not_at_all_and_once(store: Store, worker: int) -> None:
    key = executing(store, worker, started_by="person:ann")
    child = starting("a/child")._replace(parent=key, parent_step="child")
    change = StartDetached(step(key, "child", kind="child"), child, "leave")
    wrote(store, change, change, worker=worker)
    (row,) = store.latest(RunQuery(parent=key))
    assert (row.id, row.started_by) == ("a/child", "person:ann")
    other = StartDetached(step(key, "other", seq=2, kind="child"), child._replace(input="9"), "leave")
    assert isinstance(refusal(store, other, worker), RunConflict)
    assert [name for name, _, _ in steps(store, key)] == ["child"]


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


def test_events_by_key_are_given_one_by_one_oldest_first(store: Store, worker: int) -> None:
    wrote(store, *[SendTo("paid", key, payload, NOW) for key, payload in (("A", "1"), ("B", "2"), ("A", "3"))])
    assert [event.key for event in store.kept_events(2)] == ["A", "B"]
    key = executing(store, worker)
    wait = OpenKeyedWait(event_wait(key), "paid", "A")
    wrote(store, wait, worker=worker)
    assert [event.payload for event in store.history(key).events] == ["1"]
    assert [event.key for event in store.kept_events(9)] == ["B", "A"]
    wrote(store, wait, worker=worker)  # what it was given did not fit
    assert [event.payload for event in store.history(key).events] == ["1", "3"]
    assert [event.key for event in store.kept_events(9)] == ["B"]
    assert wrote(store, SendTo("paid", "A", "4", NOW)) == [Sent(new=True, run_id=None)]  # it has one to look at
    wrote(store, wait, wait, worker=worker)
    assert wrote(store, SendTo("paid", "A", "5", NOW)) == [Sent(new=True, run_id="a")]


def test_an_event_by_key_that_was_taken_stays_with_its_run(store: Store, worker: int) -> None:
    wrote(store, SendTo("paid", "A", "1", NOW))
    key = executing(store, worker)
    wrote(store, OpenKeyedWait(event_wait(key), "paid", "A"), worker=worker)
    wrote(store, RecordStep(step(key, "event:paid", kind="event", output="1")), failed(key), worker=worker)
    assert store.kept_events(9) == []
    assert [event.payload for event in store.history(key).events] == ["1"]


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


def test_a_result_that_is_set_says_whose_it_is_and_is_not_set_again(store: Store, worker: int) -> None:
    key = executing(store, worker)
    survived = step(key, "tried", status="failed")._replace(error="{}")
    taken = step(key, "event:paid", seq=2, kind="event")
    broken = step(key, seq=3, status="failed")._replace(error="{}")
    wrote(store, *[RecordStep(row) for row in (survived, taken, broken)], failed(key), worker=worker)
    change = SetResult("a", "bump", "5", "person:ann", NOW, "by hand")
    for name in ("tried", "event:paid"):
        assert isinstance(refusal(store, change._replace(step=name)), WrongState)
    assert isinstance(refusal(store, change._replace(run_id="nobody")), UnknownRun)
    wrote(store, change)
    assert isinstance(refusal(store, change._replace(output="6")), WrongState)
    (row,) = [row for row in store.history(key).steps if row.name == "bump"]
    assert (row.output, row.decided_by, row.source, row.error) == ("5", "person:ann", "person", None)
    with store.evidence() as evidence:
        assert [(entry.actor, entry.action) for entry in evidence.log()] == [("person:ann", "set_result")]


def test_no_result_is_set_in_a_run_that_was_forgotten(store: Store, worker: int) -> None:
    key = executing(store, worker)
    wrote(store, RecordStep(step(key, status="failed")._replace(error="{}")), failed(key), worker=worker)
    wrote(store, ForgetRuns([key], NOW, "person:ann"))
    before = store.history(key)
    assert isinstance(refusal(store, SetResult("a", "bump", "5", "person:ann", NOW)), WrongState)
    assert (status(store, "a"), store.history(key)) == ("failed", before)
    with store.evidence() as evidence:
        assert [entry.action for entry in evidence.log()] == ["forget"]


def test_what_a_workflow_is_started_with_is_known_newest_version_first(store: Store) -> None:
    for version in (1, 2):
        wrote(store, DeclareInput("add", version, '{"type": "integer"}', "code", None))
    wrote(store, DeclareInput("add", 1, "{}", "other", 5.0))
    assert store.inputs("add") == [
        InputRow("add", 2, '{"type": "integer"}', "code", None), InputRow("add", 1, "{}", "other", 5.0)
    ]  # fmt: skip
    assert store.inputs("sub") == []
