"""What every store must do with audits, and how it gives judgements back with what people said of them."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store import JudgedQuery, ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    AskedItem,
    Cancel,
    EndRun,
    Fork,
    OpenWait,
    Prune,
    RecordStep,
    RetryRun,
    Suspend,
)
from handrail_orchestrator.store.rows import AUDIT, JudgedRow, StepRow
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import (
    NOW,
    before_people,
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


def audit(key: int, name: str = "route") -> AskedItem:
    return question(key, f"{name}/audit", queue="audits")._replace(kind=AUDIT)


def judged(key: int, name: str = "route", *, seq: int = 1) -> StepRow:
    return step(key, name, seq=seq, kind="ai", output='"accepted"')


def recorded(key: int, name: str = "route", *, seq: int = 1) -> RecordStep:
    return RecordStep(judged(key, name, seq=seq), audit(key, name))


def open_items(store: Store) -> list[tuple[str, str]]:
    return [(item.run_id, item.step) for item in store.reviews(ReviewQuery())]


def everything(store: Store, query: JudgedQuery = JudgedQuery()) -> list[JudgedRow]:  # noqa: B008 -- frozen
    found: list[JudgedRow] = []
    while page := store.judged(
        JudgedQuery(query.step, query.workflow, found[-1].place if found else query.after, query.limit)
    ):
        assert len(page) <= query.limit
        found += page
    return found


def test_an_audit_is_recorded_with_its_step_and_logged(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, recorded(key), worker=worker)
    (item,) = store.reviews(ReviewQuery())
    assert (item.kind, item.step, item.state, item.version) == ("audit", "route/audit", "open", 1)
    assert [(change.action, change.state) for change in store.review_log(item.id)] == [("ask", "open")]
    assert steps(store, key) == [("route", "done", '"accepted"')]


def test_a_result_that_is_refused_leaves_no_audit(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, RecordStep(judged(key)), worker=worker)
    assert isinstance(refusal(store, recorded(key), worker), Fenced)
    assert open_items(store) == []
    wrote(store, recorded(key, "route#2", seq=2), worker=worker)
    assert isinstance(refusal(store, recorded(key, "route#2", seq=2), worker), Fenced)
    assert open_items(store) == [("a", "route#2/audit")]


def test_a_stale_owner_cannot_leave_an_audit(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    assert isinstance(refusal(store, recorded(key), worker + 1), Fenced)
    assert open_items(store) == []
    assert steps(store, key) == []


@pytest.mark.parametrize("how", ["completed", "failed", "cancelled"])
def test_the_end_of_a_run_closes_its_questions_and_not_its_audits(store: Store, how: str) -> None:
    key = executing(store, worker := signed_on(store))
    asking = OpenWait(step(key, "ask", seq=2, kind="human", status="waiting"), review=question(key))
    wrote(store, recorded(key), asking, worker=worker)
    ending = EndRun(key, how, None, None, NOW)  # type: ignore[arg-type]  # one of the statuses
    wrote(store, Cancel("a", NOW, "gone"), ending, worker=worker)
    assert status(store, "a") == how
    assert open_items(store) == [("a", "route/audit")]


def test_the_decision_of_an_audit_wakes_nobody(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    waiting = OpenWait(step(key, "route/audit!", seq=2, kind="human", status="waiting"), review=question(key))
    wrote(store, recorded(key), waiting, Suspend(key, None, 0), worker=worker)
    before = store.run("a"), store.history(key)
    (item,) = store.reviews(ReviewQuery(queue="audits"))
    wrote(store, decided(item))
    assert (store.run("a"), store.history(key)) == before
    assert not claim(store, worker).runs
    after = store.review(item.id)
    assert after is not None
    assert (after.state, after.decision, after.decided_by) == ("decided", "true", "person:ann")


def test_a_decision_that_comes_while_the_run_is_executed_does_not_disturb_its_wait(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, recorded(key), worker=worker)
    (item,) = store.reviews(ReviewQuery())
    wrote(store, decided(item))
    wrote(store, Suspend(key, None, 0), worker=worker)
    row = store.run("a")
    assert row is not None
    assert (row.status, row.wake) == ("waiting", None)


def test_a_retry_leaves_the_open_audit_under_its_name(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, recorded(key), EndRun(key, "failed", None, None, NOW), worker=worker)
    wrote(store, RetryRun("a", NOW))
    assert open_items(store) == [("a", "route/audit")]
    assert steps(store, key) == [("route", "done", '"accepted"')]


def test_pruning_takes_audits_decided_or_not(store: Store) -> None:
    worker = signed_on(store)
    for run_id in ("a", "b"):
        key = executing(store, worker, run_id)
        wrote(store, recorded(key), EndRun(key, "completed", "1", None, NOW), worker=worker)
    wrote(store, decided(store.reviews(ReviewQuery())[0]), starting("last"))
    items = [item.id for item in store.reviews(ReviewQuery(states=("open", "decided")))]
    assert wrote(store, Prune(NOW + 1, ("completed",), 10)) == [2]
    assert [store.review(item) for item in items] == [None, None]


# -- reading judgements


def test_judgements_come_with_their_runs_input_and_the_item_about_them(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker)
    doubtful = OpenWait(
        step(key, "route#2/review", seq=3, kind="human", status="waiting"), review=question(key, "route#2/review")
    )
    wrote(store, recorded(key), RecordStep(judged(key, "route#2", seq=2)), doubtful, worker=worker)
    wrote(store, RecordStep(judged(key, "route#3", seq=4)), worker=worker)
    wrote(store, decided(store.reviews(ReviewQuery(queue="audits"))[0], "false"))
    first, second, third = store.judged(JudgedQuery("route"))
    assert (first.run_id, first.workflow, first.version, first.step) == ("a", "add", 1, "route")
    assert (first.run_input, first.output, first.ended, first.copied) == ("1", '"accepted"', NOW, False)
    assert (first.state, first.decision, first.decided_by, first.decided) == ("decided", "false", "person:ann", NOW)
    assert (second.step, second.state, second.decision) == ("route#2", "open", None)
    assert (third.step, third.item, third.state) == ("route#3", None, None)


def test_judgements_are_found_by_run_and_by_time(store: Store) -> None:
    worker = signed_on(store)
    for place, run_id in enumerate(("a", "b")):
        key = executing(store, worker, run_id)
        wrote(store, RecordStep(judged(key)._replace(ended=NOW + place)), worker=worker)

    assert [row.run_id for row in store.judged(JudgedQuery("route", run_id="b"))] == ["b"]
    assert [row.run_id for row in store.judged(JudgedQuery("route", since=NOW + 1))] == ["b"]
    assert [row.run_id for row in store.judged(JudgedQuery("route", since=NOW))] == ["a", "b"]
    assert store.judged(JudgedQuery("route", run_id="c")) == []


def test_a_closed_question_is_not_taken_for_the_one_asked_after_a_retry(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    asking = OpenWait(
        step(key, "route/review", seq=2, kind="human", status="waiting"), review=question(key, "route/review")
    )
    wrote(store, RecordStep(judged(key)), asking, Suspend(key, None, 0), worker=worker)
    wrote(store, Cancel("a", NOW, "gone"))
    (row,) = store.judged(JudgedQuery("route"))
    assert row.state == "cancelled"
    wrote(store, RetryRun("a", NOW))
    (row,) = store.judged(JudgedQuery("route"))
    assert (row.item, row.state) == (None, None)


NAMES = ("route", "route#2", "route#12", "all.0/route", "all#2.1/all.0/route#3")
OTHERS = ("router", "my_route", "Route", "route/x", "all.0/router", "route2", "x/my_route#2")


def test_a_step_is_found_however_often_and_wherever_it_was_called(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    rows = [RecordStep(judged(key, name, seq=seq)) for seq, name in enumerate((*NAMES, *OTHERS), 1)]
    plain = [RecordStep(step(key, f"x.{seq}/route", seq=50 + seq)) for seq in range(3)]
    wrote(store, *rows, *plain, worker=worker)
    assert {row.step for row in store.judged(JudgedQuery("route"))} == set(NAMES)
    assert {row.step for row in store.judged(JudgedQuery())} == {*NAMES, *OTHERS}


@pytest.mark.parametrize("name", ["r*", "r?ute", "[route]", "r[o]ute", "*"])
def test_a_name_is_never_read_as_a_pattern(store: Store, name: str) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, *(RecordStep(judged(key, each, seq=seq)) for seq, each in enumerate(("route", name))), worker=worker)
    assert [row.step for row in store.judged(JudgedQuery(name))] == [name]


def test_only_finished_judgements_of_the_workflow_are_read(store: Store) -> None:
    worker = signed_on(store)
    for run_id, workflow in (("a", "add"), ("b", "other")):
        (started,) = wrote(store, starting(run_id, workflow=workflow)._replace(execute=True), worker=worker)
        wrote(store, RecordStep(judged(started.key)), worker=worker)
        failed = judged(started.key, "route#2", seq=2)._replace(status="failed", output=None)
        wrote(store, RecordStep(failed), worker=worker)
    assert [(row.run_id, row.step) for row in store.judged(JudgedQuery("route"))] == [("a", "route"), ("b", "route")]
    assert [row.run_id for row in store.judged(JudgedQuery("route", "other"))] == ["b"]
    assert store.judged(JudgedQuery("route", "nowhere")) == []


def test_a_fork_says_which_judgements_it_copied(store: Store) -> None:
    key = executing(store, worker := signed_on(store))
    wrote(store, recorded(key), recorded(key, "route#2", seq=4), RecordStep(step(key, seq=6)), worker=worker)
    wrote(store, EndRun(key, "completed", "1", None, NOW), worker=worker)
    (fork,) = wrote(store, Fork("a", "bump", "b", NOW))
    (whole,) = wrote(store, Fork("a", None, "c", NOW))
    claim(store, worker)
    wrote(store, RecordStep(judged(fork.key, "route#3", seq=5)), RecordStep(judged(whole.key)), worker=worker)
    assert [(row.run_id, row.step, row.copied) for row in store.judged(JudgedQuery("route"))] == [
        ("a", "route", False),
        ("a", "route#2", False),
        ("b", "route", True),
        ("b", "route#2", True),
        ("b", "route#3", False),
        ("c", "route", False),
    ]


@pytest.mark.dear
@given(calls=st.lists(st.integers(0, 7), max_size=6), limit=st.integers(1, 5))
def test_pages_of_any_size_together_are_all_judgements_once(calls: list[int], limit: int) -> None:
    store = SqliteStore(":memory:")
    worker = signed_on(store)
    wanted = []
    for number, count in enumerate(calls):
        key = executing(store, worker, f"r{number}")
        names = [f"route#{n}" for n in range(count)]
        wrote(store, *(recorded(key, name, seq=seq) for seq, name in enumerate(names, 1)), worker=worker)
        wanted += [(key, name) for name in sorted(names)]
    assert [row.place for row in everything(store, JudgedQuery("route", limit=limit))] == wanted
    store.close()


# -- stores from before audits


@pytest.mark.dear
def test_a_store_from_before_audits_is_upgraded_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = SqliteStore(str(path))
    key = executing(store, worker := signed_on(store))
    wrote(store, RecordStep(judged(key)), worker=worker)
    store.close()
    with sqlite3.connect(path) as old:  # the tables of format 1
        before_people(old)
        for column in ("copied_seq", "died_among", "died_alone"):
            old.execute(f"ALTER TABLE runs DROP COLUMN {column}")
        old.execute("PRAGMA user_version = 1")
    old.close()
    for _ in range(2):
        again = SqliteStore(str(path), create=False)
        assert [(row.step, row.copied) for row in again.judged(JudgedQuery("route"))] == [("route", False)]
        again.close()
