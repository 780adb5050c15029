"""What every store keeps for figures: what was rolled up, outcomes, and numbers from before."""

from handrail_orchestrator.errors import UnknownRun, WrongState
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import EndRun, RecordStep, RetryRun
from handrail_orchestrator.store.figures import (
    BaselineRow,
    FigureQuery,
    PutBaseline,
    RecordOutcome,
    RolledUp,
    RollUp,
)
from tests.contract.stores import NOW, asked, executing, refusal, signed_on, starting, step, wrote

ALL = FigureQuery(since=0.0, until=36_000.0)


def ended(store: Store, worker: int, run_id: str, status: str = "completed") -> int:
    key = executing(store, worker, run_id)
    row = step(key)._replace(started=NOW)
    error = '{"type": "X", "message": "x", "steps": []}' if status == "failed" else None
    wrote(store, RecordStep(row), EndRun(key, status, None, error, NOW + 2), worker=worker)  # type: ignore[arg-type]  # one of them
    return key


def test_ended_runs_are_rolled_up_once_and_taken_out_before_they_change(store: Store) -> None:
    worker = signed_on(store)
    ended(store, worker, "a")
    ended(store, worker, "b", "failed")
    asked(store, worker, "open")
    assert wrote(store, RollUp(NOW, 10)) == [RolledUp(2, more=False)]
    assert wrote(store, RollUp(NOW + 1_000, 10)) == [RolledUp(0, more=False)]
    with store.figures() as stored:
        ((place, counts),) = stored.rolled_up(ALL)
        assert (place.workflow, place.version) == ("add", 1)
        assert counts["run", "rule", 167] == (1, 2_000_000)
        assert counts["work", "action\tbump", -1] == (2, 0)
        assert [[run.id for run in map(store.run, ["open"]) if run] for _ in stored.rest(ALL)] == [["open"]]
    wrote(store, RetryRun("b", NOW + 3))
    with store.figures() as stored:
        ((_, counts),) = stored.rolled_up(ALL)
        assert ("run", "failed", 167) not in counts
        assert counts["work", "action\tbump", -1] == (1, 0)
        assert sum(len(runs) for runs, _ in stored.rest(ALL)) == 2


def test_an_outcome_takes_the_place_of_the_one_before_which_is_kept(store: Store) -> None:
    worker = signed_on(store)
    key = ended(store, worker, "a")
    first = RecordOutcome("a", "reopened", "true", NOW, NOW + 5, "person:ann")
    assert wrote(store, first) == wrote(store, first._replace(now=NOW + 6)), "the same is not recorded twice"
    wrote(store, first._replace(value="false", now=NOW + 7), first._replace(name="paid"))
    was, stands, other = store.outcomes_of(key)
    assert (was.name, was.value, was.by, was.superseded_by) == ("reopened", "true", "person:ann", stands.id)
    assert (stands.value, stands.superseded_by) == ("false", None)
    assert (other.name, other.superseded_by) == ("paid", None)
    wrote(store, starting("young"))
    assert isinstance(refusal(store, first._replace(run_id="young")), WrongState)
    assert isinstance(refusal(store, first._replace(run_id="nobody")), UnknownRun)


def test_numbers_from_before_are_kept_in_order_for_all_and_for_a_workflow(store: Store) -> None:
    rows = (BaselineRow("", "cycle_p50", 7200.0, "s", 40), BaselineRow("add", "error_rate", 0.1))
    wrote(store, PutBaseline(rows))
    with store.figures() as stored:
        assert stored.baseline("add") == list(rows)
        assert stored.baseline(None) == [rows[0]]
    wrote(store, PutBaseline(()))
    with store.figures() as stored:
        assert stored.baseline("add") == []


def test_items_wait_by_their_age(store: Store) -> None:
    worker = signed_on(store)
    asked(store, worker, "a")
    asked(store, worker, "b", queue="money")
    assert store.queue_ages(NOW + 5_000, (3_600.0, 7_200.0)) == [("money", [0, 1, 0]), ("triage", [0, 1, 0])]
    assert store.queue_ages(NOW + 90_000, (3_600.0, 7_200.0)) == [("money", [0, 0, 1]), ("triage", [0, 0, 1])]
