"""Reading a store: the statements are the same for both databases."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from handrail_orchestrator.store.evidence import StoredEvidence
from handrail_orchestrator.store.flows import StoppedRow
from handrail_orchestrator.store.known import KNOWN_VERSION
from handrail_orchestrator.store.port import HistoryRows
from handrail_orchestrator.store.queries import JudgedQuery, ReviewQuery, RunQuery
from handrail_orchestrator.store.rows import (
    ChildRow,
    EventRow,
    JudgedRow,
    ReviewLogRow,
    ReviewRow,
    RunRow,
    RunStatus,
    StepRow,
    WaitRow,
    WorkerRow,
)
from handrail_orchestrator.store.sql import claims, fates, judged, retention, review_query, runs, views
from handrail_orchestrator.store.sql.answered import AnsweredRows
from handrail_orchestrator.store.sql.batches import BatchRows
from handrail_orchestrator.store.sql.bulks import BulkRows
from handrail_orchestrator.store.sql.database import NUMBERS, Database
from handrail_orchestrator.store.sql.decided import DecidedRows
from handrail_orchestrator.store.sql.deliveries import OutboxRows
from handrail_orchestrator.store.sql.evidence import SqlEvidence
from handrail_orchestrator.store.sql.figures import FigureRows
from handrail_orchestrator.store.sql.files import FileRows
from handrail_orchestrator.store.sql.fired import FiredRows
from handrail_orchestrator.store.sql.flows import FlowRows
from handrail_orchestrator.store.sql.forgetting import ForgottenRows
from handrail_orchestrator.store.sql.held import HeldRows
from handrail_orchestrator.store.sql.inputs import RunningRows
from handrail_orchestrator.store.sql.known import KnownRows
from handrail_orchestrator.store.sql.learned import LearnedRows
from handrail_orchestrator.store.sql.pauses import PauseRows
from handrail_orchestrator.store.sql.people import PeopleRows
from handrail_orchestrator.store.sql.promises import PromiseRows
from handrail_orchestrator.store.sql.resealing import ResealingRows
from handrail_orchestrator.store.sql.review_columns import SELECT_ONE
from handrail_orchestrator.store.sql.rollouts import RolloutRows
from handrail_orchestrator.store.sql.rounds import OF_THIS_ROUND
from handrail_orchestrator.store.sql.sealing import SealingRows
from handrail_orchestrator.store.sql.sharing import PlaceRows
from handrail_orchestrator.store.sql.systems import SystemRows
from handrail_orchestrator.store.sql.triggers import TriggerRows

_STEPS = f"SELECT {', '.join(StepRow._fields)} FROM steps WHERE run = ? AND {OF_THIS_ROUND} ORDER BY seq, name"  # noqa: S608 -- our own column names
_SOME_STEPS = f"""
SELECT {", ".join(StepRow._fields)} FROM steps WHERE run = ? AND name IN
    (SELECT name FROM steps WHERE run = ? AND (seq, name) > (?, ?) ORDER BY seq, name LIMIT ?)
ORDER BY seq, name
"""  # noqa: S608 -- our own column names
_CHILDREN = f"""
SELECT step, workflows.name, CASE WHEN parent = own AND parent_step = step THEN coalesce(policy, 'wait') END
FROM (SELECT run AS own, name AS step, owner AS child FROM steps WHERE run = ? AND kind = 'child' AND {OF_THIS_ROUND})
    AS started JOIN runs ON runs.id = child JOIN workflows ON workflows.id = runs.workflow
"""  # noqa: S608 -- as above
_EVENTS = f"SELECT {', '.join(EventRow._fields)} FROM events WHERE run = ? ORDER BY name, number"  # noqa: S608 -- as above

_WAITS = """
SELECT steps.run, steps.name, steps.kind, steps.queued, coalesce(reviews.due, steps.due), steps.owner,
    reviews.id, reviews.queue, NULL, steps.seq
