"""Writing and reading promises: the ledger of their cases, the rules in force, and what was said of them."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from handrail_ground.hashing import hash_of_text
from handrail_ground.shares import Weighed
from handrail_orchestrator.store.promises import (
    CaseVerdict,
    ContradictionRow,
    MovePromise,
    OpenCaseRow,
    PromiseCase,
    PromiseCaseRow,
    PromiseCounts,
    PromiseLogRow,
    PromiseRow,
    PromiseRuleRow,
    SetLadder,
    SettleCases,
    TakePromise,
    ThirdLookRow,
)
from handrail_orchestrator.store.rows import AUDIT, SECOND
from handrail_orchestrator.store.sql import outbox
from handrail_orchestrator.store.sql.promise_groups import is_one_too_many
from handrail_orchestrator.store.sql.promise_ledger import CASES, CASES_AHEAD, MORE, stands
from handrail_orchestrator.store.sql.transaction import Transaction

_OF_STREAM = frozenset({"workflow", "step", "subject", "told", "secret", "ladder", "ladder_to"})
_COLUMNS = ", ".join(f"{'s' if name in _OF_STREAM else 'p'}.{name}" for name in PromiseRow._fields)
_LONG = frozenset({"ladder", "checkpoint"})
_SHORT = ", ".join(
    f"NULL AS {name}" if name in _LONG else f"{'s' if name in _OF_STREAM else 'p'}.{name}"
    for name in PromiseRow._fields
)
_SELECT_SHORT = f"SELECT {_SHORT} FROM promises AS p JOIN promise_streams AS s ON s.id = p.stream"  # noqa: S608 -- our own column names
_SELECT = f"SELECT {_COLUMNS} FROM promises AS p JOIN promise_streams AS s ON s.id = p.stream"  # noqa: S608 -- our own column names

MOST_AT_ONCE = 500
"""Values that are asked for in one statement."""

STREAM = "SELECT id, frozen_to FROM promise_streams WHERE workflow = ? AND step = ? AND subject = ?"
_NEW_STREAM = """
INSERT INTO promise_streams (workflow, step, subject, told, secret, begun) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workflow, step, subject) DO NOTHING
"""
_TRAINED = """
SELECT m.frozen_to, s.told FROM learned_models AS m JOIN promise_streams AS s ON s.id = m.stream
WHERE m.step = ? AND m.basis <> 'elsewhere'
"""
_FREEZE = "UPDATE promise_streams SET frozen_to = ? WHERE workflow = ? AND step = ? AND subject = ?"
_NEW_PROMISE = """
INSERT INTO promises (stream, terms, target, delta, begun, second_looks, stops_at, answers)
SELECT ?, ?, ?, ? / coalesce((SELECT m.version * (m.version + 1.0) FROM learned_models AS m WHERE m.stream = ?), 1.0),
    ?, ?, ?, ?
WHERE 1 = 1 ON CONFLICT (stream, terms) DO NOTHING
"""
_NEW_CASE = """
INSERT INTO promise_cases (stream, run, seq, at, score, share, drawn, accepted, promise, rule, copy, teaches)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_KNOWN = """
SELECT 1 FROM promise_cases AS c JOIN promise_streams AS s ON s.id = c.stream
WHERE s.step = ? AND c.copy = ? AND c.id <= ? LIMIT 1
"""
"""Whether an input was there, in whatever workflow, before a model was made that may have learned from it."""
_SETTLE = "UPDATE promise_cases SET verdict = ? WHERE drawn = 1 AND verdict IS NULL AND id IN"
_TAKE = """
UPDATE promises SET keeper = ?, kept_until = ? WHERE id = ? AND (kept_until <= ? OR keeper = ? OR kept_until > ?)
"""
LADDER = "UPDATE promise_streams SET ladder = ?, ladder_to = ? WHERE id = ? AND ladder IS NULL"
_MOVED = "UPDATE promises SET state = ?, why = ?, read_to = ?, checkpoint = ?, version = version + 1, kept_until = 0"
"""Whoever has moved it on is done with it."""
_IN_FORCE = """rule = rule + 1, threshold = ?, accepted_share = ?, below_share = ?, band_from = ?, labels = ?,
believed = ?, grades = ?, set_at = ?"""
_MOVE = f"{_MOVED} WHERE id = ? AND version = ?"
_MOVE_TO_RULE = f"{_MOVED}, {_IN_FORCE} WHERE id = ? AND version = ?"
"""Both at once, as a checkpoint takes tens of kilobytes, and SQLite writes a row whole."""
_RULE = """
INSERT INTO promise_rules (promise, number, at, threshold, accepted_share, below_share, band_from, cases, labels, wrong,
    why, believed, grades)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
LOG = 'INSERT INTO promise_log (promise, at, action, "by", why, data) VALUES (?, ?, ?, ?, ?, ?)'

_BY_PERSON = "steps.status = 'done' AND reviews.state = 'decided' AND reviews.decided_by LIKE 'person:%'"
_SAYS_SOMETHING = """
reviews.state IN ('decided', 'cancelled', 'expired') OR c.at < ? OR runs.forgotten IS NOT NULL OR steps.name IS NULL
"""
_REPEATS = """
substr(steps.output, 1, length(reviews.decision) + 23) IN (
    '{"value":' || reviews.decision || ',"judgement":{', '{"suggestion":' || reviews.decision || ',"code":"')
