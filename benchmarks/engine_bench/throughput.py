"""Five steps, alone and together: Handrail beside the floor and a hand-written journal."""

import asyncio
import time
from contextlib import closing
from functools import partial
from operator import attrgetter

from bench.figure import TIMES, Bar, Figure, at_least, at_most, median_figure
from bench.pairs import Pairs
from engine_bench.bench import Bench
from engine_bench.callers import call_together
from engine_bench.floor import Floor, write_waves
from engine_bench.handrail_side import Handrail, HandrailBacklog, HandrailRules, HandrailTriage, open_engine
from engine_bench.load import Load, Side
from engine_bench.no_engine import NoEngine
from engine_bench.python_floor import PythonFloor
from engine_bench.rounds import Reading, Rounds, in_rounds
from engine_bench.rows import open_journal
from engine_bench.slices import in_slices
from engine_bench.threaded_journal import ThreadedJournal

RATE: Reading = attrgetter("runs_per_second")
CPU: Reading = attrgetter("cpu_ms")
MEDIAN: Reading = attrgetter("median_ms")

FLOORS = {width: Floor(width) for width in (1, 50, 500)}
JOURNAL, HANDRAIL, BACKLOG, NOTHING = ThreadedJournal(), Handrail(), HandrailBacklog(), NoEngine()
RULES, TRIAGE = HandrailRules(), HandrailTriage()
PYTHON = PythonFloor()

LOCK_STEP = 50
"""Callers among whom kinds of steps are compared."""

RUNS_A_SLICE = 250
"""Of a kind, before the other has its turn."""

ALONE_A_SLICE = 4
"""Runs alone, before the floor has its turn."""

PAUSE = 0.02
"""Seconds between two slices of runs alone, spread over longer than the engine commits in a thread once a commit in the
event loop was held up."""

FLOOR_BAR = at_least(0.33, 0.5)
"""What part of a run's processor time the floor in Python takes; why not more, benchmarks/README.md says."""
JOURNAL_BARS = {50: at_least(1.0, 1.2), 500: at_least(1.2, 1.5)}
"""How many times the engine's processor time the hand-written journal takes, by callers; benchmarks/README.md says why
the first is less."""
ALONE_BAR = at_most(2.75, 1.2)
"""The time of one run alone, by that of its rows in six transactions."""
RULES_BAR = at_most(1.15, 1.05)
"""The processor time of five rules, by that of five async actions."""


