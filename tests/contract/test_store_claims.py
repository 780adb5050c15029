"""What every store must do for runs that are claimed one by one, and for the fence around each of them."""

from typing import Any

import pytest

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import (
    Change,
    ClaimedChange,
    EndRun,
    NoteStarted,
    OpenWait,
    RecordStep,
    Send,
    Suspend,
)
from handrail_orchestrator.store.claiming import ClaimRings, ClaimRun, HandBack, NotClaimed, Rings
from handrail_orchestrator.store.control import Pause, PauseRow
from handrail_orchestrator.store.rows import ClaimedRun
from handrail_orchestrator.store.running import PutProgress
from tests.contract.stores import NOW, crash, executing, question, refusal, signed_on, starting, status, step, wrote

VERSIONS = [("add", 1)]


def claimed(store: Store, worker: int, run_id: str = "a", **more: Any) -> ClaimedRun:
    (reply,) = wrote(store, ClaimRun(run_id, NOW, **more), worker=worker)
    assert isinstance(reply, ClaimedRun), reply
    return reply


def why_not(store: Store, worker: int, run_id: str = "a", **more: Any) -> str:
    (reply,) = wrote(store, ClaimRun(run_id, NOW, **more), worker=worker)
    assert isinstance(reply, NotClaimed), reply
    return reply.reason


def rings(store: Store, *, now: float = NOW, late: float = NOW, most: int = 50) -> list[str]:
    taken: Rings = wrote(store, ClaimRings(VERSIONS, now, late, most))[0]
    return [ring.id for ring in taken.rings]


# -- claiming one


def test_a_due_run_is_claimed_by_its_id_once(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), starting("b"))
    run = claimed(store, worker)
    assert (run.id, run.claim) == ("a", 1)
    assert (status(store, "a"), status(store, "b")) == ("running", "pending")
    assert why_not(store, worker) == "owned"


def test_what_cannot_be_claimed_says_why(store: Store) -> None:
    worker = signed_on(store)
    assert why_not(store, worker, "nobody") == "unknown"
    ended = executing(store, worker, "b")
    wrote(store, EndRun(ended, "completed", "1", None, NOW), worker=worker)
    assert why_not(store, worker, "b") == "ended"
    wrote(store, starting("a"))
    run = claimed(store, worker)
    wrote(store, Suspend(run.key, NOW + 60, 0), worker=worker)
    assert wrote(store, ClaimRun("a", NOW), worker=worker) == [NotClaimed("not_due", "waiting", NOW + 60)]
    wrote(store, Send("a", "go", "1", NOW), Pause(PauseRow("workflow", "add", None, None, NOW)))
    assert why_not(store, worker) == "paused"


def test_a_run_that_may_have_killed_its_process_is_claimed_by_a_worker_that_executes_nothing_else(
    store: Store,
) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), starting("b"))
    for _ in range(2):
        claimed(store, worker, "a")
        claimed(store, worker, "b")
        worker = crash(store, worker)
    assert why_not(store, worker, busy=True) == "alone"
    assert claimed(store, worker).must_be_alone


# -- the fence


def changes_of(key: int) -> list[Change]:
    wait = step(key, "ask", seq=9, kind="human", status="waiting")
    return [
        RecordStep(step(key)),
        NoteStarted(step(key, status="started")),
        OpenWait(wait, review=question(key)),
        PutProgress(step(key, "progress", kind="status"), "half"),
        Suspend(key, None, 0),
        EndRun(key, "completed", "1", None, NOW),
        HandBack(key, 0.0),
    ]


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("same", [True, False], ids=["by the same worker", "by another worker"])
def test_an_execution_whose_run_was_claimed_anew_writes_nothing_of_it(store: Store, number: int, same: bool) -> None:  # noqa: FBT001 -- a parameter
    first = signed_on(store)
    wrote(store, starting("a"))
    old = claimed(store, first)
    second = first if same else signed_on(store)
    new = claimed(store, second, anew=True)
    assert new.claim == old.claim + 1
    late = changes_of(old.key)[number]
    assert isinstance(refusal(store, ClaimedChange(old.claim, late), worker=first), Fenced)
    assert store.history(old.key).steps == []
    assert status(store, "a") == "running"
    assert wrote(store, ClaimedChange(new.claim, late), worker=second)[0] is None