"""
"""Whether a step recorded the very value that a person decided; never so of values that are sealed."""
_OPEN = f"""
SELECT c.id, c.at, runs.id, runs.forgotten, steps.name, reviews.state, reviews.decided_by, reviews.id, again.id,
    again.state, again.decided_by,
    CASE WHEN {_BY_PERSON} THEN CASE WHEN {_REPEATS} THEN NULL ELSE steps.output END END,
    CASE WHEN {_BY_PERSON} THEN reviews.decision END
FROM promise_cases AS c LEFT JOIN runs ON runs.key = c.run
LEFT JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
LEFT JOIN reviews ON reviews.run = steps.run AND reviews.step IN (steps.name || '/review', steps.name || '/{AUDIT}')
LEFT JOIN reviews AS again ON again.run = steps.run AND again.step = steps.name || '/{SECOND}'
WHERE c.stream = ? AND c.drawn = 1 AND c.verdict IS NULL AND c.id > ? AND (1 = ? OR {_SAYS_SOMETHING})
ORDER BY c.id LIMIT ?
"""  # noqa: S608 -- constants
_THIRD = f"""
SELECT c.id, c.repeated, runs.id, steps.name, c.third, reviews.state, reviews.decided_by,
    CASE WHEN {_BY_PERSON} THEN steps.output END
FROM promise_cases AS c LEFT JOIN runs ON runs.key = c.run
LEFT JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
LEFT JOIN reviews ON reviews.id = c.third
WHERE c.stream = ? AND c.third IS NOT NULL ORDER BY c.third LIMIT ?
"""  # noqa: S608 -- a constant
_CONTRADICTED = f"""
SELECT runs.id, steps.name, reviews.id, c.score, reviews.decided_by
FROM promise_cases AS c JOIN runs ON runs.key = c.run AND runs.forgotten IS NULL
JOIN steps ON steps.run = c.run AND steps.seq = c.seq AND steps.kind = 'ai'
JOIN reviews ON reviews.run = steps.run AND reviews.step IN (steps.name || '/review', steps.name || '/{AUDIT}')
WHERE c.stream = ? AND c.verdict = 'wrong' AND c.source IS NULL ORDER BY c.score DESC, c.id LIMIT ?
"""  # noqa: S608 -- a constant
_ACCEPTED = "c.accepted = 1"
_WRONG = "c.verdict IS NOT NULL AND c.verdict != 'right'"
_ANSWERED = f"{_ACCEPTED} AND c.verdict IS NOT NULL"
_COUNTS = f"""
SELECT r.grades, r.accepted_share, n.* FROM (
    SELECT c.promise, c.rule, count(*), coalesce(sum(CASE WHEN {_ACCEPTED} THEN 1 ELSE 0 END), 0),
        coalesce(sum(c.drawn), 0), coalesce(sum(CASE WHEN c.verdict IS NOT NULL THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_WRONG} THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_ANSWERED} THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_ACCEPTED} AND {_WRONG} THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_ACCEPTED} AND {_WRONG} THEN 1 / c.share ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_ANSWERED} THEN 1 / c.share ELSE 0 END), 0),
        coalesce(sum(CASE WHEN {_ANSWERED} THEN 1 / (c.share * c.share) ELSE 0 END), 0)
    FROM promise_cases AS c WHERE c.stream = ? AND c.source IS NULL GROUP BY c.promise, c.rule
) AS n LEFT JOIN promise_rules AS r ON r.promise = n.promise AND r.number = n.rule
"""  # noqa: S608 -- constants
"""By the rule that judged them: with grades, an answer stands for the rule's share of all over its own."""

