"""The table of steps: how often, how long, how it failed, what it cost, and its share of the cycle time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handrail.console.operations.bars import histogram
from handrail.console.operations.figures import change
from handrail.console.operations.lengths import length
from handrail.console.words import say
from handrail_orchestrator.statistics.durations import Durations
from handrail_orchestrator.statistics.stats import Stats, StepStats
from handrail_orchestrator.step_kind import OF_THE_ENGINE


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step."""

    step: StepStats
    bars: Markup
    is_bottleneck: bool
    differs: Mapping[str, str]
    """In words how it differs from the same step of something else, by the name of a column."""

    @property
    def took(self) -> Durations:
        """Return how long it took: what is only waited for takes as long as that."""
        return took(self.step)


def took(step: StepStats) -> Durations:
    """Return how long a step took: what is only waited for takes as long as that."""
    return step.work if step.work.count or step.kind == "human" else step.wait


def step_lines(stats: Stats, other: Stats | None) -> Sequence[StepLine]:
    """Return the lines of the table, the greatest share first; beside them what they were in something else."""
    known = {} if other is None else {_place(each): each for each in other.steps}
    neck = stats.bottleneck
    return [
        StepLine(
            step=each,
            bars=histogram(took(each), _said(each)),
            is_bottleneck=neck is not None and (neck.workflow, neck.step) == (each.workflow, each.step),
            differs=_differences(each, known.get(_place(each))),
        )
        for each in _done(stats)
    ]


def gone(stats: Stats, other: Stats | None) -> Sequence[StepStats]:
    """Return the steps that only the other one has."""
    known = {_place(each) for each in stats.steps}
    return [] if other is None else [each for each in _done(other) if _place(each) not in known]


def _done(stats: Stats) -> Sequence[StepStats]:
    """Return the steps by which somebody has done something, or waits."""
    return [each for each in stats.steps if each.kind not in OF_THE_ENGINE]


def _place(step: StepStats) -> tuple[str, str, str]:
    return step.workflow, step.step, step.kind


def _said(step: StepStats) -> str:
    durations = took(step)
    return say("operations.histogram", step=step.step, half=length(durations.p50), most=length(durations.p95))


def _differences(now: StepStats, then: StepStats | None) -> Mapping[str, str]:
    if then is None:
        return {}
    mine, its = took(now), took(then)
    found = {
        "executed": change(now.executed, then.executed, "count"),
        "wait": change(now.wait.p50, then.wait.p50, "seconds"),
        "p50": change(mine.p50, its.p50, "seconds"),
        "p95": change(mine.p95, its.p95, "seconds"),
        "failed": change(now.fail_rate, then.fail_rate, "share"),
        "retries": change(now.retries, then.retries, "count"),
        "money": change(now.money, then.money, "money"),
        "share": change(now.share, then.share, "share"),
    }
    return {name: words for name, words in found.items() if words}
