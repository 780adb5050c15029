"""Writing and reading review items."""

import json

from handrail_orchestrator.errors import LinkUsed, ReviewConflict, ReviewError
from handrail_orchestrator.shown import question_of
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.rows import AUDIT, PLAIN_DECISION, QUESTION, ReviewRow
from handrail_orchestrator.store.sql import answered, audit, files, firsts, lifecycle, outbox, pauses, rollups, sealing
from handrail_orchestrator.store.sql.review_columns import SELECT_ONE
from handrail_orchestrator.store.sql.transaction import Transaction

_SETTABLE = frozenset(c.ReviewSets.__annotations__)
"""Columns that a move may name."""


def move(tx: Transaction, change: c.MoveReview) -> ReviewRow:
    """Move an item on if it is still at the version the decision was made on."""
    _must_be_possible(tx, change)
    rollups.unfold_item(tx, change.id)
    sets = {name: value for name, value in change.sets.items() if name in _SETTABLE}
    more = "".join(f", {name} = ?" for name in sets)
    lease, leased = _lease_of(change)
    moved = tx.execute(
        f"UPDATE reviews SET state = ?{lease},"  # noqa: S608 -- our own column names
        f" priority = coalesce(?, priority), note = coalesce(?, note){more} WHERE id = ? AND version = ?"
        " RETURNING run, step, kind",
        (
            change.state,
            *leased,
            change.priority,
            change.note,
            *sets.values(),
            change.id,
            change.version,
        ),
    ).fetchone()
    if moved is None:
        raise ReviewConflict(f"review item {change.id} {firsts.why_gone(tx, change.id)}")
    if change.link is not None:
        tx.execute("INSERT INTO links (hash, item, used) VALUES (?, ?, ?)", (change.link, change.id, change.now))
    run, step, kind = moved
    if change.decision is not None:
        _decide(tx, change, (run, step, kind))
    elif change.action in {"reopen", "undo"}:
        _ask_again(tx, change, (run, step))
    elif change.action == "fail":
        _give_up(tx, change, (run, step))
    elif change.action == "take":
        tx.execute("UPDATE reviews SET first_taken = coalesce(first_taken, ?) WHERE id = ?", (change.now, change.id))
    row = ReviewRow(*tx.execute(SELECT_ONE, (change.id,)).fetchone())
    _log(tx, change, row)
    outbox.item_moved(tx, change, row)
    return row


def _must_be_possible(tx: Transaction, change: c.MoveReview) -> None:
    """Refuse what cannot be done to an item now, whatever its version."""
    pauses.must_not_rest(tx, change)
    if change.action == "decide":
        firsts.must_be_first(tx, change)
        answered.must_be_new(tx, change)
    if change.action == "undo":
        _must_be_unread(tx, change)
    if change.link is not None and tx.execute("SELECT 1 FROM links WHERE hash = ?", (change.link,)).fetchone():
        raise LinkUsed(change.id)
    if change.fired is not None:
        _must_be_next(tx, change, change.fired)


def _lease_of(change: c.MoveReview) -> tuple[str, tuple[object, ...]]:
    """Return what becomes of version and lease, as a piece of a statement and its parameters."""
    if change.is_gentle:
        return "", ()
    if change.action == "note":  # an extension since the look is not undone
        return ", version = version + 1", ()
    return ", version = version + 1, lease_owner = ?, lease_until = ?", (change.lease_owner, change.lease_until)


def _must_be_next(tx: Transaction, change: c.MoveReview, fired: int) -> None:
    """Refuse a policy that has fired, or that would take an item from somebody who has just extended the lease."""
    free = tx.execute(
        "SELECT 1 FROM reviews WHERE id = ? AND version = ? AND late_step = ?"
        " AND (? = 1 OR state != 'leased' OR lease_until <= ?)",
        (change.id, change.version, fired, change.is_gentle, change.now),
    ).fetchone()
    if free is None:
        raise ReviewConflict(f"review item {change.id} was changed by someone else in the meantime")


def _log(tx: Transaction, change: c.MoveReview, row: ReviewRow) -> None:
    answer = change.decision if change.answer is None else change.answer
    data: dict[str, object] = {"decision": json.loads(answer)} if answer is not None else {}
    data |= {PLAIN_DECISION: True} if (answer or "").startswith(" ") else {}
    data |= {"despite": list(change.despite)} if change.despite else {}
    data |= {"note": change.note} if change.note else {}
    data |= {"shown": change.shown} if change.shown else {}
    data |= {"via": "link"} if change.link else {}
    data |= change.data or {}
    data |= (
        {QUESTION: question_of(sealing.opened(tx, row)).digest()} if change.action == "reopen" else {}
    )  # with another form
    kept = json.dumps(data) if data else None
    version = change.version + int(not change.is_gentle)
    entry = audit.LogEntry(change.id, change.now, change.actor, change.action, change.state, version, kept)
    audit.append(tx, entry)