_JUDGED = f"""
SELECT c.rule, count(*), coalesce(sum(CASE WHEN {_ACCEPTED} THEN 1 ELSE 0 END), 0)
FROM promise_cases AS c WHERE c.stream = ? AND c.source IS NULL AND c.promise IN (0, ?)
GROUP BY c.rule ORDER BY c.rule
"""  # noqa: S608 -- constants


def record_case(tx: Transaction, run: int, seq: int, case: PromiseCase) -> None:
    """Write a case into the ledger; a copy of an earlier one is left out."""
    key = (case.workflow, case.step, case.subject)
    found = tx.execute(STREAM, key).fetchone()
    if found is None:
        if is_one_too_many(tx, case):
            return
        tx.execute(_NEW_STREAM, (*key, case.told, case.secret, case.at))
        tx.execute(_FREEZE, (_learned_to(tx, case), *key))
        found = tx.execute(STREAM, key).fetchone()
    stream, frozen_to = int(found[0]), int(found[1])
    if not case.promise:
        about = (case.terms, case.target, case.delta, stream, case.at)
        tx.execute(_NEW_PROMISE, (stream, *about, int(case.second_looks), case.stops_at, case.answers))
    if frozen_to and tx.execute(_KNOWN, (case.step, case.copy, frozen_to)).fetchone():
        return
    row = (
        stream, run, seq, case.at, case.score, case.share, int(case.drawn), int(case.accepted), case.promise,
        case.rule, case.copy, teaches(case),
    )  # fmt: skip
    tx.execute(_NEW_CASE, row)


def _learned_to(tx: Transaction, case: PromiseCase) -> int:
    """Return the last case that a version which was trained here may know, whatever asks it now, and how."""
    rows = tx.execute(_TRAINED, (case.step,)).fetchall()
    model = json.loads(case.told).get("model") if rows else None
    return max((int(frozen_to) for frozen_to, told in rows if json.loads(told).get("model") == model), default=0)


def teaches(case: PromiseCase) -> int:
    """Return whether a case's text falls into the teaching half: fixed at its arrival, the same for every model."""
    return int(hash_of_text(f"half/{case.workflow}/{case.step}/{case.copy}", digits=8), 16) % 2


def settle(tx: Transaction, change: SettleCases) -> None:
    """Keep verdicts; one that is there stays."""
    found: dict[CaseVerdict, list[int]] = {}
    for case, verdict in change.verdicts:
        found.setdefault(verdict, []).append(case)
    for verdict, cases in found.items():
        for start in range(0, len(cases), MOST_AT_ONCE):
            these = cases[start : start + MOST_AT_ONCE]
            tx.execute(f"{_SETTLE} ({', '.join('?' * len(these))})", (verdict, *these))
    for case, repeated in change.repeats:
        tx.execute("UPDATE promise_cases SET repeated = ? WHERE id = ? AND repeated IS NULL", (repeated, case))


def take(tx: Transaction, change: TakePromise) -> bool:
    """Take a promise's keeping."""
    lease = (change.keeper, change.until, change.promise, change.now, change.keeper)
    return tx.execute(_TAKE, (*lease, longest_lease(change.now, change.until))).rowcount == 1


def longest_lease(now: float, until: float) -> float:
    """Return until when nobody can hold a lease that others take as long: it was taken while a clock was ahead.

    Who gives a lease back, by taking it until now, takes nobody else's.
    """
    return until + (until - now) if until > now else math.inf


