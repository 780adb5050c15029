"""Reading what was decided, and what waits, without reading everything: each statement goes by an index."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store.decided import (
    MOST_LATE,
    DecidedQuery,
    DecidedRow,
    DecidedTextRow,
    GivenRow,
    KnownRow,
    QueueRow,
)
from handrail_orchestrator.store.rows import AUDIT, ReviewRow
from handrail_orchestrator.store.sql.review_columns import SELECT

_NOT_KNOWN = "NOT EXISTS (SELECT 1 FROM known_items WHERE known_items.item = reviews.id)"
_ACTIVE = "state IN ('open', 'leased')"
_WITH_RUN = " JOIN runs ON runs.key = reviews.run JOIN workflows ON workflows.id = runs.workflow"
_ABOUT = f"""CASE
    WHEN reviews.step LIKE '%/review' THEN substr(reviews.step, 1, length(reviews.step) - {len("/review")})
    WHEN reviews.step LIKE '%/{AUDIT}' THEN substr(reviews.step, 1, length(reviews.step) - {len(AUDIT) + 1})
END"""
"""The name of the step whose judgement an item asks about."""
_LOG = "FROM review_log WHERE review_log.review = reviews.id AND review_log.action"
_COLUMNS = f"""{SELECT}, workflows.version, steps.input, steps.output,
    (SELECT max(at) {_LOG} = 'take' AND actor = reviews.decided_by),
    (SELECT count(*) {_LOG} = 'reopen'),
    (SELECT count(*) {_LOG} = 'send_up'),
    (SELECT count(DISTINCT actor) {_LOG} IN ('decide', 'assign') AND actor LIKE 'person:%'),
    (SELECT json_extract(data, '$.spans') {_LOG} = 'decide' AND actor = reviews.decided_by ORDER BY id DESC LIMIT 1),
    (SELECT count(*) FROM archived_steps AS again WHERE again.run = reviews.run AND again.kind != 'human'
        AND again.started >= reviews.decided)
"""  # noqa: S608 -- our own column names
_JUDGED = f"""
LEFT JOIN steps ON steps.run = reviews.run AND steps.kind = 'ai' AND steps.status = 'done' AND steps.name = {_ABOUT}
"""
_DECIDED = f"""
SELECT {_COLUMNS} FROM reviews INDEXED BY reviews_decided{_WITH_RUN} JOIN schemas ON schemas.id = reviews.schema
{_JUDGED}
WHERE reviews.state = 'decided' AND reviews.decided IS NOT NULL AND {_NOT_KNOWN}
"""  # noqa: S608 -- our own column names
_MOVES = "'decide', 'skip', 'send_up', 'assign', 'escalate', 'reassign', 'default', 'fail', 'undo', 'reopen'"
# Without CROSS, SQLite would look among all that was ever decided for what belongs to these runs.
_OF_RUNS = f"""(
    SELECT coalesce(json_group_array(json_array(action, actor, at)), '[]') FROM (SELECT action, actor, at
    FROM review_log WHERE review_log.review = reviews.id AND action IN ({_MOVES}) ORDER BY id) AS moved)
FROM json_each(?) AS wanted CROSS JOIN reviews ON reviews.run = CAST(wanted.value AS INTEGER)
"""  # noqa: S608 -- as above
DECIDED_OF_RUNS = f"""
SELECT {_COLUMNS}, {_OF_RUNS}
JOIN runs ON runs.key = reviews.run JOIN workflows ON workflows.id = runs.workflow
JOIN schemas ON schemas.id = reviews.schema{_JUDGED}
WHERE reviews.state = 'decided' AND reviews.decided IS NOT NULL
"""
"""The decided items of some runs, with how they were handed on."""
OTHERS_OF_RUNS = f"""
SELECT reviews.run, step, queue, state, reviews.created, due, snoozed_until, first_taken, {_OF_RUNS}
WHERE reviews.state != 'decided' OR reviews.decided IS NULL
"""
"""Their other items: what was not decided says little, and a store may have many that wait."""
# Left to itself, SQLite goes by the index of states, and sorts everything that was ever decided.
_TEXTS = f"""
SELECT review_log.id, reviews.id, reviews.queue, workflows.name, reviews.step, reviews.context
FROM review_log JOIN reviews ON reviews.id = review_log.review{_WITH_RUN}
WHERE review_log.id > ? AND review_log.state = 'decided' AND reviews.state = 'decided' AND {_NOT_KNOWN}
ORDER BY review_log.id LIMIT ?
"""  # noqa: S608 -- as above
_QUEUES = f"""
SELECT waiting.queue, waiting.items,
    (SELECT min(created) FROM reviews WHERE reviews.queue = waiting.queue AND {_ACTIVE}),
    (SELECT count(*) FROM (SELECT 1 FROM reviews WHERE reviews.queue = waiting.queue AND {_ACTIVE}
        AND due IS NOT NULL AND due <= ? LIMIT {MOST_LATE}) AS late)
FROM waiting WHERE items > 0
"""  # noqa: S608 -- as above
_GIVEN = """
SELECT reviews.id, reviews.queue, given.at, given.data, reviews.suggestion,
    (SELECT max(taken.at) FROM review_log AS taken WHERE taken.review = given.review AND taken.action = 'take'
        AND taken.actor = given.actor AND taken.at <= given.at),
    reviews.hands_on, coalesce(json_array_length(reviews.answers), 1)
