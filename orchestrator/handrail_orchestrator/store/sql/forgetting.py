"""Blanking the values of runs wherever they stand, and signing for the rows of the audit log that are blanked."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from handrail_orchestrator.errors import SealBroken
from handrail_orchestrator.secret import SigningSecret, signing_secret
from handrail_orchestrator.store import forgetting as f
from handrail_orchestrator.store.chain import BEGINNING, HASHED, hash_after
from handrail_orchestrator.store.rows import AUDIT
from handrail_orchestrator.store.sql import audit, files, rollups, sealing
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.transaction import Transaction

_THESE = NUMBERS
_FAMILY = """
WITH RECURSIVE family(key, depth) AS (
    SELECT CAST(value AS INTEGER), 0 FROM json_each(?) UNION
    SELECT runs.key, depth + 1 FROM family JOIN runs ON runs.parent = family.key
)
SELECT family.key, runs.id, runs.ended IS NOT NULL FROM family JOIN runs ON runs.key = family.key
GROUP BY family.key, runs.id, runs.ended ORDER BY max(depth) DESC, family.key
"""
"""Descendants first: as long as whoever is looked for by a tag still carries it, all of it can be found again."""
_STARTED_FOR_THEIR_ENDS = """
SELECT later.key FROM json_each(?) AS these
JOIN runs ON runs.key = CAST(these.value AS INTEGER)
JOIN triggers ON triggers.watched IS NOT NULL
JOIN fired ON fired.source = triggers.name AND fired.key >= runs.id || '@' AND fired.key < runs.id || 'A'
AND substr(fired.key, length(runs.id) + 2, length(fired.key)) NOT LIKE '%@%'
JOIN runs AS later ON later.id = fired.run_id
ORDER BY later.key
"""
"""What a trigger started for the end of a run was given its input and result; its key is the run's id and ``@17``."""


def forget(tx: Transaction, change: f.ForgetRuns) -> int:
    """Blank runs that have ended, all of them or none; the log says how many, by whom and why."""
    chosen = json.dumps(list(change.keys))
    found = tx.execute(
        f"SELECT key FROM runs WHERE key IN {_THESE} AND ended IS NOT NULL AND forgotten IS NULL",  # noqa: S608 -- a constant
        (chosen,),
    ).fetchall()
    keys = [int(key) for (key,) in found]
    if not keys:
        return 0
    these = json.dumps(keys)
    rollups.unfold(tx, keys)
    _close_audits(tx, these, change)
    for key in keys:
        _blank_run(tx, key, change)
    _blank_items(tx, these, change.now)
    tx.execute(f"UPDATE events SET payload = ? WHERE run IN {_THESE}", (f.FORGOTTEN, these))  # noqa: S608 -- as above
    tx.execute(f"UPDATE keyed_events SET payload = ?, key = '' WHERE run IN {_THESE}", (f.FORGOTTEN, these))  # noqa: S608 -- as above
    tx.execute(f"UPDATE keyed_waits SET key = '' WHERE run IN {_THESE}", (these,))  # noqa: S608 -- as above
    tx.execute(f"UPDATE tags SET value = '(forgotten)' WHERE run IN {_THESE}", (these,))  # noqa: S608 -- as above
    tx.execute(f"UPDATE notices SET title = '(forgotten)', body = '' WHERE run IN {_THESE}", (these,))  # noqa: S608 -- as above
    tx.execute(f"UPDATE outcomes SET value = ? WHERE run IN {_THESE}", (f.FORGOTTEN, these))  # noqa: S608 -- as above
    tx.execute(
        f"UPDATE promise_cases SET copy = '(forgotten) ' || CAST(id AS TEXT) WHERE run IN {_THESE}",  # noqa: S608 -- as above
        (these,),
    )
    tx.execute(f"DELETE FROM held WHERE run IN {_THESE}", (these,))  # noqa: S608 -- as above
    files.let_go(tx, these, change.now)
    told = json.dumps({"runs": len(keys), "why": change.why})
    audit.append(tx, audit.LogEntry(0, change.now, change.actor, "forget", "", 0, told))
    return len(keys)