def set_ladder(tx: Transaction, change: SetLadder) -> bool:
    """Fix a stream's thresholds."""
    return tx.execute(LADDER, (change.ladder, change.upto, change.stream)).rowcount == 1


def can_move(tx: Transaction, change: MovePromise) -> bool:
    """Return whether a promise is still as it was looked at."""
    found = tx.execute("SELECT version FROM promises WHERE id = ?", (change.promise,)).fetchone()
    return found is not None and int(found[0]) == change.version


def move(tx: Transaction, change: MovePromise) -> bool:
    """Move a promise on, with its rule and what is to be known of it, or leave all as it is."""
    if change.ahead is not None and not stands(tx, change.ahead):
        return False
    rule, now = change.rule, (change.state, change.why, change.read_to, change.checkpoint)
    if rule is None:
        moved = tx.execute(_MOVE, (*now, change.promise, change.version))
    else:
        shares = (rule.threshold, rule.accepted_share, rule.below_share, rule.band_from)
        in_force = (*shares, rule.labels, rule.believed, rule.grades, change.at)
        moved = tx.execute(_MOVE_TO_RULE, (*now, *in_force, change.promise, change.version))
    if moved.rowcount != 1:
        return False
    if rule is not None:
        (place,) = tx.execute("SELECT rule FROM promises WHERE id = ?", (change.promise,)).fetchone()
        tx.execute(_RULE, (change.promise, int(place), change.at, *rule))
    for note in change.notes:
        tx.execute(LOG, (change.promise, change.at, note.action, change.by, note.why, note.data))
    if change.notice is not None:
        outbox.tell(tx, change.notice)
    return True


def _counted(rows: Sequence[Any]) -> PromiseCounts:
    """Return what cases come to that are counted by rule."""
    counts, sums, is_graded = [0] * 7, [0.0] * 3, False
    for grades, even, _, _, *found in rows:
        counts = [count + int(more) for count, more in zip(counts, found, strict=False)]
        answered, wrong = int(found[5]), int(found[6])
        told: Sequence[float] = (wrong, answered, answered)
        if grades is not None:
            is_graded = True
            told = [float(each) * even**power for each, power in zip(found[7:], (1, 1, 2), strict=True)]
        sums = [total + more for total, more in zip(sums, told, strict=True)]
    return PromiseCounts._make([*counts, Weighed._make(sums) if is_graded else None])


