"""Writing and reading the cases whose answers are known."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store import known as k
from handrail_orchestrator.store.changes import AskedItem
from handrail_orchestrator.store.rows import DRAWN, DRAWN_REASON, ReviewRow
from handrail_orchestrator.store.sql import sealing, steps
from handrail_orchestrator.store.sql.decided import of_step
from handrail_orchestrator.store.sql.review_columns import SELECT_ONE
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import StartRun

_WHERE = "queue = ? AND workflow = ? AND step = ?"
_CASE = ", ".join(k.KnownCaseRow._fields)
_RUN = """
INSERT INTO runs (id, workflow, status, created, started, ended, code, input, output)
VALUES (?, ?, 'completed', ?, ?, ?, '', ?, 'null') ON CONFLICT (id) DO NOTHING RETURNING key
"""
_MOST_NAMES = 1_000
"""Names that are tried for a run; a case is given this often at most."""


def put(tx: Transaction, change: k.PutKnown) -> int:
    """Keep known cases, and where they are mixed in."""
    where = (change.queue, change.workflow, change.step)
    for case in change.cases:
        tx.execute(
            "INSERT INTO known_cases (queue, workflow, step, name, input, answer, suggestion, confidence)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (queue, workflow, step, name) DO UPDATE SET"
            " input = excluded.input, answer = excluded.answer, suggestion = excluded.suggestion,"
            " confidence = excluded.confidence",
            (*where, case.name, case.input, case.answer, case.suggestion, case.confidence),
        )
    if change.share > 0:  # what waits now counts, what was decided before does not
        tx.execute(
            "INSERT INTO sowing (queue, workflow, step, share, seen) VALUES (?, ?, ?, ?, coalesce("
            "(SELECT min(id) - 1 FROM reviews WHERE queue = ? AND state IN ('open', 'leased')),"
            " (SELECT max(id) FROM reviews), 0)) ON CONFLICT (queue, workflow, step)"
            " DO UPDATE SET share = excluded.share",
            (*where, change.share, change.queue),
        )
    else:
        tx.execute(f"DELETE FROM sowing WHERE {_WHERE}", where)  # noqa: S608 -- a constant
    return int(tx.execute(f"SELECT count(*) FROM known_cases WHERE {_WHERE}", where).fetchone()[0])  # noqa: S608 -- as above


def sow(tx: Transaction, change: k.Sow) -> int:
    """Put known cases among the items; somebody else who looked at the same time does nothing."""
    old = change.sowing
    moved = tx.execute(
        f"UPDATE sowing SET seen = ? WHERE {_WHERE} AND seen = ?",  # noqa: S608 -- a constant
        (change.seen, old.queue, old.workflow, old.step, old.seen),
    )
    if not moved.rowcount:
        return 0
    return sum(_plant(tx, plant, change.now) for plant in change.plants)


def _plant(tx: Transaction, plant: k.Plant, now: float) -> bool:
    """Ask a known case as if it were an ordinary item; return whether its model and the case are still there."""
    model = tx.execute(SELECT_ONE, (plant.after,)).fetchone()
    row = tx.execute(f"SELECT {_CASE} FROM known_cases WHERE id = ?", (plant.case,)).fetchone()  # noqa: S608 -- our own column names
    if model is None or row is None:
        return False
    kept = k.KnownCaseRow._make(row)
    case, item = sealing.opened(tx, kept), sealing.opened(tx, ReviewRow._make(model))
    run = _run_of(tx, case, item.workflow, now)
    if run is None:
        return False
    asked = _asked(case, item, run, now)
    number = steps.ask(tx, sealing.sealed(tx, asked))
    tx.execute("INSERT INTO known_items VALUES (?, ?, ?)", (number, kept.name, kept.answer))
    tx.execute("UPDATE known_cases SET given = given + 1 WHERE id = ?", (case.id,))
    return True


def _asked(case: k.KnownCaseRow, like: ReviewRow, run: int, now: float) -> AskedItem:
    """Return what is asked: what it looks like is of an ordinary item, with or without a suggestion."""
    is_blind = case.suggestion is None or like.code == DRAWN
    suggestion = None if is_blind else case.suggestion
    confidence = None if is_blind else like.confidence if case.confidence is None else case.confidence
    source = None if is_blind else like.source
    code, reason = (DRAWN, DRAWN_REASON) if is_blind else (like.code, like.reason)
    shown = (like.title, case.input, suggestion, like.schema, "[]", confidence, source, code, reason, "")
    return AskedItem(
        run=run,
        step=like.step,
        queue=like.queue,
        kind=like.kind,
        title=like.title,
        created=now,
        code=code,
        reason=reason,
        priority=like.priority,
        due=None if like.due is None else now + like.due - like.created,
        when_late="keep_waiting",
        schema=like.schema,
        context=case.input,
        suggestion=suggestion,
        confidence=confidence,
        source=source,
        digest=digest_of(*shown),
    )


def _run_of(tx: Transaction, case: k.KnownCaseRow, workflow: str, now: float) -> int | None:
    """Make a run that has ended for a case to stand in, with an id like that of any other."""
    stem = case.name.rpartition("/")[0] or case.name
    number = tx.workflow_ids.get(workflow, k.KNOWN_VERSION)
    for place in range(1, _MOST_NAMES):
        run_id = stem if place == 1 else f"{stem}-{place}"
        given = sealing.sealed(tx, StartRun(run_id, workflow, k.KNOWN_VERSION, case.input, "", now)).input
        for (key,) in tx.execute(_RUN, (run_id, number, now, now, now, given)).fetchall():
            return int(key)
    return None


class KnownRows(ABC):
    """The part of the store that keeps cases whose answers are known."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def sowings(self) -> list[k.SowingRow]:
        """Return where known cases are mixed in."""
        sql = f"SELECT {', '.join(k.SowingRow._fields)} FROM sowing ORDER BY queue, workflow, step"  # noqa: S608 -- our own column names
        return [k.SowingRow._make(row) for row in self._rows(sql)]

    def newest_item(self) -> int:
        """Return the number of the item that was asked last; 0: there is none."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM reviews")[0][0])

    def candidates(self, sowing: k.SowingRow, newest: int, limit: int) -> list[k.CandidateRow]:
        """Return the ordinary items up to ``newest`` that were not drawn for yet, oldest first."""
        condition, *globs = of_step(sowing.step)
        sql = (
            "SELECT reviews.id, runs.id, reviews.step FROM reviews JOIN runs ON runs.key = reviews.run"  # noqa: S608 -- as above
            " JOIN workflows ON workflows.id = runs.workflow"
            " WHERE reviews.id > ? AND reviews.id <= ? AND reviews.queue = ?"
            f" AND workflows.name = ? AND workflows.version != {k.KNOWN_VERSION}"
            " AND reviews.kind = 'decide'"
            f" AND {condition} ORDER BY reviews.id LIMIT ?"
        )
        rows = self._rows(sql, (sowing.seen, newest, sowing.queue, sowing.workflow, *globs, limit))
        return [k.CandidateRow._make(row) for row in rows]

    def known_cases(self, sowing: k.SowingRow, limit: int) -> list[k.KnownCaseRow]:
        """Return the cases to give next: those that were given least come first."""
        sql = f"SELECT {_CASE} FROM known_cases WHERE {_WHERE} ORDER BY given, id LIMIT ?"  # noqa: S608 -- as above
        rows = self._rows(sql, (sowing.queue, sowing.workflow, sowing.step, limit))
        return [k.KnownCaseRow._make(row) for row in rows]

    def is_known(self, item: int) -> bool:
        """Return whether an item is a known case."""
        return bool(self._rows("SELECT 1 FROM known_items WHERE item = ?", (item,)))
