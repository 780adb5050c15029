"""What people answered to a step, as what a new version may learn from: enforced by the rows of the store."""

from dataclasses import dataclass

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.corrections.record import Answers, Judgements, read_records
from handrail_orchestrator.store.learned import Basis, LearnedStore

A_HALF = 30
"""For each option so many labels in the teaching half are enough to leave the other half to the promise."""


@dataclass(frozen=True, slots=True)
class TaughtBy:
    """Examples for a new version, and which labels given before may count for it."""

    examples: tuple[LabelledText, ...]
    basis: Basis

    @property
    def options(self) -> int:
        """Return how many different answers there are."""
        return len({each.label for each in self.examples})


def lessons(store: LearnedStore, judgements: Judgements, workflow: str, step: str) -> TaughtBy:
    """Return what people answered to cases of the ledger, as examples.

    While nothing was ever accepted everything was asked blind, so that no label has a say in which texts have one:
    then a version may learn from the teaching half alone and be calibrated on the other, if half is enough. Later on
    it learns from all of them, and counts what is judged from then on.

    Raises:
        StoreError: the store cannot be read.
    """
    cases = store.cases_to_teach(workflow, step)
    wanted = {(each.run_id, each.step): each for each in cases}
    answers, found = Answers(), []
    for record in read_records(judgements, step=step, workflow=workflow):
        if record is None or record.copied or record.open_because is not None or record.text is None:
            continue
        case = wanted.get((record.run_id, record.step))
        if case is None:
            continue
        try:
            found.append((LabelledText(record.text, answers.label_of(record.decision)), case))
        except ValueError:
            continue  # no label
    half = TaughtBy(tuple(each for each, case in found if case.teaches), "halves")
    if all(each.blind for each in cases) and len(half.examples) >= A_HALF * max(2, half.options):
        return half
    return TaughtBy(tuple(each for each, _ in found), "since")
