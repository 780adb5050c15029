"""Review items beside their rows of the audit log: what the items say now is what was written last."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.review.late import GENTLE
from handrail_orchestrator.shown import question_of
from handrail_orchestrator.store.chain import ChainedRow
from handrail_orchestrator.store.evidence import DecidedItem
from handrail_orchestrator.store.rows import QUESTION

_KEEPS = frozenset(f"policy:{policy}" for policy in GENTLE)
"""Who leaves an item at its version."""


NOTE = "note"
"""The change that leaves an item as it is: a decided one can be spoken of as well."""


def disagreements(items: Iterable[DecidedItem], rows: Iterable[ChainedRow]) -> Iterator[AuditFinding]:
    """Yield where items and their rows differ; both come by the item's number, an item's rows oldest first."""
    logged = groupby(rows, key=attrgetter("review"))
    current = next(logged, None)
    for item in items:
        while current is not None and current[0] < item.id:
            yield _without_item(current[0], current[1])
            current = next(logged, None)
        own: Iterable[ChainedRow] = ()
        if current is not None and current[0] == item.id:
            own = list(current[1])
            current = next(logged, None)
        yield from _of_item(item, list(own))
    for number, own in chain([] if current is None else [current], logged):
        yield _without_item(number, own)


def _without_item(number: int, rows: Iterable[ChainedRow]) -> AuditFinding:
    return AuditFinding(next(iter(rows)).id, number, "the log has its changes, and the item itself is gone")


def _of_item(item: DecidedItem, rows: Sequence[ChainedRow]) -> Iterator[AuditFinding]:
    if not rows:
        yield AuditFinding(None, item.id, "the log has no row of it")
        return
    wanted = 1
    for row in rows:
        if row.actor in _KEEPS and row.version == wanted - 1:
            continue
        if row.version != wanted:
            yield AuditFinding(
                row.id, item.id, f"version {wanted} is expected here, and the log has version {row.version}"
            )
        wanted = row.version + 1
    yield from _asked(item, rows)
    last = rows[-1]
    if (item.state, item.version) != (last.state, last.version):
        yield AuditFinding(
            last.id,
            item.id,
            f"the item is {item.state} at version {item.version}, and its last change came to {last.state} at version"
            f" {last.version}",
        )
    elif item.state == "decided":
        yield from _decided(item, next((row for row in reversed(rows) if row.action != NOTE), last))
        return
    asked = _said(rows[0]).get("shown", item.digest)
    if asked != item.digest and not any(row.action == "reopen" for row in rows):  # asked anew, it shows another thing
        yield AuditFinding(rows[0].id, item.id, "the item's digest is another one than was asked with")


def _asked(item: DecidedItem, rows: Sequence[ChainedRow]) -> Iterator[AuditFinding]:
    """Hold what the item asks against what was asked last; a row that an older version wrote does not say it."""
    for row in reversed(rows):
        if row.action in {"ask", "reopen"}:
            said = _said(row).get(QUESTION)
            if said is not None and said != question_of(item).digest():
                yield AuditFinding(
                    row.id, item.id, "the item shows another question, context or suggestion than was asked with"
                )
            return


def _decided(item: DecidedItem, row: ChainedRow) -> Iterator[AuditFinding]:
    said = _said(row)
    if not _same(_read(item.decision), said.get("decision")):
        yield AuditFinding(row.id, item.id, "the item's decision is another one than was recorded")
    if item.decided_by != said.get("decided_by", row.actor):
        yield AuditFinding(row.id, item.id, f"the item was decided by {row.actor}, and it names {item.decided_by}")
    if "shown" in said and item.digest != said["shown"]:
        yield AuditFinding(row.id, item.id, "the item's digest is another one than was decided on")


def _said(row: ChainedRow) -> dict[str, Any]:
    said = _read(row.data)
    return said if isinstance(said, dict) else {}  # somebody wrote there what no door writes


def _read(text: str | None) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {}


def _same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)  # as text: NaN is not NaN otherwise
