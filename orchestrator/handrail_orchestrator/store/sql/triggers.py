"""Writing and reading what is known of triggers: where they stand, what happened to them, what they are to fire."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from handrail_orchestrator.errors import OrchestratorError, UnknownTrigger, WrongState
from handrail_orchestrator.store import triggers as t
from handrail_orchestrator.store.fired import OVERLAP, Fired
from handrail_orchestrator.store.sql import fired
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import Fire

_ROW = ", ".join(t.TriggerRow._fields)
_SELECT = f"SELECT {_ROW} FROM triggers WHERE name = ?"  # noqa: S608 -- our own column names
_LOG = "INSERT INTO trigger_log (source, at, action, key, run_id, actor, reason) VALUES (?, ?, ?, ?, ?, ?, ?)"
_HISTORY = """
SELECT at, action, key, run_id, actor, reason FROM (
    SELECT * FROM (SELECT at, 'fired' AS action, key, run_id, actor, reason, 1 AS fired, 0 AS id FROM fired
        WHERE source = ? ORDER BY at DESC, key DESC LIMIT ?) AS fired_ones
    UNION ALL
    SELECT * FROM (SELECT at, action, key, run_id, actor, reason, 0, id FROM trigger_log
        WHERE source = ? ORDER BY id DESC LIMIT ?) AS noted
) AS happened ORDER BY at DESC, fired DESC, id DESC, key DESC LIMIT ?
"""
_CHAIN = "SELECT key FROM fired WHERE run_id = ? AND source IN (SELECT name FROM triggers WHERE watched IS NOT NULL)"


def declare(tx: Transaction, change: t.DeclareTrigger) -> t.TriggerRow:
    """Say what a trigger is."""
    statuses = "".join(f" {each} " for each in change.statuses)
    found = tx.execute(_SELECT, (change.name,)).fetchone()
    if found is None:
        tx.execute(
            "INSERT INTO triggers (name, kind, workflow, says, declared, seen, looked, watched, statuses)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                change.name, change.kind, change.workflow, change.says, change.now, change.now, change.looked,
                change.watched, statuses,
            ),
        )  # fmt: skip
        _log(tx, change.name, _event(change.now, "declared", reason=change.says))
    else:
        before = t.TriggerRow._make(found)
        tx.execute(
            "UPDATE triggers SET kind = ?, workflow = ?, says = ?, seen = ?, watched = ?, statuses = ? WHERE name = ?",
            (change.kind, change.workflow, change.says, change.now, change.watched, statuses, change.name),
        )
        if before.says != change.says:
            _log(tx, change.name, _event(change.now, "changed", reason=f"{before.says} -> {change.says}"))
            if change.looked is not None:
                tx.execute("UPDATE triggers SET looked = ? WHERE name = ?", (change.looked, change.name))
    return t.TriggerRow._make(tx.execute(_SELECT, (change.name,)).fetchone())


def pause(tx: Transaction, change: t.PauseTrigger) -> bool:
    """Let a trigger fire nothing."""
    row = _known(tx, change.name)
    if row.paused is not None:
        return False
    tx.execute("UPDATE triggers SET paused = ? WHERE name = ?", (change.now, change.name))
    _log(tx, change.name, _event(change.now, "paused", actor=change.actor, reason=change.reason))
    return True


def resume(tx: Transaction, change: t.ResumeTrigger) -> bool:
    """Let a trigger fire again, and keep when it did not."""
    row = _known(tx, change.name)
    if row.paused is None:
        return False
    pauses = json.dumps([*json.loads(row.pauses), [row.paused, max(row.paused, change.now)]])
    tx.execute("UPDATE triggers SET paused = NULL, pauses = ? WHERE name = ?", (pauses, change.name))
    _log(tx, change.name, _event(change.now, "resumed", actor=change.actor, reason=change.reason))
    return True


def ask(tx: Transaction, change: t.AskToFire) -> int:
    """Note that somebody wants a trigger to fire now."""
    if _known(tx, change.name).paused is not None:
        raise WrongState(f"trigger {change.name!r} is paused and fires nothing: resume it first")
    ((number,),) = tx.execute(
        "INSERT INTO trigger_asks (source, at, actor, payload) VALUES (?, ?, ?, ?) RETURNING id",
        (change.name, change.now, change.actor, change.payload),
    ).fetchall()
    _log(tx, change.name, _event(change.now, "asked", key=by_hand(number), actor=change.actor, reason=change.reason))
    return int(number)


def by_hand(number: int) -> str:
    """Return the key of an occurrence that somebody asked for."""
    return f"hand:{number}"


def close_ask(tx: Transaction, change: t.CloseAsk) -> bool:
    """Take a wish off the list."""
    found = tx.execute("DELETE FROM trigger_asks WHERE id = ? RETURNING source", (change.id,)).fetchone()
    if found is not None and change.refusal is not None:
        _log(tx, found[0], change.refusal)
    return found is not None


def tell(tx: Transaction, change: t.TellTrigger) -> bool:
    """Put something into a trigger's history."""
    event = change.event
    if event.key is not None:
        told = (change.trigger, event.key, event.action)
        if tx.execute("SELECT 1 FROM trigger_log WHERE source = ? AND key = ? AND action = ?", told).fetchone():
            return False
    _log(tx, change.trigger, event)
    return True


