"""The event log as CSV, with the column names that process mining tools know from XES."""

import csv
import io
from collections.abc import Iterable, Iterator

from handrail_ground.text import FORMULA, harmless
from handrail_orchestrator.event_log.events import LogCase, LogEvent
from handrail_orchestrator.event_log.moments import zoned

COLUMNS = (
    "case:concept:name",
    "concept:name",
    "lifecycle:transition",
    "time:timestamp",
    "org:resource",
    "org:group",
    "cost:total",
    "concept:instance",
    "handrail:kind",
    "handrail:step_status",
    "handrail:attempt",
    "case:handrail:workflow",
    "case:handrail:version",
    "case:handrail:status",
)


def csv_rows(cases: Iterable[LogCase]) -> Iterator[bytes]:
    """Yield a CSV document piece by piece, a case at a time; a case without events has no row.

    A text that a spreadsheet would take for a formula begins with an apostrophe; XES has every text as it is.
    """
    yield _line(COLUMNS)
    for case in cases:
        of_case = (_cell(case.workflow), case.version, case.status)
        yield b"".join(_line((*_cells(case.id, event), *of_case)) for event in case.events)


def _cells(case: str, event: LogEvent) -> Iterator[object]:
    yield from (_cell(case), _cell(event.activity), event.transition, zoned(event.at))
    yield from (_cell(event.resource or ""), _cell(event.owner or ""))
    yield "" if event.cost is None else repr(event.cost)
    yield from (_cell(event.step), event.kind, event.status, event.attempt)


def _line(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue().encode()


def _cell(text: str) -> str:
    seen = harmless(text)
    return f"'{seen}" if FORMULA.match(seen) else seen
