"""A promise measured again on labelled cases that nobody has counted: does the rule in force keep it?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from handrail_ai_steps.step import AIStep
from handrail_evals.decide.calibrate.promise import labels_for, upper_bound
from handrail_evals.decide.judging import JudgedCases, judge_cases
from handrail_evals.errors import InvalidLabels
from handrail_evals.measure.case import AnyCase
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_rule import subject_of_judgement
from handrail_orchestrator.promising.rules import model_of
from handrail_orchestrator.store.promises import PromiseRow, PromiseStore

Standing: TypeAlias = Literal["kept", "broken", "stale", "unsure"]
"""``stale``: another model, prompt or server answers than any rule is for; ``unsure``: the cases are too few to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCheck:
    """What labelled cases say of the rule in force."""

    standing: Standing
    reason: str
    """One sentence for people."""
    workflow: str
    step: str
    model: str
    """Who answered."""
    threshold: float | None
    cases: int
    accepted: int
    """Of the cases: those that the rule accepts."""
    wrong: int
    """Of those: the wrong ones."""
    risk_from: float
    risk_to: float
    """The risk lies between these two, each with the chance that is promised."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)


async def check_promise(
    step: AIStep[Any], cases: Sequence[AnyCase], store: PromiseStore, *, concurrency: int = 20
) -> list[PromiseCheck]:
    """Ask a step for labelled cases and hold its rules in force, one for each workflow, against the labels.

    The cases must be drawn as the traffic is, and not be among those that the promise counts.

    Raises:
        InvalidLabels: the step is under no promise, there are no cases, or several models answered.
        MissingExpected: a case is not labelled.
        StoreError: the store cannot be read.
    """
    terms = step.promise
    if terms is None:
        raise InvalidLabels(f"step {step.name!r} is under no promise; write accept=promise(wrong_at_most=0.02)")
    judged = await judge_cases(step, cases, concurrency=concurrency)
    subjects = Counter(subject_of_judgement(each.judgement, step.servers) for each in judged.cases)
    if len(subjects) != 1:
        found = ", ".join(sorted({each.model for each in subjects})) or "nobody"
        raise InvalidLabels(f"a promise is of one model: {found} answered these {len(cases):,} cases")
    (subject,) = subjects
    rows = [row for row in store.promises() if (row.step, row.terms) == (step.name, terms.told)]
    own = [row for row in rows if row.subject == subject.mark]
    return [_held(row, judged, terms, subject.model) for row in own] or [_stale(rows, judged, step.name, subject.model)]


def _held(row: PromiseRow, judged: JudgedCases, terms: PromiseTerms, model: str) -> PromiseCheck:
    accepted = wrong = 0
    for each in judged.cases:
        score = each.judgement.confidence.value
        if row.threshold is not None and score is not None and score >= row.threshold:
            accepted += 1
            wrong += not each.right
    most = upper_bound(wrong, accepted, terms.delta) if accepted else 1.0
    least = 1 - upper_bound(accepted - wrong, accepted, terms.delta) if accepted else 0.0
    standing: Standing = (
        "kept" if most <= terms.wrong_at_most else "broken" if least > terms.wrong_at_most else "unsure"
    )
    return PromiseCheck(
        standing=standing,
        reason=_reason(standing, row, accepted, wrong, terms),
        workflow=row.workflow,
        step=row.step,
        model=model,
        threshold=row.threshold,
        cases=judged.total,
        accepted=accepted,
        wrong=wrong,
        risk_from=least,
        risk_to=most,
    )


def _reason(standing: Standing, row: PromiseRow, accepted: int, wrong: int, terms: PromiseTerms) -> str:
    if row.threshold is None:
        return f"nothing is accepted yet: {row.why or 'labels are missing'}"
    counted = f"{wrong:,} of the {accepted:,} accepted cases are wrong"
    match standing:
        case "kept":
            return f"{counted}: {terms.told} holds"
        case "broken":
            return f"{counted}: {terms.told} does not hold"
        case _:
            needed = labels_for(wrong, terms.wrong_at_most, terms.delta)
            return f"{counted}: too few to say; with no other wrong one it takes {needed:,} accepted cases"


def _stale(rows: Sequence[PromiseRow], judged: JudgedCases, step: str, model: str) -> PromiseCheck:
    kept = sorted({model_of(row) for row in rows if row.threshold is not None})
    reason = (
        f"it is kept for {', '.join(kept)}, and {model} answers now, or with another prompt or server: nothing is"
        " accepted until people have answered enough"
        if kept
        else f"no case of {step!r} by {model} was decided in this store"
    )
    return PromiseCheck(
        standing="stale" if kept else "unsure",
        reason=reason,
        workflow="",
        step=step,
        model=model,
        threshold=None,
        cases=judged.total,
        accepted=0,
        wrong=0,
        risk_from=0.0,
        risk_to=1.0,
    )
