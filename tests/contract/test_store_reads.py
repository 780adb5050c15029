"""What every store must tell, and that nothing of the port goes untested."""

import threading
import time
from pathlib import Path
from typing import get_args

import pytest

from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store import RunQuery, Store, open_store
from handrail_orchestrator.store.changes import Cancel, Change, EndRun, OpenWait, RecordStep
from handrail_orchestrator.store.claiming import Release
from handrail_orchestrator.store.kept_settings import Remember
from tests.contract import stores
from tests.contract.stores import NOW, STORES, asked, executing, signed_on, starting, status, step, wrote


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
    by = {"rule": step(0, kind="rule"), "model": step(0, kind="ai"), "person": step(0, kind="human")}
    for who, row in by.items():
        key = executing(store, worker, f"by {who}")
        wrote(store, RecordStep(row._replace(run=key)), EndRun(key, "completed", "1", None, NOW), worker=worker)
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
    assert store.fates(["by rule", "nobody", "by rule"], None) == [("rule", None, 1)]
    assert sorted(store.fates(["by rule", "elsewhere"], "other")) == [("waiting", None, 1)]
    assert sorted(store.open_runs(["asks", "due", "failed", "nobody", "by rule", "due"])) == [
        ("asks", True),
        ("due", False),
    ]


def test_workers_are_listed_while_they_are_signed_on(store: Store) -> None:
    worker = signed_on(store, 7)
    (row,) = store.workers()
    assert (row.id, row.pid, row.host, row.beat, row.bell, row.lock) == (worker, 7, "here", 0, "bell-7", "lock-7")
    wrote(store, Release(), worker=worker)
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


@pytest.mark.dear
def test_who_listens_to_a_server_hears_at_once_of_what_another_opener_writes(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", "the secret of a store on a server")
    first, second = open_store(postgres_url), open_store(postgres_url)
    rung = threading.Event()
    stop = first.listen(rung.set)
    assert rung.wait(60), "who begins to listen may have missed something"
    rung.clear()
    wrote(second, starting("a"))
    assert rung.wait(60)
    stop()
    first.close()
    second.close()


def test_listening_can_end_at_any_time(store: Store) -> None:
    stop = store.listen(lambda: None)
    stop()
    stop()


def test_a_store_can_be_closed_twice_and_does_not_answer_afterwards(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.run("a")
    with pytest.raises(StoreError):
        store.apply([starting("a")])


def test_the_latest_runs_are_read_newest_first_and_page_by_page(store: Store) -> None:
    for number in range(5):
        wrote(store, starting(f"r{number}", workflow="add" if number % 2 else "sub"))
    first = store.latest(RunQuery(limit=2))
    assert [row.id for row in first] == ["r4", "r3"]
    assert [row.id for row in store.latest(RunQuery(before_key=first[-1].key))] == ["r2", "r1", "r0"]
    assert [row.id for row in store.latest(RunQuery(workflow="add", status="pending"))] == ["r3", "r1"]
    assert store.latest(RunQuery(status="failed")) == []
    assert store.run_ids([first[0].key, 999]) == {first[0].key: "r4"}


def test_what_a_run_waits_for_is_read_with_its_question(store: Store) -> None:
    worker = signed_on(store)
    item = asked(store, worker, "a", queue="money")
    other = executing(store, worker, "b")
    nap = step(other, "sleep", kind="timer", status="waiting")._replace(due=NOW + 60)
    child = step(other, "sub", seq=2, kind="child", status="waiting")._replace(owner="b/sub")
    done_step = step(other, "bump", seq=3)
    wrote(store, OpenWait(nap), OpenWait(child), RecordStep(done_step), worker=worker)
    assert store.waits([item.run, other]) == [
        (item.run, "ask", "human", NOW, None, None, item.id, "money", None),
        (other, "sleep", "timer", NOW, NOW + 60, None, None, None, None),
        (other, "sub", "child", NOW, None, "b/sub", None, None, None),
    ]
    assert store.waits([]) == []


def test_every_change_and_every_read_is_tested_here() -> None:
    sources = Path(__file__).parent.glob("test_store_*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in (*sources, Path(stores.__file__)))
    changes = [kind.__name__ for kind in get_args(Change)]
    reads = [name for name in vars(Store) if not name.startswith("_") and name not in {"url", "path"}]
    assert [name for name in changes if f"{name}(" not in source] == []
    assert [name for name in reads if f".{name}(" not in source] == []


def test_a_store_says_where_it_is(store: Store) -> None:
    assert store.url in {store.path, f"sqlite:///{store.path}"}


def test_the_clock_of_a_store_is_that_of_its_database(store: Store) -> None:
    """The tests' database is on this machine, so that its clock is this one's; it answers to a fraction of a second."""
    before = time.time()
    told = [store.now() for _ in range(5)]
    after = time.time()

    assert before - 0.01 <= told[0]
    assert told == sorted(told)
    assert told[-1] <= after + 0.01
