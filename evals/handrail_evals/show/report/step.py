"""One step of a workflow's run as the page shows it."""

from dataclasses import dataclass

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.observation import StepTrace
from handrail_evals.show.report.failing import Failing
from handrail_evals.show.report.numbers import seconds, share
from handrail_evals.show.report.text import brief, visible


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and what it should have come to."""

    name: str
    kind: str
    decided_by: str
    output: str
    expected: str
    """Empty: nobody said."""
    confidence: str
    took: str
    error: str
    is_blamed: bool


def as_step(step: StepTrace, case: Failing) -> Step:
    """Return a step of a case's run."""
    expected = case.result.steps.get(step.name, UNLABELLED)
    decided: str = step.decider or ""
    if step.accepted is not None:
        decided = f"{decided}, {'accepted' if step.accepted else 'doubtful'}".lstrip(", ")
    return Step(
        name=brief(step.name),
        kind=brief(step.kind),
        decided_by=decided,
        output=brief(step.output, 160),
        expected="" if expected is UNLABELLED else brief(expected, 160),
        confidence="" if step.confidence is None else share(step.confidence),
        took="" if step.seconds is None else seconds(step.seconds),
        error=visible(step.error[:400]),
        is_blamed=bool(case.blamed) and step.name == case.blamed,
    )
