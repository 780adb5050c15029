"""How many groups of a step have promises of their own: one too many has none, though many cases of it come at once.

Whoever judges looks at the groups before it judges. Of hundreds of cases that are judged meanwhile none is in the
ledger, so that each would find room; here they come one after the other.
"""

import json
from functools import lru_cache
from typing import NamedTuple

from handrail_orchestrator.store.promises import MOST_GROUPS, PromiseCase
from handrail_orchestrator.store.sql.transaction import Transaction

MOST_REMEMBERED = 1_000
OF_A_CASE = ("by", "group", "about", "of", "counted")
"""What a subject says besides who judges."""
_STREAMS = "SELECT told FROM promise_streams WHERE workflow = ? AND step = ?"


class _StreamOfGroup(NamedTuple):
    """Of which group a stream is."""

    by: str
    group: str
    judge: str


def is_one_too_many(tx: Transaction, case: PromiseCase) -> bool:
    """Return whether a case that would begin a stream is of a group that has none, where there are too many."""
    new = _grouped(case.told)
    if not new.group:
        return False
    rows = tx.execute(_STREAMS, (case.workflow, case.step)).fetchall()
    groups = {each.group for each in (_grouped(str(told)) for (told,) in rows) if each[::2] == new[::2]}
    return new.group not in groups and len(groups) >= MOST_GROUPS


@lru_cache(MOST_REMEMBERED)
def _grouped(told: str) -> _StreamOfGroup:
    data = json.loads(told)
    judge = {name: said for name, said in data.items() if name not in OF_A_CASE}
    return _StreamOfGroup(data.get("by", ""), data.get("group", ""), json.dumps(judge, sort_keys=True))
