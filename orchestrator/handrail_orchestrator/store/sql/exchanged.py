"""Entering a model that comes from elsewhere, with what people answered before it; what may count is decided here."""

import json
from typing import Any

from handrail_orchestrator.store.learned import ExchangeModel
from handrail_orchestrator.store.sql import promises
from handrail_orchestrator.store.sql.transaction import Transaction

_VERSIONS = """
SELECT coalesce(max(version), 0), coalesce(sum(CASE WHEN state = 'shadow' THEN 1 ELSE 0 END), 0)
FROM learned_models WHERE workflow = ? AND step = ?
"""
_STREAMS = "SELECT id, told FROM promise_streams WHERE workflow = ? AND step = ? AND subject <> ?"
_IS_READ = """
SELECT 1 FROM promise_streams AS s WHERE s.id = ? AND (
    s.ladder IS NOT NULL OR EXISTS (SELECT 1 FROM learned_models AS m WHERE m.stream = s.id)
    OR EXISTS (SELECT 1 FROM promises AS p WHERE p.stream = s.id AND (p.rule > 0 OR p.read_to > 0))
)
"""
"""Whether a model's promise counts cases of its own already: with all of its delta."""
_NEW_STREAM = """
INSERT INTO promise_streams (workflow, step, subject, told, secret, begun) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workflow, step, subject) DO NOTHING
"""
_FREEZE = "UPDATE promise_streams SET frozen_to = (SELECT coalesce(max(id), 0) FROM promise_cases) WHERE id = ?"
_LAST = "SELECT coalesce(max(id), 0) FROM promise_cases WHERE stream = ?"
_SHARE = "UPDATE promises SET delta = delta / ? WHERE stream = ?"
"""What the promises of a model that has begun already have left of delta."""
_NEW_PROMISE = """
INSERT INTO promises (stream, terms, target, delta, begun, stops_at, answers)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (stream, terms) DO NOTHING
"""
_NEW_MODEL = """
INSERT INTO learned_models (stream, workflow, step, terms, version, basis, frozen_to, folder, state, examples, options,
    at, why)
SELECT s.id, s.workflow, s.step, ?, ?, 'elsewhere', s.frozen_to, '', 'serving', 0, 0, ?, ?
FROM promise_streams AS s WHERE s.id = ?
"""
_TAKE = """
INSERT INTO promise_cases (stream, run, seq, at, score, share, drawn, promise, rule, copy, verdict, source, teaches)
SELECT ?, c.run, c.seq, c.at, ?, c.share, c.drawn, c.promise, c.rule, c.copy, CASE WHEN c.drawn = 0 THEN NULL
    WHEN c.verdict IS NULL OR c.verdict = 'given_up' THEN 'given_up' ELSE coalesce(?, 'given_up') END, c.id, c.teaches
FROM promise_cases AS c WHERE c.id = ? AND c.source IS NULL AND c.stream IN ({alike})
ON CONFLICT DO NOTHING
"""
COUNTED_ALIKE = {"by": "", "group": "", "about": "wrong", "of": "", "counted": ""}
"""What must be the same of two subjects, so that labels of one say something of the other: all but who judges."""


def exchange(tx: Transaction, change: ExchangeModel) -> int | None:
    """Enter a model with the cases that count for it, or nothing at all."""
    place = (change.workflow, change.step)
    last, shadows = tx.execute(_VERSIONS, place).fetchone()
    key = (*place, change.subject)
    known = tx.execute(promises.STREAM, key).fetchone()
    if int(shadows) or (known is not None and tx.execute(_IS_READ, (known[0],)).fetchone()):
        return None
    tx.execute(_NEW_STREAM, (*key, change.told, change.secret, change.at))
    (stream,) = tx.execute(promises.STREAM, key).fetchone()[:1]
    version = int(last) + 1
    parts = version * (version + 1.0)
    tx.execute(_SHARE, (parts, stream))
    new = (stream, change.terms, change.target, change.delta / parts, change.at, change.stops_at, change.answers)
    tx.execute(_NEW_PROMISE, new)
    tx.execute(_FREEZE, (stream,))
    tx.execute(_NEW_MODEL, (change.terms, version, change.at, change.why, stream))
    taken = _taken(tx, change, int(stream), for_thresholds=True)
    if change.ladder is not None:  # what stands up to here gave its scores
        (upto,) = tx.execute(_LAST, (stream,)).fetchone()
        tx.execute(promises.LADDER, (change.ladder, upto, stream))
    taken += _taken(tx, change, int(stream), for_thresholds=False)
    (promise,) = tx.execute("SELECT id FROM promises WHERE stream = ? AND terms = ?", (stream, change.terms)).fetchone()
    tx.execute(promises.LOG, (promise, change.at, "rescored", change.by, change.why, None))
    return taken


def _taken(tx: Transaction, change: ExchangeModel, stream: int, *, for_thresholds: bool) -> int:
    """Enter the cases that gave the thresholds, or those that count; returns how many."""
    of_model = _counted(change.told)
    sources = tx.execute(_STREAMS, (change.workflow, change.step, change.subject)).fetchall()
    alike = [int(source) for source, told in sources if _counted(told) == of_model]
    take = _TAKE.format(alike=", ".join(["?"] * len(alike)) or "NULL")
    return sum(
        tx.execute(take, (stream, score, verdict, case, *alike)).rowcount
        for case, score, verdict in sorted(change.cases, key=lambda each: each[0])
        if (case in change.for_thresholds) is for_thresholds
    )


def _counted(told: str) -> list[Any]:
    data = json.loads(told)
    return [data.get(name, usual) for name, usual in COUNTED_ALIKE.items()]
