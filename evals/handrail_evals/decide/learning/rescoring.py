"""Cases that another model judged, scored again under a new one: their labels count where the store's rows allow it.

Theorem (``keeping/keeper.py``) holds for a model f over any cases whose share, draw and label do not depend on f. That
is so for cases that were drawn after f was made; for those of the calibrating half, if f learned from the other half
alone while everything was labelled; and for all, if f comes from elsewhere. Shares are those of the rule that was in
force then, and as f may be as sure of a case as it likes that the other model was not, the least share of that rule
bounds each of its bets.
"""

from collections.abc import Callable, Sequence

from handrail_ai_steps.models.local.model import Prediction
from handrail_evals.decide.corrections.record import Answers, Judgements, Recorded, read_records
from handrail_orchestrator.store.learned import CaseToRescore, TakeRescored
from handrail_orchestrator.store.promises import CaseVerdict

AT_ONCE = 200
SUREST = 1.0
"""What a case counts as that nobody can score any more: as accepted by every threshold, and wrong."""

Predicting = Callable[[Sequence[str]], Sequence[Prediction]]


def rescored(
    judgements: Judgements, step: str, stream: int, cases: Sequence[CaseToRescore], predict: Predicting
) -> TakeRescored:
    """Return cases of one stream as a model answers them.

    A text that is gone cannot be scored: drawn cases then count as wrong and accepted by every threshold, which no true
    score could make worse, and others, which could only speak for a threshold, are left out. A case of which the model
    knows hardly a word has no confidence, and could never be accepted: it is left out too.

    Raises:
        StoreError: the store cannot be read.
    """
    found = [(each, _record(judgements, step, each)) for each in cases]
    readable = [(each, record) for each, record in found if record is not None and record.text is not None]
    predictions = predict([record.text or "" for _, record in readable])
    taken: list[tuple[int, float, CaseVerdict | None]] = [
        (each.id, SUREST, "given_up")
        for each, record in found
        if each.drawn and (record is None or record.text is None)
    ]
    for (each, record), prediction in zip(readable, predictions, strict=True):
        if prediction.known:
            taken.append((each.id, prediction.confidence, _verdict(each, record, prediction)))
    return TakeRescored(stream, cases[-1].source, cases[-1].number, sorted(taken))


def _record(judgements: Judgements, step: str, case: CaseToRescore) -> Recorded | None:
    if case.run_id is None or case.forgotten is not None or case.step is None:
        return None
    for record in read_records(judgements, step=step, run_id=case.run_id):
        if record is not None and record.step == case.step:
            return record
    return None


def _verdict(case: CaseToRescore, record: Recorded, prediction: Prediction) -> CaseVerdict | None:
    if not case.drawn:
        return None
    if case.verdict == "given_up" or record.open_because is not None:
        return "given_up"
    answers = Answers()
    try:
        label = answers.label_of(record.decision)
    except ValueError:
        return "wrong"  # what people said is no label, so the model cannot have said it
    return "right" if label == prediction.label else "wrong"
