"""How the runs of a workflow went: how many ended, how many needed a person, how long they took."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from handrail_evals.measure.observation import Flow, StepTrace
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.latency import quantiles
from handrail_evals.numbers.metrics.sample import Sample, answered, clusters_of, per_answer, share
from handrail_evals.numbers.metrics.value import Metric, MetricValue

REPEATED = re.compile(r"(?P<first>.+)#\d+")
"""The name of a step that ran under its name before: ``route#2``."""


def needed_person(flow: Flow) -> bool:
    """Return whether the run asked a person: it waits for one, or one answered or decided something."""
    return flow.ending == "waiting" or flow.questions > 0 or any(is_human(step) for step in flow.steps)


def is_exception(flow: Flow) -> bool:
    """Return whether the run needed a person or failed."""
    return flow.ending == "failed" or needed_person(flow)


def has_rework(flow: Flow) -> bool:
    """Return whether something was done again because of what a person said.

    That is: a person answered, and after that a step ran as ``NAME#2`` (or ``#3``, ...) whose ``NAME`` was recorded
    before the answer. A workflow that goes through several items one after the other, with a question in between,
    looks the same and counts too.
    """
    before_person: set[str] = set()
    seen: set[str] = set()
    for step in flow.steps:
        again = REPEATED.fullmatch(step.name)
        if again and again["first"] in before_person and not is_human(step):
            return True
        if is_human(step):
            before_person |= seen
        seen.add(step.name)
    return False


def is_human(step: StepTrace) -> bool:
    """Return whether a person did the step."""
    return step.kind == "human" or step.decided_by == "person"


SHARES: Final[Sequence[tuple[Metric, Callable[[Flow], bool]]]] = (
    (Metric("flow", "completion", "share", higher_is_better=True), lambda flow: flow.ending == "completed"),
    (Metric("flow", "exception_rate", "share", higher_is_better=False), is_exception),
    (Metric("flow", "rework", "share", higher_is_better=False), has_rework),
)


def flows(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return completion, exception rate and rework as shares of the runs, cycle time and approval delay in seconds.

    Nothing when no case is a workflow's run. Cycle time is of runs that completed. Approval delay is of all questions,
    those of a run being a cluster: one that nobody answered counts with the time it has waited, so the delay is at
    least what is said; its coverage is the share that was answered.
    """
    asked = answered(cases)
    runs = [(each, each.flow) for each in asked if each.flow is not None]
    if not runs:
        return ()
    covered = share(len(runs), len(asked))
    clusters = clusters_of([each for each, _ in runs])
    shares = [(metric, Sample([float(holds(flow)) for _, flow in runs], clusters)) for metric, holds in SHARES]
    completed = [each for each, flow in runs if flow.ending == "completed"]
    cycles = per_answer(completed, lambda each: None if each.flow is None else each.flow.cycle_seconds)
    return (
        *(
            metric.measured(partial(proportion, sample, certainty), coverage=covered, value=sample.mean)
            for metric, sample in shares
        ),
        *quantiles("flow", "cycle", cycles, certainty),
        *quantiles("flow", "approval_delay", approvals(runs), certainty, coverage=_answered_share(runs)),
    )


def approvals(runs: Sequence[tuple[CaseResult, Flow]]) -> Sample:
    """Return how long each question waited, in seconds: until its answer, or so far."""
    waits = [(each, seconds) for each, flow in runs for seconds in (*flow.approval_seconds, *flow.unanswered_seconds)]
    return Sample([seconds for _, seconds in waits], clusters_of([each for each, _ in waits]))


def _answered_share(runs: Sequence[tuple[CaseResult, Flow]]) -> float:
    found = sum(flow.questions for _, flow in runs)
    return share(found, found + sum(len(flow.unanswered_seconds) for _, flow in runs))
