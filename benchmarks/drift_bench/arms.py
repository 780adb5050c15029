"""What is compared: the loop, audits at the usual rate alone, and nothing."""

from dataclasses import dataclass, replace
from statistics import fmean

from drift_bench.predictions import Population
from drift_bench.scenario import Scenario, deploy, seeded
from drift_bench.trial import Trial, let_be, try_out
from handrail_evals.decide.drift.settings import WatchSettings


def settings(target: float) -> WatchSettings:
    """Return the settings of the loop as recommended."""
    return WatchSettings(
        target=target,
        audit_rate=0.05,
        raised_rate=0.5,
        cases_per_false_alarm=10_000,
        audits_per_false_stop=1_000,
        settled_after=200,
        most_awaited=300,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One scenario, many times, with each arm on the same streams."""

    scenario: Scenario
    loop: tuple[Trial, ...]
    """Audits that follow the watch, which stops acceptance."""
    audits: tuple[Trial, ...]
    """Audits at the usual rate, whatever the label-free alarm says; they too stop acceptance."""
    nothing: tuple[Trial, ...]
    """No audits."""


def compare(population: Population, scenario: Scenario, *, repetitions: int, seed: int) -> Comparison:
    """Return what became of the streams, each with a threshold of its own."""
    loop = settings(scenario.target)
    alone = replace(loop, raised_rate=loop.audit_rate)
    rows: list[tuple[Trial, Trial, Trial]] = []
    for repetition in range(repetitions):
        name = f"{seed} {repetition}"
        deployed = deploy(population, scenario.target, seeded(name, scenario.target))
        rows.append(
            (
                try_out(population, scenario, loop, deployed, name),
                try_out(population, scenario, alone, deployed, name),
                let_be(population, scenario, deployed, name),
            )
        )
    with_loop, with_audits, with_nothing = zip(*rows, strict=True)
    return Comparison(scenario=scenario, loop=with_loop, audits=with_audits, nothing=with_nothing)


def mean_wrong(trials: tuple[Trial, ...]) -> float:
    """Return the mean of the wrong cases that were accepted, those an audit found included."""
    return fmean(trial.wrong for trial in trials)


def mean_left(trials: tuple[Trial, ...]) -> float:
    """Return the mean of the wrong cases that were accepted and that no audit found."""
    return fmean(trial.wrong - trial.found for trial in trials)


def mean_audits(trials: tuple[Trial, ...]) -> float:
    """Return the mean number of audits of accepted cases."""
    return fmean(trial.audits for trial in trials)
