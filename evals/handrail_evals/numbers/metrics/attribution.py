"""Which step an end-to-end failure came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from handrail_evals.errors import TooFewCases
from handrail_evals.measure.observation import Flow, StepTrace
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.right import Right
from handrail_evals.numbers.metrics.sample import Sample, answered, clusters_of
from handrail_evals.numbers.statistics.interval import Interval

Fault: TypeAlias = Literal["differs", "error", "unattributed"]
"""How a step is to blame: it came to something else than expected, it raised, or nobody knows."""

REVIEW = "/review"
"""What the name of a person's answer to a doubtful step ends with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """The failures that came from one step in one way."""

    step: str
    """The step's name in its runs; empty when they cannot be attributed."""
    fault: Fault
    failures: int
    """Failed runs."""
    interval: Interval | None
    """Of their share of all failed runs (Wilson); None when all are of one cluster."""
    cases: tuple[str, ...]
    """The names of the cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where the failures of a workflow came from."""

    failures: int
    """Runs with a score below right."""
    blames: tuple[Blame, ...]
    """The step with the most failures first; the counts add up to all failures."""


def attribution(cases: Sequence[CaseResult], right: Right, certainty: Certainty) -> Attribution | None:
    """Return where the failures came from; None when no case is a workflow's run.

    A failure is a run whose score is below right. It is put down to the first step, in recorded order, whose value is
    not the one that its case expects of it; else to the first that failed with an error; else to none. A doubtful
    suggestion that a person was asked about is no value: the person's answer is.
    """
    runs = [(each, each.flow) for each in answered(cases) if each.flow is not None]
    if not runs:
        return None
    failed = [(each, flow) for each, flow in runs if right.says(each) is False]
    found = [blamed(flow, each.steps) for each, flow in failed]
    clusters = clusters_of([each for each, _ in failed])
    blames: list[Blame] = []
    for step, fault in dict.fromkeys(found):
        hits = [blame == (step, fault) for blame in found]
        names = dict.fromkeys(each.case for (each, _), hit in zip(failed, hits, strict=True) if hit)
        try:
            interval = proportion(Sample([float(hit) for hit in hits], clusters), certainty)
        except TooFewCases:
            interval = None
        blames.append(Blame(step=step, fault=fault, failures=sum(hits), interval=interval, cases=tuple(names)))
    blames.sort(key=lambda blame: -blame.failures)
    return Attribution(failures=len(failed), blames=tuple(blames))


def blamed(flow: Flow, expected: Mapping[str, Any]) -> tuple[str, Fault]:
    """Return the step that a failure is put down to, and how it is to blame."""
    reviewed = {step.name.removesuffix(REVIEW) for step in flow.steps if step.name.endswith(REVIEW)}
    for step in flow.steps:
        if step.error or step.name in reviewed:
            continue
        name = step.name if step.name in expected else step.name.removesuffix(REVIEW)
        if name in expected and settled(step) and not same_json(step.output, expected[name]):
            return step.name, "differs"
    failing = next((step.name for step in flow.steps if step.error), None)
    return ("", "unattributed") if failing is None else (failing, "error")


def settled(step: StepTrace) -> bool:
    """Return whether the step came to a value: an open question has not."""
    return not (step.kind in {"human", "timer", "event", "child"} and step.seconds is None)


def same_json(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal: 1 equals 1.0, and true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)
