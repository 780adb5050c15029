"""Reading what figures are made of, as it is at one moment."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any, cast

from handrail_orchestrator.step_kind import OF_THE_ENGINE
from handrail_orchestrator.store.decided import DecidedRow
from handrail_orchestrator.store.figures import (
    DAY_HOURS,
    HOUR,
    TALLY_VERSION,
    Amount,
    BaselineRow,
    FigureItem,
    FigureParts,
    FigureQuery,
    FigureRun,
    FigureStep,
    OutcomeHistoryRow,
    OutcomeRow,
    StoredFigures,
    Tally,
    TallyKey,
    TallyPlace,
)
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.store.rows import ReviewRow
from handrail_orchestrator.store.sql.database import NUMBERS, Cursor, Database
from handrail_orchestrator.store.sql.decided import DECIDED_OF_RUNS, OTHERS_OF_RUNS
from handrail_orchestrator.store.sql.fates import FATE, REAL
from handrail_orchestrator.store.sql.runs import bounds

AT_ONCE = 500
"""Runs that are read in one go with what belongs to them."""

# The plus keeps SQLite from looking for the runs of a window among all of their workflow: by their keys they are found.
_WITH_WORKFLOW = "runs JOIN workflows ON workflows.id = +runs.workflow"
_RUNS = f"""
SELECT key, workflows.name, workflows.version, created, ended, {FATE}, copied_seq
FROM {_WITH_WORKFLOW} WHERE {REAL}
"""  # noqa: S608 -- no value is put into the text
_THESE = NUMBERS
_STEPS = (
    f"SELECT {', '.join(FigureStep._fields[:-1])}, CASE WHEN kind = 'child' THEN NULL ELSE owner END"  # noqa: S608 -- our own column names
    f" FROM {{}} WHERE run IN {_THESE} AND status NOT IN ('withdrawn', 'registered')"
    f" AND kind NOT IN ({', '.join(repr(kind) for kind in sorted(OF_THE_ENGINE))})"
)

_OUTCOMES = f"SELECT run, name, value FROM outcomes WHERE run IN {_THESE} AND superseded_by IS NULL ORDER BY id"  # noqa: S608 -- a constant


Execute = Callable[[str, Sequence[object]], Cursor]
"""Executes a statement."""

_ROLLED_UP = """
SELECT workflows.name, workflows.version, measure, label, bucket, sum(times), sum(total)
FROM figures JOIN workflows ON workflows.id = figures.workflow
WHERE (span = 1 AND place >= ? AND place < ? OR span = 24 AND place >= ? AND place < ?
    OR span = 1 AND place >= ? AND place < ?){}
GROUP BY workflows.id, measure, label, bucket
"""

_ACCEPTED = f"""
SELECT workflows.name, steps.name, min(steps.confidence)
FROM {_WITH_WORKFLOW} JOIN steps ON steps.run = runs.key
WHERE {REAL} AND steps.kind = 'ai' AND steps.status = 'done' AND steps.decided_by LIKE 'model:%'
    AND steps.confidence IS NOT NULL
"""  # noqa: S608 -- no value is put into the text


class SqlFigures:
    """What figures are made of, read by one connection."""

    def __init__(self, connection: Database) -> None:
        self._execute = connection.execute

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        return self._execute(sql, tuple(parameters)).fetchall()

    def runs(self, query: FigureQuery, *, after: int = 0, limit: int = 1_000) -> list[FigureRun]:
        """Return runs in the order of their keys, after one."""
        above, below = bounds(self._rows, RunQuery(created_from=query.since, created_to=query.until))
        conditions, values = _conditions(query)
        sql = f"{_RUNS} AND key > ? AND key < ?{conditions} ORDER BY key LIMIT ?"
        return _read(self._rows(sql, (max(above, after), below, *values, limit)))

    def parts(self, keys: Sequence[int]) -> FigureParts:
        """Return what belongs to some runs."""
        return parts_of(self._execute, keys)

    def all_runs(self, query: FigureQuery) -> Iterator[tuple[list[FigureRun], FigureParts]]:
        """Yield all runs of a query with what belongs to them, a batch at a time."""
        after = 0
        while found := self.runs(query, after=after, limit=AT_ONCE):
            yield found, self.parts([run.key for run in found])
            after = found[-1].key

    def rest(self, query: FigureQuery) -> Iterator[tuple[list[FigureRun], FigureParts]]:
        """Yield the runs of a query that are not rolled up, a batch at a time."""
        conditions, values = _conditions(query)
        upto = self._upto()
        for which, first in (("key > ?", upto), ("key > ? AND key IN (SELECT run FROM not_rolled_up)", 0)):
            sql = f"{_RUNS} AND {which}{conditions}{'' if first == upto else ' AND key <= ?'} ORDER BY key LIMIT ?"
            after = first
            while found := _read(self._rows(sql, (after, *values, *([] if first == upto else [upto]), AT_ONCE))):
                yield found, self.parts([run.key for run in found])
                after = found[-1].key
            if upto == 0:
                return

    def rolled_up(self, query: FigureQuery, measures: Sequence[str] | None = None) -> list[tuple[TallyPlace, Tally]]:
        """Return what was rolled up of the whole hours that a query begins and ends with."""
        if self._upto() == 0:
            return []
        first, last = int(query.since // HOUR), int(query.until // HOUR)
        days = -(-first // DAY_HOURS), last // DAY_HOURS
        if days[0] >= days[1]:
            spans = (first, last, 0, 0, 0, 0)
        else:
            spans = (first, days[0] * DAY_HOURS, *days, days[1] * DAY_HOURS, last)
        more, values = "", list[object](spans)
        for condition, value in (("workflows.name = ?", query.workflow), ("workflows.version = ?", query.version)):
            if value is not None:
                more += f" AND {condition}"
                values.append(value)
        if measures is not None:
            more += " AND measure IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(measures)))
        found: dict[TallyPlace, dict[TallyKey, Amount]] = {}
        for name, version, measure, label, bucket, times, total in self._rows(_ROLLED_UP.format(more), values):
            found.setdefault(TallyPlace(name, version, 0), {})[measure, label, bucket] = times, total
        return list(found.items())

    def _upto(self) -> int:
        """Return the key up to which runs are rolled up by counts that this version would make."""
        rows = self._rows("SELECT upto FROM rolled_up WHERE version = ?", (TALLY_VERSION,))
        return int(rows[0][0]) if rows else 0

    def accepted_from(self, query: FigureQuery) -> list[tuple[str, str, float]]:
        """Return the lowest confidence at which a model's answer was accepted, by workflow and step name."""
        conditions, values = _conditions(query)
        above, below = bounds(self._rows, RunQuery(created_from=query.since, created_to=query.until))
        rows = self._rows(f"{_ACCEPTED} AND key > ? AND key < ?{conditions} GROUP BY 1, 2", (above, below, *values))
        return [(workflow, step, float(lowest)) for workflow, step, lowest in rows]

    def baseline(self, workflow: str | None) -> list[BaselineRow]:
        """Return numbers from before: of a workflow, and of all."""
        sql = f"SELECT {', '.join(BaselineRow._fields)} FROM baseline WHERE workflow IN ('', ?) ORDER BY place"  # noqa: S608 -- our own column names
        return [BaselineRow._make(row) for row in self._rows(sql, (workflow or "",))]


