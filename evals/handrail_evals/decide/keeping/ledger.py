"""The ledger of a promise as a store keeps it: rows as the keeper reads them, and verdicts on what people answered."""

from collections.abc import Iterator

from handrail_evals.decide.corrections.record import Answers, Judgements, read_records
from handrail_evals.decide.keeping.draws import DrawnCase
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_orchestrator.store.promises import CaseVerdict, OpenCaseRow, PromiseCaseRow, PromiseStore

AT_ONCE = 500
"""Rows that are read, or verdicts that are written, at a time."""
PATIENCE_SECONDS = 14 * 86_400.0
"""A drawn case that nobody has answered for so long is given up, and counts as wrong: hard cases are answered late."""

SETTLED = frozenset({"decided", "cancelled", "expired"})
"""States of an item that nobody is asked any more."""
PERSON = "person:"


def drawn_case(row: PromiseCaseRow, ladder: KeeperLadder) -> DrawnCase:
    """Return a case with the rule that it was judged by, as places on a ladder.

    Raises:
        InvalidLabels: a number cannot be.
    """
    return DrawnCase(
        number=row.number,
        score=row.score,
        share=row.share,
        drawn=bool(row.drawn),
        in_force=_loosest(row.threshold, ladder),
        accepted_share=row.accepted_share,
        below_share=row.below_share,
        band=_loosest(row.band_from, ladder),
        verdict=row.verdict,
    )


def _loosest(threshold: float | None, ladder: KeeperLadder) -> int:
    """Return the place of the loosest threshold of a ladder that is not below a number; -1: none, or there is none."""
    if threshold is None:
        return -1
    place = ladder.place_of(threshold)
    is_there = place < len(ladder.thresholds) and ladder.thresholds[place] == threshold
    return place if is_there else place - 1


def verdicts(store: PromiseStore, judgements: Judgements, stream: int, now: float) -> Iterator[tuple[int, CaseVerdict]]:
    """Yield what became of drawn cases that had no verdict yet.

    Raises:
        StoreError: the store cannot be read.
    """
    after = 0
    while rows := store.open_cases(stream, after=after, limit=AT_ONCE):
        after = rows[-1].id
        for row in rows:
            verdict = _verdict(row, judgements, now)
            if verdict is not None:
                yield row.id, verdict


def _verdict(row: OpenCaseRow, judgements: Judgements, now: float) -> CaseVerdict | None:
    if row.run_id is None or row.forgotten is not None or row.step is None:
        return "given_up"  # its run was deleted or forgotten, so that nobody will ever say
    if row.state not in SETTLED:
        return "given_up" if row.at + PATIENCE_SECONDS < now else None
    if row.state != "decided" or not (row.decided_by or "").startswith(PERSON):
        return "given_up"
    for record in read_records(judgements, step=row.step.rpartition("/")[2].partition("#")[0], run_id=row.run_id):
        if record is not None and record.step == row.step:
            return "right" if Answers().agree(record.value, record.decision) else "wrong"
    return "given_up"
