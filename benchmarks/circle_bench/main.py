"""The command: plays the circle with several seeds, beside what people do instead, and prints what came of it."""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from circle_bench.figure import draw
from circle_bench.plan import Plan
from circle_bench.played import Story
from circle_bench.seed import play_seed
from circle_bench.summary import Arm, arms
from circle_bench.tables import print_arms
from circle_bench.world import read_requests
from handrail_evals.decide.calibrate.promise import Promise

PROJECT = Path(__file__).parent.parent.parent
QUICK = partial(Plan, taught=5, rounds=2, requests=900, audited=0.4)
"""It shows that every part works; its figures mean little."""
MOST_AT_ONCE = 2
"""Seeds played side by side: each takes about one core."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and coverage did not rise or the promise was broken."""
    parser = argparse.ArgumentParser(prog="benchmarks/circle.py", description="Measure the whole circle.")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--target", type=float, default=0.05, help="largest share of wrong accepted values, promised")
    parser.add_argument("--delta", type=float, default=0.05, help="chance that any threshold of a circle breaks that")
    parser.add_argument("--seeds", type=int, default=2, help="how many times, each with other requests in other order")
    parser.add_argument("--first-seed", type=int, default=0, help="the seeds are this number and the next ones")
    parser.add_argument("--quick", action="store_true", help="few requests and one seed: does it still work?")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw it there, as SVG")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every round there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when coverage fell or a promise was broken")
    asked = parser.parse_args(arguments)
    tickets = asked.data / "tickets"
    if not tickets.is_dir():
        parser.error(f"there is no data in {tickets}; give the folder above it with --data")
    if not 0 < asked.target < 1 or not 0 < asked.delta < 1 or asked.seeds < 1:
        parser.error("--target and --delta are shares such as 0.02, and --seeds is 1 or more")
    promise = Promise(asked.target, asked.delta)
    plan = QUICK(promise=promise) if asked.quick else Plan(promise=promise)
    seeds = range(asked.first_seed, asked.first_seed + (1 if asked.quick else asked.seeds))
    found = arms(_play(tickets, plan, seeds), plan.promise.target)
    print_arms(Console(width=None if sys.stdout.isatty() else 132), found, plan)
    if asked.plot is not None:
        asked.plot.write_text(draw(found, plan) + "\n", encoding="utf-8")
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(arm) for arm in found], indent=2) + "\n", encoding="utf-8")
    failed = _failed(found[0])
    print(f"failed: {failed}" if failed else "coverage rose, and every threshold in use kept its promise")
    return 1 if asked.strict and failed else 0


def _play(tickets: Path, plan: Plan, seeds: Sequence[int]) -> list[tuple[Story, ...]]:
    """Return the stories of every seed, in order; several seeds are played in processes of their own."""
    play = partial(play_seed, read_requests(tickets), plan)
    progress = Console(stderr=True)
    progress.log(f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'} of {plan.rounds} rounds")
    stories: list[tuple[Story, ...]] = []
    # spawn: a forked copy of numeric libraries that have started threads may hang.
    with ProcessPoolExecutor(min(MOST_AT_ONCE, len(seeds)), mp_context=get_context("spawn")) as pool:
        for seed, story in zip(seeds, pool.map(play, seeds), strict=True):
            stories.append(story)
            progress.log(f"seed {seed}: {story[0].rounds[-1].coverage:.1%} accepted in the last round")
    return stories


def _failed(circle: Arm) -> str:
    """Return what the circle did not do, in words; empty when it did all."""
    covered = [circle.mean(number, lambda each: each.truth.coverage) or 0.0 for number in range(1, circle.length + 1)]
    rose = all(later > earlier for earlier, later in pairwise(covered))
    said = [] if rose else ["coverage did not rise in every round"]
    said += [f"the promise was broken in {circle.rounds_broken} rounds"] if circle.rounds_broken.count else []
    return "; ".join(said)
