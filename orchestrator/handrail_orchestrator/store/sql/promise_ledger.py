"""The ledger of a promise in its order: numbering cases, reading them, and as they will stand once all are numbered."""

from handrail_orchestrator.store.promises import NumberCases, ReadAhead
from handrail_orchestrator.store.sql.transaction import Transaction

MAY_COUNT = """
c.source IS NULL AND (c.id > m.frozen_to OR m.basis = 'elsewhere' OR (m.basis = 'halves' AND c.teaches = 0))
    AND (f.upto IS NULL OR c.id <= f.upto)
"""
"""Which cases of a source may count for a version: fixed by what was written before anybody answered."""
_SOURCE = """
SELECT 1 FROM learned_sources AS f JOIN learned_models AS m ON m.stream = f.stream AND m.state <> 'given_up'
JOIN promise_cases AS c ON c.stream = f.source AND
"""
_AWAITED = f"""
{_SOURCE} c.number > f.taken_to WHERE f.stream = ? AND {MAY_COUNT}
UNION ALL {_SOURCE} c.number IS NULL WHERE f.stream = ? AND {MAY_COUNT}
"""
"""Whether a model's own cases wait for those of the one before, which came first: asked once for all of them, and of
the two kinds apart, as an index finds either."""
_NEXT_NUMBER = """
(SELECT coalesce(max(k.number), 0) FROM promise_cases AS k WHERE k.stream = ?)
    + row_number() OVER (ORDER BY CASE WHEN c.source IS NULL THEN 1 ELSE 0 END, c.id)
"""
_NUMBER = f"""
UPDATE promise_cases SET number = counted.number FROM (
    SELECT c.id AS id, {_NEXT_NUMBER} AS number
    FROM promise_cases AS c WHERE c.stream = ? AND c.number IS NULL
) AS counted WHERE promise_cases.id = counted.id AND (promise_cases.source IS NOT NULL OR NOT EXISTS ({_AWAITED}))
"""  # noqa: S608 -- a constant
MORE = f"""
SELECT 1 WHERE EXISTS (
        SELECT 1 FROM promise_cases WHERE stream = ? AND number IS NULL
            AND (source IS NOT NULL OR NOT EXISTS ({_AWAITED}))
    ) OR EXISTS (
        SELECT 1 FROM promise_cases AS c WHERE c.stream = ? AND (c.drawn = 0 OR c.verdict IS NOT NULL)
            AND c.number = (SELECT min(n.number) FROM promise_cases AS n WHERE n.stream = ? AND n.number > ?)
    )
"""  # noqa: S608 -- a constant
_JUDGED_BY = """
c.score, c.share, c.drawn, c.verdict, c.at, CASE WHEN c.source IS NULL THEN r.threshold END,
    coalesce(r.accepted_share, 1.0), CASE WHEN c.source IS NOT NULL AND r.accepted_share < r.below_share
        THEN r.accepted_share ELSE coalesce(r.below_share, 1.0) END, CASE WHEN c.source IS NULL THEN r.band_from END,
    r.grades
FROM promise_cases AS c LEFT JOIN promise_rules AS r ON r.promise = c.promise AND r.number = c.rule
"""
CASES = f"SELECT c.id, c.number, {_JUDGED_BY} WHERE c.stream = ? AND c.number > ? ORDER BY c.number LIMIT ?"
CASES_AHEAD = f"""
SELECT * FROM (
    SELECT c.id, {_NEXT_NUMBER} AS number, {_JUDGED_BY}
    WHERE c.stream = ? AND c.number IS NULL AND (c.source IS NOT NULL OR NOT EXISTS ({_AWAITED}))
) AS ahead WHERE number > ? ORDER BY number LIMIT ?
"""  # noqa: S608 -- constants
_STANDS = """
SELECT id, number, verdict FROM promise_cases WHERE stream = ? AND number > ? AND number <= ? ORDER BY number
"""


def number(tx: Transaction, change: NumberCases) -> int:
    """Number the cases of a stream that have none; nobody else writes meanwhile, so that none comes in between.

    A model's own cases are numbered behind those of the model before that count for it.
    """
    return int(tx.execute(_NUMBER, (change.stream,) * 4).rowcount)


def stands(tx: Transaction, ahead: ReadAhead) -> bool:
    """Return whether cases stand in the ledger as they were read before they had their verdicts and numbers."""
    upto = ahead.cases[-1][1] if ahead.cases else ahead.after
    found = tx.execute(_STANDS, (ahead.stream, ahead.after, upto)).fetchall()
    return [tuple(each) for each in found] == [*ahead.cases]