def test_two_executions_in_one_batch_are_told_apart(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"))
    old, new = claimed(store, worker), claimed(store, worker, anew=True)
    replies = store.apply(
        [
            ClaimedChange(new.claim, RecordStep(step(new.key, "one", seq=1, output="1"))),
            ClaimedChange(old.claim, RecordStep(step(old.key, "two", seq=2, output="-2"))),
            ClaimedChange(new.claim, RecordStep(step(new.key, "two", seq=2, output="2"))),
            ClaimedChange(new.claim, EndRun(new.key, "completed", "3", None, NOW)),
            ClaimedChange(new.claim, RecordStep(step(new.key, "three", seq=3))),
        ],
        worker=worker,
    )
    assert [type(each) for each in replies] == [type(None), Fenced, type(None), type(None), Fenced]
    assert [(row.name, row.output) for row in store.history(new.key).steps] == [("one", "1"), ("two", "2")]


def test_a_run_that_was_handed_back_is_written_of_by_nobody(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"))
    old = claimed(store, worker)
    wrote(store, ClaimedChange(old.claim, HandBack(old.key, 0.0)), worker=worker)
    assert isinstance(refusal(store, ClaimedChange(old.claim, RecordStep(step(old.key))), worker=worker), Fenced)


# -- telling an engine elsewhere


def test_a_due_run_is_given_to_one_who_tells_of_it(store: Store) -> None:
    wrote(store, starting("a"), starting("b"))
    assert rings(store, most=1) == ["a"]
    assert rings(store) == ["b"]
    assert rings(store) == []


def test_what_nobody_claims_is_told_of_again_later_and_later(store: Store) -> None:
    wrote(store, starting("a"))
    told = [second for second in range(0, 300, 10) if rings(store, now=NOW + second) == ["a"]]
    assert told == [0, 30, 90, 210]


def test_what_is_due_anew_is_told_of_at_once(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"))
    assert rings(store) == ["a"]
    run = claimed(store, worker)
    assert rings(store) == []
    wrote(store, ClaimedChange(run.claim, Suspend(run.key, None, 0)), worker=worker)
    assert rings(store) == []
    wrote(store, Send("a", "go", "1", NOW))
    assert rings(store) == ["a"]


def test_the_end_of_a_wait_for_a_time_is_told_of_only_when_it_is_late(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"))
    run = claimed(store, worker)
    wrote(store, ClaimedChange(run.claim, Suspend(run.key, NOW + 10, 0)), worker=worker)
    assert rings(store, now=NOW + 11, late=NOW + 6) == []
    assert rings(store, now=NOW + 16, late=NOW + 11) == ["a"]


def test_of_a_workflow_that_rests_nobody_is_told(store: Store) -> None:
    wrote(store, starting("a"), Pause(PauseRow("workflow", "add", None, None, NOW)))
    assert rings(store) == []


def test_results_of_many_runs_written_together_are_refused_each_for_itself(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, *(starting(f"r{number}") for number in range(4)))
    runs = [claimed(store, worker, f"r{number}") for number in range(4)]
    wrote(store, ClaimedChange(1, RecordStep(step(runs[1].key))), worker=worker)
    results = [ClaimedChange(1 + (run is runs[2]), RecordStep(step(run.key))) for run in runs]
    after = [ClaimedChange(1, RecordStep(step(run.key, "next", seq=2))) for run in runs[:2]]
    replies = store.apply([*results, *after], worker=worker)
    assert [type(reply) for reply in replies] == [type(None), Fenced, Fenced, type(None), type(None), Fenced]
    assert [len(store.history(run.key).steps) for run in runs] == [2, 1, 0, 1]
