"""Writing and reading which systems are down, and who waits for them."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store import breaking as b
from handrail_orchestrator.store import control as h
from handrail_orchestrator.store.model_circuits import MODEL
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.sql import audit, outbox
from handrail_orchestrator.store.sql.transaction import Transaction

PATIENCE_SECONDS = 15.0
"""How long a run that is chosen to try has to begin, before another one is."""
TRY_SPANS = 10
"""How long a call that tries may take, in times of ``probe_after_seconds``, before another one does."""

_SELECT = f"SELECT {', '.join(b.SystemRow._fields)} FROM systems"  # noqa: S608 -- our own column names
_SETS = ", ".join(f"{name} = excluded.{name}" for name in b.SystemRow._fields[1:])
_PUT = f"INSERT INTO systems VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (system) DO UPDATE SET {_SETS}"  # noqa: S608 -- as above
_IS_TRIED = "SELECT 1 FROM runs WHERE key = ? AND owner = ?"

_HOLD = """
INSERT INTO held (run, step, system, since, left_seconds)
SELECT key, ?, ?, ?, deadline - ? FROM runs WHERE key = ? ON CONFLICT DO NOTHING
"""
_STOP_THE_CLOCK = "UPDATE runs SET deadline = NULL WHERE key = ?"
_NEXT = """
SELECT held.run FROM held JOIN runs ON runs.key = held.run JOIN workflows ON workflows.id = runs.workflow
JOIN json_each(?) AS mine ON name = json_extract(mine.value, '$[0]')
    AND version = CAST(json_extract(mine.value, '$[1]') AS INTEGER)
WHERE held.system = ? AND runs.ended IS NULL AND runs.owner IS NULL
ORDER BY runs.priority DESC, held.since, held.run LIMIT 1
"""
_WAITING = """
SELECT held.run, held.step, held.since, held.left_seconds FROM held JOIN runs ON runs.key = held.run
WHERE held.system = ? AND runs.ended IS NULL ORDER BY runs.priority DESC, held.since, held.run
"""
_MOVE_ON = "UPDATE steps SET queued = queued + ? WHERE run = ? AND name = ? AND status = 'started'"
_LET_GO = """
UPDATE runs SET signals = signals + CASE WHEN owner IS NULL THEN 0 ELSE 1 END, deadline = coalesce(deadline, ?),
    wake = CASE WHEN status = 'waiting' THEN CASE WHEN wake < ? THEN wake ELSE ? END ELSE wake END
