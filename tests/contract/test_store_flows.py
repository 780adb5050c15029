"""What every store tells of steps as they followed, of what goes on now, and of what failed."""

import json

from handrail_orchestrator.process_map.flow import COMPLETED, FAILED, START
from handrail_orchestrator.process_map.reading import MapReader
from handrail_orchestrator.store import Store
from handrail_orchestrator.store.changes import Cancel, EndRun, NoteStarted, RecordStep
from handrail_orchestrator.store.flows import FailedStepRow, FlowQuery, LiveRow, LoggedStep, StoppedRow
from handrail_orchestrator.store.queries import RunQuery
from tests.contract.stores import NOW, asked, executing, signed_on, starting, step, wrote


class Maps(MapReader):
    """A store whose maps are read."""

    def __init__(self, store: Store) -> None:
        self._read = store

    @property
    def _open_store(self) -> Store:
        return self._read


def logged(store: Store, query: FlowQuery = FlowQuery()) -> list[LoggedStep]:  # noqa: B008 -- frozen
    with store.evidence() as evidence:
        return list(evidence.steps(query))


def test_what_goes_on_is_told_by_the_steps_names(store: Store) -> None:
    worker = signed_on(store)
    asked(store, worker, "asks")
    asked(store, worker, "asks too")
    asked(store, worker, "stopped")
    wrote(store, Cancel("stopped", NOW, ""))
    begun = step(executing(store, worker, "slow"), "charge", status="started")._replace(queued=None, started=NOW + 5)
    wrote(store, NoteStarted(begun), worker=worker)

    everything = sorted(store.live_steps(FlowQuery()))
    assert everything == [
        LiveRow("ask", "human", "waiting", 2, NOW),
        LiveRow("charge", "action", "started", 1, NOW + 5),
    ]
    assert sorted(store.live_steps(FlowQuery("add", 1))) == everything
    assert store.live_steps(FlowQuery("add", 2)) == store.live_steps(FlowQuery("other")) == []


def test_steps_come_run_by_run_and_runs_without_any_too(store: Store) -> None:
    worker = signed_on(store)
    for name in ("a", "b"):
        key = executing(store, worker, name)
        wrote(store, RecordStep(step(key, "one")), RecordStep(step(key, "two", seq=2)), worker=worker)
    wrote(store, starting("none"), starting("other", workflow="other", version=3, created=NOW + 50))

    rows = logged(store)
    assert [(row.run_id, row.name) for row in sorted(rows, key=lambda row: (row.run, row.seq))] == [
        ("a", "one"), ("a", "two"), ("b", "one"), ("b", "two"), ("none", None), ("other", None),
    ]  # fmt: skip
    assert [row.run for row in rows] == sorted(row.run for row in rows)
    assert {row.run_id for row in logged(store, FlowQuery("other", 3))} == {"other"}
    assert {row.run_id for row in logged(store, FlowQuery(since=NOW + 1))} == {"other"}
    assert {row.run_id for row in logged(store, FlowQuery(until=NOW + 1))} == {"a", "b", "none"}
    assert store.workflow_versions() == [("add", 1), ("other", 3)]


def test_failed_steps_are_told_with_their_errors(store: Store) -> None:
    worker = signed_on(store)
    key = executing(store, worker, "a")
    error = json.dumps({"type": "ValueError", "message": "no"})
    wrote(store, RecordStep(step(key, "one")), worker=worker)
    for seq, name in ((2, "caught"), (3, "two"), (4, "three")):
        wrote(store, RecordStep(step(key, name, seq=seq, status="failed")._replace(error=error)), worker=worker)
    told = json.dumps({"type": "StepFailed", "message": "step failed", "steps": ["two", "three", "gone"]})
    wrote(store, EndRun(key, "failed", None, told, NOW), worker=worker)
    wrote(store, EndRun(executing(store, worker, "b"), "failed", None, '{"type": "X"}', NOW), worker=worker)

    assert store.failed_steps([key, key + 1, 99]) == [
        FailedStepRow(key, "two", "ValueError", "no"),
        FailedStepRow(key, "three", "ValueError", "no"),
    ]
    assert store.failed_steps([]) == []


def test_stopped_runs_are_told_without_what_they_were_about(store: Store) -> None:
    worker = signed_on(store)
    error = '{"type": "X", "message": "no"}'
    ends = (("a", "failed"), ("b", "completed"), ("c", "failed"), ("d", "set_aside"))
    keys = {name: executing(store, worker, name) for name, _ in ends}
    for name, status in ends:
        wrote(store, EndRun(keys[name], status, None, error, NOW), worker=worker)  # type: ignore[arg-type]  # as below

    failed = [StoppedRow(keys[name], name, "add", 1, NOW, error) for name in ("c", "a")]
    assert store.stopped_runs(RunQuery(status="failed")) == failed
    assert store.stopped_runs(RunQuery(status="failed", limit=1)) == failed[:1]
    assert store.stopped_runs(RunQuery(status="failed", text="A", workflow="add")) == failed[1:]
    assert [row.id for row in store.stopped_runs(RunQuery(status="set_aside"))] == ["d"]
    assert store.stopped_runs(RunQuery(status="failed", tags={"customer": "acme"})) == []


def test_the_map_is_what_the_steps_say(store: Store) -> None:
    worker = signed_on(store)
    for name, status in (("a", "completed"), ("b", "failed")):
        key = executing(store, worker, name)
        wrote(store, RecordStep(step(key, "one")), RecordStep(step(key, "one#2", seq=2)), worker=worker)
        wrote(store, EndRun(key, status, "1", None, NOW), worker=worker)  # type: ignore[arg-type]  # one of those there are
    asked(store, worker, "asks")

    found = Maps(store).process_map(FlowQuery("add"), NOW + 60)
    assert {(edge.source, edge.target): edge.count for edge in found.edges} == {
        (START, "one"): 2,
        ("one", "one"): 2,
        ("one", COMPLETED): 1,
        ("one", FAILED): 1,
        (START, "ask"): 1,
    }
    assert found.longest is not None
    assert (found.longest.activity, found.longest.longest_wait, found.longest.waiting) == ("ask", 60.0, 1)
    assert Maps(store).workflow_versions() == {"add": [1]}
