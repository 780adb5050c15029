"""The ledger of a promise as a store keeps it: rows as the keeper reads them, and verdicts on what people answered."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import Any, Protocol

from handrail_evals.decide.keeping.draws import DrawnCase, PlacedGrades
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_evals.decide.keeping.looks import LOOKS, LookWanted, ThirdLook
from handrail_evals.decide.keeping.truth import what_of
from handrail_evals.errors import InvalidLabels
from handrail_guards.errors import InvalidGuard
from handrail_guards.promise_grades import grades_of_text
from handrail_guards.promise_part import PartKind
from handrail_guards.promise_rule import PromiseSubject
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.outcome import value_of
from handrail_orchestrator.store.promises import CaseVerdict, OpenCaseRow, PromiseCaseRow, PromiseStore, ThirdLookRow
from handrail_orchestrator.unmarking import plain

AT_ONCE = 500
"""Rows that are read, or verdicts that are written, at a time."""
RULES_AT_ONCE = 100
"""Thresholds whose places are remembered while a page is read."""
PATIENCE_SECONDS = 14 * 86_400.0
"""A drawn case that nobody has answered for so long is given up, and counts as wrong: hard cases are answered late."""

SETTLED = frozenset({"decided", "cancelled", "expired"})
"""States of an item that nobody is asked any more."""
PERSON = "person:"
NO_ANSWER = ('{"suggestion":null,"code":"', '"kind":"doubtful"}')
"""How what a step recorded begins and ends, in the plain form, where its model had no answer."""
DECISIONS_AT_ONCE = 1_000
"""Decisions on these that are remembered: people give the same ones again and again."""


class AnswersOfPeople(Protocol):
    """Whoever can read single items."""

    def plain_review(self, item: int) -> ReviewItem:
        """Return an item."""
        ...


def drawn_case(row: PromiseCaseRow, ladder: KeeperLadder) -> DrawnCase:
    """Return a case with the rule that it was judged by, as places on a ladder.

    Raises:
        InvalidLabels: a number cannot be.
    """
    return next(drawn_cases([row], ladder))


def drawn_cases(rows: Iterable[PromiseCaseRow], ladder: KeeperLadder) -> Iterator[DrawnCase]:
    """Yield cases with the rules that they were judged by; neighbours mostly have one rule, looked up once.

    Raises:
        InvalidLabels: a number cannot be.
    """
    place = lru_cache(RULES_AT_ONCE)(partial(loosest_place, ladder=ladder))
    graded = lru_cache(RULES_AT_ONCE)(partial(placed_grades, ladder=ladder))
    for row in rows:
        grades: PlacedGrades = graded(row.grades)
        below = row.below_share
        if row.threshold is None and grades:  # judged by another model: any score may have had any of the shares
            below, grades = min(below, *(each for _, each in grades)), ()
        yield DrawnCase(
            number=row.number,
            score=row.score,
            share=row.share,
            drawn=bool(row.drawn),
            in_force=place(row.threshold),
            accepted_share=row.accepted_share,
            below_share=below,
            band=place(row.band_from),
            verdict=row.verdict,
            grades=grades,
        )


def placed_grades(text: str | None, ladder: KeeperLadder) -> PlacedGrades:
    """Return the shares that a rule asks for by confidence, as places on a ladder.

    Raises:
        InvalidLabels: the text is none of this release.
    """
    try:
        return tuple((loosest_place(each.down_to, ladder), each.share) for each in grades_of_text(text))
    except InvalidGuard as error:
        raise InvalidLabels(str(error)) from error


def loosest_place(threshold: float | None, ladder: KeeperLadder) -> int:
    """Return the place of the loosest threshold of a ladder that is not below a number; -1: none, or there is none."""
    if threshold is None:
        return -1
    place = ladder.place_of(threshold)
    is_there = place < len(ladder.thresholds) and ladder.thresholds[place] == threshold
    return place if is_there else place - 1


def verdicts(
    store: PromiseStore,
    answers: AnswersOfPeople,
    stream: int,
    subject: PromiseSubject,
    now: float,
    *,
    second_looks: bool = False,
) -> Iterator[tuple[int, CaseVerdict] | LookWanted]:
    """Yield what became of drawn cases that had no verdict yet, and which of them are to be looked at again.

    A verdict is about what the promise bounds of its subject.

    Raises:
        StoreError: the store cannot be read.
    """
    rows: list[OpenCaseRow] = []
    while not rows or len(rows) == AT_ONCE:
        after = rows[-1].id if rows else 0
        rows = store.open_cases(stream, after=after, limit=AT_ONCE, given_up_before=now - PATIENCE_SECONDS)
        if not rows:
            return
        for row in rows:
            found = _verdict(row, answers, subject, now, second_looks=second_looks)
            if isinstance(found, LookWanted):
                yield found
            elif found is not None:
                yield row.id, found
                if found == "wrong" and row.again is not None and row.item is not None and _is_by_person(row.again_by):
                    yield LookWanted(row.id, row.item, is_third=True, before=(row.decided_by or "", row.again_by or ""))


def _verdict(
    row: OpenCaseRow, answers: AnswersOfPeople, subject: PromiseSubject, now: float, *, second_looks: bool
) -> CaseVerdict | LookWanted | None:
    if row.run_id is None or row.forgotten is not None or row.step is None:
        return "given_up"  # its run was deleted or forgotten, so that nobody will ever say
    if row.state not in SETTLED:
        return "given_up" if row.at + PATIENCE_SECONDS < now else None
    if row.repeats and subject.about in {"wrong", "label"}:
        return "right"
    if not second_looks and row.decision is not None and _is_no_answer(row.output):
        return _of_no_answer(row.decision, subject.about, subject.of)
    decision = None if row.decision is None else plain(row.decision)
    judged = (decision,) if row.repeats else None if row.output is None else value_of(row.output)
    if judged is None:  # no person has decided
        return "given_up"
    said = what_of(judged[0], decision, about=subject.about, of=subject.of)
    return _confirmed(row, judged[0], answers, subject, now) if said == "wrong" and second_looks else said


def _is_no_answer(output: str | None) -> bool:
    begins, ends = NO_ANSWER
    return output is not None and output.startswith(begins) and output.endswith(ends)


@lru_cache(DECISIONS_AT_ONCE)
def _of_no_answer(decision: str, about: PartKind, of: str) -> CaseVerdict:
    """Return what becomes of a case that its model had no answer to, as all of them before it has learned."""
    return what_of(None, plain(decision), about=about, of=of)


def _confirmed(
    row: OpenCaseRow, value: Any, answers: AnswersOfPeople, subject: PromiseSubject, now: float
) -> CaseVerdict | LookWanted | None:
    """Return what becomes of a contradicted case: wrong, unless somebody else gives the model's answer."""
    if row.item is None:
        return "wrong"
    if row.again is None:
        return LookWanted(row.id, row.item, is_third=False, before=(row.decided_by or "",))
    if row.again_state not in SETTLED:
        return "wrong" if row.at + 2 * PATIENCE_SECONDS < now else None
    is_by_person = row.again_state == "decided" and _is_by_person(row.again_by)
    return "right" if is_by_person and _repeats(answers, value, subject, row.again) else "wrong"


