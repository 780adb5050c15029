"""What holds runs and questions back, kept the same way by every store."""

import json

import pytest

from handrail_orchestrator.errors import Fenced, Misuse, ReviewConflict, WrongState
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.breaking import Rule
from handrail_orchestrator.store.changes import ClaimedChange, EndRun, Fork, MoveReview, RecordStep, Suspend
from handrail_orchestrator.store.claiming import ClaimRun, TakeOver
from handrail_orchestrator.store.control import (
    BulkBatch,
    EnterSystem,
    Pause,
    PauseRow,
    ProbeNow,
    Resume,
    SystemAnswered,
    SystemFailed,
)
from handrail_orchestrator.store.forgetting import ForgetRuns
from handrail_orchestrator.store.outbox import DeclareNotices
from tests.contract.stores import (
    NOW,
    asked,
    claim,
    claimed_ids,
    executing,
    refusal,
    signed_on,
    starting,
    status,
    step,
    steps,
    wrote,
)

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


RULE = Rule(failures=2, probe_after_seconds=30, release_per_second=2.0)


def down(store: Store, worker: int, *names: str) -> list[int]:
    """Have the CRM fail twice, so that these runs wait for it; each has 100 seconds left."""
    keys = [executing(store, worker, name) for name in names]
    for key in keys:
        wrote(store, SystemFailed("crm", key, "call", NOW, RULE, "OSError"), worker=worker)
    if len(keys) == 1:
        wrote(store, SystemFailed("crm", keys[0], "call", NOW, RULE, "OSError"), worker=worker)
    wrote(store, *[Suspend(key, None, 0) for key in keys], worker=worker)
    return keys


def enter(store: Store, worker: int, key: int, now: float) -> str:
    (entered,) = wrote(store, EnterSystem("crm", key, "call", now, RULE), worker=worker)
    return str(entered.way)


def test_one_run_tries_a_system_that_is_down_and_the_others_go_on_one_after_the_other(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, DeclareNotices(("breaker",), 1, 0.5))
    down(store, worker, "a", "b", "c", "d")
    (found,) = store.systems()
    assert (found.row.state, found.row.failures, found.row.look_at, found.waiting) == ("down", 2, NOW + 30, 3)
    assert [wait.system for wait in store.waits([1, 2, 3, 4])] == ["crm", "crm", "crm"]
    late = claim(store, worker, now=NOW + 29)
    assert (late.runs, late.next_wake, late.failing) == ([], NOW + 30, frozenset({"crm"}))
    (probing,) = claim(store, worker, now=NOW + 30).runs
    assert claim(store, worker, now=NOW + 31).runs == []
    other = executing(store, worker, "e")
    assert enter(store, worker, other, NOW + 31) == "wait"
    wrote(store, Suspend(other, None, 0), worker=worker)
    assert enter(store, worker, probing.key, NOW + 31) == "probe"
    assert claim(store, worker, now=NOW + 330).runs == []  # as long as it tries, nobody else does
    wrote(store, SystemAnswered("crm", probing.key, NOW + 40, RULE), worker=worker)
    assert store.systems() == []
    assert [claimed_ids(claim(store, worker, now=NOW + 40 + each / 2)) for each in range(3)] == [["c"], ["d"], ["e"]]
    (notice,) = store.new_notices(NOW, 10)
    assert notice.title == "crm is down: 2 failures in a row, the last a OSError"


def test_a_probe_that_fails_waits_with_the_others_and_nobody_else_can_end_it(store: Store) -> None:
    worker = signed_on(store)
    (key,) = down(store, worker, "a")
    other = executing(store, worker, "b")
    wrote(store, SystemAnswered("crm", other, NOW + 1, RULE), worker=worker)
    assert store.systems()[0].row.state == "down"  # an answer from before says nothing of now
    (probing,) = claim(store, worker, now=NOW + 30).runs
    assert (probing.key, enter(store, worker, key, NOW + 30)) == (key, "probe")
    assert wrote(store, SystemFailed("crm", other, "call", NOW + 31, RULE, "OSError"), worker=worker) == [True]
    assert store.systems()[0].row.state == "probed"
    assert wrote(store, SystemFailed("crm", key, "call", NOW + 32, RULE, "OSError"), worker=worker) == [True]
    assert (store.systems()[0].row.state, store.systems()[0].row.look_at) == ("down", NOW + 62)


