"""Writing and reading the versions of models that are trained again; which label counts for which is decided here."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from handrail_orchestrator.store.learned import (
    BeginModel,
    CaseBefore,
    CaseToRescore,
    CaseToTeach,
    DecideModel,
    LearnedRow,
    ScorePair,
    TakeLearning,
    TakeRescored,
)
from handrail_orchestrator.store.sql import promise_ledger, promises
from handrail_orchestrator.store.sql.transaction import Transaction

_COLUMNS = ", ".join(f"{'p.id' if name == 'promise' else f'm.{name}'}" for name in LearnedRow._fields)
_MODELS = f"""
SELECT {_COLUMNS} FROM learned_models AS m JOIN promises AS p ON p.stream = m.stream AND p.terms = m.terms
ORDER BY m.workflow, m.step, m.version
"""  # noqa: S608 -- our own column names

_NEW_STREAM = """
INSERT INTO promise_streams (workflow, step, subject, told, secret, ladder, begun, frozen_to)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow, step, subject) DO NOTHING
"""
_NEW_PROMISE = """
INSERT INTO promises (stream, terms, target, delta, state, begun, stops_at, answers)
VALUES (?, ?, ?, ?, 'shadow', ?, ?, ?)
"""
_NEW_MODEL = """
INSERT INTO learned_models (stream, workflow, step, terms, version, basis, frozen_to, folder, state, examples, options,
    at, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'shadow', ?, ?, ?, ?)
"""
_SOURCES = """
INSERT INTO learned_sources (stream, source, taken_to)
SELECT ?, s.id, 0 FROM promise_streams AS s WHERE s.workflow = ? AND s.step = ? AND s.id <> ?
"""
_BEGINS = "UPDATE learned_sources SET taken_to = ? WHERE stream = ? AND source = ?"
_SINCE = """
UPDATE learned_sources SET taken_to = coalesce((
    SELECT max(c.number) FROM promise_cases AS c WHERE c.stream = learned_sources.source
), 0) WHERE stream = ?
"""
"""Of a version for which nothing before it counts: so that its sources are not looked through again at every look."""

_NEXT = f"""
SELECT c.id, c.stream, c.number, c.drawn, c.verdict, c.score, runs.id, runs.forgotten, steps.name
FROM learned_sources AS f JOIN learned_models AS m ON m.stream = f.stream
JOIN promise_cases AS c ON c.stream = f.source LEFT JOIN runs ON runs.key = c.run
LEFT JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
WHERE f.stream = ? AND f.source = ? AND c.number > f.taken_to AND {promise_ledger.MAY_COUNT} ORDER BY c.number LIMIT ?
"""  # noqa: S608 -- a constant
_TAKE = f"""
INSERT INTO promise_cases (stream, run, seq, at, score, share, drawn, promise, rule, copy, verdict, source, teaches)
SELECT m.stream, c.run, c.seq, c.at, ?, c.share, c.drawn, c.promise, c.rule, c.copy, CASE WHEN c.drawn = 0 THEN NULL
    WHEN c.verdict = 'given_up' THEN c.verdict ELSE coalesce(?, 'given_up') END, c.id, c.teaches
FROM learned_sources AS f JOIN learned_models AS m ON m.stream = f.stream
JOIN promise_cases AS c ON c.stream = f.source
WHERE f.stream = ? AND f.source = ? AND c.id = ? AND c.number > f.taken_to AND {promise_ledger.MAY_COUNT}
    AND (c.drawn = 0 OR c.verdict IS NOT NULL)
    AND (m.basis = 'elsewhere' OR c.id <= m.frozen_to OR NOT EXISTS (
        SELECT 1 FROM promise_cases AS o JOIN promise_streams AS s ON s.id = o.stream
        WHERE s.workflow = m.workflow AND s.step = m.step AND o.copy = c.copy AND o.id <= m.frozen_to
    ))
