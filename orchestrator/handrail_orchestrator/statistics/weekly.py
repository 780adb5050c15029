"""What a week came to beside the week before: metrics, exceptions, what changed by more than chance, new failures."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from handrail_ground.shares import Proportion, critical_of
from handrail_orchestrator.failures.group import FailureGroup, Failures
from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.records.rollout import RolloutRecord
from handrail_orchestrator.statistics.durations import Durations
from handrail_orchestrator.statistics.stats import Stats, StatsWindow
from handrail_orchestrator.statistics.window import before
from handrail_orchestrator.store.figures import FigureQuery
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.queries import RunQuery

Verdict: TypeAlias = Literal["more", "less", "as before", "not known"]
"""``as before``: no difference that chance would not make; ``not known``: one of the weeks has nothing to compare."""

Lowest: TypeAlias = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekChange:
    """One number of both weeks, and whether they differ by more than chance."""

    metric: str
    now: float | None
    earlier: float | None
    unit: Literal["share", "s", "runs"]
    verdict: Verdict
    part: tuple[int, int] | None = None
    """Of a share: how many of how many this week."""

    @property
    def is_change(self) -> bool:
        """Return whether they differ by more than chance."""
        return self.verdict in {"more", "less"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LowestAccepted:
    """The lowest confidence at which a step's answers were accepted: its threshold, as far as answers show it."""

    workflow: str
    step: str
    now: float | None
    earlier: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReport:
    """One week of a store, or of one workflow of it."""

    now: Stats
    earlier: Stats
    failures: Failures
    changes: Sequence[WeekChange] = ()
    new_failures: Sequence[FailureGroup] = ()
    """Groups that the week before had not."""
    new_versions: Sequence[tuple[str, int]] = ()
    """Workflows' versions that the week before started no run of."""
    rollouts: Sequence[RolloutRecord] = ()
    thresholds: Sequence[LowestAccepted] = ()

    @property
    def window(self) -> StatsWindow:
        """Return the week."""
        return self.now.window

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "now": self.now.as_json(),
            "earlier": self.earlier.as_json(),
            "changes": [
                {
                    "metric": each.metric, "now": each.now, "earlier": each.earlier, "unit": each.unit,
                    "verdict": each.verdict,
                }
                for each in self.changes
            ],
            "failures": [each.as_json(3) for each in self.failures.groups],
            "new_failures": [each.id for each in self.new_failures],
            "new_versions": [list(each) for each in self.new_versions],
            "rollouts": [each.as_json() for each in self.rollouts],
            "thresholds": [
                {"workflow": each.workflow, "step": each.step, "now": each.now, "earlier": each.earlier}
                for each in self.thresholds
            ],
        }  # fmt: skip


class WeeklySource(Protocol):
    """What a week is read from; every client is one."""

    def stats(self, window: StatsWindow, *, workflow: str | None = None) -> Stats:
        """Return the figures of a window."""
        ...

    def failures(self, query: RunQuery) -> Failures:
        """Return what failed."""
        ...


def weekly(
    source: WeeklySource,
    store: Store,
    window: StatsWindow,
    *,
    workflow: str | None = None,
    rollouts: Sequence[RolloutRecord] = (),
) -> WeeklyReport:
    """Return what a week came to beside the one before it.

    Raises:
        StoreError: the store cannot be read.
    """
    past = before(window)
    now, earlier = source.stats(window, workflow=workflow), source.stats(past, workflow=workflow)
    failed, failed_before = (source.failures(_started(each, workflow)) for each in (window, past))
    known = {group.id for group in failed_before.groups}
    versions = {(each.workflow, each.version) for each in earlier.versions}
    mine = [each for each in rollouts if workflow is None or each.key.workflow == workflow]
    return WeeklyReport(
        now=now,
        earlier=earlier,
        changes=tuple(changes(now, earlier)),
        failures=failed,
        new_failures=[group for group in failed.groups if group.id not in known],
        new_versions=[
            (each.workflow, each.version) for each in now.versions if (each.workflow, each.version) not in versions
        ],
        rollouts=mine,
        thresholds=tuple(_thresholds(_lowest(store, window, workflow), _lowest(store, past, workflow))),
    )


def changes(now: Stats, earlier: Stats) -> Iterator[WeekChange]:
    """Yield the numbers of two windows; of all of them together, chance makes a change once in twenty reports."""
    shares = [(name, of, _shares(earlier).get(name, _NONE)) for name, of in _shares(now).items()]
    times = list(_times(now))
    critical = critical_of(len(shares) + len(times) + 1)
    yield _started_runs(now, earlier, critical)
    for name, mine, its in shares:
        if mine.whole or its.whole:
            yield _share(name, mine, its, critical)
    past = {(name, share): durations for name, share, durations in _times(earlier)}
    for name, share, durations in times:
        yield _time(name, share, durations, past.get((name, share), Durations()), critical)


