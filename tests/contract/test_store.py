"""What every store must do; a new one adds its factory to ``STORES``."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from orchestrator.errors import Fenced, ReviewError, RunConflict, StoreError, UnknownRun, WrongState
from orchestrator.store import Claimed, ReviewQuery, SqliteStore, Store
from orchestrator.store.changes import (
    Beat,
    Cancel,
    Change,
    Claim,
    EndRun,
    Fork,
    MoveReview,
    NoteStarted,
    OpenWait,
    Prune,
    RecordStep,
    Register,
    Release,
    Remember,
    RetryRun,
    Send,
    Started,
    StartMany,
    StartRun,
    Suspend,
    TakeOver,
)
from orchestrator.store.rows import ReviewRow, ReviewState, StepKind, StepRow, StepStatus

STORES: dict[str, Callable[[Path], Store]] = {
    "file": lambda folder: SqliteStore(str(folder / "runs.db")),
    "memory": lambda _folder: SqliteStore(":memory:"),
}

CRASH_LIMIT = 3
NOW = 1_000.0
"""The time of what happens in a test when no other matters, in seconds."""


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


def wrote(store: Store, *changes: Change, worker: int | None = None) -> list[Any]:
    """Write changes none of which may be refused and return their replies."""
    replies = store.apply(changes, worker=worker)
    assert not [reply for reply in replies if isinstance(reply, Exception)]
    return replies


def refusal(store: Store, change: Change, worker: int | None = None) -> Exception:
    """Write one change that must be refused and return why."""
    (reply,) = store.apply([change], worker=worker)
    assert isinstance(reply, Exception)
    return reply


def signed_on(store: Store, pid: int = 1) -> int:
    return int(wrote(store, Register(pid, "here", f"bell-{pid}", f"lock-{pid}", NOW))[0])


def starting(
    run_id: str, value: str = "1", *, workflow: str = "add", created: float = NOW, version: int = 1
) -> StartRun:
    return StartRun(run_id, workflow, version, value, "code", created)


def executing(store: Store, worker: int, run_id: str = "a") -> int:
    """Start a run that the worker owns and return its key."""
    (started,) = wrote(store, starting(run_id)._replace(execute=True), worker=worker)
    return int(started.key)


def step(
    key: int,
    name: str = "bump",
    *,
    seq: int = 1,
    kind: StepKind = "action",
    status: StepStatus = "done",
    output: str = "2",
) -> StepRow:
    ended = NOW if status in {"done", "failed"} else None
    return StepRow(key, name, seq, kind, status, queued=NOW, ended=ended, output=output if status == "done" else None)


def question(key: int, name: str = "ask", *, queue: str = "triage", priority: int = 0) -> ReviewRow:
    return ReviewRow(
        id=0, run=key, run_id="", workflow="", step=name, queue=queue, kind="ask", title="Approve?", created=NOW,
        code="asked", reason="the workflow asks", priority=priority, due=None, when_late="keep_waiting", state="open",
        version=1, lease_owner=None, lease_until=None, suggestion=None, confidence=None, source=None, alternatives="[]",
        schema='{"type": "boolean"}', context="null",
    )  # fmt: skip


def asked(store: Store, worker: int, run_id: str = "a", **more: Any) -> ReviewRow:
    """Start a run that asks one question and waits for its answer; return the question."""
    key = executing(store, worker, run_id)
    wait = step(key, "ask", kind="human", status="waiting")
    wrote(store, OpenWait(wait, review=question(key, **more)), Suspend(key, None, 0, NOW), worker=worker)
    (item,) = store.reviews(ReviewQuery(run_id=run_id))
    return item


def decided(item: ReviewRow, answer: str = "true", by: str = "person:ann") -> MoveReview:
    return MoveReview(item.id, item.version, "decided", "decide", by, NOW, decision=answer)


def status(store: Store, run_id: str) -> str:
    row = store.run(run_id)
    assert row is not None
    return row.status


def steps(store: Store, key: int) -> list[tuple[str, str, str | None]]:
    return [(row.name, row.status, row.output) for row in store.history(key).steps]


def claim(store: Store, worker: int, *, now: float = NOW, most: int = 10, suspects: bool = True) -> Claimed:
    claimed: Claimed = wrote(store, Claim([("add", 1)], now, most, suspects), worker=worker)[0]
    return claimed


def claimed_ids(claimed: Claimed) -> list[str]:
    return [run.id for run in claimed.runs]


# -- starting


def test_a_started_run_is_pending_and_due_at_once(store: Store) -> None:
    (started,) = wrote(store, starting("a", '{"n": 1}'))
    assert started == Started(started.key, new=True)
    row = store.run("a")
    assert row is not None
    assert (row.key, row.workflow, row.version, row.input) == (started.key, "add", 1, '{"n": 1}')
    assert (row.status, row.wake, row.owner, row.ended) == ("pending", NOW, None, None)


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
        key, "route", 1, "ai", "done", 2, 1.0, 2.0, 3.0, "[1]", '"x"', "team", "model:m", None, None, 0.9, "local", "[]",
        7, 8, 0.5,
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
    assert wrote(store, Suspend(key, NOW + 60, 0, NOW), worker=worker) == [NOW + 60]
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
    assert wrote(store, Suspend(key, None, 0, NOW + 5), worker=worker) == [NOW + 5]
    (run,) = claim(store, worker, now=NOW + 5).runs
    assert (run.id, run.signals) == ("a", 1)


def test_an_event_that_came_before_the_run_let_go_makes_it_due_at_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, Send("a", "paid", "1", NOW))
    assert wrote(store, Suspend(key, NOW + 999, 0, NOW + 5), worker=worker) == [NOW + 5]


def test_a_cancel_that_came_before_the_run_let_go_makes_it_due_at_once(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    assert wrote(store, Cancel("a", NOW, "no more")) == ["running"]
    assert wrote(store, Suspend(key, None, 1, NOW + 5), worker=worker) == [NOW + 5]
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
    wrote(store, Suspend(key, None, 0, NOW), worker=worker)
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


def waiting_for_child(store: Store, worker: int, child: StartRun) -> int:
    """Let run ``a`` wait for a child run and return the key of ``a``."""
    key = executing(store, worker)
    child = child._replace(parent=key, parent_step="child")
    wait = OpenWait(step(key, "child", kind="child", status="waiting"), child=child)
    wrote(store, wait, Suspend(key, None, 0, NOW), worker=worker)
    return key


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
    assert claimed_ids(claim(store, worker)) == ["a"]


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
    assert (row.status, row.wake, row.ended, row.error) == ("pending", NOW + 1, None, None)
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
    wrote(store, OpenWait(wait, review=question(run.key)), Suspend(run.key, None, run.signals, NOW), worker=worker)
    (new,) = store.reviews(ReviewQuery())
    assert new.id != old.id
    assert isinstance(refusal(store, decided(old)), ReviewError)
    wrote(store, decided(new))
    assert claimed_ids(claim(store, worker)) == ["a"]


@pytest.mark.parametrize("run_status", ["pending", "running", "waiting", "completed"])
def test_only_a_run_that_did_not_complete_can_be_retried(store: Store, run_status: str) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    changes: dict[str, list[Change]] = {
        "pending": [Release(NOW)],
        "running": [],
        "waiting": [Suspend(key, None, 0, NOW)],
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


def test_a_fork_that_cannot_be_leaves_nothing(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    wrote(store, RecordStep(step(key)), EndRun(key, "completed", "9", None, NOW), starting("taken"), worker=worker)
    assert isinstance(refusal(store, Fork("nobody", None, "b", NOW)), UnknownRun)
    assert isinstance(refusal(store, Fork("a", "nowhere", "b", NOW)), WrongState)
    assert isinstance(refusal(store, Fork("a", "bump", "taken", NOW)), RunConflict)
    assert [row.id for row in store.runs()] == ["a", "taken"]


# -- claiming


def test_due_runs_are_claimed_oldest_first_up_to_a_number(store: Store) -> None:
    worker = signed_on(store)
    wrote(
        store, *(starting(run_id, created=due) for run_id, due in (("c", 30.0), ("a", 10.0), ("d", 40.0), ("b", 20.0)))
    )
    first = claim(store, worker, now=35.0, most=2)
    assert (claimed_ids(first), first.next_wake) == (["a", "b"], 30.0)
    second = claim(store, worker, now=35.0, most=2)
    assert (claimed_ids(second), second.next_wake) == (["c"], 40.0)
    assert claimed_ids(claim(store, worker, now=35.0)) == []


def test_only_runs_of_the_versions_asked_for_are_claimed(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), starting("b", version=2), starting("c", workflow="other"))
    assert store.due(NOW) == {("add", 1): 1, ("add", 2): 1, ("other", 1): 1}
    assert store.due(NOW - 1) == {}
    both = wrote(store, Claim([("add", 2), ("other", 1)], NOW, 10, suspects=True), worker=worker)[0]
    assert sorted((run.id, run.workflow, run.version) for run in both.runs) == [("b", "add", 2), ("c", "other", 1)]
    assert store.due(NOW) == {("add", 1): 1}


def test_two_workers_never_claim_the_same_run(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    wrote(store, *(starting(f"r{n}") for n in range(6)))
    one, two = claimed_ids(claim(store, first, most=4)), claimed_ids(claim(store, second, most=4))
    assert (len(one), len(two)) == (4, 2)
    assert not set(one) & set(two)


def test_what_a_worker_gives_back_is_due_without_blame(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    executing(store, first)
    wrote(store, Release(NOW + 1), worker=first)
    assert [worker.id for worker in store.workers()] == [second]
    (run,) = claim(store, second, now=NOW + 1).runs
    assert (run.id, run.crashes) == ("a", 0)


# -- dying


def crash(store: Store, worker: int, *, progress: bool = False) -> int:
    """Let the worker die with all its runs and return a new one."""
    if progress:
        for row in store.runs(status="running"):
            recorded = len(store.history(row.key).steps)
            wrote(store, RecordStep(step(row.key, f"s{recorded}", seq=recorded + 1)), worker=worker)
    new = signed_on(store, worker + 1)
    (dead,) = [each for each in store.workers() if each.id == worker]
    assert wrote(store, TakeOver(worker, dead.beat, NOW, CRASH_LIMIT), worker=new) != [None]
    return new


def test_a_dead_workers_runs_are_due_and_it_is_struck_off(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    executing(store, first, "a")
    executing(store, first, "b")
    executing(store, second, "c")
    assert wrote(store, TakeOver(first, 0, NOW + 7, CRASH_LIMIT), worker=second) == [2]
    assert [worker.id for worker in store.workers()] == [second]
    claimed = claim(store, second, now=NOW + 7)
    assert [(run.id, run.crashes) for run in claimed.runs] == [("a", 1), ("b", 1)]
    assert status(store, "c") == "running"


def test_a_worker_that_beat_since_is_not_struck_off(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    executing(store, first)
    wrote(store, Beat(), worker=first)
    assert wrote(store, TakeOver(first, 0, NOW, CRASH_LIMIT), worker=second) == [None]
    assert {worker.id: worker.beat for worker in store.workers()} == {first: 1, second: 0}
    assert status(store, "a") == "running"


def test_a_dead_worker_is_struck_off_by_one_of_those_who_try(store: Store) -> None:
    first, second, third = (signed_on(store, pid) for pid in (1, 2, 3))
    executing(store, first)
    change = TakeOver(first, 0, NOW, CRASH_LIMIT)
    assert [wrote(store, change, worker=second), wrote(store, change, worker=third)] == [[1], [None]]


def test_a_run_without_progress_in_three_crashes_is_set_aside(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker)
    for crashes in (1, 2):
        worker = crash(store, worker)
        assert [run.crashes for run in claim(store, worker).runs] == [crashes]
    crash(store, worker)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.crashes, row.ended) == ("set_aside", 3, NOW)
    assert "died 3 times" in (row.error or "")


def test_crashes_count_only_without_progress(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker)
    for _ in range(2 * CRASH_LIMIT):
        worker = crash(store, worker, progress=True)
        assert [run.crashes for run in claim(store, worker).runs] == [1]


def test_a_run_that_let_go_in_between_is_not_blamed_for_earlier_crashes(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker)
    for _ in range(2):
        worker = crash(store, worker)
        (run,) = claim(store, worker).runs
    wrote(store, Suspend(run.key, NOW, run.signals, NOW), worker=worker)
    assert [run.crashes for run in claim(store, worker).runs] == [0]


def test_suspects_are_claimed_one_at_a_time_and_innocents_beside_them(store: Store) -> None:
    worker = signed_on(store)
    for run_id in ("a", "b"):
        executing(store, worker, run_id)
    worker = crash(store, worker)
    assert len(claim(store, worker).runs) == 2
    worker = crash(store, worker)
    wrote(store, starting("c"))
    assert claimed_ids(claim(store, worker, suspects=False)) == ["c"]
    first = claim(store, worker)
    assert claimed_ids(first) == ["a"]
    assert first.next_wake is None, "the other suspect is not due as long as this one runs"
    assert claimed_ids(claim(store, worker, suspects=False)) == []
    wrote(store, EndRun(first.runs[0].key, "completed", "1", None, NOW), worker=worker)
    assert claimed_ids(claim(store, worker)) == ["b"]


def test_a_retried_set_aside_run_is_innocent_again(store: Store) -> None:
    worker = signed_on(store)
    executing(store, worker)
    for _ in range(CRASH_LIMIT):
        worker = crash(store, worker)
        claim(store, worker)
    assert status(store, "a") == "set_aside"
    wrote(store, RetryRun("a", NOW))
    assert [run.crashes for run in claim(store, worker, suspects=False).runs] == [0]


def test_a_worker_that_was_struck_off_can_change_nothing(store: Store) -> None:
    stale = signed_on(store)
    key = executing(store, stale)
    wrote(store, starting("due"))
    owner = crash(store, stale)
    claim(store, owner)
    before = (store.runs(), store.history(key), store.workers())
    changes: list[Change] = [
        RecordStep(step(key)),
        NoteStarted(step(key, status="started")),
        OpenWait(step(key, "ask", kind="human", status="waiting"), review=question(key)),
        Suspend(key, None, 0, NOW),
        EndRun(key, "completed", "1", None, NOW),
        Claim([("add", 1)], NOW, 10, suspects=True),
        Beat(),
        TakeOver(owner, 0, NOW, CRASH_LIMIT),
    ]
    assert [type(reply) for reply in store.apply(changes, worker=stale)] == [Fenced] * len(changes)
    assert (store.runs(), store.history(key), store.workers()) == before
    assert store.reviews(ReviewQuery()) == []


def test_another_live_workers_run_can_be_neither_ended_nor_let_go(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    key = executing(store, first)
    assert isinstance(refusal(store, EndRun(key, "completed", "1", None, NOW), second), Fenced)
    assert isinstance(refusal(store, Suspend(key, None, 0, NOW), second), Fenced)
    assert status(store, "a") == "running"


# -- reviews


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


def test_a_reopened_item_waits_again_with_its_step(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker)
    wrote(store, decided(item))
    wrote(store, MoveReview(item.id, 2, "open", "reopen", "policy:reopen", NOW))
    again = store.review(item.id)
    assert again is not None
    assert (again.state, again.decision, again.decided_by) == ("open", None, None)
    assert steps(store, item.run) == [("ask", "waiting", None)]


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
    for run in ({}, {"run_id": "r7"})
    for free in ({}, {"free_for": "ann", "now": NOW}, {"free_for": "ben", "now": NOW})
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_count_is_the_number_of_rows_whatever_the_filter(queue: Store, wanted: dict[str, Any]) -> None:
    rows = queue.reviews(ReviewQuery(**wanted))
    assert queue.review_count(ReviewQuery(**wanted, limit=1)) == len(rows)
    for row in rows:
        assert row.state in wanted.get("states", ("open", "leased"))
        assert row.queue == wanted.get("queue", row.queue)
        assert row.run_id == wanted.get("run_id", row.run_id)


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


def test_what_is_free_for_a_person_is_open_or_theirs_or_was_let_go(queue: Store) -> None:
    for person, others in (("ann", "ben"), ("ben", "ann")):
        free = {row.run_id for row in queue.reviews(ReviewQuery(free_for=person, now=NOW))}
        held = {
            row.run_id
            for row in queue.reviews(ReviewQuery())
            if row.lease_owner == others and row.lease_until != NOW - 1
        }
        assert free == {"r0", "r1", "r2", "r6", "r7", "r8"} - held


# -- reading


def test_runs_are_read_oldest_first_by_status_and_workflow_and_page(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), starting("b", workflow="other"), starting("c"))
    wrote(store, EndRun(executing(store, worker, "d"), "completed", "1", None, NOW), worker=worker)
    assert [row.id for row in store.runs()] == ["a", "b", "c", "d"]
    assert [row.id for row in store.runs(status="pending")] == ["a", "b", "c"]
    assert [row.id for row in store.runs(workflow="other")] == ["b"]
    (first,) = store.runs(status="pending", workflow="add", limit=1)
    assert [row.id for row in store.runs(status="pending", workflow="add", after_key=first.key)] == ["c"]
    assert store.run("nobody") is None
    assert store.review(1) is None
    assert store.counts() == {("add", 1, "completed"): 1, ("add", 1, "pending"): 2, ("other", 1, "pending"): 1}


def test_every_run_has_one_fate(store: Store) -> None:
    worker = signed_on(store)
    kinds: dict[str, StepKind] = {"by rule": "rule", "by model": "ai", "by person": "human"}
    for run_id, kind in kinds.items():
        key = executing(store, worker, run_id)
        wrote(store, RecordStep(step(key, kind=kind)), EndRun(key, "completed", "1", None, NOW), worker=worker)
    wrote(store, EndRun(executing(store, worker, "failed"), "failed", None, '{"type": "X"}', NOW), worker=worker)
    asked(store, worker, "asks")
    wrote(store, starting("due"), starting("stopped"), starting("elsewhere", workflow="other"))
    wrote(store, Cancel("stopped", NOW, ""))
    every = [
        ("cancelled", None, 1),
        ("failed", '{"type": "X"}', 1),
        ("model", None, 1),
        ("person", None, 1),
        ("rule", None, 1),
        ("waiting", None, 1),
        ("waiting_person", None, 1),
    ]
    assert sorted(store.fates(None, "add"), key=str) == every
    assert sum(count for _, _, count in store.fates(None, None)) == len(store.runs()) == 8
    assert store.fates(["by rule", "nobody"], None) == [("rule", None, 1)]


def test_workers_are_listed_while_they_are_signed_on(store: Store) -> None:
    worker = signed_on(store, 7)
    (row,) = store.workers()
    assert (row.id, row.pid, row.host, row.beat, row.bell, row.lock) == (worker, 7, "here", 0, "bell-7", "lock-7")
    wrote(store, Release(NOW), worker=worker)
    assert store.workers() == []
    assert signed_on(store) > worker


def test_where_code_is_found_is_remembered_and_replaced(store: Store) -> None:
    assert store.target("add") is None
    wrote(store, Remember("add", "flows:add"), Remember("add", "other:add"))
    assert store.target("add") == "other:add"


def test_own_writes_are_not_changes_elsewhere(store: Store) -> None:
    store.changed_elsewhere()
    wrote(store, starting("a"))
    assert not store.changed_elsewhere()


def test_writes_of_another_opener_are_changes_elsewhere_once(tmp_path: Path) -> None:
    first, second = STORES["file"](tmp_path), STORES["file"](tmp_path)
    first.changed_elsewhere()
    wrote(second, starting("a"))
    assert [first.changed_elsewhere(), first.changed_elsewhere()] == [True, False]
    assert status(first, "a") == "pending"
    first.close()
    second.close()


def test_a_store_can_be_closed_twice_and_does_not_answer_afterwards(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.run("a")
    with pytest.raises(StoreError):
        store.apply([starting("a")])


# -- pruning


ENDINGS = ("completed", "failed", "cancelled")


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
    assert store.history(old) == ([], [])
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
    wrote(store, starting("due", created=NOW + 9))
    executing(store, worker, "running")
    asked(store, worker, "waiting")
    parent = waiting_for_child(store, worker, starting("child"))
    (child,) = claim(store, worker).runs
    wrote(store, EndRun(child.key, "completed", "1", None, NOW), starting("last", created=NOW + 9), worker=worker)
    everything = Prune(NOW + 999, (*ENDINGS, "set_aside", "pending", "running", "waiting"), 100)
    assert wrote(store, everything) == [0], "not even the ended child of a run that lives"
    assert [row.id for row in store.runs()] == ["due", "running", "waiting", "a", "child", "last"]
    assert [run.key for run in claim(store, worker).runs] == [parent]


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


def test_every_change_and_every_read_is_tested_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    changes = [kind.__name__ for kind in get_args(Change)]
    reads = [name for name in vars(Store) if not name.startswith("_") and name != "url"]
    assert [name for name in changes if f"{name}(" not in source] == []
    assert [name for name in reads if f".{name}(" not in source] == []


def test_a_store_says_where_it_is(store: Store) -> None:
    assert store.url.startswith("sqlite:///")
