"""Five steps, alone and together: Handrail beside the floor and a hand-written journal."""

from operator import attrgetter

from engine_bench.bar import at_least, at_most
from engine_bench.bench import Bench
from engine_bench.floor import Floor
from engine_bench.handrail_side import Handrail, HandrailBacklog
from engine_bench.load import Load, Side
from engine_bench.no_engine import NoEngine
from engine_bench.rounds import Figure, in_rounds
from engine_bench.row import TIMES, Row, median_row
from engine_bench.threaded_journal import ThreadedJournal

RATE: Figure = attrgetter("runs_per_second")
CPU: Figure = attrgetter("cpu_ms")
MEDIAN: Figure = attrgetter("median_ms")

FLOORS = {width: Floor(width) for width in (1, 50, 500)}
JOURNAL, HANDRAIL, BACKLOG, NOTHING = ThreadedJournal(), Handrail(), HandrailBacklog(), NoEngine()

REFERENCE = FLOORS[50]
"""What the bars of both 50 and 500 callers stand on: in waves of 500 hardly a commit is left to be shared."""

LOCK_STEP = 50
"""Callers whose processor time has a bar when their steps take no time."""

SLEEPING_BARS = {50: at_most(1.5, 0.8), 500: at_most(0.6, 0.3)}
"""Processor time of a run, in ms, by callers."""


def alone(bench: Bench) -> list[Row]:
    """Measure one run alone: nothing to share a commit with."""
    part = "one run alone, 5 steps"
    floor = FLOORS[1]
    sides: list[Side] = [floor, JOURNAL, HANDRAIL]
    load = Load(bench.scale.alone_runs, concurrency=1, warm_up=bench.scale.alone_runs // 5)
    rounds = in_rounds([(side, load) for side in sides], bench.scale.alone_repetitions, bench.directory)
    return [
        *(median_row(part, f"{side.name}, p50", rounds.samples(side.name, MEDIAN), "ms") for side in sides),
        median_row(
            part,
            f"{HANDRAIL.name} ÷ bare floor",
            rounds.ratios(HANDRAIL.name, floor.name, MEDIAN),
            TIMES,
            bar=at_most(2.5, 1.2),
        ),
    ]


def together(bench: Bench) -> list[Row]:
    """Measure 50 and 500 callers at once: what group commit is for."""
    return [*_callers(bench, 50), *_callers(bench, 500)]


def _callers(bench: Bench, concurrency: int) -> list[Row]:
    part = f"{concurrency} callers, 5 trivial steps"
    bench.say(part)
    floors: list[Side] = [FLOORS[width] for width in sorted({LOCK_STEP, concurrency})]
    sides: list[Side] = [*floors, JOURNAL, HANDRAIL, BACKLOG]
    load = Load(bench.scale.together_runs, concurrency, warm_up=max(concurrency, bench.scale.together_runs // 10))
    rounds = in_rounds([(side, load) for side in sides], bench.scale.repetitions, bench.directory)
    bars = {JOURNAL.name: at_least(1.2), REFERENCE.name: at_least(0.2, 0.45)}
    cpu_bars = {HANDRAIL.name: at_most(0.30, 0.12)} if concurrency == LOCK_STEP else {}
    return [
        *(median_row(part, side.name, rounds.samples(side.name, RATE), "runs/s") for side in sides),
        *(
            median_row(
                part,
                f"{HANDRAIL.name} ÷ {side.name}",
                rounds.ratios(HANDRAIL.name, side.name, RATE),
                TIMES,
                bar=bars.get(side.name),
            )
            for side in (*floors, JOURNAL)
        ),
        *(
            median_row(part, f"CPU: {side.name}", rounds.samples(side.name, CPU), "ms", bar=cpu_bars.get(side.name))
            for side in sides
        ),
    ]


def sleeping(bench: Bench) -> list[Row]:
    """Measure steps of 5 to 50 ms, which end at any time and so share commits less well than in lock-step."""
    rows = []
    sides: list[Side] = [NOTHING, HANDRAIL]
    for concurrency, bar in SLEEPING_BARS.items():
        part = f"{concurrency} callers, 5 steps of 5 to 50 ms"
        bench.say(part)
        runs = concurrency * bench.scale.sleeping_runs_per_caller
        load = Load(runs, concurrency, warm_up=concurrency, sleeping=True)
        rounds = in_rounds([(side, load) for side in sides], bench.scale.repetitions, bench.directory)
        bars = {HANDRAIL.name: bar}
        rows += [
            *(median_row(part, side.name, rounds.samples(side.name, RATE), "runs/s") for side in sides),
            *(median_row(part, f"{side.name}, p50", rounds.samples(side.name, MEDIAN), "ms") for side in sides),
            *(
                median_row(part, f"CPU: {side.name}", rounds.samples(side.name, CPU), "ms", bar=bars.get(side.name))
                for side in sides
            ),
        ]
    return rows