FROM review_log AS given JOIN reviews ON reviews.id = given.review
WHERE given.actor = ? AND given.action IN ('decide', 'undo') AND given.action = 'decide'
AND NOT EXISTS (SELECT 1 FROM review_log AS back WHERE back.review = given.review AND back.action = 'undo'
    AND back.actor = given.actor AND back.id > given.id)
"""
_KNOWN = """
SELECT reviews.id, reviews.queue, reviews.title, reviews.decided, reviews.decided_by, reviews.decision,
    known_items.answer
FROM known_items CROSS JOIN reviews ON reviews.id = known_items.item
WHERE reviews.state = 'decided' AND reviews.decided >= ? AND reviews.decided_by LIKE 'person:%'
"""


class DecidedRows(ABC):
    """The part of the store that looks back at decisions."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def decided(self, query: DecidedQuery) -> list[DecidedRow]:
        """Return decided items, by the time of their decision."""
        if query.queues == ():
            return []
        wide = len(ReviewRow._fields)
        return [DecidedRow(ReviewRow._make(row[:wide]), *row[wide:]) for row in self._rows(*_decided_sql(query))]

    def decided_texts(self, *, after: int, limit: int) -> list[DecidedTextRow]:
        """Return what was decided after a place in the log, oldest first."""
        return [DecidedTextRow._make(row) for row in self._rows(_TEXTS, (after, limit))]

    def decided_before(self, most: int) -> int:
        """Return the place in the log after which at most so many decisions stand."""
        sql = "SELECT id FROM review_log WHERE state = 'decided' ORDER BY id DESC LIMIT 1 OFFSET ?"
        rows = self._rows(sql, (most,))
        return int(rows[0][0]) if rows else 0

    def queues(self, now: float, queue: str | None = None) -> list[QueueRow]:
        """Return what waits, by queue."""
        if queue is None:
            return [QueueRow._make(row) for row in self._rows(f"{_QUEUES} ORDER BY queue", (now,))]
        rows = self._rows(f"{_QUEUES} AND queue = ?", (now, queue))
        return [QueueRow._make(row) for row in rows] or [QueueRow(queue, 0, None, 0)]

    def given(self, actor: str, *, queue: str | None, limit: int) -> list[GivenRow]:
        """Return somebody's last answers that were not taken back, newest first."""
        of_queue, parameters = ("", [actor]) if queue is None else (" AND reviews.queue = ?", [actor, queue])
        rows = self._rows(f"{_GIVEN}{of_queue} ORDER BY given.at DESC LIMIT ?", (*parameters, limit))
        return [GivenRow._make(row) for row in rows]

    def given_since(self, actor: str, since: float) -> int:
        """Return how many answers somebody gave since a time, less those taken back."""
        sql = (
            "SELECT coalesce(sum(CASE WHEN action = 'decide' THEN 1 ELSE -1 END), 0) FROM review_log"
            " WHERE actor = ? AND at >= ? AND action IN ('decide', 'undo')"
        )
        return max(0, int(self._rows(sql, (actor, since))[0][0]))

    def givers_since(self, since: float) -> list[str]:
        """Return who gave answers since a time."""
        sql = "SELECT DISTINCT actor FROM review_log WHERE action IN ('decide', 'undo') AND at >= ? ORDER BY actor"
        return [actor for (actor,) in self._rows(sql, (since,))]

    def known_decided(self, actor: str | None, *, since: float, limit: int) -> list[KnownRow]:
        """Return known cases that somebody (None: anybody) has decided since a time, newest first."""
        of_actor, parameters = ("", [since]) if actor is None else (" AND reviews.decided_by = ?", [since, actor])
        rows = self._rows(f"{_KNOWN}{of_actor} ORDER BY known_items.item DESC LIMIT ?", (*parameters, limit))
        return [KnownRow._make(row) for row in rows]


def _decided_sql(query: DecidedQuery) -> tuple[str, list[object]]:
    where: list[str] = []
    parameters: list[object] = []

    def add(condition: str, *values: object) -> None:
        where.append(f" AND {condition}")
        parameters.extend(values)

    for condition, value in (
        ("reviews.queue = ?", query.queue),
        ("workflows.name = ?", query.workflow),
        ("reviews.decided >= ?", query.since),
        ("reviews.decided < ?", query.until),
    ):
        if value is not None:
            add(condition, value)
    if query.queues is not None:
        add(f"reviews.queue IN ({', '.join('?' * len(query.queues))})", *query.queues)
    if query.not_queues:
        add(f"reviews.queue NOT IN ({', '.join('?' * len(query.not_queues))})", *query.not_queues)
    if query.step is not None:
        add(*of_step(query.step))
    if query.by_people:
        add("reviews.decided_by LIKE 'person:%'")
    if query.after is not None:
        add(f"(reviews.decided, reviews.id) {'<' if query.newest_first else '>'} (?, ?)", *query.after)
    order = "reviews.decided DESC, reviews.id DESC" if query.newest_first else "reviews.decided, reviews.id"
    return f"{_DECIDED}{''.join(where)} ORDER BY {order} LIMIT ?", [*parameters, query.limit]


def of_step(step: str) -> tuple[str, ...]:
    """Return the condition that an item asks about calls of a step, or is one of this name."""
    name = re.sub(r"[*?\[]", r"[\g<0>]", step)  # what GLOB reads as a pattern, as itself
    endings = ("", "/review", f"/{AUDIT}", "/approval")
    calls = (name, f"{name}#[0-9]*", f"*/{name}", f"*/{name}#[0-9]*")
    globs = tuple(f"{call}{ending}" for call in calls for ending in endings)
    return f"({' OR '.join(['glob(?, reviews.step)'] * len(globs))})", *globs