def extend(tx: Transaction, change: c.ExtendLease) -> bool:
    """Extend a lease and count the time at the item."""
    rollups.unfold_item(tx, change.id)
    extended = tx.execute(
        "UPDATE reviews SET lease_until = ?, hands_on = hands_on + ? WHERE id = ? AND version = ? AND lease_owner = ?"
        " AND state = 'leased'",
        (change.until, change.worked, change.id, change.version, change.owner),
    )
    return bool(extended.rowcount)


def _decide(tx: Transaction, change: c.MoveReview, asked: tuple[int, str, str]) -> None:
    """Record an answer, and make its run due."""
    run, step, kind = asked
    tx.execute(
        "UPDATE reviews SET decision = ?, decided = ?, decided_by = ?, note = ? WHERE id = ?",
        (change.decision, change.now, change.actor, change.note, change.id),
    )
    if kind == AUDIT:  # nothing waits for it
        return
    files.hold(tx, run, change.decision)
    tx.execute(
        "UPDATE steps SET status = 'done', output = ?, ended = ?, decided_by = ?, source = ?, verdicts = ?"
        " WHERE run = ? AND name = ? AND status = 'waiting'",
        (
            change.decision,
            change.now,
            change.actor,
            "person" if change.actor.startswith("person:") else None,  # what a policy answers is nobody's word
            json.dumps({"despite": list(change.despite)}),
            run,
            step,
        ),
    )
    lifecycle.wake(tx, run)


def _give_up(tx: Transaction, change: c.MoveReview, asked: tuple[int, str]) -> None:
    """Let the wait of a question that nobody answered fail, and make its run due."""
    error = json.dumps({"type": "WaitExpired", "message": change.note or "nobody answered in time"})
    tx.execute(
        "UPDATE steps SET status = 'failed', ended = ?, decided_by = ?, error = ?"
        " WHERE run = ? AND name = ? AND status = 'waiting'",
        (change.now, change.actor, error, *asked),
    )
    lifecycle.wake(tx, asked[0])


def _ask_again(tx: Transaction, change: c.MoveReview, asked: tuple[int, str]) -> None:
    """Forget an answer, and let the run wait for another; with another schema the suggestion fits no more."""
    tx.execute("UPDATE reviews SET decision = NULL, decided = NULL, decided_by = NULL WHERE id = ?", (change.id,))
    if change.schema is not None:
        tx.execute("INSERT INTO schemas (body) VALUES (?) ON CONFLICT DO NOTHING", (change.schema,))
        tx.execute(
            "UPDATE reviews SET suggestion = NULL, schema = (SELECT id FROM schemas WHERE body = ?) WHERE id = ?",
            (change.schema, change.id),
        )
    tx.execute(
        "UPDATE steps SET status = 'waiting', output = NULL, ended = NULL, decided_by = NULL, source = NULL,"
        " verdicts = NULL, input = coalesce(?, input) WHERE run = ? AND name = ? AND kind = 'human'",
        (change.asked, *asked),
    )


def _must_be_unread(tx: Transaction, change: c.MoveReview) -> None:
    """Refuse to take an answer back once its run may have used it."""
    free = tx.execute(
        "SELECT 1 FROM reviews JOIN runs ON runs.key = reviews.run"
        " LEFT JOIN steps ON steps.run = reviews.run AND steps.name = reviews.step WHERE reviews.id = ?"
        " AND (reviews.kind = ? OR reviews.state = 'pending' OR"
        " steps.verdicts LIKE '{%' AND runs.owner IS NULL AND runs.ended IS NULL)",
        (change.id, AUDIT),
    ).fetchone()
    if free is None:
        raise ReviewError(f"review item {change.id}: its run has gone on with the answer; it cannot be taken back")


def read_answer(tx: Transaction, change: c.ReadAnswer) -> None:
    """Note that a run has read an answer."""
    tx.execute(
        "UPDATE steps SET verdicts = ? WHERE run = ? AND name = ? AND kind = 'human' AND status = 'done'",
        (change.verdicts, change.run, change.name),
    )
