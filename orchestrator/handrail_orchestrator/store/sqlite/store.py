"""The store in one SQLite file, or in memory."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from handrail_orchestrator.doorbell import ring
from handrail_orchestrator.errors import StoreError, StoreLocked
from handrail_orchestrator.store.changes import Change
from handrail_orchestrator.store.evidence import StoredEvidence
from handrail_orchestrator.store.known import KNOWN_VERSION
from handrail_orchestrator.store.port import MEMORY, Durability, HistoryRows, JudgedQuery, ReviewQuery, RunQuery
from handrail_orchestrator.store.rows import (
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
from handrail_orchestrator.store.sqlite import (
    claims,
    fates,
    judged,
    retention,
    review_query,
    runs,
    views,
)
from handrail_orchestrator.store.sqlite.bulks import BulkRows
from handrail_orchestrator.store.sqlite.connection import (
    connect,
    explaining,
    is_current,
    is_there,
    reader,
    waiting_for_nobody,
)
from handrail_orchestrator.store.sqlite.decided import DecidedRows
from handrail_orchestrator.store.sqlite.deliveries import OutboxRows
from handrail_orchestrator.store.sqlite.evidence import SqliteEvidence
from handrail_orchestrator.store.sqlite.figures import FigureRows
from handrail_orchestrator.store.sqlite.file_identity import FileIdentity
from handrail_orchestrator.store.sqlite.files import FileRows
from handrail_orchestrator.store.sqlite.fired import FiredRows
from handrail_orchestrator.store.sqlite.flows import FlowRows
from handrail_orchestrator.store.sqlite.forgetting import ForgottenRows
from handrail_orchestrator.store.sqlite.inputs import RunningRows
from handrail_orchestrator.store.sqlite.known import KnownRows
from handrail_orchestrator.store.sqlite.pauses import PauseRows
from handrail_orchestrator.store.sqlite.people import PeopleRows
from handrail_orchestrator.store.sqlite.review_columns import SELECT_ONE
from handrail_orchestrator.store.sqlite.rollouts import RolloutRows
from handrail_orchestrator.store.sqlite.rounds import OF_THIS_ROUND
from handrail_orchestrator.store.sqlite.sharing import PlaceRows
from handrail_orchestrator.store.sqlite.systems import SystemRows
from handrail_orchestrator.store.sqlite.transaction import Transaction
from handrail_orchestrator.store.sqlite.triggers import TriggerRows

_STEPS = f"SELECT {', '.join(StepRow._fields)} FROM steps WHERE run = ? AND {OF_THIS_ROUND} ORDER BY seq, name"  # noqa: S608 -- our own column names
_SOME_STEPS = f"""
SELECT {", ".join(StepRow._fields)} FROM steps WHERE run = ? AND name IN
    (SELECT name FROM steps WHERE run = ? AND (seq, name) > (?, ?) ORDER BY seq, name LIMIT ?)
ORDER BY seq, name
"""  # noqa: S608 -- our own column names
_EVENTS = f"SELECT {', '.join(EventRow._fields)} FROM events WHERE run = ? ORDER BY name, number"  # noqa: S608 -- as above

_WAITS = """
SELECT steps.run, steps.name, steps.kind, steps.queued, coalesce(reviews.due, steps.due), steps.owner,
    reviews.id, reviews.queue, NULL, steps.seq
