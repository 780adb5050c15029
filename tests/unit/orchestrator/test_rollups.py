"""What was rolled up and the records of the rest come to what counting every record comes to, whatever happens."""

import json
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from handrail_orchestrator.statistics.counting import tallied
from handrail_orchestrator.store import ReviewQuery, Store
from handrail_orchestrator.store.changes import (
    Cancel,
    Change,
    EndRun,
    ExtendLease,
    Fork,
    MoveReview,
    OpenWait,
    Prune,
    RecordStep,
    RetryRun,
)
from handrail_orchestrator.store.control import Pause, PauseRow, Resume
from handrail_orchestrator.store.figures import (
    FigureQuery,
    RecordOutcome,
    RolledUp,
    RollUp,
    Tally,
    TallyPlace,
)
from handrail_orchestrator.store.rows import AUDIT, ENDED
from handrail_orchestrator.store.sql.figures import SqlFigures
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract.stores import crash, question, signed_on, starting, step

START = 1_000_000.0
picks = st.integers(0, 1_000)
SECONDS = st.sampled_from([0.0, 0.000_4, 1.0, 59.5, 3_000.0, 7_200.0, 90_000.0])
ANSWERS = st.sampled_from(["true", "false", '{"a": 1, "b": "y"}'])
VALUES = st.sampled_from(["true", "false", "2.5", "null", '"x"'])

Summed = dict[tuple[str, int, int | None, str, str, int], tuple[int, int]]


def summed(tallies: Iterable[tuple[TallyPlace, Tally]]) -> Summed:
    """Return counts by what is counted; hours matter to open runs only, whose age is told from them."""
    found: Summed = {}
    for place, tally in tallies:
        for (measure, label, bucket), (times, total) in tally.items():
            hour = place.hour if measure == "open" else None
            key = (place.workflow, place.version, hour, measure, label, bucket)
            old = found.get(key, (0, 0))
            found[key] = old[0] + times, old[1] + total
    return {key: amount for key, amount in found.items() if amount != (0, 0)}


def both(store: Store, since: float, until: float, workflow: str | None = None) -> tuple[Summed, Summed]:
    query = FigureQuery(since=since, until=until, workflow=workflow)
    with store.figures() as stored:
        return summed(tallied(stored, query)), summed(tallied(stored, query, from_records=True))