class PromiseRows(ABC):
    """The part of the store that knows promises."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def promise_of(self, workflow: str, step: str, subject: str, terms: str) -> PromiseRow | None:
        """Return the promise of what judges, without its thresholds to try and where its keeper stands."""
        where = "WHERE s.workflow = ? AND s.step = ? AND s.subject = ? AND p.terms = ?"
        rows = self._rows(f"{_SELECT_SHORT} {where}", (workflow, step, subject, terms))
        return PromiseRow._make(rows[0]) if rows else None

    def promises(self) -> list[PromiseRow]:
        """Return all promises, by workflow, step and when they began."""
        return [PromiseRow._make(row) for row in self._rows(f"{_SELECT} ORDER BY s.workflow, s.step, p.id")]

    def promises_of_step(self, workflow: str, step: str) -> list[PromiseRow]:
        """Return the promises of a step; without their thresholds to try and where their keeper stands."""
        rows = self._rows(f"{_SELECT_SHORT} WHERE s.workflow = ? AND s.step = ? ORDER BY p.id", (workflow, step))
        return [PromiseRow._make(row) for row in rows]

    def promise_rules(self, promise: int) -> list[PromiseRuleRow]:
        """Return the rules that a promise was ever kept by, oldest first."""
        columns = ", ".join(PromiseRuleRow._fields)
        rows = self._rows(f"SELECT {columns} FROM promise_rules WHERE promise = ? ORDER BY number", (promise,))  # noqa: S608 -- our own column names
        return [PromiseRuleRow._make(row) for row in rows]

    def promise_log(self, promise: int) -> list[PromiseLogRow]:
        """Return what was decided about a promise, oldest first."""
        columns = ", ".join(f'"{name}"' for name in PromiseLogRow._fields)
        rows = self._rows(f"SELECT {columns} FROM promise_log WHERE promise = ? ORDER BY id", (promise,))  # noqa: S608 -- as above
        return [PromiseLogRow._make(row) for row in rows]

    def promise_last_case(self, stream: int, *, promise: int | None = None) -> int:
        """Return the id of the last case of a stream, or of those judged by a promise's rules; 0: there is none."""
        of_all = "SELECT coalesce(max(id), 0) FROM promise_cases WHERE stream = ? AND source IS NULL"
        if promise is None:
            ((last,),) = self._rows(of_all, (stream,))
        else:
            ((last,),) = self._rows(f"{of_all} AND promise = ?", (stream, promise))
        return int(last)

    def promise_counts(self, stream: int) -> PromiseCounts:
        """Return what became of the cases of a stream."""
        return _counted(self._rows(_COUNTS, (stream,)))

    def promise_judged(self, stream: int, promise: int) -> list[tuple[int, int, int]]:
        """Return the rules of a promise by which cases were judged, each with how many, and how many it accepted."""
        return [
            (int(rule), int(cases), int(accepted)) for rule, cases, accepted in self._rows(_JUDGED, (stream, promise))
        ]

    def promise_answered(self, stream: int, copies: Sequence[str]) -> set[str]:
        """Return those of these inputs, by the marks of their copies, that a stream was asked about blind."""
        found: set[str] = set()
        for start in range(0, len(copies), MOST_AT_ONCE):
            these = copies[start : start + MOST_AT_ONCE]
            marks = ", ".join("?" * len(these))
            where = f"stream = ? AND drawn = 1 AND copy IN ({marks})"
            rows = self._rows(f"SELECT DISTINCT copy FROM promise_cases WHERE {where}", (stream, *these))  # noqa: S608 -- question marks
            found |= {str(copy) for (copy,) in rows}
        return found

    def promise_has_more(self, stream: int, read_to: int) -> bool:
        """Return whether there are cases to be read: one without a number, or the next one is not open any more."""
        return bool(self._rows(MORE, (*(stream,) * 5, read_to)))

    def promise_cases(self, stream: int, *, after: int, limit: int) -> list[PromiseCaseRow]:
        """Return the numbered cases behind one, in their order."""
        return [PromiseCaseRow._make(row) for row in self._rows(CASES, (stream, after, limit))]

    def promise_cases_ahead(self, stream: int, *, after: int, limit: int) -> list[PromiseCaseRow]:
        """Return the cases without a number that would get one now, behind one, each with the number it would get."""
        rows = self._rows(CASES_AHEAD, (*(stream,) * 4, after, limit))
        return [PromiseCaseRow._make(row) for row in rows]

    def promise_scores(self, stream: int, limit: int) -> list[tuple[int, float]]:
        """Return the ids and scores of a stream's first cases."""
        these = "stream = ? AND score >= 0"  # others are never accepted at any threshold
        rows = self._rows(f"SELECT id, score FROM promise_cases WHERE {these} ORDER BY id LIMIT ?", (stream, limit))  # noqa: S608 -- a constant
        return [(int(case), float(score)) for case, score in rows]

    def open_cases(
        self, stream: int, *, after: int, limit: int, given_up_before: float | None = None
    ) -> list[OpenCaseRow]:
        """Return drawn cases without a verdict, by id behind one; all, or those of which something may be said."""
        which = (stream, after, int(given_up_before is None), given_up_before or 0.0, limit)
        return [OpenCaseRow._make(row) for row in self._rows(_OPEN, which)]

    def surest_contradictions(self, stream: int, *, limit: int) -> list[ContradictionRow]:
        """Return the cases that were found wrong, the surest of them first, as far as their runs are there."""
        return [ContradictionRow._make(row) for row in self._rows(_CONTRADICTED, (stream, limit))]

    def third_looks(self, stream: int, *, limit: int) -> list[ThirdLookRow]:
        """Return the cases of a stream that were asked a third time, in the order in which they were."""
        return [ThirdLookRow._make(row) for row in self._rows(_THIRD, (stream, limit))]
