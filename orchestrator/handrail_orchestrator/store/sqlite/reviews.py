"""Writing and reading review items."""

import json
from typing import TYPE_CHECKING

from handrail_orchestrator.errors import ReviewError
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.port import ReviewQuery
from handrail_orchestrator.store.rows import AUDIT, PLAIN_DECISION, ReviewRow
from handrail_orchestrator.store.sqlite import lifecycle

if TYPE_CHECKING:
    from handrail_orchestrator.store.sqlite.transaction import Transaction

_DERIVED = {"run_id": "runs.id", "workflow": "workflows.name", "schema": "schemas.body"}
_SELECT = ", ".join(_DERIVED.get(name, f"reviews.{name}") for name in ReviewRow._fields)
_JOINED = (
    " FROM reviews JOIN runs ON runs.key = reviews.run JOIN workflows ON workflows.id = runs.workflow"
    " JOIN schemas ON schemas.id = reviews.schema"
)
SELECT_ONE = f"SELECT {_SELECT}{_JOINED} WHERE reviews.id = ?"
_SKIPPED = (
    "coalesce((SELECT max(review_log.id) FROM review_log WHERE review_log.review = reviews.id"
    " AND review_log.action = 'skip' AND review_log.actor = ?), 0)"
)
"""When a person last skipped an item, as a number that grows; 0: never."""


def move(tx: "Transaction", change: c.MoveReview) -> ReviewRow:
    """Move an item on if it is still at the version the decision was made on."""
    if change.action == "undo":
        _must_be_unread(tx, change)
    moved = tx.execute(
        "UPDATE reviews SET state = ?, version = version + 1, lease_owner = ?, lease_until = ?,"
        " priority = coalesce(?, priority), note = coalesce(?, note) WHERE id = ? AND version = ?"
        " RETURNING run, step, kind",
        (
            change.state,
            change.lease_owner,
            change.lease_until,
            change.priority,
            change.note,
            change.id,
            change.version,
        ),
    ).fetchone()
    if moved is None:
        raise ReviewError(f"review item {change.id} was changed by someone else in the meantime: look at it again")
    run, step, kind = moved
    if change.decision is not None:
        _decide(tx, change, (run, step, kind))
    elif change.action in {"reopen", "undo"}:
        _ask_again(tx, change, (run, step))
    elif change.action == "raise_priority":  # being late counts once
        tx.execute("UPDATE steps SET due = NULL WHERE run = ? AND name = ? AND status = 'waiting'", (run, step))
    data = {"decision": json.loads(change.decision)} if change.decision is not None else {}
    data |= {PLAIN_DECISION: True} if (change.decision or "").startswith(" ") else {}
    data |= {"despite": list(change.despite)} if change.despite else {}
    data |= {"note": change.note} if change.note else {}
    tx.execute(
        "INSERT INTO review_log (review, at, actor, action, state, version, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            change.id,
            change.now,
            change.actor,
            change.action,
            change.state,
            change.version + 1,
            json.dumps(data) if data else None,
        ),
    )
    return ReviewRow(*tx.execute(SELECT_ONE, (change.id,)).fetchone())


def _decide(tx: "Transaction", change: c.MoveReview, asked: tuple[int, str, str]) -> None:
    """Record an answer, and make its run due."""
    run, step, kind = asked
    tx.execute(
        "UPDATE reviews SET decision = ?, decided = ?, decided_by = ?, note = ? WHERE id = ?",
        (change.decision, change.now, change.actor, change.note, change.id),
    )
    if kind == AUDIT:  # nothing waits for it
        return
    tx.execute(
        "UPDATE steps SET status = 'done', output = ?, ended = ?, decided_by = ?, source = 'person', verdicts = ?"
        " WHERE run = ? AND name = ? AND status = 'waiting'",
        (change.decision, change.now, change.actor, json.dumps({"despite": list(change.despite)}), run, step),
    )
    lifecycle.wake(tx, run)


def _ask_again(tx: "Transaction", change: c.MoveReview, asked: tuple[int, str]) -> None:
    """Forget an answer, and let the run wait for another; with another schema the suggestion fits no more."""
    tx.execute("UPDATE reviews SET decision = NULL, decided = NULL, decided_by = NULL WHERE id = ?", (change.id,))
    if change.schema is not None:
        tx.execute("INSERT OR IGNORE INTO schemas (body) VALUES (?)", (change.schema,))
        tx.execute(
            "UPDATE reviews SET suggestion = NULL, schema = (SELECT id FROM schemas WHERE body = ?) WHERE id = ?",
            (change.schema, change.id),
        )
    tx.execute(
        "UPDATE steps SET status = 'waiting', output = NULL, ended = NULL, decided_by = NULL, verdicts = NULL,"
        " input = coalesce(?, input) WHERE run = ? AND name = ? AND kind = 'human'",
        (change.asked, *asked),
    )


def _must_be_unread(tx: "Transaction", change: c.MoveReview) -> None:
    """Refuse to take an answer back once its run may have used it."""
    free = tx.execute(
        "SELECT 1 FROM reviews JOIN runs ON runs.key = reviews.run"
        " LEFT JOIN steps ON steps.run = reviews.run AND steps.name = reviews.step WHERE reviews.id = ?"
        " AND (reviews.kind = ? OR steps.verdicts LIKE '{%' AND runs.owner IS NULL AND runs.ended IS NULL)",
        (change.id, AUDIT),
    ).fetchone()
    if free is None:
        raise ReviewError(f"review item {change.id}: its run has gone on with the answer; it cannot be taken back")


def read_answer(tx: "Transaction", change: c.ReadAnswer) -> None:
    """Note that a run has read an answer."""
    tx.execute(
        "UPDATE steps SET verdicts = ? WHERE run = ? AND name = ? AND kind = 'human' AND status = 'done'",
        (change.verdicts, change.run, change.name),
    )


def query_sql(query: ReviewQuery, *, count: bool) -> tuple[str, list[object]]:
    """Return the statement and its parameters, for the list and for its count alike."""
    where = [f"reviews.state IN ({', '.join('?' * len(query.states))})"]
    parameters: list[object] = [*query.states]
    if query.queue is not None:
        where.append("reviews.queue = ?")
        parameters.append(query.queue)
    if query.run_id is not None:
        where.append("runs.id = ?")
        parameters.append(query.run_id)
    if query.step is not None:
        where.append("reviews.step = ?")
        parameters.append(query.step)
    if query.free_for is not None:
        where.append("(reviews.state = 'open' OR reviews.lease_owner = ? OR reviews.lease_until <= ?)")
        parameters += [query.free_for, query.now]
    if count:
        return f"SELECT count(*){_JOINED} WHERE {' AND '.join(where)}", parameters
    if query.after is not None:
        where.append("(reviews.priority < ? OR (reviews.priority = ? AND reviews.id > ?))")
        parameters += [query.after[0], *query.after]
    order = "reviews.priority DESC, reviews.id"
    if query.step is not None:
        where.append("reviews.step = ?")
        parameters.append(query.step)
    if query.free_for is not None:
        order = f"{_SKIPPED}, {order}"
        parameters.append(f"person:{query.free_for}")
    parameters.append(query.limit)
    return f"SELECT {_SELECT}{_JOINED} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?", parameters
