"""From counts to figures: shares, quantiles, the bottleneck."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from handrail_ground.shares import Proportion
from handrail_orchestrator.statistics.buckets import MICROS, bounds_of, counted, quantile
from handrail_orchestrator.statistics.durations import CycleTime, Durations, HistogramBar, OpenAge
from handrail_orchestrator.statistics.funnel import Funnel
from handrail_orchestrator.statistics.kappa import Agreement, agreement_from
from handrail_orchestrator.statistics.stats import (
    Bottleneck,
    HandOffs,
    OutcomeStats,
    Promises,
    QuestionStats,
    StepStats,
    VersionStats,
)
from handrail_orchestrator.statistics.tally import DECILES, NANOS, WAITING_KINDS, weight_of
from handrail_orchestrator.store.figures import HOUR, Amount, Tally, TallyPlace

PATHS: Final[Mapping[str, str]] = {
    "rule": "by_rule",
    "model": "by_model",
    "person": "by_person",
    "policy": "by_policy",
    "failed": "failed",
    "set_aside": "set_aside",
    "cancelled": "cancelled",
    "waiting_person": "waiting_for_person",
    "waiting": "waiting",
}
"""What the fates of runs are called in the funnel."""


@dataclass
class _Measures:
    """Counts by measure, of all places together or of some."""

    counts: dict[str, dict[str, dict[int, Amount]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, tally: Tally) -> None:
        for (measure, label, bucket), (times, total) in tally.items():
            buckets = self.counts[measure].setdefault(label, {})
            old = buckets.get(bucket, (0, 0))
            buckets[bucket] = old[0] + times, old[1] + total

    def of(self, measure: str) -> dict[str, dict[int, Amount]]:
        return self.counts.get(measure, {})

    def amount(self, measure: str, label: str) -> Amount:
        buckets = self.of(measure).get(label, {})
        return sum(times for times, _ in buckets.values()), sum(total for _, total in buckets.values())

    def times(self, measure: str, label: str) -> int:
        return self.amount(measure, label)[0]

    def all_times(self, measure: str) -> int:
        return sum(times for buckets in self.of(measure).values() for times, _ in buckets.values())


def _together(of: Sequence[_Measures]) -> _Measures:
    """Return the counts of all workflows; where there is one, those are its own."""
    if len(of) == 1:
        return of[0]
    found = _Measures()
    for each in of:
        for measure, labels in each.counts.items():
            found.add({(measure, label, at): amount for label, of_it in labels.items() for at, amount in of_it.items()})
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """The part of ``Stats`` that counts come to."""

    funnel: Funnel
    cycle: CycleTime
    human_wait: float | None
    steps: tuple[StepStats, ...]
    bottleneck: Bottleneck | None
    questions: QuestionStats
    by_queue: dict[str, QuestionStats]
    agreement: dict[str, Agreement]
    changed: dict[str, Proportion]
    changed_by_confidence: tuple[Proportion, ...]
    audits: Proportion
    outcomes: tuple[OutcomeStats, ...]
    versions: tuple[VersionStats, ...]
    flows: dict[str, dict[tuple[str, str], int]]


def compute(tallies: Iterable[tuple[TallyPlace, Tally]], now: float) -> Computed:
    """Return what counts come to at a time."""
    by_workflow = defaultdict[str, _Measures](_Measures)
    versions: Counter[tuple[str, int]] = Counter()
    ages: list[tuple[float, int]] = []
    for place, tally in tallies:
        by_workflow[place.workflow].add(tally)
        for (measure, _, bucket), (times, _) in tally.items():
            if measure in {"run", "open"}:
                versions[place.workflow, place.version] += times
            if measure == "open":
                ages.append((max(0.0, now - place.hour * HOUR - bucket), times))
    everything = _together(list(by_workflow.values()))
    cycle = sum(total for buckets in everything.of("run").values() for _, total in buckets.values())
    steps = [each for name, of in by_workflow.items() for each in _steps(name, of, cycle)]
    steps.sort(key=lambda each: (-(each.share or 0.0), each.workflow, each.step, each.kind))
    human = sum(each.share or 0.0 for each in steps if each.kind == "human")
    return Computed(
        funnel=_funnel(everything),
        cycle=_cycle(everything, ages),
        human_wait=human if cycle else None,
        steps=tuple(steps),
        bottleneck=_bottleneck(steps),
        questions=_questions(everything, None, now),
        by_queue={queue: _questions(everything, queue, now) for queue in sorted(everything.of("asked"))},
        agreement=_agreement(everything),
        changed={name: _proportion(everything.amount("changed", name)) for name in sorted(everything.of("changed"))},
        changed_by_confidence=_deciles(everything),
        audits=_weighed(everything.of("audited").values()),
        outcomes=tuple(_outcomes(everything)),
        versions=tuple(
            VersionStats(workflow=workflow, version=version, started=started)
            for (workflow, version), started in sorted(versions.items())
            if started
        ),
        flows={name: flow for name, of in by_workflow.items() if (flow := _flow(of))},
    )


def _flow(measures: _Measures) -> dict[tuple[str, str], int]:
    """Return how often one activity followed another."""
    edges = ((edge.partition("\t"), _summed([buckets])[0]) for edge, buckets in measures.of("edge").items())
    return {(source, target): times for (source, _, target), times in edges if times}


def _proportion(amount: Amount) -> Proportion:
    """Return how many of some were so, which is what was added up of each."""
    return Proportion(amount[1], amount[0])


def _weighed(of: Iterable[Mapping[int, Amount]]) -> Proportion:
    """Return how many of some were so, of which each bucket stands for more cases or fewer."""
    amounts = [(bucket, amount) for buckets in of for bucket, amount in buckets.items()]
    return Proportion.of_weights((weight_of(bucket), total, times) for bucket, (times, total) in amounts)


def _summed(of: Iterable[Mapping[int, Amount]]) -> Amount:
    amounts = [amount for buckets in of for amount in buckets.values()]
    return sum(times for times, _ in amounts), sum(total for _, total in amounts)


def durations(histograms: Iterable[Mapping[int, Amount]], *, zeros: int = 0) -> Durations:
    """Return what histograms come to together, and some that took no time."""
    amounts = [(bucket, amount) for buckets in histograms for bucket, amount in buckets.items()]
    counts = counted([*((bucket, times) for bucket, (times, _) in amounts), (-1, zeros)])
    return Durations(
        count=sum(counts.values()),
        total=sum(total for _, (_, total) in amounts) / MICROS,
        p50=quantile(counts, 0.5),
        p95=quantile(counts, 0.95),
        histogram=tuple(
            HistogramBar(low=bounds_of(bucket)[0], high=bounds_of(bucket)[1], count=counts[bucket])
            for bucket in sorted(counts)
        ),
    )


def _funnel(measures: _Measures) -> Funnel:
    counts = {name: measures.times("run", fate) + measures.times("open", fate) for fate, name in PATHS.items()}
    return Funnel(started=measures.all_times("run") + measures.all_times("open"), **counts)


def _cycle(measures: _Measures, ages: list[tuple[float, int]]) -> CycleTime:
    ages.sort()
    return CycleTime(
        ended=durations(measures.of("run").values()),
        by_path={
            name: durations([measures.of("run")[fate]]) for fate, name in PATHS.items() if measures.times("run", fate)
        },
        open_age=OpenAge(
            count=sum(times for _, times in ages),
            p50=_at(ages, 0.5),
            p95=_at(ages, 0.95),
            oldest=max((age for age, times in ages if times), default=None),
        ),
    )


def _at(ages: Sequence[tuple[float, int]], share: float) -> float | None:
    """Return the age of that rank, to the second."""
    total, seen = sum(times for _, times in ages), 0
    for age, times in ages:
        seen += times
        if times and seen >= share * total:
            return age
    return None


def _steps(workflow: str, measures: _Measures, cycle: int) -> Iterable[StepStats]:
    kinds = ("work", "work_open", "span", "span_open", "step_open")
    owners = _owners(measures)
    for label in sorted({label for measure in kinds for label in measures.of(measure)}):
        kind, _, name = label.partition("\t")
        ended = [
            measures.of(each)[label]
            for each in ("work", "work_open", "span", "span_open")
            if label in measures.of(each)
        ]
        executed = _summed(ended)[0]
        if not executed and not measures.times("step_open", label):
            continue
        waits = [measures.of(each)[label] for each in ("wait", "wait_open") if label in measures.of(each)]
        spans = sum(measures.amount(each, label)[1] for each in ("work", "wait", "span"))
        wait, work = _wait_and_work(measures, kind, label, ended, waits)
        yield StepStats(
            workflow=workflow,
            step=name,
            kind=kind,
            owner=owners.get(label),
            executed=executed,
            failed=measures.times("failed", label),
            retries=measures.times("retries", label),
            open=measures.times("step_open", label),
            wait=wait,
            work=work,
            money=measures.amount("money", label)[1] / NANOS,
            unpriced=measures.times("unpriced", label),
            input_tokens=measures.amount("tokens_in", label)[1],
            output_tokens=measures.amount("tokens_out", label)[1],
            share=spans / cycle if cycle else None,
        )


def _owners(measures: _Measures) -> dict[str, str]:
    """Return who answers for each step: of several, whoever has most of its records."""
    found: dict[str, tuple[int, str]] = {}
    for name, buckets in measures.of("owner").items():
        kind, step, owner = name.split("\t", 2)
        label, times = f"{kind}\t{step}", _summed([buckets])[0]
        found[label] = max(found.get(label, (0, "")), (times, owner))
    return {label: owner for label, (times, owner) in found.items() if times}


def _wait_and_work(
    measures: _Measures,
    kind: str,
    label: str,
    ended: list[dict[int, Amount]],
    waits: list[dict[int, Amount]],
) -> tuple[Durations, Durations]:
    if kind == "human":
        mine = [
            [buckets for name, buckets in measures.of(each).items() if name.partition("\t")[2] == label]
            for each in ("delay", "hands_on")
        ]
        return durations(mine[0]), durations(mine[1])
    if kind in WAITING_KINDS:
        return durations(ended), Durations()
    return durations(waits, zeros=_summed(ended)[0] - _summed(waits)[0]), durations(ended)


def _bottleneck(steps: Sequence[StepStats]) -> Bottleneck | None:
    """Return the step with the greatest share; of steps that all ended with nothing there is none."""
    if not steps or not steps[0].share:
        return None
    first = steps[0]
    waits = first.kind in WAITING_KINDS or first.wait.total > first.work.total
    return Bottleneck(workflow=first.workflow, step=first.step, share=steps[0].share, waits=waits)


def _questions(measures: _Measures, queue: str | None, now: float) -> QuestionStats:
    def histograms(measure: str) -> list[dict[int, Amount]]:
        found = measures.of(measure).items()
        return [buckets for name, buckets in found if queue is None or name.partition("\t")[0] == queue]

    def amount(measure: str) -> Amount:
        return _summed(buckets for name, buckets in measures.of(measure).items() if queue in {None, name})

    def coded(measure: str, code: str) -> Amount:
        found = ((*name.rpartition("\t"), buckets) for name, buckets in measures.of(measure).items())
        return _summed(buckets for name, _, end, buckets in found if end == code and queue in {None, name})

    def later(measure: str, *, is_past: bool) -> int:
        found = (
            each for name, buckets in measures.of(measure).items() if queue in {None, name} for each in buckets.items()
        )
        return sum(times for at, (times, _) in found if (at <= now) == is_past)

    decided, by_policy = amount("decided")
    touched, people = amount("touches")
    suggested, changed = coded("hand_off", "suggested")
    handed = coded("hand_off", "items")[0]
    return QuestionStats(
        asked=amount("asked")[0],
        decided=decided,
        by_policy=by_policy,
        approval_delay=durations(histograms("delay")),
        hands_on=durations(histograms("hands_on")),
        rework=Proportion(amount("rework")[0], decided),
        touches=people / touched if touched else None,
        hand_offs=HandOffs(
            items=handed,
            decided=coded("hand_off", "decided")[0],
            accepted=coded("hand_off", "accepted")[0],
            changed=changed,
            suggested=suggested,
        ),
        promises=Promises(
            first_met=coded("promise", "first_met")[0],
            first_late=coded("promise", "first_late")[0],
            met=coded("promise", "met")[0],
            late=coded("promise", "late")[0],
            open_late=later("due_open", is_past=True),
            put_away=later("put_away", is_past=False),
        ),
    )


def _agreement(measures: _Measures) -> dict[str, Agreement]:
    said: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for label, buckets in measures.of("said").items():
        name, person, value = json.loads(label)
        if times := _summed([buckets])[0]:
            said[name][person, value] = times
    found = {
        name: agreement_from({size: amount for size, amount in buckets.items() if amount[0]}, said[name])
        for name, buckets in sorted(measures.of("unit").items())
    }
    return {name: each for name, each in found.items() if each is not None}


def _deciles(measures: _Measures) -> tuple[Proportion, ...]:
    buckets = measures.of("decile").get("", {})
    return tuple(_proportion(buckets.get(decile, (0, 0))) for decile in range(DECILES)) if buckets else ()


def _outcomes(measures: _Measures) -> Iterable[OutcomeStats]:
    found: dict[tuple[str, str], dict[str, Amount]] = defaultdict(dict)
    for label, buckets in measures.of("outcome").items():
        name, fate, value = json.loads(label)
        if (amount := _summed([buckets]))[0]:
            found[name, fate][value] = amount
    for (name, fate), values in sorted(found.items()):
        times, total = values.get("number", (0, 0))
        yield OutcomeStats(
            name=name,
            path=PATHS.get(fate, fate),
            ended=measures.times("run", fate),
            told=sum(count for count, _ in values.values()),
            values={value: count for value, (count, _) in sorted(values.items())},
            mean=total / MICROS / times if times else None,
        )
