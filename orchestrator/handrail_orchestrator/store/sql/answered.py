"""Who answered questions of a run: some are for people alone who have answered none of the others."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from handrail_orchestrator.errors import NotAllowed
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.rows import NOT_NEW
from handrail_orchestrator.store.sql.transaction import Transaction

_OTHERS = (
    "SELECT other.answers, other.decided_by FROM reviews AS this JOIN reviews AS other ON other.run = this.run"
    " AND other.id != this.id WHERE this.id = ?"
)
_RECORDED = (  # a fork has answers of the run that it was made of, and none of its questions
    "SELECT steps.decided_by FROM reviews AS this JOIN steps ON steps.run = this.run AND steps.name != this.step"
    " WHERE this.id = ? AND steps.kind = 'human' AND steps.status = 'done'"
)
_PERSON = "person:"


def must_be_new(tx: Transaction, change: c.MoveReview) -> None:
    """Refuse an answer of somebody who, by now, has answered another question of the run.

    Raises:
        NotAllowed: they have.
    """
    if not change.is_of_new:
        return
    before = _others(lambda sql, values: tx.execute(sql, values).fetchall(), change.id)
    if change.actor.removeprefix(_PERSON).casefold() in {each.casefold() for each in before}:
        raise NotAllowed(f"review item {change.id}: {NOT_NEW}")


def _others(rows: Callable[[str, tuple[int]], list[Any]], item: int) -> set[str]:
    """Return who answered other questions of an item's run, decided or not, or of the run it was forked from."""
    found: set[str] = set()
    for answers, decided_by in rows(_OTHERS, (item,)):
        found |= {by for by, *_ in json.loads(answers or "[]")}
        found |= _people(decided_by)
    for (decided_by,) in rows(_RECORDED, (item,)):
        found |= _people(decided_by)
    return found


def _people(actor: str | None) -> set[str]:
    return {actor.removeprefix(_PERSON)} if actor is not None and actor.startswith(_PERSON) else set()


class AnsweredRows(ABC):
    """The part of the store that knows who answered which question."""

    @abstractmethod
    def _rows(self, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
        """Return the rows of a statement."""

    def answered_others(self, item: int) -> set[str]:
        """Return the names of those who answered other questions of an item's run."""
        return _others(self._rows, item)