def _blank_run(tx: Transaction, key: int, change: f.ForgetRuns) -> None:
    output, error, parent, parent_step = tx.execute(
        "SELECT output, error, parent, parent_step FROM runs WHERE key = ?", (key,)
    ).fetchone()
    tx.execute(
        "UPDATE runs SET input = ?, output = ?, error = ?, progress = NULL, forgotten = ?, forgotten_by = ?,"
        " first_input = CASE WHEN first_input IS NULL THEN NULL ELSE ? END,"
        " undoing = CASE WHEN undoing IS NULL THEN NULL ELSE json_remove(undoing, '$.error') END"
        " WHERE key = ?",
        (f.FORGOTTEN, f.blank(output), f.blank_error(error), change.now, change.actor, f.FORGOTTEN, key),
    )
    for table in ("steps", "archived_steps"):
        _blank_steps(tx, table, "run = ?", (key,))
    if parent is not None:  # what it was given and gave back stands there as well; one that goes on needs it
        _blank_steps(
            tx, "steps", "run = ? AND name = ? AND (SELECT ended FROM runs WHERE key = run) IS NOT NULL",
            (parent, parent_step),
        )  # fmt: skip
    challenged = tx.execute("SELECT step, outcome, error FROM challenges WHERE run = ?", (key,)).fetchall()
    for step, outcome, problem in challenged:
        tx.execute(
            "UPDATE challenges SET outcome = ?, error = ? WHERE run = ? AND step = ?",
            (f.blank_outcome(_said(tx, outcome)), None if problem is None else "(forgotten)", key, step),
        )


def _blank_steps(tx: Transaction, table: str, where: str, values: Sequence[object]) -> None:
    columns = "name, seq, kind, input, output, error, verdicts"
    rows = tx.execute(f"SELECT {columns} FROM {table} WHERE {where}", values).fetchall()  # noqa: S608 -- our own words
    for name, seq, kind, given, output, error, verdicts in rows:
        judged = f.blank_verdicts(_said(tx, verdicts))
        blanked = f.blank_outcome(_said(tx, output)) if kind == "ai" else f.blank(output)
        tx.execute(
            f"UPDATE {table} SET input = ?, output = ?, error = ?, verdicts = ?"  # noqa: S608 -- as above
            f" WHERE {where} AND name = ? AND seq = ? AND output IS ?",
            (
                f.blank(given),
                blanked,
                f.blank_error(error),
                judged,
                *values,
                name,
                seq,
                output,
            ),
        )


def _close_audits(tx: Transaction, these: str, change: f.ForgetRuns) -> None:
    """Cancel what people are still asked about these runs: there is nothing left to judge."""
    closed = tx.execute(
        "UPDATE reviews SET state = 'cancelled', version = version + 1, lease_owner = NULL, lease_until = NULL"  # noqa: S608
        f" WHERE run IN {_THESE} AND state IN ('open', 'leased', 'pending') RETURNING id, version",
        (these,),
    ).fetchall()
    for item, version in closed:
        audit.append(tx, audit.LogEntry(item, change.now, change.actor, "cancel", "cancelled", version))


def _blank_items(tx: Transaction, these: str, now: float) -> None:
    columns = "id, kind, context, suggestion, decision, note, answers"
    rows = tx.execute(f"SELECT {columns} FROM reviews WHERE run IN {_THESE} ORDER BY id", (these,)).fetchall()  # noqa: S608 -- our own words
    for item, kind, context, suggestion, decision, note, answers in rows:
        is_same = suggestion is None or kind == AUDIT or _is_same(tx, decision, suggestion)
        answer = None if decision is None else f.FORGOTTEN if is_same else f.ANOTHER
        tx.execute(
            "UPDATE reviews SET title = '(forgotten)', reason = '', context = ?, suggestion = ?, alternatives = '[]',"
            " decision = ?, note = ?, answers = ? WHERE id = ?",
            (f.blank(context), f.blank(suggestion), answer, None if note is None else "(forgotten)",
             f.blank_answers(answers), item),
        )  # fmt: skip
        _blank_log(tx, item, answer, now)


