"""A question about a promise's case that is put once more, to somebody else where there is one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from handrail_orchestrator.records.person import Person
from handrail_orchestrator.records.rules import ItemRules
from handrail_orchestrator.review.permission import may
from handrail_orchestrator.shown import digest_of
from handrail_orchestrator.store.changes import AskedItem
from handrail_orchestrator.store.rows import AUDIT, SECOND, THIRD, ReviewRow

if TYPE_CHECKING:
    from handrail_orchestrator.store import Store

PERSON = "person:"


def asked_again(store: "Store", row: ReviewRow, *, is_third: bool, before: Sequence[str], now: float) -> AskedItem:
    """Return the question of an item as it is put once more, blind, for nobody to wait for.

    It says nothing of earlier answers, nor that there are any: whoever knew would agree too often.
    """
    known = {each.removeprefix(PERSON).casefold() for each in before}
    people = [Person.of(each) for each in store.people()]
    others = [each for each in people if may(each, "decide", row) and each.name.casefold() not in known]
    step = row.step.rpartition("/")[0]
    return AskedItem(
        run=row.run,
        step=f"{step}/{THIRD if is_third else SECOND}",
        queue=row.queue,
        kind=AUDIT,
        title=row.title,
        created=now,
        code=row.code,
        reason=row.reason,
        priority=row.priority,
        due=None,
        when_late="keep_waiting",
        schema=row.schema,
        context=row.context,
        digest=digest_of(row.title, row.context, None, row.schema, "[]", None, None, row.code, row.reason, ""),
        rules=ItemRules(not_previous_reviewer=bool(others)).text(),
    )