def _conditions(query: FigureQuery) -> tuple[str, list[object]]:
    """Return what a query asks of runs, but for their keys."""
    more, values = " AND created >= ? AND created < ?", list[object]((query.since, query.until))
    for condition, value in (
        ("workflows.name = ?", query.workflow),
        ("workflows.version = ?", query.version),
    ):
        if value is not None:
            more += f" AND {condition}"
            values.append(value)
    for name, tag in query.tags.items():
        more += " AND key IN (SELECT run FROM tags WHERE tags.name = ? AND value = ?)"
        values += [name, tag]
    return more, values


def _read(rows: list[Any]) -> list[FigureRun]:
    return [FigureRun._make(row) for row in rows]


def runs_of(execute: Execute, keys: Sequence[int]) -> list[FigureRun]:
    """Return some runs by their keys; those for known cases are not among them."""
    sql = f"{_RUNS} AND key IN {_THESE} ORDER BY key"
    return _read(execute(sql, (json.dumps(list(keys)),)).fetchall())


def parts_of(execute: Execute, keys: Sequence[int]) -> FigureParts:
    """Return what belongs to some runs."""
    these = (json.dumps(list(keys)),)
    archived = execute(_STEPS.format("archived_steps"), these).fetchall()
    # Plain tuples are read like the named ones that they stand for, and to make those takes longer than to read them.
    return FigureParts(
        cast("list[FigureStep]", execute(_STEPS.format("steps"), these).fetchall()),
        [FigureStep._make(row) for row in archived],
        [
            *(_decided(row) for row in execute(DECIDED_OF_RUNS, these).fetchall()),
            *(FigureItem._make((*row, None)) for row in execute(OTHERS_OF_RUNS, these).fetchall()),
        ],
        [OutcomeRow._make(row) for row in execute(_OUTCOMES, these).fetchall()],
    )


def _decided(row: Sequence[Any]) -> FigureItem:
    wide = len(ReviewRow._fields)
    item, moves = ReviewRow._make(row[:wide]), row[-1]
    return FigureItem(
        item.run,
        item.step,
        item.queue,
        item.state,
        item.created,
        item.due,
        item.snoozed_until,
        item.first_taken,
        moves,
        DecidedRow(item, *row[wide:-1]),
    )


class FigureRows(ABC):
    """The part of the store that figures are read from."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Database]:
        """Return a connection that sees the store as it is at one moment."""

    @contextmanager
    def figures(self) -> Iterator[StoredFigures]:
        """Return what figures are made of, all of one moment."""
        with self._snapshot() as connection:
            yield SqlFigures(connection)

    def outcomes_of(self, key: int) -> list[OutcomeHistoryRow]:
        """Return all that was ever recorded of what became of a run, oldest first."""
        columns = ", ".join("runs.id" if name == "run_id" else f"outcomes.{name}" for name in OutcomeHistoryRow._fields)
        sql = f"SELECT {columns} FROM outcomes JOIN runs ON runs.key = outcomes.run WHERE run = ? ORDER BY outcomes.id"  # noqa: S608 -- our own column names
        return [OutcomeHistoryRow._make(row) for row in self._rows(sql, (key,))]

    def queue_ages(self, now: float, limits: Sequence[float]) -> list[tuple[str, list[int]]]:
        """Return how many items wait by queue and age."""
        younger = ", ".join(
            "(SELECT count(*) FROM reviews INDEXED BY reviews_age WHERE reviews.queue = waiting.queue"
            " AND state IN ('open', 'leased') AND created > ?)"
            for _ in limits
        )
        sql = f"SELECT queue, items, {younger} FROM waiting WHERE items > 0 ORDER BY queue"  # noqa: S608 -- no value is in it
        rows = self._rows(sql, [now - limit for limit in limits])
        return [(queue, _between(list(below), items)) for queue, items, *below in rows]


def _between(below: list[int], items: int) -> list[int]:
    edges = [0, *below, items]
    return [max(0, high - low) for low, high in pairwise(edges)]