def advance(tx: Transaction, change: t.Advance) -> list[Fired] | None:
    """Fire occurrences, and note how far the trigger has looked."""
    row = _known(tx, change.trigger)
    if row.paused is not None or row.looked != change.before:
        return None
    led = [_fired_or_told(tx, fire, change.now) for fire in change.fires]
    for event in change.events:
        _log(tx, change.trigger, event)
    tx.execute("UPDATE triggers SET looked = ? WHERE name = ?", (change.after, change.trigger))
    if change.pauses_over is not None and row.pauses != "[]":
        left = [each for each in json.loads(row.pauses) if each[1] > change.pauses_over]
        tx.execute("UPDATE triggers SET pauses = ? WHERE name = ?", (json.dumps(left), change.trigger))
    return led


def take_end(tx: Transaction, change: t.TakeEnd) -> Fired | None:
    """Fire for the next end of a run."""
    if _known(tx, change.trigger).paused is not None:
        return None
    (next_one,) = tx.execute("SELECT min(number) FROM run_ends WHERE source = ?", (change.trigger,)).fetchone()
    if next_one != change.number:
        return None
    led = Fired("", new=False, state="")
    if change.fire is not None:
        led = _fired_or_told(tx, change.fire, change.fire.start.created)
    if change.event is not None:
        _log(tx, change.trigger, change.event)
    tx.execute("DELETE FROM run_ends WHERE number = ?", (change.number,))
    return led


def _fired_or_told(tx: Transaction, change: Fire, now: float) -> Fired:
    """Fire; what cannot be started is told, so that it is neither lost nor in the way of what comes next."""
    try:
        led = fired.fire(tx, change)
    except OrchestratorError as error:
        _log(tx, change.trigger, _event(now, "refused", key=change.key, reason=str(error)))
        return Fired("", new=False, state="refused")
    if led.state == OVERLAP:
        reason = f"run {led.run_id} of an earlier occurrence has not ended"
        _log(tx, change.trigger, _event(now, "skipped", key=change.key, reason=reason))
    return led


def trouble(tx: Transaction, change: t.TroubleTrigger) -> None:
    """Say why a trigger cannot look."""
    tx.execute(
        "UPDATE triggers SET trouble = ?, trouble_at = ? WHERE name = ?",
        (change.trouble, None if change.trouble is None else change.now, change.name),
    )


def forget(tx: Transaction, change: t.ForgetTrigger) -> bool:
    """Strike a trigger off the list."""
    for table in ("trigger_asks", "run_ends"):
        tx.execute(f"DELETE FROM {table} WHERE source = ?", (change.name,))  # noqa: S608 -- our own table names
    return bool(tx.execute("DELETE FROM triggers WHERE name = ?", (change.name,)).rowcount)


def _known(tx: Transaction, name: str) -> t.TriggerRow:
    found = tx.execute(_SELECT, (name,)).fetchone()
    if found is None:
        raise UnknownTrigger(name)
    return t.TriggerRow._make(found)


def _event(
    at: float, action: t.TriggerAction, *, key: str | None = None, actor: str | None = None, reason: str | None = None
) -> t.TriggerEvent:
    return t.TriggerEvent(at, action, key, None, actor, reason)


def _log(tx: Transaction, name: str, event: t.TriggerEvent) -> None:
    tx.execute(_LOG, (name, event.at, event.action, event.key, event.run_id, event.actor, event.reason))


class TriggerRows(ABC):
    """The part of the store that knows triggers."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def trigger(self, name: str) -> t.TriggerRow | None:
        """Return one trigger."""
        rows = self._rows(_SELECT, (name,))
        return t.TriggerRow._make(rows[0]) if rows else None

    def triggers(self) -> list[t.TriggerState]:
        """Return all triggers, by name."""
        sql = (
            f"SELECT (SELECT max(at) FROM fired WHERE source = name),"  # noqa: S608 -- our own column names
            f" (SELECT count(*) FROM run_ends WHERE source = name)"
            f" + (SELECT count(*) FROM trigger_asks WHERE source = name), {_ROW} FROM triggers ORDER BY name"
        )
        return [t.TriggerState(t.TriggerRow._make(row), at, waiting) for at, waiting, *row in self._rows(sql)]

    def trigger_history(self, name: str, *, limit: int) -> list[t.TriggerEvent]:
        """Return what happened to a trigger, newest first."""
        return [t.TriggerEvent._make(row) for row in self._rows(_HISTORY, (name, limit, name, limit, limit))]

    def trigger_asks(self, names: Sequence[str]) -> list[t.AskRow]:
        """Return which of some triggers somebody wants to fire, oldest first."""
        sql = "SELECT id, source, at, actor, payload FROM trigger_asks ORDER BY id"
        return [row for row in map(t.AskRow._make, self._rows(sql)) if row.trigger in names]

    def run_ends(self, trigger: str, *, limit: int) -> list[t.RunEnd]:
        """Return the ends of runs that a trigger has yet to look at."""
        sql = "SELECT number, run, status, at FROM run_ends WHERE source = ? ORDER BY number LIMIT ?"
        return [t.RunEnd._make(row) for row in self._rows(sql, (trigger, limit))]

    def fired_before(self, run_id: str, *, most: int) -> int:
        """Return how many runs stand before one that triggers started for each other's end."""
        for length in range(most):
            rows = self._rows(_CHAIN, (run_id,))
            if not rows:
                return length
            run_id = str(rows[0][0]).rpartition("@")[0]
        return most
