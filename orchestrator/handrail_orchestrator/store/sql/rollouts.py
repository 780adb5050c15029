"""Writing and reading how far steps and versions are rolled out, and what challengers answered."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.errors import UnknownRollout, WrongState
from handrail_orchestrator.store.outbox import Notice
from handrail_orchestrator.store.rollouts import (
    ChallengeRow,
    DeclareRollout,
    HoldFired,
    MoveRollout,
    RecordChallenge,
    RolloutKey,
    RolloutLogRow,
    RolloutRow,
)
from handrail_orchestrator.store.sql import outbox
from handrail_orchestrator.store.sql.transaction import Transaction

_COLUMNS = ", ".join(f'"{name}"' for name in RolloutRow._fields)
_KEY = "workflow = ? AND step = ? AND version = ?"
_SELECT = f"SELECT {_COLUMNS} FROM rollouts"  # noqa: S608 -- our own column names
_ORDER = "ORDER BY workflow, step, version"

_DECLARE = """
INSERT INTO rollouts (workflow, step, version, subject, terms, share, slice, up_to, challenger, declared)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow, step, version) DO UPDATE SET
    subject = excluded.subject, terms = excluded.terms, share = excluded.share, slice = excluded.slice,
    up_to = excluded.up_to, challenger = excluded.challenger
"""
_LOG = """
INSERT INTO rollout_log (workflow, step, version, at, action, share, "by", why, verdict)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAY = f'UPDATE rollouts SET held = ?, at = ?, "by" = ?, why = ?, number = number + 1 WHERE {_KEY}'  # noqa: S608 -- constants
_PROMOTE = f"UPDATE rollouts SET promoted = ?, promoted_for = ? WHERE {_KEY}"  # noqa: S608 -- as above
_ANSWERED = """
INSERT INTO challenges (run, step, at, challenger, outcome, error, seconds, money)
SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM steps WHERE run = ? AND name = ? AND status = 'done')
ON CONFLICT (run, step) DO NOTHING
"""


def declare(tx: Transaction, change: DeclareRollout) -> None:
    """Keep what code says of a rollout, and what people said before."""
    tx.execute(_DECLARE, (*change.key, *change[1:]))


def move(tx: Transaction, change: MoveRollout) -> RolloutRow:
    """Promote, hold or resume, and keep who did so and why."""
    row = _row(tx, change.key)
    if row is None:
        known = [RolloutRow._make(each).key.target for each in tx.execute(f"{_SELECT} {_ORDER}").fetchall()]
        raise UnknownRollout(change.key.target, known=known)
    if change.number is not None and change.number != row.number:
        raise WrongState(f"{row.key.target}: {row.by} said something of it meanwhile ({row.why}): look at it again")
    held = row.held
    match change.action:
        case "promote":
            if row.held:
                raise WrongState(f"{row.key.target} is held by {row.by} ({row.why}): resume it before it is promoted")
            tx.execute(_PROMOTE, (change.share, change.promoted_for, *change.key))
        case "hold":
            held = 1
        case "resume":
            if not row.held:
                raise WrongState(f"{row.key.target} is not held")
            held = 0
    _say(tx, row, change, held=held)
    found = _row(tx, change.key)
    assert found is not None  # noqa: S101 -- it was there, and nothing deletes one
    return found


def hold_fired(tx: Transaction, change: HoldFired) -> list[str]:
    """Hold the rollouts of a step whose watch fired, and tell people, each once."""
    condition = "step = ? AND held = 0" + ("" if change.workflow is None else " AND workflow = ?")
    values = (change.step,) if change.workflow is None else (change.step, change.workflow)
    rows = [RolloutRow._make(each) for each in tx.execute(f"{_SELECT} WHERE {condition} {_ORDER}", values).fetchall()]
    held = []
    for row in rows:
        if not row.terms or (not change.is_certain and row.in_force >= 1.0):
            continue  # nothing of it is rolled out bit by bit any more
        moved = MoveRollout(row.key, "hold", None, change.by, change.why, change.at)
        _say(tx, row, moved, held=1)
        target = row.key.target
        title = f"{target} is held: people decide until somebody resumes it"
        outbox.tell(tx, Notice("hold", f"hold:{target}:{row.number + 1}", title, change.at, body=change.why))
        held.append(target)
    return held


def _say(tx: Transaction, row: RolloutRow, change: MoveRollout, *, held: int) -> None:
    tx.execute(_SAY, (held, change.at, change.by, change.why, *row.key))
    logged = (*row.key, change.at, change.action, change.share, change.by, change.why, change.verdict)
    tx.execute(_LOG, logged)


def _row(tx: Transaction, key: RolloutKey) -> RolloutRow | None:
    found = tx.execute(f"{_SELECT} WHERE {_KEY}", key).fetchone()
    return None if found is None else RolloutRow._make(found)


def record_challenge(tx: Transaction, change: RecordChallenge) -> bool:
    """Keep what a challenger answered, if the step that it challenges is recorded."""
    row = change.row
    return bool(tx.execute(_ANSWERED, (*row, row.run, row.step)).rowcount)


class RolloutRows(ABC):
    """The part of the store that knows how far things are rolled out."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def rollout(self, key: RolloutKey) -> RolloutRow | None:
        """Return one rollout; None: nobody has declared it."""
        rows = self._rows(f"{_SELECT} WHERE {_KEY}", key)
        return RolloutRow._make(rows[0]) if rows else None

    def rollouts(self) -> list[RolloutRow]:
        """Return all rollouts, by workflow, step and version."""
        return [RolloutRow._make(row) for row in self._rows(f"{_SELECT} {_ORDER}")]

    def rollout_log(self, key: RolloutKey) -> list[RolloutLogRow]:
        """Return what was said of a rollout, oldest first."""
        columns = ", ".join(f'"{name}"' for name in RolloutLogRow._fields)
        rows = self._rows(f"SELECT {columns} FROM rollout_log WHERE {_KEY} ORDER BY id", key)  # noqa: S608 -- our own column names
        return [RolloutLogRow._make(row) for row in rows]

    def challenges(self, run: int) -> list[ChallengeRow]:
        """Return what challengers answered in the run with this key."""
        columns = ", ".join(ChallengeRow._fields)
        rows = self._rows(f"SELECT {columns} FROM challenges WHERE run = ? ORDER BY step", (run,))  # noqa: S608 -- as above
        return [ChallengeRow._make(row) for row in rows]
