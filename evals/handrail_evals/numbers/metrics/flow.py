"""How the runs of a workflow went: how they ended, who decided, how long they took, which step a failure came from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, get_args

from handrail_evals.errors import TooFewCases
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.target import Decider, Flow, StepTrace
from handrail_evals.numbers.metrics.answers import Fault, Right, answered, blamed, clusters_of
from handrail_evals.numbers.metrics.cost import quantiles
from handrail_evals.numbers.metrics.value import Metric, MetricValue, per_answer, proportion, share
from handrail_evals.numbers.statistics.clusters import Sample
from handrail_evals.numbers.statistics.intervals import Certainty, Interval

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


def deciders(cases: Sequence[CaseResult], certainty: Certainty) -> tuple[MetricValue, ...]:
    """Return the share of the decided steps that rules, models, people and policies decided.

    Steps that nobody decides (timers, events, actions, rules that come to None) are left out; the steps of one run are
    a cluster. Nothing when no step was decided.
    """
    decided = [
        (each, step.decider)
        for each in answered(cases)
        if each.flow is not None
        for step in each.flow.steps
        if step.decider is not None
    ]
    if not decided:
        return ()
    clusters = clusters_of([each for each, _ in decided])
    made: list[MetricValue] = []
    for decider in get_args(Decider):
        sample = Sample([float(by == decider) for _, by in decided], clusters)
        metric = Metric("flow", f"decided_by_{decider}", "share")
        made.append(metric.measured(partial(proportion, sample, certainty), value=sample.mean))
    return tuple(made)


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