FROM json_each(?) AS wanted JOIN steps ON steps.run = wanted.value AND steps.status = 'waiting'
LEFT JOIN reviews ON reviews.run = steps.run AND reviews.step = steps.name
UNION ALL
SELECT held.run, step, 'action', held.since, systems.look_at, NULL, NULL, NULL, held.system, 0
FROM json_each(?) AS wanted JOIN held ON held.run = wanted.value JOIN systems ON systems.system = held.system
ORDER BY 1, 10
"""


class SqliteStore(
    PlaceRows,
    ForgottenRows,
    RunningRows,
    BulkRows,
    DecidedRows,
    FigureRows,
    FileRows,
    FiredRows,
    FlowRows,
    KnownRows,
    OutboxRows,
    PauseRows,
    PeopleRows,
    RolloutRows,
    SystemRows,
    TriggerRows,
):
    """One SQLite file in WAL mode: one connection writes, another reads, each used by one thread at a time."""

    def __init__(
        self, path: str, *, durability: Durability = "power", create: bool = True, reading: bool = False
    ) -> None:
        """Open the store; one opened for ``reading`` is opened for writing by its first change only."""
        self._path = path
        self._durability: Durability = durability
        self._create = create
        self._write_lock = threading.RLock()
        self._read_lock = self._write_lock if path == MEMORY else threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._transaction: Transaction | None = None
        self._seen = 0
        self._closed = False
        self._identity = FileIdentity(path)
        if reading and path != MEMORY and (is_there(path) or not create):
            self._identity.note()  # before it is opened: one that is replaced in between is found
            self._reading = reader(path)
            if is_current(self._reading):
                return
            self._reading.close()  # it has to be made or upgraded, which writes
        self.prepare_to_write()
        self._reading = self._writing if path == MEMORY else reader(path)

    def prepare_to_write(self) -> Transaction:
        """Open the store for writing, if it is not yet; the first change would do the same.

        Raises:
            StoreLocked: somebody holds the write lock and does not let go.
            StoreError: it cannot be written; see its subclasses.
        """
        with self._write_lock:
            if self._closed:
                raise StoreError(self._path, "it is closed")
            if self._transaction is None:
                self._identity.note()
                self._connection = connect(self._path, durability=self._durability, create=self._create)
                self._identity.note()  # the file is new
                self._seen = _data_version(self._connection)
                self._transaction = Transaction(self._connection, self._path, self._durability)
            return self._transaction

    @property
    def _writing(self) -> sqlite3.Connection:
        self.prepare_to_write()
        assert self._connection is not None  # noqa: S101 -- it has just been opened
        return self._connection

    @property
    def url(self) -> str:
        """Return the address the store was opened with."""
        return f"sqlite:///{self._path}"

    @property
    def path(self) -> str:
        """Return the file's path, or ``:memory:``."""
        return self._path

    def apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any]:
        """Apply changes in order in one transaction and return one reply for each."""
        with self._write_lock, explaining(self._path):
            transaction = self._transaction or self.prepare_to_write()
            self._identity.check()
            return transaction.run(changes, worker)

    def try_apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any] | None:
        """Apply like ``apply``, unless that would wait for somebody who is writing: then do nothing and return None."""
        if self._transaction is None or not self._write_lock.acquire(blocking=False):
            return None
        try:
            self._identity.check()
            with explaining(self._path), waiting_for_nobody(self._writing):
                return self._transaction.run(changes, worker)
        except StoreLocked:
            return None
        finally:
            self._write_lock.release()

    def changed_elsewhere(self) -> bool:
        """Return whether another connection wrote since the last call (``PRAGMA data_version``)."""
        self._identity.check()
        with self._write_lock, explaining(self._path):
            version = _data_version(self._writing)
        changed, self._seen = version != self._seen, version
        return changed

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        self._identity.check()
        with self._read_lock, explaining(self._path):
            return self._reading.execute(sql, tuple(parameters)).fetchall()

    def history(self, key: int) -> HistoryRows:
        """Return what a run remembers, in order of recording."""
        self._identity.check()
        with self._read_lock, explaining(self._path):
            steps = self._reading.execute(_STEPS, (key,)).fetchall()
            events = self._reading.execute(_EVENTS, (key,)).fetchall()
        return HistoryRows([StepRow._make(row) for row in steps], [EventRow._make(row) for row in events])

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

    def latest(self, query: RunQuery) -> list[RunRow]:
        """Return runs, newest first."""
        with self._read_lock:
            return [RunRow._make(row) for row in runs.latest(self._rows, query)]

    def run_ids(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the ids of runs by their keys; a key that no run has is left out."""
        sql = "SELECT key, id FROM runs WHERE key IN (SELECT value FROM json_each(?))"
        return dict(self._rows(sql, (json.dumps(list(keys)),)))

    def some_steps(self, key: int, *, after: tuple[int, str] = (0, ""), limit: int = 100) -> list[StepRow]:
        """Return step records of a run in order of recording, after the one with this (seq, name)."""
        return [StepRow._make(row) for row in self._rows(_SOME_STEPS, (key, key, *after, limit))]

    def waits(self, keys: Sequence[int]) -> list[WaitRow]:
        """Return what runs wait for."""
        wanted = json.dumps(list(keys))
        return [WaitRow._make(row[:-1]) for row in self._rows(_WAITS, (wanted, wanted))]

    def counts(self) -> dict[tuple[str, int, RunStatus], int]:
        """Return how many runs there are by workflow, version and status."""
        rows = self._rows(
            "SELECT name, version, status, times FROM"
            " (SELECT workflow, status, count(*) AS times FROM runs GROUP BY workflow, status)"
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
            "SELECT runs.key FROM json_each(?) AS asked JOIN runs ON runs.key = asked.value"
            " WHERE status IN ('pending', 'running') AND (owner IS NOT NULL OR NOT EXISTS (SELECT 1 FROM pauses"
            " JOIN workflows ON workflows.name = pauses.name WHERE kind = 'workflow' AND workflows.id = runs.workflow))"
        )
        return [row[0] for row in self._rows(sql, (json.dumps(list(keys)),))]

    def cancelled_of(self, worker: int) -> list[int]:
        """Return the keys of runs of this worker that were told to stop."""
        return [row[0] for row in self._rows("SELECT key FROM runs WHERE owner = ? AND cancel", (worker,))]

    def workers(self) -> list[WorkerRow]:
        """Return the workers that signed on and did not sign off."""
        return [WorkerRow._make(row) for row in self._rows(f"SELECT {', '.join(WorkerRow._fields)} FROM workers")]  # noqa: S608 -- our own column names

    def ring(self, *, but: int | None = None) -> None:
        """Tell the workers on the store that something may be due; not the one that says so itself."""
        ring(worker.bell for worker in self.workers() if worker.id != but)

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

    def retentions(self) -> dict[str, float]:
        """Return in seconds how long ended runs are kept, by workflow."""
        self._identity.check()
        with self._read_lock, explaining(self._path):
            return retention.declared(self._reading)

    @contextmanager
    def evidence(self) -> Iterator[StoredEvidence]:
        """Read the audit log and the decisions, all of one moment; others go on writing to a file meanwhile."""
        with self._snapshot() as connection:
            yield SqliteEvidence(connection)

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        self._identity.check()
        with explaining(self._path):
            if self._path != MEMORY:
                with closing(reader(self._path)) as connection:
                    connection.execute("BEGIN")
                    yield connection
                return
            with self._write_lock:
                yield self._writing

    def judged(self, query: JudgedQuery) -> list[JudgedRow]:
        """Return judgements with what people said of them, by run, oldest first, then by name."""
        rows = [JudgedRow._make(row) for row in self._rows(*judged.query_sql(query))]
        return [row._replace(copied=bool(row.copied)) for row in rows]

    def workflow_names(self) -> list[str]:
        """Return the names of the workflows that there are or were runs of, in order."""
        return [name for (name,) in self._rows("SELECT DISTINCT name FROM workflows ORDER BY name")]

    def target(self, workflow: str) -> str | None:
        """Return where a workflow's code was found."""
        rows = self._rows("SELECT target FROM targets WHERE workflow = ?", (workflow,))
        return str(rows[0][0]) if rows else None

    def vacuum(self) -> None:
        """Rewrite the file without the space that deleted runs held."""
        self._identity.check()
        with self._write_lock, explaining(self._path):
            self._writing.execute("VACUUM")
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the store; closing twice does nothing."""
        with self._write_lock, self._read_lock:
            if not self._closed:
                self._closed = True
                self._reading.close()
                if self._connection is not None:
                    self._connection.close()

    def __del__(self) -> None:
        """Close a store that was forgotten."""
        with suppress(AttributeError, sqlite3.Error):
            self.close()


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