ON CONFLICT DO NOTHING
"""  # noqa: S608 -- a constant
_TAKEN = "UPDATE learned_sources SET taken_to = ? WHERE stream = ? AND source = ? AND taken_to < ?"
_BEFORE = """
SELECT c.id, c.stream, c.copy, c.drawn, c.verdict, runs.id, runs.forgotten, steps.name
FROM promise_cases AS c JOIN promise_streams AS s ON s.id = c.stream LEFT JOIN runs ON runs.key = c.run
LEFT JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
WHERE s.workflow = ? AND s.step = ? AND c.source IS NULL ORDER BY c.id
"""
_TEACHING = """
SELECT runs.id, steps.name, c.teaches, CASE WHEN c.rule = 0 OR r.threshold IS NULL THEN 1 ELSE 0 END
FROM promise_cases AS c JOIN promise_streams AS s ON s.id = c.stream JOIN runs ON runs.key = c.run
JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
LEFT JOIN promise_rules AS r ON r.promise = c.promise AND r.number = c.rule
WHERE s.workflow = ? AND s.step = ? AND c.source IS NULL ORDER BY c.id
"""
_LOST = """
SELECT s.id, coalesce(max(CASE WHEN runs.key IS NULL THEN c.number END), 0)
FROM promise_streams AS s LEFT JOIN promise_cases AS c ON c.stream = s.id AND c.source IS NULL
LEFT JOIN runs ON runs.key = c.run WHERE s.workflow = ? AND s.step = ? GROUP BY s.id ORDER BY s.id
"""
_PAIRS = """
SELECT o.stream, o.score, c.score, c.copy FROM promise_cases AS c JOIN promise_cases AS o ON o.id = c.source
WHERE c.stream = ? ORDER BY c.id DESC LIMIT ?
"""
_DECIDE = """
UPDATE learned_models SET state = ?, decided_at = ?, verdict = ? WHERE stream = ? AND state = 'shadow'
"""
_RETIRE = """
UPDATE learned_models SET state = 'retired', decided_at = ?, verdict = ?
WHERE state = 'serving' AND stream <> ?
    AND (workflow, step) = (SELECT workflow, step FROM learned_models WHERE stream = ?)
