"""Which due runs an engine elsewhere is told of, by whom: each by one worker, and again if nothing comes of it."""

from handrail_orchestrator.store.claiming import ClaimRings, Ring, Rings
from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.sql import claims, pauses, systems
from handrail_orchestrator.store.sql.review_query import next_timer_sql
from handrail_orchestrator.store.sql.transaction import Transaction

PATIENCE_SECONDS = 30.0
"""After which somebody tells of a run again that nobody has claimed; each time twice as long, up to ..."""
MOST_PATIENCE_SECONDS = 3600.0

_DUE = f"""
SELECT runs.key, runs.id, runs.started IS NULL FROM runs LEFT JOIN rung ON rung.run = runs.key
WHERE runs.workflow = ? AND runs.priority = ? AND runs.wake <= ? AND (rung.run IS NULL OR rung.again <= ?)
AND (runs.status != 'waiting' OR runs.wake = {DUE} OR runs.wake <= ?)
ORDER BY runs.wake, runs.key LIMIT ?
"""  # noqa: S608 -- a constant
_NEXT = "SELECT wake FROM runs WHERE workflow = ? AND priority = ? AND wake > ? ORDER BY wake LIMIT 1"
_TAKE = f"""
INSERT INTO rung (run, again, patience) VALUES (?, ?, {PATIENCE_SECONDS}) ON CONFLICT (run) DO UPDATE SET
    again = excluded.again - {PATIENCE_SECONDS} + CASE
        WHEN 2 * rung.patience > {MOST_PATIENCE_SECONDS} THEN {MOST_PATIENCE_SECONDS} ELSE 2 * rung.patience END,
    patience = CASE
        WHEN 2 * rung.patience > {MOST_PATIENCE_SECONDS} THEN {MOST_PATIENCE_SECONDS} ELSE 2 * rung.patience END
"""  # noqa: S608 -- constants


def take(tx: Transaction, change: ClaimRings) -> Rings:
    """Give the due runs that nobody tells of to whoever asks, the most urgent first."""
    paused = pauses.paused_workflows(tx)
    versions = [each for each in change.versions if each[0] not in paused]
    failing, next_look = systems.look(tx, versions, change.now)
    rings: list[Ring] = []
    nexts = [] if next_look is None else [next_look]
    for lane in claims.lanes(tx, versions):
        place = (lane.workflow, lane.priority)
        room = change.most - len(rings)
        if room > 0:
            rows = tx.execute(_DUE, (*place, change.now, change.now, change.late, room)).fetchall()
            rings += [Ring(key, run_id, lane.name, lane.version, bool(is_new)) for key, run_id, is_new in rows]
        nexts += [float(wake) for (wake,) in tx.execute(_NEXT, (*place, change.now)).fetchall()]
    for ring in rings:
        tx.execute(_TAKE, (ring.key, change.now + PATIENCE_SECONDS))
    next_timer = tx.execute(*next_timer_sql(change.now)).fetchone()[0]
    return Rings(rings, min(nexts, default=None), paused, failing, next_timer)
