"""Reading runs: lists of them, newest first, that cost what a page costs however many runs there are."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

from handrail_orchestrator.store.flows import StoppedRow
from handrail_orchestrator.store.known import KNOWN_VERSION
from handrail_orchestrator.store.queries import RunQuery
from handrail_orchestrator.store.rows import RunStatus
from handrail_orchestrator.store.sql.database import NUMBERS

Rows = Callable[[str, Sequence[object]], list[Any]]
"""Executes a statement and returns its rows."""

_DERIVED = {"id": "runs.id", "workflow": "workflows.name", "version": "workflows.version"}
SELECT = (
    "SELECT key, runs.id, workflows.name, workflows.version, status, wake, owner, crashes, created, started, ended,"
    " deadline, input, output, error, parent, copied_seq, started_by, priority, forgotten, forgotten_by, progress,"
    " (SELECT coalesce(json_group_object(tags.name, value), '{}') FROM tags WHERE tags.run = runs.key),"
    " round, undoing, trace"
    " FROM runs"
    " JOIN workflows ON workflows.id = runs.workflow"
)
STOPPED = (
    f"SELECT {', '.join(_DERIVED.get(name, name) for name in StoppedRow._fields)} FROM runs"  # noqa: S608 -- our own column names
    " JOIN workflows ON workflows.id = runs.workflow"
)
"""What of a run counts when it is asked what failed: neither its values nor its tags."""
_WITHOUT_VALUES = SELECT.replace(" input, output,", " 'null', NULL,")
LARGEST = 2**63 - 1
"""The largest number that SQLite can hold."""

SET_BACK_SECONDS = 600.0
"""How far a clock may have been set back: so far from a moment, runs are looked through by the time they were made."""

FEW = 5_000
"""Runs that are looked at one by one, rather than every run's id."""

NEWEST = 1_000
"""Runs that are looked at before every run's id: what many ids have is among them."""

MOST_LANES = 400
"""Parts of one statement; SQLite allows 500."""


def latest(rows: Rows, query: RunQuery, select: str | None = None) -> list[Any]:
    """Return the rows of a list of runs, newest first; ``select`` reads something else of them than all."""
    between = bounds(rows, query)
    read = select or (SELECT if query.values else _WITHOUT_VALUES)  # the values of a page of runs may be large
    is_of_lanes = query.status is not None or query.workflow is not None
    if query.tags or query.parent is not None or (query.text is None and not is_of_lanes):
        return rows(*_filtered(read, query, *between))
    if query.text is None:
        return rows(*_chosen(read, query, _laned(rows, query, *between)))
    # What many ids have is soon found among the newest runs; what few have, the index of ids knows at once.
    most = FEW if is_of_lanes else NEWEST
    looked_at = (_laned if is_of_lanes else _newest)(rows, replace(query, limit=most), *between)
    is_all = len(looked_at) < most
    found = rows(*_chosen(read, query, looked_at if is_all else looked_at[:NEWEST]))
    return found if is_all or len(found) >= query.limit else rows(*_filtered(read, query, *between))


def _newest(rows: Rows, query: RunQuery, above: int, below: int) -> list[int]:
    """Return the keys of the newest runs, whatever their ids."""
    made, when = _made(query)
    sql = (
        "SELECT key FROM runs JOIN workflows ON workflows.id = runs.workflow"  # noqa: S608 -- our own conditions
        f" WHERE key > ? AND key < ?{made} AND workflows.version != {KNOWN_VERSION} ORDER BY key DESC LIMIT ?"
    )
    return [key for (key,) in rows(sql, (above, below, *when, query.limit))]


def _laned(rows: Rows, query: RunQuery, above: int, below: int) -> list[int]:
    """Return the keys of runs of a status or workflow, newest first, whatever their ids."""
    lanes = _lanes(rows, query)
    keys: list[int] = []
    for start in range(0, len(lanes), MOST_LANES):
        keys += [key for (key,) in rows(*_of_lanes(query, lanes[start : start + MOST_LANES], above, below))]
    return sorted(keys, reverse=True)[: query.limit]


def _chosen(select: str, query: RunQuery, keys: Sequence[int]) -> tuple[str, list[object]]:
    """Return what reads those of some runs that have the text in their ids."""
    sql = f"{select} WHERE key IN {NUMBERS} AND runs.id LIKE ? ESCAPE '\\'"
    return f"{sql} ORDER BY key DESC LIMIT ?", [json.dumps(keys), _pattern(query), query.limit]


