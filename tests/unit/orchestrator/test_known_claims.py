"""By which claims a worker has its runs: known from one transaction to the next, and never longer than it is so."""

from pathlib import Path

import pytest

from handrail_orchestrator.errors import Fenced, NotStorable
from handrail_orchestrator.store.changes import Change, ClaimedChange, EndRun, RecordStep, Suspend
from handrail_orchestrator.store.claiming import ClaimRun, TakeOver
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import CRASH_LIMIT, NOW, executing, signed_on, starting, status, step, steps, wrote


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def result(key: int, name: str, claim: int = 1) -> ClaimedChange:
    return ClaimedChange(claim, RecordStep(step(key, name, seq=len(name))))


def results(keys: list[int], name: str) -> list[Change]:
    return [result(key, name) for key in keys]


def refused(replies: list[object]) -> list[bool]:
    return [isinstance(each, Fenced) for each in replies]


def test_what_another_connection_took_is_refused_to_who_had_it(file: str) -> None:
    store, other = SqliteStore(file), SqliteStore(file)
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "abc"]
    wrote(store, *results(keys, "s"), worker=worker)
    (claimed,) = wrote(other, ClaimRun("b", NOW, busy=False, anew=True), worker=worker)
    assert refused(store.apply(results(keys, "ss"), worker=worker)) == [False, True, False]
    wrote(store, result(keys[1], "ss", claimed.claim), result(keys[0], "sss"), worker=worker)
    assert [len(steps(store, key)) for key in keys] == [3, 2, 2]


def test_what_the_same_connection_gave_away_is_refused_to_who_had_it(file: str) -> None:
    store = SqliteStore(file)
    first, second = signed_on(store, 1), signed_on(store, 2)
    keys = [executing(store, first, name) for name in "abc"]
    wrote(store, *results(keys, "s"), worker=first)
    wrote(store, TakeOver(first, 0, NOW, CRASH_LIMIT), worker=second)
    assert refused(store.apply(results(keys, "ss"), worker=first)) == [True] * 3
    assert refused(store.apply(results(keys, "ss"), worker=second)) == [True] * 3
    wrote(store, ClaimRun("a", NOW, busy=False, anew=False), worker=second)
    assert refused(store.apply(results(keys, "ss"), worker=second)) == [True] * 3  # it has another number by now


@pytest.mark.parametrize("ending", [EndRun(0, "completed", "2", None, NOW, has_dependants=False), Suspend(0, None, 0)])
def test_of_a_run_that_its_worker_has_let_go_of_nothing_more_is_recorded(file: str, ending: EndRun | Suspend) -> None:
    store = SqliteStore(file)
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "abc"]
    wrote(store, *results(keys, "s"), *[ClaimedChange(1, ending._replace(key=key)) for key in keys[:2]], worker=worker)
    assert refused(store.apply(results(keys, "ss"), worker=worker)) == [True, True, False]


def test_a_transaction_that_did_not_happen_has_changed_no_claim(file: str) -> None:
    store = SqliteStore(file)
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "ab"]
    wrote(store, *results(keys, "s"), worker=worker)
    too_large = RecordStep(step(keys[1], "large", seq=2**64))
    started = [starting(name)._replace(execute=True) for name in "cd"]
    with pytest.raises(NotStorable, match="larger than it can hold"):
        store.apply([*started, ClaimedChange(1, Suspend(keys[0], None, 0)), too_large], worker=worker)
    wrote(store, *results(keys, "ss"), worker=worker)
    pending = wrote(store, *map(starting, "cd"), worker=worker)  # with the keys of those before
    assert refused(store.apply(results([each.key for each in pending], "s"), worker=worker)) == [True, True]
    assert [status(store, name) for name in "abcd"] == ["running", "running", "pending", "pending"]


def test_runs_that_were_started_together_are_their_workers_at_once(file: str) -> None:
    store = SqliteStore(file)
    worker = signed_on(store)
    executing(store, worker, "there")
    starts = [starting(name)._replace(execute=True) for name in ("a", "there", "b")]
    a, there, b = wrote(store, *starts, worker=worker)
    assert [each.new for each in (a, there, b)] == [True, False, True]
    assert len({a.key, there.key, b.key}) == 3
    wrote(store, *results([a.key, b.key, there.key], "s"), worker=worker)
    assert refused(store.apply([result(a.key, "ss", 2), result(b.key, "ss", 2)], worker=worker)) == [True, True]


def test_one_result_that_is_there_already_is_refused_among_others_that_are_recorded(file: str) -> None:
    store = SqliteStore(file)
    worker = signed_on(store)
    keys = [executing(store, worker, name) for name in "abc"]
    wrote(store, result(keys[1], "s"), worker=worker)
    assert refused(store.apply(results(keys, "s"), worker=worker)) == [False, True, False]
    assert [len(steps(store, key)) for key in keys] == [1, 1, 1]
