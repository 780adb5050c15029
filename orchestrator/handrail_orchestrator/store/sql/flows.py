"""Reading steps as they followed, run by run, and what goes on now."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from handrail_orchestrator.store.flows import FailedStepRow, FlowQuery, LiveRow, LoggedStep
from handrail_orchestrator.store.known import KNOWN_VERSION

_LIVE = """
SELECT steps.name, steps.kind, steps.status, count(*), min(coalesce(steps.queued, steps.started))
FROM steps INDEXED BY steps_live CROSS JOIN runs ON runs.key = steps.run
JOIN workflows ON workflows.id = runs.workflow
WHERE steps.status IN ('waiting', 'started') AND runs.ended IS NULL
"""
_FAILED = """
SELECT runs.key, steps.name, json_extract(steps.error, '$.type'), json_extract(steps.error, '$.message')
FROM json_each(?) AS wanted JOIN runs ON runs.key = CAST(wanted.value AS INTEGER)
JOIN json_each(runs.error, '$.steps') AS named ON 1 = 1
JOIN steps ON steps.run = runs.key AND steps.name = named.value AND steps.status = 'failed'
ORDER BY runs.key, named.key
"""
_LOGGED = """
SELECT runs.key, runs.id, workflows.name, workflows.version, runs.status, runs.created, runs.copied_seq,
    steps.name, coalesce(steps.seq, 0), coalesce(steps.kind, 'rule'), coalesce(steps.status, 'done'),
    coalesce(steps.attempt, 1), steps.queued, steps.started, steps.ended,
    CASE WHEN steps.kind = 'child' THEN NULL ELSE steps.owner END, steps.decided_by, steps.money, reviews.first_taken
FROM runs CROSS JOIN workflows ON workflows.id = runs.workflow
LEFT JOIN steps ON steps.run = runs.key
LEFT JOIN reviews ON steps.kind = 'human' AND reviews.run = steps.run AND reviews.step = steps.name
WHERE 1 = 1
"""


class FlowRows(ABC):
    """The part of the store that the process map looks at."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def live_steps(self, query: FlowQuery) -> list[LiveRow]:
        """Return what goes on now, by the steps' names."""
        chosen, values = _chosen(query)
        return [LiveRow._make(row) for row in self._rows(f"{_LIVE}{chosen} GROUP BY 1, 2, 3", values)]

    def workflow_versions(self) -> list[tuple[str, int]]:
        """Return the workflows that there are or were runs of, with their versions, in order."""
        sql = "SELECT name, version FROM workflows WHERE version != ? ORDER BY name, version"
        return [(name, version) for name, version in self._rows(sql, (KNOWN_VERSION,))]

    def failed_steps(self, keys: Sequence[int]) -> list[FailedStepRow]:
        """Return the steps whose failures ended some runs."""
        return [FailedStepRow._make(row) for row in self._rows(_FAILED, (json.dumps(list(keys)),))]


def logged_sql(query: FlowQuery) -> tuple[str, list[object]]:
    """Return what reads the steps of runs, run by run."""
    chosen, values = _chosen(query)
    return f"{_LOGGED}{chosen} ORDER BY runs.key", values


def logged(row: tuple[Any, ...]) -> LoggedStep:
    """Return a row of that as what it is."""
    return LoggedStep._make(row)


def _chosen(query: FlowQuery) -> tuple[str, list[object]]:
    wanted: tuple[tuple[str, object], ...] = (
        ("workflows.name = ?", query.workflow),
        ("workflows.version = ?", query.version),
        ("runs.created >= ?", query.since),
        ("runs.created < ?", query.until),
    )
    given = [(condition, value) for condition, value in wanted if value is not None]
    conditions = [f"workflows.version != {KNOWN_VERSION}", *(condition for condition, _ in given)]
    return "".join(f" AND {each}" for each in conditions), [value for _, value in given]
