"""Reading what figures are made of, as it is at one moment."""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

from handrail_orchestrator.store.decided import DecidedRow
from handrail_orchestrator.store.figures import (
    FigureItem,
    FigureParts,
    FigureQuery,
    FigureRun,
    FigureStep,
    OutcomeRow,
    StoredFigures,
)
from handrail_orchestrator.store.port import RunQuery
from handrail_orchestrator.store.rows import ReviewRow
from handrail_orchestrator.store.sqlite.decided import OF_RUNS
from handrail_orchestrator.store.sqlite.fates import FATE, REAL
from handrail_orchestrator.store.sqlite.runs import bounds

AT_ONCE = 500
"""Runs that are read in one go with what belongs to them."""

_RUNS = f"""
SELECT key, workflows.name, workflows.version, created, ended, {FATE}, copied_seq
FROM runs JOIN workflows ON workflows.id = runs.workflow WHERE {REAL}
"""  # noqa: S608 -- no value is put into the text
_THESE = "(SELECT value FROM json_each(?))"
_STEPS = (
    f"SELECT {', '.join(FigureStep._fields)} FROM {{}} WHERE run IN {_THESE}"  # noqa: S608 -- our own column names
    " AND kind NOT IN ('clock', 'chance')"
)


class SqliteFigures:
    """What figures are made of, read by one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    def runs(self, query: FigureQuery, *, after: int = 0, limit: int = 1_000) -> list[FigureRun]:
        """Return runs in the order of their keys, after one."""
        span = RunQuery(created_from=query.since, created_to=query.until)
        above, below = bounds(self._rows, span)
        where = ["key > ?", "key < ?", "created >= ?", "created < ?"]
        values: list[object] = [max(above, after), below, query.since, query.until]
        for condition, value in (("workflows.name = ?", query.workflow), ("workflows.version = ?", query.version)):
            if value is not None:
                where.append(condition)
                values.append(value)
        if query.keys is not None:
            where.append(f"key IN {_THESE}")
            values.append(json.dumps(list(query.keys)))
        sql = f"{_RUNS} AND {' AND '.join(where)} ORDER BY key LIMIT ?"
        return [FigureRun._make(row) for row in self._rows(sql, (*values, limit))]

    def parts(self, keys: Sequence[int]) -> FigureParts:
        """Return what belongs to some runs."""
        return parts_of(self._connection, keys)

    def all_runs(self, query: FigureQuery) -> Iterator[tuple[list[FigureRun], FigureParts]]:
        """Yield all runs of a query with what belongs to them, a batch at a time."""
        after = 0
        while found := self.runs(query, after=after, limit=AT_ONCE):
            yield found, self.parts([run.key for run in found])
            after = found[-1].key


def parts_of(connection: sqlite3.Connection, keys: Sequence[int]) -> FigureParts:
    """Return what belongs to some runs, as a connection sees it."""
    these = (json.dumps(list(keys)),)
    steps = connection.execute(_STEPS.format("steps"), these).fetchall()
    archived = connection.execute(_STEPS.format("archived_steps"), these).fetchall()
    wide = len(ReviewRow._fields)
    items = [
        FigureItem(DecidedRow(ReviewRow._make(row[:wide]), *row[wide:-1]), row[-1])
        for row in connection.execute(OF_RUNS, these).fetchall()
    ]
    return FigureParts(
        [FigureStep._make(row) for row in steps], [FigureStep._make(row) for row in archived], items, list[OutcomeRow]()
    )


class FigureRows(ABC):
    """The part of the store that figures are read from."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a connection that sees the store as it is at one moment."""

    @contextmanager
    def figures(self) -> Iterator[StoredFigures]:
        """Return what figures are made of, all of one moment."""
        with self._snapshot() as connection:
            yield SqliteFigures(connection)

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