WHERE key = ?
"""


def enter(tx: Transaction, change: h.EnterSystem) -> h.Entered:
    """Let a run use a system, for itself or for all; or have it wait, its time limits standing still."""
    row = row_of(tx, change.system)
    _must_be_mine(tx, change.run)
    patience = max(PATIENCE_SECONDS, TRY_SPANS * change.rule.probe_after_seconds)
    way, now_is = b.entered(row, change.run, tx.worker, change.now, patience, is_tried=is_tried(tx, row))
    if way == "wait":
        _hold(tx, change.system, change.run, change.step, change.now)
        return h.Entered("wait")
    if way == "probe":
        put(tx, now_is)
    return h.Entered(way, _let_in(tx, change.run, change.step, change.now))


def fail(tx: Transaction, change: h.SystemFailed) -> bool:
    """Count a failure; once the system is down its run waits, also the one that found it still down."""
    _must_be_mine(tx, change.run)
    before = row_of(tx, change.system)
    after = b.failed(before, change.rule, change.now, change.error, is_probe=is_probe(tx, before, change.run))
    if after != before:
        put(tx, after)
    if before.state == "up" and after.state == "down":
        title = f"{change.system} is down: {after.failures} failures in a row, the last a {change.error}"
        body = "Runs that need it wait, and go on by themselves when it is back."
        outbox.tell(tx, Notice("breaker", f"breaker:{change.system}:{change.now}", title, change.now, body))
    if after.state == "up":
        return False
    _hold(tx, change.system, change.run, change.step, change.now)
    return True


def answer(tx: Transaction, change: h.SystemAnswered) -> None:
    """Note an answer; once the system is back let go of those who wait, so many in a second."""
    before = row_of(tx, change.system)
    after = b.answered(before, is_probe=is_probe(tx, before, change.run))
    if after == before:
        return
    tx.execute("DELETE FROM systems WHERE system = ?", (change.system,))
    if before.state == "up":
        return
    for place, (run, step, since, left) in enumerate(tx.execute(_WAITING, (change.system,)).fetchall()):
        at = change.now + place / change.rule.release_per_second
        tx.execute(_MOVE_ON, (max(0.0, at - since), run, step))
        tx.execute(_LET_GO, (None if left is None else at + left, at, at, run))
    tx.execute("DELETE FROM held WHERE system = ?", (change.system,))


def probe_now(tx: Transaction, change: h.ProbeNow) -> bool:
    """Have somebody try now, also when a call that tries does not come back; the log says who asked for it."""
    down = tx.execute(
        "UPDATE systems SET look_at = ? WHERE system = ? AND state != 'up'", (change.now, change.system)
    ).rowcount
    if down:
        told = json.dumps({"system": change.system})
        audit.append(tx, audit.LogEntry(0, change.now, change.by or "code", "probe", "", 0, told))
    return bool(down)


def look(tx: Transaction, versions: Sequence[tuple[str, int]], now: float) -> tuple[frozenset[str], float | None]:
    """Wake a run for each system that is to be tried again; return which ones fail, and when to look next."""
    rows = [b.SystemRow._make(row) for row in tx.execute(_SELECT).fetchall()]
    nexts: list[float] = []
    for row in rows:
        if row.state == "up" or row.system.startswith(MODEL):  # no run waits for a model
            continue
        if now < row.look_at:
            nexts.append(row.look_at)
            continue
        found = tx.execute(_NEXT, (json.dumps(list(versions)), row.system)).fetchone()
        if found is not None:
            put(tx, b.chosen(row, found[0], now, PATIENCE_SECONDS))
            tx.execute("UPDATE runs SET wake = ? WHERE key = ? AND status = 'waiting'", (DUE, found[0]))
            nexts.append(now + PATIENCE_SECONDS)
    return frozenset(row.system for row in rows), min(nexts, default=None)


def row_of(tx: Transaction, system: str) -> b.SystemRow:
    """Return what is known of a system; of one that has not failed lately, that it is up."""
    found = tx.execute(f"{_SELECT} WHERE system = ?", (system,)).fetchone()
    return b.SystemRow(system) if found is None else b.SystemRow._make(found)


def put(tx: Transaction, row: b.SystemRow) -> None:
    """Write what is known of a system now."""
    tx.execute(_PUT, row)


def is_tried(tx: Transaction, row: b.SystemRow) -> bool:
    """Return whether the run that tries is executed by whoever said that it does."""
    return row.worker is not None and bool(tx.execute(_IS_TRIED, (row.probe, row.worker)).fetchone())


def is_probe(tx: Transaction, row: b.SystemRow, run: int) -> bool:
    """Return whether it is this run that tries, executed by whoever writes."""
    return row.state == "probed" and (row.probe, row.worker) == (run, tx.worker)


def _must_be_mine(tx: Transaction, run: int) -> None:
    if not tx.execute(_IS_TRIED, (run, tx.worker)).fetchone():
        raise Fenced(tx.path, f"run {run} belongs to another worker")


def _hold(tx: Transaction, system: str, run: int, step: str, now: float) -> None:
    tx.execute(_HOLD, (step, system, now, now, run))
    tx.execute(_STOP_THE_CLOCK, (run,))


def _let_in(tx: Transaction, run: int, step: str, now: float) -> float:
    """Forget that a run waits for a system; return how long it did."""
    found = tx.execute(
        "DELETE FROM held WHERE run = ? AND step = ? RETURNING since, left_seconds", (run, step)
    ).fetchone()
    if found is None:
        return 0.0
    since, left = found
    tx.execute(_MOVE_ON, (max(0.0, now - since), run, step))
    deadline = None if left is None else now + left
    tx.execute("UPDATE runs SET deadline = coalesce(deadline, ?) WHERE key = ?", (deadline, run))
    return max(0.0, float(now - since))


class SystemRows(ABC):
    """The part of the store that knows which systems are down."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def systems(self) -> list[h.DownRow]:
        """Return the systems that have failed lately, by name, and how many runs wait for each."""
        counted = (
            ", (SELECT count(DISTINCT held.run) FROM held JOIN runs ON runs.key = held.run"
            " WHERE held.system = systems.system AND runs.ended IS NULL) FROM systems ORDER BY system"
        )
        rows = self._rows(_SELECT.replace(" FROM systems", counted))
        return [h.DownRow(b.SystemRow._make(row[:-1]), row[-1]) for row in rows]