def test_when_the_process_of_the_probe_dies_another_run_may_try(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    down(store, first, "a", "b")
    (probing,) = claim(store, first, now=NOW + 30).runs
    assert enter(store, first, probing.key, NOW + 30) == "probe"
    other = executing(store, second, "c")
    assert enter(store, second, other, NOW + 31) == "wait"
    wrote(store, TakeOver(first, 0, NOW + 40, 3), worker=second)
    assert enter(store, second, other, NOW + 41) == "probe"
    assert isinstance(refusal(store, SystemAnswered("crm", probing.key, NOW + 42, RULE), first), Fenced)
    assert store.systems()[0].row.state == "probed"


def test_what_waits_for_a_system_keeps_its_time(store: Store) -> None:
    worker = signed_on(store)
    (started,) = wrote(store, starting("a")._replace(execute=True, deadline=NOW + 100), worker=worker)
    for at in (NOW, NOW + 10):
        wrote(store, SystemFailed("crm", started.key, "call", at, RULE, "OSError"), worker=worker)
    assert store.run("a") is not None
    assert [run.deadline for run in store.runs()] == [None]
    wrote(store, Suspend(started.key, None, 0), worker=worker)
    claim(store, worker, now=NOW + 500)
    assert enter(store, worker, started.key, NOW + 500) == "probe"
    assert [run.deadline for run in store.runs()] == [NOW + 590]
    assert status(store, "a") == "running"


def test_a_system_that_is_down_can_be_tried_at_once(store: Store) -> None:
    worker = signed_on(store)
    assert wrote(store, ProbeNow("crm", NOW, None)) == [False]
    down(store, worker, "a")
    assert wrote(store, ProbeNow("crm", NOW + 1, "person:ann")) == [True]
    assert claimed_ids(claim(store, worker, now=NOW + 1)) == ["a"]


def test_a_change_of_many_runs_is_one_transaction_with_how_far_it_has_come(store: Store) -> None:
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "ab"]
    wrote(store, *[EndRun(key, "failed", None, "{}", NOW) for key in keys], worker=worker)
    batch = BulkBatch("x", "retry", "{}", "person:ann", NOW, "[0, 1]", runs=["a", "c"])
    (row,) = wrote(store, batch)
    assert (row.done, sum(json.loads(row.refused).values()), row.place, row.ended) == (1, 1, "[0, 1]", None)
    assert wrote(store, batch._replace(after="[0, null]")) == [row]  # somebody else has gone on
    assert store.bulk("x") == row
    assert isinstance(refusal(store, batch._replace(action="cancel")), Misuse)
    (over,) = wrote(store, batch._replace(place="", runs=["b"], now=NOW + 1))
    assert (over.done, over.ended) == (2, NOW + 1)
    assert wrote(store, batch) == [over]  # it is over, and nothing is done again
    assert [status(store, name) for name in "ab"] == ["pending", "pending"]


def test_runs_are_forgotten_with_their_descendants_and_nothing_of_the_others_is(store: Store) -> None:
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "ab"]
    wrote(store, *[RecordStep(step(key)) for key in keys], worker=worker)
    wrote(store, *[EndRun(key, "completed", "2", None, NOW) for key in keys], worker=worker)
    (unended,) = wrote(store, starting("c"))
    assert store.family([keys[0], unended.key]) == [(keys[0], "a", True), (unended.key, "c", False)]
    assert wrote(store, ForgetRuns([keys[0], unended.key], NOW + 1, "person:ann")) == [1]
    assert wrote(store, ForgetRuns([keys[0]], NOW + 2, "person:ann")) == [0]
    rows = {row.id: (row.input, row.output, row.forgotten, row.forgotten_by, row.undoing) for row in store.runs()}
    assert rows == {
        "a": ('"(forgotten)"', '"(forgotten)"', NOW + 1, "person:ann", None),
        "b": ("1", "2", None, None, None),
        "c": ("1", None, None, None, None),
    }
    assert [steps(store, key) for key in keys] == [[("bump", "done", '"(forgotten)"')], [("bump", "done", "2")]]
    assert isinstance(refusal(store, Fork("a", None, "d", NOW)), WrongState)
    with store.evidence() as evidence:
        assert list(evidence.blanks()) == []  # nobody was asked anything


def test_no_execution_that_has_lost_its_run_enters_a_system_or_tells_of_it(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a")._replace(deadline=NOW + 100))
    (lost,) = claim(store, worker).runs
    anew = wrote(store, ClaimRun("a", NOW, anew=True), worker=worker)[0]
    failed = SystemFailed("crm", lost.key, "call", NOW, RULE._replace(failures=1), "OSError")
    for change in (EnterSystem("crm", lost.key, "call", NOW, RULE), failed):
        assert isinstance(refusal(store, ClaimedChange(lost.claim, change), worker), Fenced)
    assert (store.systems(), store.waits([lost.key])) == ([], [])
    assert wrote(store, ClaimedChange(anew.claim, failed), worker=worker) == [True]


def test_a_call_that_tries_and_never_comes_back_is_not_waited_for_without_end(store: Store) -> None:
    worker = signed_on(store)
    down(store, worker, "a", "b", "c", "d")
    (hanging,) = claim(store, worker, now=NOW + 30).runs
    assert enter(store, worker, hanging.key, NOW + 30) == "probe"
    assert claim(store, worker, now=NOW + 329).next_wake == NOW + 330
    (other,) = claim(store, worker, now=NOW + 330).runs
    assert enter(store, worker, other.key, NOW + 330) == "probe"
    wrote(store, SystemAnswered("crm", hanging.key, NOW + 331, RULE), worker=worker)
    assert store.systems()[0].row.state == "probed"  # what it says now does not count any more
    assert wrote(store, ProbeNow("crm", NOW + 332, None)) == [True]
    assert len(claim(store, worker, now=NOW + 332).runs) == 1
