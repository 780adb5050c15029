"""What every store must do for those who execute runs: claims, fences, take-overs."""

import math
import socket
import sqlite3
from pathlib import Path

import pytest

from handrail_orchestrator.errors import Fenced, RunConflict
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    Change,
    EndRun,
    NoteStarted,
    OpenWait,
    RecordStep,
    RetryRun,
    Send,
    Suspend,
)
from handrail_orchestrator.store.claiming import Beat, Claim, HandBack, Register, Release, TakeOver
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.rows import DUE
from tests.contract.stores import (
    CRASH_LIMIT,
    NOW,
    STORES,
    asked,
    claim,
    claimed_ids,
    crash,
    executing,
    question,
    refusal,
    signed_on,
    starting,
    status,
    step,
    wrote,
)

# -- claiming


def test_what_is_due_at_once_is_due_by_a_clock_that_was_set_back(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a", created=NOW))
    assert claimed_ids(claim(store, worker, now=NOW - 1)) == ["a"]
    (run,) = store.runs()
    wrote(store, Suspend(run.key, None, 0), worker=worker)
    wrote(store, Send("a", "go", "1", NOW))
    assert claimed_ids(claim(store, worker, now=NOW - 1)) == ["a"]
    wrote(store, Release(), worker=worker)
    assert claimed_ids(claim(store, signed_on(store), now=NOW - 1)) == ["a"]


def test_due_runs_are_claimed_oldest_first_up_to_a_number(store: Store) -> None:
    worker = signed_on(store)
    wrote(
        store, *(starting(run_id, created=due) for run_id, due in (("c", 30.0), ("a", 10.0), ("d", 40.0), ("b", 20.0)))
    )
    first = claim(store, worker, now=0.0, most=2)
    assert (claimed_ids(first), first.next_wake) == (["c", "a"], DUE)
    for run, due in zip(first.runs, (30.0, 20.0), strict=True):
        wrote(store, Suspend(run.key, due, run.signals), worker=worker)
    second = claim(store, worker, now=25.0, most=3)
    assert (sorted(claimed_ids(second)), second.next_wake) == (["a", "b", "d"], 30.0)
    assert claimed_ids(claim(store, worker, now=25.0)) == []


def test_only_runs_of_the_versions_asked_for_are_claimed(store: Store) -> None:
    worker = signed_on(store)
    wrote(store, starting("a"), starting("b", version=2), starting("c", workflow="other"))
    assert store.due(NOW) == {("add", 1): 1, ("add", 2): 1, ("other", 1): 1}
    assert store.due(DUE - 1) == {}
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
    wrote(store, Release(), worker=first)
    assert [worker.id for worker in store.workers()] == [second]
    (run,) = claim(store, second, now=NOW + 1).runs
    assert (run.id, run.crashes) == ("a", 0)


def test_one_run_that_is_handed_back_is_due_later_without_blame_and_only_its_owner_may(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    key = executing(store, first)
    wrote(store, HandBack(key, NOW + 5), worker=second)
    assert status(store, "a") == "running"
    wrote(store, HandBack(key, NOW + 5), worker=first)
    assert claim(store, second).next_wake == NOW + 5
    (run,) = claim(store, second, now=NOW + 5).runs
    assert (run.id, run.crashes) == ("a", 0)


def test_who_asks_is_told_which_runs_are_due_or_being_executed(store: Store) -> None:
    worker = signed_on(store)
    running, ended = executing(store, worker, "running"), executing(store, worker, "ended")
    wrote(store, EndRun(ended, "completed", "1", None, NOW), worker=worker)
    waiting = asked(store, worker, "waiting").run
    (pending,) = wrote(store, starting("pending"))
    assert sorted(store.in_flight([running, ended, waiting, pending.key, 999])) == [running, pending.key]
    assert store.in_flight([]) == []


# -- dying


def test_a_worker_that_did_not_die_of_its_runs_leaves_them_without_blame(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    executing(store, first)
    assert wrote(store, TakeOver(first, 0, NOW, CRASH_LIMIT, blame=False), worker=second) == [1]
    assert [run.crashes for run in claim(store, second).runs] == [0]


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
    claim(store, worker := crash(store, worker))
    (run,) = claim(store, worker := crash(store, worker)).runs
    wrote(store, Suspend(run.key, NOW, run.signals), worker=worker)
    assert [run.crashes for run in claim(store, worker).runs] == [0]


def test_suspects_are_claimed_in_halves_and_innocents_beside_them(store: Store) -> None:
    worker = signed_on(store)
    for run_id in "abcdef":
        executing(store, worker, run_id)
    worker = crash(store, worker)
    assert len(claim(store, worker).runs) == 6, "one crash makes nobody a suspect"
    worker = crash(store, worker)
    wrote(store, starting("new"))
    first = claim(store, worker, busy=True)
    assert claimed_ids(first) == ["a", "b", "c", "new"]
    assert first.next_wake is None, "the other suspects are not due as long as these are executed"
    assert claimed_ids(claim(store, worker, suspects=False)) == []
    worker = crash(store, worker)
    assert claimed_ids(claim(store, worker)) == ["d", "e", "f", "new"], "those that crashed least come first"
    for run in store.runs(status="running"):
        wrote(store, EndRun(run.key, "completed", "1", None, NOW), worker=worker)
    assert claimed_ids(claim(store, worker)) == ["a", "b"]


def test_a_run_that_was_the_only_suspect_in_a_crash_is_executed_with_nothing_beside_it(store: Store) -> None:
    worker = signed_on(store)
    for run_id in "ab":
        executing(store, worker, run_id)
    worker = crash(store, worker)
    claim(store, worker)
    worker = crash(store, worker)
    assert claimed_ids(claim(store, worker)) == ["a"]
    worker = crash(store, worker)
    assert claimed_ids(claim(store, worker)) == ["b"]
    worker = crash(store, worker)
    wrote(store, starting("new"))
    busy = claim(store, worker, busy=True)
    assert (claimed_ids(busy), busy.waits_for_rest, busy.next_wake) == ([], True, None)
    alone = claim(store, worker)
    assert (claimed_ids(alone), alone.waits_for_rest) == (["a"], False)


@pytest.mark.parametrize("among", [1, 2, 7, 30])
def test_kills_from_outside_set_nobody_aside_that_was_not_executed_alone(store: Store, among: int) -> None:
    worker = signed_on(store)
    for number in range(among):
        executing(store, worker, f"r{number}")
    for _ in range(2 * among if among > 1 else CRASH_LIMIT - 1):
        worker = crash(store, worker)
        assert claim(store, worker).runs
    assert store.runs(status="set_aside") == []


@pytest.mark.dear
@pytest.mark.parametrize("among", [1, 2, 8, 64, 500])
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_run_that_kills_its_process_is_found_in_few_more_deaths(store: Store, among: int, place: str) -> None:
    worker = signed_on(store)
    for number in range(among):
        executing(store, worker, f"r{number}")
    guilty = "r0" if place == "first" else f"r{among - 1}"
    deaths = 0
    while status(store, guilty) != "set_aside":
        running = store.runs(status="running", limit=among + 1)
        if any(run.id == guilty for run in running):
            worker = crash(store, worker)
            deaths += 1
        for run in store.runs(status="running", limit=among + 1):
            wrote(store, EndRun(run.key, "completed", "1", None, NOW), worker=worker)
        claim(store, worker, most=among)
    assert deaths <= CRASH_LIMIT + 1 + math.ceil(math.log2(among))
    assert [run.id for run in store.runs(status="set_aside")] == [guilty]


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
        RecordResult(*step(key)[:13], claim=None),
        NoteStarted(step(key, status="started")),
        OpenWait(step(key, "ask", kind="human", status="waiting"), review=question(key)),
        Suspend(key, None, 0),
        EndRun(key, "completed", "1", None, NOW),
        Claim([("add", 1)], NOW, 10, suspects=True),
        Beat(),
        TakeOver(owner, 0, NOW, CRASH_LIMIT),
    ]
    assert [type(reply) for reply in store.apply(changes, worker=stale)] == [Fenced] * len(changes)
    assert (store.runs(), store.history(key), store.workers()) == before
    assert store.reviews(ReviewQuery()) == []


def test_a_run_that_is_handed_back_is_due_later_without_blame_and_only_by_its_owner(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    key = executing(store, first)
    wrote(store, HandBack(key, NOW), worker=second)
    assert status(store, "a") == "running"
    wrote(store, HandBack(key, NOW + 1), worker=first)
    assert claimed_ids(claim(store, second)) == []
    (run,) = claim(store, second, now=NOW + 1).runs
    assert (run.id, run.crashes) == ("a", 0)


def test_a_claim_leaves_out_the_runs_it_names_and_is_not_woken_for_them(store: Store) -> None:
    worker = signed_on(store)
    first, second = (started.key for started in wrote(store, starting("a"), starting("b")))
    but = Claim([("add", 1)], NOW, 10, suspects=True, but=(first,))
    (claimed,) = wrote(store, but, worker=worker)
    assert [run.key for run in claimed.runs] == [second]
    assert claimed.next_wake is None
    assert claimed_ids(claim(store, worker)) == ["a"]


def test_a_run_started_by_a_worker_that_was_struck_off_is_due_for_the_others(store: Store) -> None:
    stale = signed_on(store)
    owner = crash(store, stale)
    wrote(store, starting("a")._replace(execute=True), worker=stale)
    assert status(store, "a") == "pending"
    assert claimed_ids(claim(store, owner)) == ["a"]


def test_another_live_workers_run_can_be_neither_ended_nor_let_go(store: Store) -> None:
    first, second = signed_on(store, 1), signed_on(store, 2)
    key = executing(store, first)
    assert isinstance(refusal(store, EndRun(key, "completed", "1", None, NOW), second), Fenced)
    assert isinstance(refusal(store, Suspend(key, None, 0), second), Fenced)
    assert status(store, "a") == "running"


# -- bells


def test_a_ring_reaches_every_worker_but_the_one_that_rings(store: Store, tmp_path: Path) -> None:
    bells = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2)]
    paths = [str(tmp_path / f"{number}.sock") for number in range(2)]
    for bell, path in zip(bells, paths, strict=True):
        bell.bind(path)
        bell.setblocking(False)
    first, *_ = wrote(store, *(Register(number, "here", path, "", NOW) for number, path in enumerate(paths)))
    wrote(store, Register(9, "away", str(tmp_path / "gone.sock"), "", NOW), Register(10, "mute", "", "", NOW))

    store.ring(but=first)
    with pytest.raises(BlockingIOError):
        bells[0].recv(16)
    assert bells[1].recv(16)
    store.ring()
    assert all(bell.recv(16) for bell in bells)
    for bell in bells:
        bell.close()


# -- writing at once or not at all


def test_a_store_in_use_writes_at_once_what_need_not_wait(store: Store) -> None:
    store.prepare_to_write()
    worker = signed_on(store)
    ((started,),) = [store.try_apply([starting("a")._replace(execute=True)], worker=worker) or []]
    assert (started.new, store.runs()[0].id) == (True, "a")
    (refused,) = store.try_apply([starting("a", "2")]) or []
    assert isinstance(refused, RunConflict)


@pytest.mark.dear
def test_nothing_is_written_while_somebody_else_writes(tmp_path: Path) -> None:
    for name, open_file in STORES.items():
        folder = tmp_path / name
        folder.mkdir()
        store, beside = open_file(folder), open_file(folder)
        if store.path != beside.path or store.path == ":memory:":  # nobody else can write there
            continue
        lock = sqlite3.connect(store.path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        assert store.try_apply([starting("a")]) is None
        lock.execute("ROLLBACK")
        lock.close()
        assert beside.runs() == []
        assert store.try_apply([starting("a")]) is not None
        assert [row.id for row in beside.runs()] == ["a"]
        for each in (store, beside):
            each.close()