def _said(tx: Transaction, text: str | None) -> str | None:
    """Return what a value says; of one that was changed nothing stays."""
    try:
        return sealing.said(tx, text)
    except SealBroken:
        return f.FORGOTTEN


def _is_same(tx: Transaction, decision: str | None, suggestion: str) -> bool:
    return bool(json.loads(_said(tx, decision) or "null") == json.loads(_said(tx, suggestion) or "null"))


def _blank_log(tx: Transaction, item: int, decision: str | None, now: float) -> None:
    """Blank what the log says of an item; each row keeps its hash, which the next covers, and is signed for."""
    columns = ", ".join(HASHED)
    rows = tx.execute(
        f"SELECT {columns}, hash FROM review_log WHERE review = ? AND data IS NOT NULL ORDER BY id",  # noqa: S608 -- our own column names
        (item,),
    ).fetchall()
    if not rows:
        return
    secret = signing_secret(tx.place)
    for row in rows:
        if not f.is_blank_log(row[7]):
            _put_log(tx, row, f.blank_log(row[7], decision), now, secret)


def put_log(tx: Transaction, number: int, before: str, data: str, now: float) -> int:
    """Put something else in place of what a row of the log says, and sign for it; return 0 if it says another thing."""
    columns = ", ".join(HASHED)
    sql = f"SELECT {columns}, hash FROM review_log WHERE id = ? AND data = ?"  # noqa: S608 -- our own column names
    row = tx.execute(sql, (number, before)).fetchone()
    if row is None:
        return 0
    _put_log(tx, row, data, now, signing_secret(tx.place))
    return 1


def _put_log(tx: Transaction, row: Any, data: str | None, now: float, secret: SigningSecret) -> None:
    number, own = row[0], row[8]
    tx.execute("UPDATE review_log SET data = ? WHERE id = ?", (data, number))
    content = hash_after(BEGINNING, (*row[:7], data))
    blanked = f.BlankedRow(number, _before(tx, number), own, content, now, "")
    signed = blanked._replace(signature=secret.sign("blank", *blanked.signed_parts))
    tx.execute("DELETE FROM audit_blanks WHERE row = ?", (number,))
    tx.execute("INSERT INTO audit_blanks VALUES (?, ?, ?, ?, ?, ?)", signed)


def _before(tx: Transaction, number: int) -> str:
    """Return the hash that a row was written behind: of the row before it, or of what was pruned there."""
    row = tx.execute("SELECT id, hash FROM review_log WHERE id < ? ORDER BY id DESC LIMIT 1", (number,)).fetchone()
    gap = tx.execute(
        "SELECT last, after FROM audit_gaps WHERE last < ? ORDER BY last DESC LIMIT 1", (number,)
    ).fetchone()
    nearest = max((each for each in (row, gap) if each is not None), default=(0, BEGINNING))
    return str(nearest[1])


class ForgottenRows(ABC):
    """The part of the store that knows whom forgetting a run concerns."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def family(self, keys: Sequence[int]) -> list[f.FamilyRow]:
        """Return runs with all their descendants and what was started for the end of one, these first."""
        found: list[f.FamilyRow] = []
        known: set[int] = set()
        looked_at = list(keys)
        while looked_at:
            rows = self._rows(_FAMILY, (json.dumps(looked_at),))
            new = [f.FamilyRow(key, run_id, bool(ended)) for key, run_id, ended in rows if key not in known]
            found = [*new, *found]
            known |= {each.key for each in new}
            later = self._rows(_STARTED_FOR_THEIR_ENDS, (json.dumps([each.key for each in new]),))
            looked_at = [key for (key,) in later if key not in known]
        return found
