"""The command: lets traffic drift again and again, and counts what slips through."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from drift_bench.alarms import alarm_rows
from drift_bench.arms import Comparison, compare, mean_wrong, settings
from drift_bench.predictions import Population, clinc150
from drift_bench.scenario import Scenario, deploy, seeded
from drift_bench.stops import stop_rows
from drift_bench.tables import print_alarms, print_comparisons, print_quiet, print_stops
from drift_bench.trial import Quiet, stay_quiet

PROJECT = Path(__file__).parent.parent.parent
HEADLINE = Scenario(target=0.02, share=0.5)
"""The drift that the goal is measured on: half of the traffic is suddenly of kinds that nobody taught."""
SCENARIOS = (
    HEADLINE,
    Scenario(target=0.02, share=0.3),
    Scenario(target=0.02, share=0.15),
    Scenario(target=0.02, share=0.3, ramp=2_000),
    Scenario(target=0.02, share=0.5, delay=200),
    Scenario(target=0.05, share=0.3),
    Scenario(target=0.05, share=0.3, ramp=2_000),
)
MOST_WRONG = 37
"""Wrong accepted cases with the loop, at most."""
TARGETS = (0.02, 0.05)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and the goal is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/drift.py", description="Measure what drift costs.")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--repetitions", type=int, default=60, help="streams a scenario")
    parser.add_argument("--quick", action="store_true", help="few repetitions: does it still work?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every stream there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when the goal is missed")
    asked = parser.parse_args(arguments)
    tickets = asked.data / "tickets"
    if not tickets.is_dir():
        parser.error(f"there is no data in {tickets}; give the folder above it with --data")
    repetitions = 4 if asked.quick else asked.repetitions
    progress = Console(stderr=True)
    progress.log("predictions (a minute, the first time)")
    population = clinc150(tickets=tickets, cache=PROJECT / "build" / "drift")
    comparisons: list[Comparison] = []
    for scenario in SCENARIOS:
        progress.log(str(scenario))
        comparisons.append(compare(population, scenario, repetitions=repetitions, seed=asked.seed))
    console = Console(width=None if sys.stdout.isatty() else 132)
    print_comparisons(console, comparisons)
    progress.log("without drift")
    print_quiet(console, _quiet(population, repetitions, asked.seed))
    progress.log("other ways")
    _print_ablation(console, population, repetitions, asked.seed)
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(each) for each in comparisons], indent=2) + "\n")
    reached = mean_wrong(comparisons[0].loop)
    print(f"{HEADLINE}: {reached:.0f} wrong with the loop, {mean_wrong(comparisons[0].nothing):.0f} with nothing")
    print(f"goal: {MOST_WRONG} at most, {'reached' if reached <= MOST_WRONG else 'missed'}")
    return 1 if asked.strict and reached > MOST_WRONG else 0


def _quiet(population: Population, repetitions: int, seed: int) -> dict[float, Sequence[Quiet]]:
    return {
        target: [
            stay_quiet(
                population,
                settings(target),
                deploy(population, target, seeded(seed, each, target)),
                cases=20_000,
                seed=f"{seed} quiet {each}",
            )
            for each in range((repetitions + 2) // 3)
        ]
        for target in TARGETS
    }


def _print_ablation(console: Console, population: Population, repetitions: int, seed: int) -> None:
    print_alarms(
        console,
        alarm_rows(
            population,
            references=(500, 2_000),
            shares=(0.3, 0.15),
            repetitions=(repetitions + 2) // 3,
            quiet=10_000,
            seed=seed,
        ),
    )
    print_stops(
        console,
        stop_rows(targets=TARGETS, times=(2, 3, 5), repetitions=2 * repetitions, seed=seed),
    )