class Rollups(RuleBasedStateMachine):
    """Lets everything happen that a store can be told, in any order, and rolls up in between from two processes."""

    @initialize(eager=st.booleans())
    def open(self, *, eager: bool) -> None:
        self.eager = eager
        """Whether everything that has ended is rolled up before each change."""
        self.folder = tempfile.TemporaryDirectory()
        path = str(Path(self.folder.name) / "runs.db")
        self.stores = [SqliteStore(path, durability="process"), SqliteStore(path, durability="process")]
        self.now = START
        self.started = 0
        self.worker = signed_on(self.stores[0])

    def teardown(self) -> None:
        if hasattr(self, "stores"):
            for store in self.stores:
                store.close()
            self.folder.cleanup()

    @property
    def store(self) -> Store:
        return self.stores[0]

    def tell(self, *changes: Change) -> list[Any]:
        if self.eager:
            self.stores[1].apply([RollUp(self.now + 1_000, 1_000)])
        return self.store.apply(changes, worker=self.worker)

    def some(self, pick: int, statuses: tuple[str, ...]) -> Any:
        rows = [row for row in self.store.runs(limit=1_000) if row.status in statuses]
        return rows[pick % len(rows)] if rows else None

    def item(self, pick: int, *states: Any) -> Any:
        rows = self.store.reviews(ReviewQuery(states=states, limit=1_000))
        return rows[pick % len(rows)] if rows else None

    # -- what happens

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(workflow=st.sampled_from(["add", "other"]), version=st.integers(1, 2))
    def a_run_starts(self, workflow: str, version: int) -> None:
        self.started += 1
        new = starting(f"r{self.started}", workflow=workflow, version=version, created=self.now)
        self.tell(new._replace(execute=True))

    @rule(how=st.integers(0, 7), status=st.sampled_from(["completed", "failed"]))
    def a_whole_run_passes(self, how: int, status: Any) -> None:
        self.a_run_starts("add", 1)
        newest = len(self.store.runs(status="running", limit=1_000)) - 1
        self.a_step_ends(newest, "ai", 1.0, 4 + how)
        self.a_run_asks(newest, due=True)
        if how % 2:
            self.a_step_ends(newest, "action", 59.5, how)
        self.a_run_ends(newest, status)

    @rule(pick=picks, kind=st.sampled_from(["rule", "ai", "action", "timer"]), took=SECONDS, how=st.integers(0, 71))
    def a_step_ends(self, pick: int, kind: Any, took: float, how: int) -> None:
        run = self.some(pick, ("running",))
        if run is None:
            return
        failed, waited, money = how % 3 == 0, float(how % 2), (None, 0.0, 0.1, 1e-7)[how % 4]
        place = len(self.store.history(run.key).steps) + 1
        ended = self.now + waited + took
        row = step(run.key, f"{kind}#{place}", seq=place, kind=kind, status="failed" if failed else "done")._replace(
            queued=self.now, started=self.now + waited, ended=ended, attempt=1 + how % 2, owner="ann" if money else None
        )
        if kind == "ai":
            row = row._replace(money=money, input_tokens=7 if money else None)
        self.now = ended
        about = question(run.key, f"{row.name}/audit", queue="audits")._replace(
            kind=AUDIT, created=self.now, suggestion='{"a": 1, "b": "x"}', due=self.now + 60, confidence=0.7
        )
        self.tell(RecordStep(row, about if how % 8 > 3 and kind == "ai" and not failed else None))

    @rule(pick=picks, due=st.booleans())
    def a_run_asks(self, pick: int, *, due: bool) -> None:
        run = self.some(pick, ("running",))
        if run is None:
            return
        place = len(self.store.history(run.key).steps) + 1
        name = f"ask#{place}"
        item = question(run.key, name)._replace(
            created=self.now, due=self.now + 3_600 if due else None, suggestion="true", confidence=0.25
        )
        wait = step(run.key, name, seq=place, kind="human", status="waiting")._replace(queued=self.now)
        self.tell(OpenWait(wait, review=item))

    @rule(pick=picks, who=st.sampled_from(["ann", "bob"]))
    def somebody_takes(self, pick: int, who: str) -> None:
        item = self.item(pick, "open")
        if item is not None:
            self.tell(
                MoveReview(
                    item.id, item.version, "leased", "take", f"person:{who}", self.now,
                    lease_owner=who, lease_until=self.now + 300,
                )
            )  # fmt: skip

    @rule(pick=picks, seconds=SECONDS)
    def somebody_goes_on_looking(self, pick: int, seconds: float) -> None:
        item = self.item(pick, "leased")
        if item is not None:
            self.tell(ExtendLease(item.id, item.version, item.lease_owner, self.now + 300, seconds))

    @rule(
        pick=picks,
        says=st.sampled_from(["true", "false", '{"a": 1, "b": "y"}']),
        by=st.sampled_from(["person:ann", "policy:default"]),
    )
    def an_item_is_decided(self, pick: int, says: str, by: str) -> None:
        item = self.item(pick, "open", "leased")
        if item is not None:
            self.tell(MoveReview(item.id, item.version, "decided", "decide", by, self.now, decision=says))

    @rule(pick=picks, action=st.sampled_from(["send_up", "assign", "skip", "snooze"]))
    def an_item_is_handed_on(self, pick: int, action: str) -> None:
        item = self.item(pick, "open", "leased")
        if item is not None:
            later: Any = {"snoozed_until": self.now + 500} if action == "snooze" else {}
            self.tell(MoveReview(item.id, item.version, "open", action, "person:bob", self.now, sets=later))

    @rule(pick=picks)
    def an_answer_is_taken_back(self, pick: int) -> None:
        item = self.item(pick, "decided")
        if item is not None:
            self.tell(MoveReview(item.id, item.version, "open", "undo", "person:ann", self.now))

    @rule(pick=picks, status=st.sampled_from(["completed", "failed"]))
    def a_run_ends(self, pick: int, status: Any) -> None:
        run = self.some(pick, ("running",))
        if run is not None:
            failed = [each.name for each in self.store.history(run.key).steps if each.status == "failed"]
            error = json.dumps({"type": "StepFailed", "message": "x", "steps": failed}) if status == "failed" else None
            self.tell(EndRun(run.key, status, None if error else "1", error, self.now))

    @rule(pick=picks)
    def a_run_is_cancelled(self, pick: int) -> None:
        run = self.some(pick, ("pending", "waiting", "set_aside"))
        if run is not None:
            self.tell(Cancel(run.id, self.now, "x"))

    @rule(pick=picks)
    def a_run_is_retried(self, pick: int) -> None:
        run = self.some(pick, ("failed", "cancelled", "set_aside"))
        if run is not None:
            self.tell(RetryRun(run.id, self.now))

    @rule(pick=picks, place=picks)
    def a_run_is_forked(self, pick: int, place: int) -> None:
        run = self.some(pick, ENDED)
        steps = self.store.history(run.key).steps if run is not None else ()
        if steps:
            self.started += 1
            self.tell(Fork(run.id, steps[place % len(steps)].name, f"r{self.started}", self.now))

    @rule(alone=st.booleans())
    def the_process_dies(self, *, alone: bool) -> None:
        for _ in range(4 if alone else 1):
            self.worker = crash(self.store, self.worker)

    @rule(
        pick=picks,
        name=st.sampled_from(["reopened", "days"]),
        value=st.sampled_from(["true", "false", "2.5", "null", '"x"']),
    )
    def an_outcome_is_told(self, pick: int, name: str, value: str) -> None:
        run = self.some(pick, (*ENDED, "running"))
        if run is not None:
            self.tell(RecordOutcome(run.id, name, value, self.now, self.now, "code"))

    @rule(before=st.sampled_from([0.0, 3_000.0, 100_000.0]), workflow=st.sampled_from([None, "add"]))
    def ended_runs_are_pruned(self, before: float, workflow: str | None) -> None:
        self.tell(Prune(self.now - before, ENDED, 3, workflow, self.now))

    @rule(queue=st.sampled_from(["triage", "audits"]))
    def a_queue_rests_for_a_while(self, queue: str) -> None:
        self.tell(Pause(PauseRow("queue", queue, None, None, self.now)))
        self.now += 100
        self.tell(Resume("queue", queue, None, self.now))

    @rule(which=st.integers(0, 1), most=st.sampled_from([1, 2, 100]))
    def a_process_rolls_up(self, which: int, most: int) -> None:
        (done,) = self.stores[which].apply([RollUp(self.now, most)])
        assert isinstance(done, RolledUp)

    # -- what holds

    @invariant()
    def it_comes_to_what_counting_every_record_comes_to(self) -> None:
        if not hasattr(self, "stores"):
            return
        until = self.now + 7_200
        rolled, counted = both(self.stores[1], 0.0, until)
        assert rolled == counted
        rolled, counted = both(self.stores[1], START + 1_800, START + 95_000, "add")
        assert rolled == counted

    @invariant()
    def no_count_is_below_nothing(self) -> None:
        if hasattr(self, "stores"):
            with self.stores[1].figures() as stored:
                query = FigureQuery(since=0.0, until=self.now + 7_200)
                for _, tally in stored.rolled_up(query):
                    assert all(times > 0 for times, _ in tally.values())


TestRollups = pytest.mark.slow(Rollups.TestCase)
TestRollups.settings = settings(stateful_step_count=40, max_examples=50, deadline=None)


def test_the_runs_of_a_window_are_found_by_their_keys_and_not_among_all_of_their_workflow(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(str(path))
    worker = signed_on(store)
    store.apply([starting("a")], worker=worker)
    store.apply([RollUp(1e10, 10)])
    store.close()
    plans: list[str] = []

    class Explained(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            plans.extend(row[-1] for row in super().execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
            return super().execute(sql, parameters)

    with closing(sqlite3.connect(path, factory=Explained)) as connection:
        figures = SqlFigures(connection)
        of_one = FigureQuery(0.0, 1e10, "add", 1)
        figures.runs(of_one)
        list(figures.rest(of_one))
        figures.accepted_from(of_one)
    assert [each for each in plans if "runs USING INTEGER PRIMARY KEY" in each]
    assert not [each for each in plans if "INDEX runs_" in each]