def alone(bench: Bench) -> list[Figure]:
    """Measure one run alone: nothing to share a commit with."""
    part = "one run alone, 5 steps"
    floor = FLOORS[1]
    sides: list[Side] = [floor, JOURNAL, HANDRAIL]
    load = Load(bench.scale.alone_runs, concurrency=1, warm_up=bench.scale.alone_runs // 5)
    rounds = in_rounds([(side, load) for side in sides], bench.scale.alone_repetitions, bench.directory)
    name = f"{HANDRAIL.name} ÷ {floor.name}, the best moments of each"
    return [
        *(median_figure(part, f"{side.name}, p50", rounds.samples(side.name, MEDIAN), "ms") for side in sides),
        asyncio.run(_alone(bench)).early(part, name, ALONE_BAR),
    ]


async def _alone(bench: Bench) -> Pairs:
    """Measure, by the clock, some runs of the engine and some of the floor in turn, each on a file that stays open."""
    async with open_engine(bench.directory / "alone.db", 1) as orchestrator:
        with closing(open_journal(bench.directory / "alone-floor.db")) as connection:
            load = Load(ALONE_A_SLICE, 1, warm_up=0)

            async def ours(numbers: range) -> None:
                await call_together(lambda number: HANDRAIL.run_once(orchestrator, number, load), numbers, 1)

            async def floor(numbers: range) -> None:
                write_waves(connection, numbers, 1)

            return await in_slices(
                ours, floor, bench.scale.alone_slices, ALONE_A_SLICE, clock=time.perf_counter, pause=PAUSE
            )


def together(bench: Bench) -> list[Figure]:
    """Measure 50 and 500 callers at once: what group commit is for."""
    return [*_callers(bench, 50), *_callers(bench, 500)]


def _callers(bench: Bench, concurrency: int) -> list[Figure]:
    part = f"{concurrency} callers, 5 trivial steps"
    bench.say(part)
    sides: list[Side] = [FLOORS[concurrency], PYTHON, JOURNAL, HANDRAIL, BACKLOG]
    rounds = in_rounds([(side, _load(bench, concurrency)) for side in sides], bench.scale.repetitions, bench.directory)
    return [
        *(median_figure(part, side.name, rounds.samples(side.name, RATE), "runs/s") for side in sides),
        *(_ratio(part, rounds, HANDRAIL, side, RATE) for side in sides[:3]),
        *(median_figure(part, f"CPU: {side.name}", rounds.samples(side.name, CPU), "ms") for side in sides),
        _ratio(part, rounds, PYTHON, HANDRAIL, CPU, bar=FLOOR_BAR),
        _ratio(part, rounds, JOURNAL, HANDRAIL, CPU, bar=JOURNAL_BARS[concurrency]),
    ]


def kinds(bench: Bench) -> list[Figure]:
    """Measure runs of rules, and the README's triage, beside runs of async actions."""
    part = f"{LOCK_STEP} callers, kinds of steps"
    bench.say(part)
    sides: list[Side] = [HANDRAIL, RULES, TRIAGE]
    rounds = in_rounds([(side, _load(bench, LOCK_STEP)) for side in sides], bench.scale.repetitions, bench.directory)
    return [
        *(median_figure(part, side.name, rounds.samples(side.name, RATE), "runs/s") for side in sides),
        *(median_figure(part, f"CPU: {side.name}", rounds.samples(side.name, CPU), "ms") for side in sides),
        asyncio.run(_rules(bench)).figure(part, f"CPU: {RULES.name} ÷ {HANDRAIL.name}, slice by slice", RULES_BAR),
        _ratio(part, rounds, TRIAGE, HANDRAIL, CPU),
    ]


async def _rules(bench: Bench) -> Pairs:
    """Measure runs of rules and of actions on one engine."""
    async with open_engine(bench.directory / "slices.db", LOCK_STEP) as orchestrator:
        load = Load(RUNS_A_SLICE, LOCK_STEP, warm_up=0)

        async def some(side: Handrail, numbers: range) -> None:
            await call_together(lambda number: side.run_once(orchestrator, number, load), numbers, LOCK_STEP)

        return await in_slices(partial(some, RULES), partial(some, HANDRAIL), bench.scale.slices, RUNS_A_SLICE)


def _load(bench: Bench, concurrency: int) -> Load:
    runs = bench.scale.together_runs
    return Load(runs, concurrency, warm_up=max(concurrency, runs // 10))


def _ratio(part: str, rounds: Rounds, side: Side, other: Side, reading: Reading, *, bar: Bar | None = None) -> Figure:
    name = f"{'CPU: ' if reading is CPU else ''}{side.name} ÷ {other.name}"
    return median_figure(part, name, rounds.ratios(side.name, other.name, reading), TIMES, bar=bar)


def sleeping(bench: Bench) -> list[Figure]:
    """Measure steps of 5 to 50 ms, which end at any time and so share commits less well than in lock-step."""
    rows = []
    sides: list[Side] = [NOTHING, PYTHON, HANDRAIL]
    for concurrency in (50, 500):
        part = f"{concurrency} callers, 5 steps of 5 to 50 ms"
        bench.say(part)
        runs = concurrency * bench.scale.sleeping_runs_per_caller
        load = Load(runs, concurrency, warm_up=concurrency, sleeping=True)
        rounds = in_rounds([(side, load) for side in sides], bench.scale.repetitions, bench.directory)
        rows += [
            *(median_figure(part, side.name, rounds.samples(side.name, RATE), "runs/s") for side in sides),
            *(median_figure(part, f"{side.name}, p50", rounds.samples(side.name, MEDIAN), "ms") for side in sides),
            *(median_figure(part, f"CPU: {side.name}", rounds.samples(side.name, CPU), "ms") for side in sides),
            _ratio(part, rounds, PYTHON, HANDRAIL, CPU, bar=FLOOR_BAR),
        ]
    return rows