FROM json_each(?) AS wanted JOIN steps ON steps.run = CAST(wanted.value AS INTEGER) AND steps.status = 'waiting'
LEFT JOIN reviews ON reviews.run = steps.run AND reviews.step = steps.name
UNION ALL
SELECT held.run, step, 'action', held.since, systems.look_at, NULL, NULL, NULL, held.system, 0
FROM json_each(?) AS wanted JOIN held ON held.run = CAST(wanted.value AS INTEGER)
JOIN systems ON systems.system = held.system
ORDER BY 1, 10
"""


class SqlStore(
    AnsweredRows,
    PlaceRows,
    ForgottenRows,
    BatchRows,
    RunningRows,
    BulkRows,
    DecidedRows,
    FigureRows,
    FileRows,
    FiredRows,
    FlowRows,
    HeldRows,
    KnownRows,
    LearnedRows,
    OutboxRows,
    PauseRows,
    PeopleRows,
    PromiseRows,
    RolloutRows,
    ResealingRows,
    SealingRows,
    SystemRows,
    TriggerRows,
):
    """What every store of ours reads, whichever database it is in."""

    clock_sql = "SELECT (julianday('now') - 2440587.5) * 86400.0"
    """The time by the database's clock; each database has its own words for it."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Return where it is, as errors say it."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    @abstractmethod
    def _together(self) -> AbstractContextManager[object]:
        """Let the statements of a block follow each other without those of another thread in between."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Database]:
        """Return a connection that sees the store as it is at one moment."""

    def listen(self, on_ring: Callable[[], None]) -> Callable[[], None]:  # noqa: ARG002 -- a database that tells does
        """Return what ends listening; whoever writes to a file rings the workers on its machine."""
        return lambda: None

    def history(self, key: int) -> HistoryRows:
        """Return what a run remembers, in order of recording."""
        with self._together():
            steps = [StepRow._make(row) for row in self._rows(_STEPS, (key,))]
            events = [EventRow._make(row) for row in self._rows(_EVENTS, (key,))]
            has_children = any(row.kind == "child" for row in steps)
            children = [ChildRow._make(row) for row in self._rows(_CHILDREN, (key,))] if has_children else []
        return HistoryRows(steps, events, children)

    def latest(self, query: RunQuery) -> list[RunRow]:
        """Return runs, newest first."""
        with self._together():
            return [RunRow._make(row) for row in runs.latest(self._rows, query)]

    def stopped_runs(self, query: RunQuery) -> list[StoppedRow]:
        """Return the same of runs that failed or were set aside, without what they were about."""
        with self._together():
            return [StoppedRow._make(row) for row in runs.latest(self._rows, query, runs.STOPPED)]

    def retentions(self) -> dict[str, float]:
        """Return in seconds how long ended runs are kept, by workflow."""
        return retention.declared(self._rows)

    def run(self, run_id: str) -> RunRow | None:
        """Return one run."""
        rows = self._rows(f"{runs.SELECT} WHERE runs.id = ?", (run_id,))
        return RunRow._make(rows[0]) if rows else None

    def runs(
        self, *, status: RunStatus | None = None, workflow: str | None = None, after_key: int = 0, limit: int = 100
    ) -> list[RunRow]:
        """Return runs, oldest first."""
        wanted = [
            ("key > ?", after_key),
            ("status = ?", status),
            ("workflows.name = ?", workflow),
            ("workflows.version != ?", KNOWN_VERSION),
        ]
        where = " AND ".join(condition for condition, value in wanted if value is not None)
        values = [value for _, value in wanted if value is not None]
        sql = f"{runs.SELECT} WHERE {where} ORDER BY key LIMIT {int(limit)}"
        return [RunRow._make(row) for row in self._rows(sql, values)]

    def run_ids(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the ids of runs by their keys; a key that no run has is left out."""
        sql = f"SELECT key, id FROM runs WHERE key IN {NUMBERS}"  # noqa: S608 -- a constant
        return dict(self._rows(sql, (json.dumps(list(keys)),)))

    def some_steps(self, key: int, *, after: tuple[int, str] = (0, ""), limit: int = 100) -> list[StepRow]:
        """Return step records of a run in order of recording, after the one with this (seq, name)."""
        return [StepRow._make(row) for row in self._rows(_SOME_STEPS, (key, key, *after, limit))]

    def now(self) -> float:
        """Return the time by the database's clock, in seconds since the epoch."""
        return float(self._rows(self.clock_sql)[0][0])

    def waits(self, keys: Sequence[int]) -> list[WaitRow]:
        """Return what runs wait for."""
        wanted = json.dumps(list(keys))
        return [WaitRow._make(row[:-1]) for row in self._rows(_WAITS, (wanted, wanted))]

    def counts(self) -> dict[tuple[str, int, RunStatus], int]:
        """Return how many runs there are by workflow, version and status."""
        rows = self._rows(
            "SELECT name, version, status, times FROM"
            " (SELECT workflow, status, count(*) AS times FROM runs GROUP BY workflow, status) AS counted"
            " JOIN workflows ON workflows.id = workflow WHERE version != ? ORDER BY 1, 2, 3",
            (KNOWN_VERSION,),
        )
        return {(name, version, status): count for name, version, status, count in rows}

    def due(self, now: float) -> dict[tuple[str, int], int]:
        """Return how many unclaimed runs are due, by workflow and version."""
        rows = self._rows(
            f"{claims.LEVELS} SELECT workflows.name, workflows.version, count(*) FROM workflows"  # noqa: S608 -- a constant
            " JOIN level ON level.workflow = workflows.id JOIN runs INDEXED BY runs_due ON runs.workflow = workflows.id"
            " AND runs.priority = level.priority AND runs.wake <= ? GROUP BY workflows.id",
            (now,),
        )
        return {(name, version): count for name, version, count in rows}

    def fates(self, run_ids: list[str] | None, workflow: str | None) -> list[tuple[str, str | None, int]]:
        """Return what became of runs: (fate, error, count); see ``orchestrator.summary``."""
        return [(fate, why, count) for fate, why, count in self._rows(*fates.fates_sql(run_ids, workflow))]

    def open_runs(self, run_ids: list[str]) -> list[tuple[str, bool]]:
        """Return which of these runs have not ended, and whether each waits for a person."""
        return [(run_id, bool(asked)) for run_id, asked in self._rows(fates.OPEN, (json.dumps(run_ids),))]

    def in_flight(self, keys: Sequence[int]) -> list[int]:
        """Return those of some runs, by key, that are due or being executed."""
        sql = (
            "SELECT runs.key FROM json_each(?) AS asked JOIN runs ON runs.key = CAST(asked.value AS INTEGER)"
            " WHERE status IN ('pending', 'running') AND (owner IS NOT NULL OR NOT EXISTS (SELECT 1 FROM pauses"
            " JOIN workflows ON workflows.name = pauses.name WHERE kind = 'workflow' AND workflows.id = runs.workflow))"
        )
        return [row[0] for row in self._rows(sql, (json.dumps(list(keys)),))]

    def cancelled_of(self, worker: int) -> list[int]:
        """Return the keys of runs of this worker that were told to stop."""
        return [row[0] for row in self._rows("SELECT key FROM runs WHERE owner = ? AND cancel = 1", (worker,))]

    def workers(self) -> list[WorkerRow]:
        """Return the workers that signed on and did not sign off."""
        return [WorkerRow._make(row) for row in self._rows(f"SELECT {', '.join(WorkerRow._fields)} FROM workers")]  # noqa: S608 -- our own column names

    def reviews(self, query: ReviewQuery) -> list[ReviewRow]:
        """Return review items, most urgent first."""
        rows: list[ReviewRow] = []
        for statement in review_query.list_sql(query):
            rows += [ReviewRow._make(row) for row in self._rows(*statement)]
            if len(rows) >= query.limit:
                break
        found = rows[: query.limit]
        return found if query.before is None else found[::-1]

    def review_count(self, query: ReviewQuery, *, at_most: int | None = None) -> int:
        """Return how many items the query's list has without its limit; ``at_most``: no more are counted."""
        return int(self._rows(*review_query.count_sql(query, at_most))[0][0])

    def views(self, person: str) -> list[tuple[str, str]]:
        """Return a person's views of lists, by name: (name, query)."""
        return [(str(name), str(query)) for name, query in self._rows(views.OF_PERSON, (person,))]

    def next_timer(self, now: float) -> float | None:
        """Return when the next timer of a review item is over."""
        at = self._rows(*review_query.next_timer_sql(now))[0][0]
        return None if at is None else float(at)

    def review(self, item: int) -> ReviewRow | None:
        """Return one review item."""
        rows = self._rows(SELECT_ONE, (item,))
        return ReviewRow._make(rows[0]) if rows else None

    def review_log(self, item: int) -> list[ReviewLogRow]:
        """Return every change of one item, oldest first."""
        columns = ", ".join(ReviewLogRow._fields)
        rows = self._rows(f"SELECT {columns} FROM review_log WHERE review = ? ORDER BY id", (item,))  # noqa: S608 -- our own column names
        return [ReviewLogRow._make(row) for row in rows]

    @contextmanager
    def evidence(self) -> Iterator[StoredEvidence]:
        """Read the audit log and the decisions, all of one moment; others go on writing to a file meanwhile."""
        with self._snapshot() as connection:
            yield SqlEvidence(connection)

    def judged(self, query: JudgedQuery) -> list[JudgedRow]:
        """Return judgements with what people said of them, by run, oldest first, then by name."""
        rows = [JudgedRow._make(row) for row in self._rows(*judged.query_sql(query))]
        return [row._replace(copied=bool(row.copied)) for row in rows]

    def target(self, workflow: str) -> str | None:
        """Return where a workflow's code was found."""
        rows = self._rows("SELECT target FROM targets WHERE workflow = ?", (workflow,))
        return str(rows[0][0]) if rows else None
