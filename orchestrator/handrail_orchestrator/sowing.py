"""Cases whose answers are known, mixed among the ordinary items at a share, so that everybody sees how they do."""

import json
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handrail_ground.optional import LaterModule
from handrail_guards.auditing import draw_of
from handrail_orchestrator.errors import Misuse, ReviewError
from handrail_orchestrator.holder import StoreChanger
from handrail_orchestrator.reader import Reader
from handrail_orchestrator.texts import checked_texts

if TYPE_CHECKING:
    from handrail_orchestrator import people, unmarking
    from handrail_orchestrator.embedded.writer import Writer
    from handrail_orchestrator.records import reading as recorded
    from handrail_orchestrator.review import answers, permission
    from handrail_orchestrator.store import known
    from handrail_orchestrator.store.known import CandidateRow, KnownCaseRow, Plant, SowingRow
else:
    people = LaterModule("handrail_orchestrator.people")
    recorded = LaterModule("handrail_orchestrator.records.reading")
    answers = LaterModule("handrail_orchestrator.review.answers")
    known = LaterModule("handrail_orchestrator.store.known")
    unmarking = LaterModule("handrail_orchestrator.unmarking")
    permission = LaterModule("handrail_orchestrator.review.permission")

LOOKED_AT = 1_000
"""Ordinary items that are drawn for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """A case whose answer is known; values are JSON data."""

    name: str
    """Its name, such as that of a labelled case: ``T-7/route``."""
    input: Any
    answer: Any
    """What is right."""
    suggestion: Any = None
    """What is suggested with it, right or wrong; None: it is asked without a suggestion, as what was drawn is."""
    confidence: float | None = None
    """How sure the model seems of its suggestion, 0 to 1; None: as sure as of an ordinary item."""

    def row(self) -> "KnownCaseRow":
        """Return it as it is stored."""
        suggestion = None if self.suggestion is None else unmarking.as_plain(json.dumps(self.suggestion))
        answer, shown = unmarking.as_plain(json.dumps(self.answer)), unmarking.as_plain(json.dumps(self.input))
        return known.KnownCaseRow(self.name, shown, answer, suggestion, self.confidence)


class Sowing(Reader, StoreChanger):
    """Mixes known cases among the items that people answer; every client can."""

    @property
    @abstractmethod
    def _writer(self) -> "Writer":
        """Return what writes."""

    async def put_known_cases(
        self,
        cases: Sequence[KnownCase],
        *,
        queue: str,
        workflow: str,
        step: str,
        share: float,
        by: str | None = None,
    ) -> int:
        """Keep known cases, and let them follow a share of the ordinary items; return how many are kept.

        From now on, beginning with what waits in the queue, a hash of an item's name draws whether a known case follows
        it; each is given once before any is given again. They look like ordinary items, no run waits for them, and they
        are in no label, figure or suite. A share of 0 ends it. ``by`` is an admin; None: a program, which is trusted.

        Raises:
            NotAllowed: ``by`` is no admin.
            Misuse: the share is outside 0 to 1, or there is no case.
            NotStorable: a text cannot be stored.
        """
        checked_texts(queue=queue, workflow=workflow, step=step)
        if by is not None:
            permission.check(people.acting(self._open_store, by), "people")
        if not (math.isfinite(share) and 0.0 <= share <= 1.0):
            raise Misuse(f"the share of known cases is {share!r}; give 0 to 1, such as 0.01 for 1%")
        rows = [each.row() for each in cases]
        for row in rows:
            checked_texts(name=row.name, input=row.input, answer=row.answer, suggestion=row.suggestion)
        kept = int(await self._writer.ask(known.PutKnown(queue, workflow, step, share, rows)))
        if share and not kept:
            raise Misuse("there is no known case: give some, such as lines of `handrail review export`")
        await self.sow()
        return kept

    async def sow(self) -> int:
        """Put known cases among the items that came since the last time; return how many."""
        return sum([await self._sow(each) for each in self._open_store.sowings()])

    async def _sow(self, sowing: "SowingRow") -> int:
        newest = self._open_store.newest_item()
        found = self._open_store.candidates(sowing, newest, LOOKED_AT)
        drawn = [each for each in found if draws(each, sowing.share)]
        seen = newest if len(found) < LOOKED_AT else found[-1].id
        if not drawn and seen - sowing.seen < LOOKED_AT:
            return 0  # to note how far it was looked is not worth a transaction
        plants = self._plants(sowing, drawn)
        return int(await self._writer.ask(known.Sow(sowing, seen, plants, self.now())))

    def _plants(self, sowing: "SowingRow", drawn: "Sequence[CandidateRow]") -> "list[Plant]":
        """Return which case follows which item; one whose answer does not fit the item's form follows none."""
        cases = self._open_store.known_cases(sowing, max(len(drawn), 1))
        plants: list[Plant] = []
        for index, item in enumerate(drawn):
            row = self._open_store.review(item.id)
            case = cases[index % len(cases)] if cases else None
            if (
                row is not None
                and case is not None
                and not answers.problems(recorded.review_item(row), json.loads(case.answer))
            ):
                plants.append(known.Plant(item.id, case.id))
        return plants

    def must_fit(self, cases: Sequence[KnownCase], *, queue: str, step: str, workflow: str) -> None:
        """Check that answers have the form that an item of the step asks for, as far as one is there.

        Raises:
            ReviewError: one does not; the first is named.
        """
        found = self._open_store.candidates(
            known.SowingRow(queue, workflow, step, 1.0, 0), self._open_store.newest_item(), 1
        )
        row = self._open_store.review(found[0].id) if found else None
        if row is None:
            return
        item = recorded.review_item(row)
        for case in cases:
            wrong = answers.problems(item, case.answer) or (
                answers.problems(item, case.suggestion) if case.suggestion is not None else []
            )
            if wrong:
                raise ReviewError(f"case {case.name!r} has an answer that this step does not take: {wrong[0][1]}")


def draws(item: "CandidateRow", share: float) -> bool:
    """Return whether a known case follows an item: the same item always draws the same number."""
    return draw_of(f"known: {item.run_id}/{item.step}") < share