def _lanes(rows: Rows, query: RunQuery) -> list[tuple[int, str]]:
    """Return what the index ``runs_status`` begins with: within each of these, runs stand in the order of their keys.

    Asked for several at once, SQLite would read and sort all of their runs.
    """
    named = rows(
        "SELECT id FROM workflows WHERE version != ? AND (? IS NULL OR name = ?)",
        (KNOWN_VERSION, query.workflow, query.workflow),
    )
    statuses = get_args(RunStatus) if query.status is None else (query.status,)
    return [(workflow, status) for (workflow,) in named for status in statuses]


def _of_lanes(query: RunQuery, lanes: Sequence[tuple[int, str]], above: int, below: int) -> tuple[str, list[object]]:
    made, when = _made(query)
    lane = (
        "SELECT * FROM (SELECT key FROM runs INDEXED BY runs_status"  # noqa: S608 -- our own conditions
        f" WHERE workflow = ? AND status = ? AND key > ? AND key < ?{made} ORDER BY key DESC LIMIT ?) AS lane"
    )
    values = [value for each in lanes for value in (*each, above, below, *when, query.limit)]
    return f"{' UNION ALL '.join([lane] * len(lanes))} ORDER BY key DESC LIMIT ?", [*values, query.limit]


def _filtered(select: str, query: RunQuery, above: int, below: int) -> tuple[str, list[object]]:
    made, when = _made(query)
    conditions, values = [f"key > ? AND key < ?{made}"], [above, below, *when]
    conditions.append(f"workflows.version != {KNOWN_VERSION}")
    if query.text is not None:  # the index alone is read, which is small
        index = (
            "SELECT key FROM runs INDEXED BY runs_id WHERE id LIKE ? ESCAPE '\\' AND key > ? AND key < ? /* apart */"
        )
        conditions.append(f"key IN ({index})")
        values += [_pattern(query), above, below]
    for condition, value in (("parent = ?", query.parent), ("status = ?", query.status)):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    for name, tag in query.tags.items():
        conditions.append("key IN (SELECT run FROM tags WHERE tags.name = ? AND value = ? AND run > ? AND run < ?)")
        values += [name, tag, above, below]
    if query.workflow is not None:
        conditions.append("runs.workflow IN (SELECT id FROM workflows WHERE name = ?)")
        values.append(query.workflow)
    where = f"WHERE {' AND '.join(conditions)}"
    if query.text is None:
        return f"{select} {where} ORDER BY key DESC LIMIT ?", [*values, query.limit]
    found = (
        "SELECT key FROM runs JOIN workflows ON workflows.id = runs.workflow"  # noqa: S608 -- our own conditions
        f" {where} ORDER BY /* of few */ key DESC LIMIT ?"
    )
    sql = f"{select} WHERE key IN (SELECT key FROM ({found}) AS found) ORDER BY key DESC LIMIT ?"  # noqa: S608 -- as above
    return sql, [*values, query.limit, query.limit]


def _made(query: RunQuery) -> tuple[str, list[object]]:
    wanted = [(" AND created >= ?", query.created_from), (" AND created < ?", query.created_to)]
    given = [(condition, value) for condition, value in wanted if value is not None]
    return "".join(condition for condition, _ in given), [value for _, value in given]


def bounds(rows: Rows, query: RunQuery) -> tuple[int, int]:
    """Return keys that all runs of a list are between: keys and times rise together, but for a clock set back."""
    above, below = -1, LARGEST if query.before_key is None else query.before_key
    if query.created_from is not None:
        above = _first_since(rows, query.created_from - SET_BACK_SECONDS) - 1
    if query.created_to is not None:
        below = min(below, _first_since(rows, query.created_to + SET_BACK_SECONDS))
    return above, below


def _first_since(rows: Rows, moment: float) -> int:
    """Return the key of the first run made at a moment or later, by halving; the largest number if there is none."""
    first, last = "(SELECT coalesce(min(key), 0) FROM runs)", "(SELECT coalesce(max(key) + 1, 0) FROM runs)"
    ((low, high),) = rows(f"SELECT {first}, {last}", ())
    end = high
    while low < high:
        middle = (low + high) // 2
        ((key, created),) = rows("SELECT key, created FROM runs WHERE key >= ? ORDER BY key LIMIT 1", (middle,))
        if created < moment:
            low = key + 1
        else:
            high = middle
    return LARGEST if low >= end else low


def _pattern(query: RunQuery) -> str:
    """Return the pattern of LIKE for a text somewhere in an id."""
    text = (query.text or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{text}%"