_NONE: Final = Proportion(0, 0)


def _started(window: StatsWindow, workflow: str | None) -> RunQuery:
    return RunQuery(workflow=workflow, created_from=window.since, created_to=window.until)


def _shares(stats: Stats) -> dict[str, Proportion]:
    funnel, asked = stats.funnel, stats.questions
    kept = asked.promises.met + asked.promises.late
    found: dict[str, Proportion] = {name: funnel.share(name) for name, _ in funnel.bars}
    found |= {
        "exceptions": stats.exceptions,
        "completion": stats.completion,
        "rework": asked.rework,
        "late answers": Proportion(asked.promises.late, kept),
        "AI answers changed by people": stats.changed.get("", _NONE),
        "accepted values wrong (audits)": stats.audits,
    }
    for step in stats.steps:
        if step.executed:
            found[f"failures of {step.workflow}/{step.step}"] = Proportion(step.failed, step.executed)
    for outcome in stats.outcomes:
        for value in outcome.values:
            found[f"{outcome.name}={value} of {outcome.path}"] = outcome.share(value)
    return found


def _times(stats: Stats) -> Iterator[tuple[str, float, Durations]]:
    for name, durations in (
        ("cycle time", stats.cycle.ended),
        ("approval delay", stats.questions.approval_delay),
        ("hands-on time", stats.questions.hands_on),
    ):
        yield name, 0.5, durations
        yield name, 0.95, durations


def _share(name: str, mine: Proportion, its: Proportion, critical: float) -> WeekChange:
    verdict: Verdict = "not known"
    if mine.rate is not None and its.rate is not None:
        differs = mine.differs_from(its, critical=critical)
        verdict = ("more" if mine.rate > its.rate else "less") if differs else "as before"
    part = mine.part, mine.whole
    return WeekChange(metric=name, now=mine.rate, earlier=its.rate, unit="share", verdict=verdict, part=part)


def _started_runs(now: Stats, earlier: Stats, critical: float) -> WeekChange:
    """Compare how many runs were started by the hour: a week has 167 or 169 of them when clocks are changed in it."""
    mine, its = now.funnel.started, earlier.funnel.started
    verdict: Verdict = "not known"
    if mine and its:
        by_hours = now.window.hours / (now.window.hours + earlier.window.hours)
        # Of runs that come by themselves, as many as not would be of this week, by its hours.
        spread = math.sqrt((mine + its) * by_hours * (1.0 - by_hours))
        apart = (mine - (mine + its) * by_hours) / spread
        verdict = "as before" if abs(apart) <= critical else "more" if apart > 0 else "less"
    return WeekChange(metric="started", now=mine, earlier=its, unit="runs", verdict=verdict)


def _time(name: str, share: float, mine: Durations, its: Durations, critical: float) -> WeekChange:
    """Compare quantiles by the intervals of their ranks: where those overlap, nothing is called a change."""
    now, earlier = (each.p50 if share == 0.5 else each.p95 for each in (mine, its))
    verdict: Verdict = "not known"
    here, there = quantile_interval(mine, share, critical), quantile_interval(its, share, critical)
    if here is not None and there is not None:
        verdict = "more" if here[0] > there[1] else "less" if here[1] < there[0] else "as before"
    return WeekChange(metric=f"{name} p{share * 100:.0f}", now=now, earlier=earlier, unit="s", verdict=verdict)


def quantile_interval(durations: Durations, share: float, critical: float) -> tuple[float, float] | None:
    """Return the range that a quantile may truly be in, by the ranks that chance leaves it; None: there are too few."""
    total = durations.count
    reach = critical * math.sqrt(total * share * (1.0 - share))
    low, high = math.floor(total * share - reach), math.ceil(total * share + reach) + 1
    if low < 1 or high > total:
        return None
    ends = []
    for rank, is_low in ((low, True), (high, False)):
        seen = 0
        for bar in durations.histogram:
            seen += bar.count
            if seen >= rank:
                ends.append(bar.low if is_low else bar.high)
                break
    return ends[0], ends[1]


def _lowest(store: Store, window: StatsWindow, workflow: str | None) -> Lowest:
    found: dict[tuple[str, str], float] = {}
    with store.figures() as stored:
        query = FigureQuery(since=window.since, until=window.until, workflow=workflow)
        for name, step, lowest in stored.accepted_from(query):
            at = name, activity_of(step)
            found[at] = min(lowest, found.get(at, 1.0))
    return found


def _thresholds(now: Lowest, earlier: Lowest) -> Iterator[LowestAccepted]:
    for workflow, step in sorted({*now, *earlier}):
        at = workflow, step
        yield LowestAccepted(workflow=workflow, step=step, now=now.get(at), earlier=earlier.get(at))