def _is_by_person(by: str | None) -> bool:
    return (by or "").startswith(PERSON)


def _repeats(answers: AnswersOfPeople, value: Any, subject: PromiseSubject, item: int) -> bool:
    """Return whether the answer of an item is the model's, in what the promise is about."""
    decision = answers.plain_review(item).decision
    return what_of(value, decision, about=subject.about, of=subject.of) == "right"


def repeats(store: PromiseStore, answers: AnswersOfPeople, stream: int, subject: PromiseSubject) -> Iterator[ThirdLook]:
    """Yield what the third looks of a stream say, in the order in which they were asked.

    One that nobody will answer any more counts as a miss.

    Raises:
        StoreError: the store cannot be read.
    """
    for row in store.third_looks(stream, limit=LOOKS[-1]):
        is_new = row.repeated is None
        yield ThirdLook(row.case, _repeated(row, answers, subject) if is_new else bool(row.repeated), is_new)


def _repeated(row: ThirdLookRow, answers: AnswersOfPeople, subject: PromiseSubject) -> bool | None:
    if row.run_id is None or row.step is None or row.state is None:
        return True
    if row.state not in SETTLED:
        return None
    judged = None if row.output is None else value_of(row.output)
    return judged is None or _repeats(answers, judged[0], subject, row.item)