"""
_UPTO = "UPDATE learned_sources SET upto = (SELECT coalesce(max(id), 0) FROM promise_cases) WHERE stream = ?"
"""From then on its own cases count; those that the model before judged later speak of that one alone."""
_LEASE = """
INSERT INTO learning (workflow, step, learner, until) VALUES (?, ?, ?, ?)
ON CONFLICT (workflow, step) DO UPDATE SET learner = excluded.learner, until = excluded.until
WHERE learning.until <= ? OR learning.learner = excluded.learner OR learning.until > ?
"""


def begin(tx: Transaction, change: BeginModel) -> int | None:
    """Enter a version with its stream and promise, or nothing at all."""
    (last, shadows) = tx.execute(
        "SELECT coalesce(max(version), 0), coalesce(sum(CASE WHEN state = 'shadow' THEN 1 ELSE 0 END), 0)"
        " FROM learned_models WHERE workflow = ? AND step = ?",
        (change.workflow, change.step),
    ).fetchone()
    if int(last) + 1 != change.version or int(shadows):
        return None
    (frozen_to,) = tx.execute("SELECT coalesce(max(id), 0) FROM promise_cases").fetchone()
    key = (change.workflow, change.step, change.subject)
    new = (*key, change.told, change.secret, change.ladder, change.at, frozen_to)
    if tx.execute(_NEW_STREAM, new).rowcount != 1:
        return None
    (stream,) = tx.execute(promises.STREAM, key).fetchone()[:1]
    part = change.delta / (change.version * (change.version + 1))
    promised = (stream, change.terms, change.target, part, change.at, change.stops_at, change.answers)
    tx.execute(_NEW_PROMISE, promised)
    tx.execute(
        _NEW_MODEL,
        (
            stream, change.workflow, change.step, change.terms, change.version, change.basis, frozen_to, change.folder,
            change.examples, change.options, change.at, change.why,
        ),
    )  # fmt: skip
    tx.execute(_SOURCES, (stream, change.workflow, change.step, stream))
    for source, number in change.begins:
        tx.execute(_BEGINS, (number, stream, source))
    if change.basis == "since":
        tx.execute(_SINCE, (stream,))
    (promise,) = tx.execute("SELECT id FROM promises WHERE stream = ? AND terms = ?", (stream, change.terms)).fetchone()
    tx.execute(promises.LOG, (promise, change.at, "trained", change.by, change.why, None))
    return int(stream)


def take_rescored(tx: Transaction, change: TakeRescored) -> int:
    """Enter cases under a version, and remember how far its source was looked at."""
    taken = 0
    for case, score, verdict in change.cases:
        taken += tx.execute(_TAKE, (score, verdict, change.stream, change.source, case)).rowcount
    tx.execute(_TAKEN, (change.upto, change.stream, change.source, change.upto))
    return taken


def decide(tx: Transaction, change: DecideModel) -> bool:
    """Say what becomes of a version, and move its promise, or do neither."""
    if not promises.can_move(tx, change.move) or (change.state == "serving" and _is_paused(tx, change.stands_for)):
        return False
    if tx.execute(_DECIDE, (change.state, change.at, change.why, change.stream)).rowcount != 1:
        return False
    if change.state == "serving":
        why = "a version that was trained later serves"
        tx.execute(_RETIRE, (change.at, why, change.stream, change.stream))
        tx.execute(_UPTO, (change.stream,))
    return promises.move(tx, change.move)


def _is_paused(tx: Transaction, promise: int | None) -> bool:
    """Return whether a person has paused a promise, perhaps since it was looked at."""
    found = None if promise is None else tx.execute("SELECT state FROM promises WHERE id = ?", (promise,)).fetchone()
    return found is not None and found[0] == "paused"


def take(tx: Transaction, change: TakeLearning) -> bool:
    """Take a step's training."""
    lease = (change.workflow, change.step, change.learner, change.until, change.now)
    return tx.execute(_LEASE, (*lease, promises.longest_lease(change.now, change.until))).rowcount == 1


class LearnedRows(ABC):
    """The part of the store that knows models that are trained again."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def learned_models(self) -> list[LearnedRow]:
        """Return all versions, by workflow, step and version."""
        return [LearnedRow._make(row) for row in self._rows(_MODELS)]

    def cases_to_rescore(self, stream: int, *, limit: int) -> list[CaseToRescore]:
        """Return the next cases that may count for a version, of one stream, up to the first that is still open."""
        sources = self._rows("SELECT source FROM learned_sources WHERE stream = ? ORDER BY source", (stream,))
        for (source,) in sources:
            rows = [CaseToRescore._make(row) for row in self._rows(_NEXT, (stream, source, limit))]
            ready = next((place for place, each in enumerate(rows) if each.drawn and each.verdict is None), len(rows))
            if rows:
                return rows[:ready]  # one that is still open holds up those of later streams too
        return []

    def cases_before(self, workflow: str, step: str) -> list[CaseBefore]:
        """Return all cases of a step as the models judged them that answered it, oldest first."""
        return [CaseBefore._make(row) for row in self._rows(_BEFORE, (workflow, step))]

    def cases_to_teach(self, workflow: str, step: str) -> list[CaseToTeach]:
        """Return all cases of a step whose runs are there, oldest first."""
        return [CaseToTeach._make(row) for row in self._rows(_TEACHING, (workflow, step))]

    def last_lost(self, workflow: str, step: str) -> list[tuple[int, int]]:
        """Return the streams of a step, each with the number of its last case whose run was deleted; 0: none."""
        return [(int(stream), int(number)) for stream, number in self._rows(_LOST, (workflow, step))]

    def score_pairs(self, stream: int, limit: int) -> list[ScorePair]:
        """Return the newest cases that were scored again under a version, as both models score them."""
        return [ScorePair._make(row) for row in self._rows(_PAIRS, (stream, limit))]
