"""Reading the audit log and every decision, row by row, as they are at one moment."""

from collections.abc import Iterable, Iterator
from typing import Any

from handrail_orchestrator.store.chain import HASHED, ChainedRow, LogGap, LogHead
from handrail_orchestrator.store.evidence import DecidedItem, DecisionQuery, DecisionRow
from handrail_orchestrator.store.flows import FlowQuery, LoggedStep
from handrail_orchestrator.store.forgetting import BlankedRow
from handrail_orchestrator.store.rows import AUDIT
from handrail_orchestrator.store.sql.audit import HEAD
from handrail_orchestrator.store.sql.database import Database
from handrail_orchestrator.store.sql.flows import logged, logged_sql

AT_ONCE = 256
"""Rows fetched in one go."""

_LOG = f"SELECT {', '.join(HASHED)}, hash FROM review_log"  # noqa: S608 -- our own column names
_ITEM = ", ".join("schemas.body" if name == "schema" else f"reviews.{name}" for name in DecidedItem._fields)
_ITEMS = f"SELECT {_ITEM} FROM reviews JOIN schemas ON schemas.id = reviews.schema ORDER BY reviews.id"  # noqa: S608 -- as above
_GAPS = f"SELECT {', '.join(LogGap._fields)} FROM audit_gaps ORDER BY first"  # noqa: S608 -- as above

_DECIDING = "SELECT max(id) FROM review_log WHERE review = reviews.id AND state = 'decided' AND action != 'note'"
_ASKED = """
    reviews.id, reviews.kind, reviews.queue, reviews.title, reviews.created, reviews.reason, reviews.suggestion,
    reviews.context, reviews.digest, reviews.note, deciding.id, deciding.hash, deciding.data,
    (SELECT coalesce(json_group_array(id), '[]') FROM (
        SELECT files.id FROM run_files JOIN files ON files.number = run_files.file
        WHERE run_files.run = runs.key ORDER BY files.id) AS used)
"""


def _by_steps(table: str, own_review: str, *, superseded: bool) -> str:
    return f"""
SELECT runs.id, workflows.name, workflows.version, runs.code, steps.name, steps.kind, steps.status, steps.ended,
    steps.input, steps.output, steps.error, steps.decided_by, steps.confidence, steps.source, steps.verdicts,
    steps.seq <= runs.copied_seq, {int(superseded)}, judged.output, {_ASKED}
FROM {table} AS steps JOIN runs ON runs.key = steps.run JOIN workflows ON workflows.id = runs.workflow
LEFT JOIN reviews ON steps.kind = 'human' AND reviews.run = steps.run AND {own_review}
LEFT JOIN review_log AS deciding ON deciding.id = ({_DECIDING})
LEFT JOIN steps AS judged ON reviews.kind = 'decide' AND judged.run = steps.run
    AND judged.name = substr(steps.name, 1, length(steps.name) - length('/review'))
WHERE steps.decided_by IS NOT NULL AND steps.ended >= ? AND steps.ended < ? AND (? IS NULL OR workflows.name = ?)
ORDER BY steps.run, steps.seq, steps.name
"""  # noqa: S608 -- constants


_BY_STEPS = _by_steps("steps", "reviews.step = steps.name", superseded=False)
_BY_ARCHIVED = _by_steps(
    "archived_steps",  # the item of one has another name since, and several may have been asked under the same one
    "reviews.decided = steps.ended AND substr(reviews.step, 1, length(steps.name) + 1) = steps.name || '!'",
    superseded=True,
)
_BY_AUDITS = f"""
SELECT runs.id, workflows.name, workflows.version, runs.code, reviews.step, '{AUDIT}', 'done', reviews.decided,
    NULL, reviews.decision, NULL, reviews.decided_by, NULL, 'person', NULL, 0, 0, judged.output, {_ASKED}
FROM reviews JOIN runs ON runs.key = reviews.run JOIN workflows ON workflows.id = runs.workflow
LEFT JOIN review_log AS deciding ON deciding.id = ({_DECIDING})
LEFT JOIN steps AS judged ON judged.run = reviews.run
    AND judged.name = substr(reviews.step, 1, length(reviews.step) - length('/{AUDIT}'))
WHERE reviews.kind = '{AUDIT}' AND reviews.state = 'decided' AND reviews.decided >= ? AND reviews.decided < ?
    AND (? IS NULL OR workflows.name = ?)
ORDER BY reviews.id
"""  # noqa: S608 -- constants


class SqlEvidence:
    """What a connection sees in the transaction that it is in."""

    def __init__(self, connection: Database) -> None:
        self._connection = connection

    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.execute(sql, tuple(parameters))
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows

    def head(self) -> LogHead:
        """Return where the audit log ends."""
        found = self._connection.execute("SELECT value FROM settings WHERE name = ?", (HEAD,)).fetchone()
        return LogHead.read(found[0] if found else None)

    def log(self) -> Iterator[ChainedRow]:
        """Yield the audit log, oldest row first."""
        return map(ChainedRow._make, self._rows(f"{_LOG} ORDER BY id"))

    def log_by_item(self) -> Iterator[ChainedRow]:
        """Yield the rows of review items by the item's number, oldest first."""
        return map(ChainedRow._make, self._rows(f"{_LOG} WHERE review > 0 ORDER BY review, id"))

    def gaps(self) -> Iterator[LogGap]:
        """Yield what pruning took out of the log, in order."""
        return map(LogGap._make, self._rows(_GAPS))

    def blanks(self) -> Iterator[BlankedRow]:
        """Yield the rows of the log whose data was blanked, in order."""
        return map(BlankedRow._make, self._rows("SELECT * FROM audit_blanks ORDER BY row"))

    def items(self) -> Iterator[DecidedItem]:
        """Yield what review items say now, by number."""
        return map(DecidedItem._make, self._rows(_ITEMS))

    def decisions(self, query: DecisionQuery) -> Iterator[DecisionRow]:
        """Yield decisions: of steps by run, in order of recording; then of steps that a retry archived; then audits."""
        wanted = (query.since, query.before, query.workflow, query.workflow)
        for sql in (_BY_STEPS, _BY_ARCHIVED, _BY_AUDITS):
            for row in self._rows(sql, wanted):
                yield DecisionRow._make(row)

    def steps(self, query: FlowQuery) -> Iterator[LoggedStep]:
        """Yield the steps of runs, run by run, the oldest first; those of one run in no order."""
        return map(logged, self._rows(*logged_sql(query)))
