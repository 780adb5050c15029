"""Who decides the steps of a workflow: rules, models, people, policies."""

from collections.abc import Sequence
from functools import partial
from typing import get_args

from handrail_evals.measure.observation import Decider
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.numbers.metrics.average import proportion
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.sample import Sample, answered, clusters_of
from handrail_evals.numbers.metrics.value import Metric, MetricValue


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
