"""100,000 runs that wait: what they cost while nothing happens, and how soon one goes on when something does."""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure
from bench.memory import megabytes_of
from bench.pairs import Pairs
from engine_bench.bench import Bench
from engine_bench.child import Child
from engine_bench.handrail_side import store_url
from engine_bench.imports import PYDANTIC, import_milliseconds, spend
from engine_bench.listing import listing_rows
from engine_bench.waiting_worker import EVENT, SLICES
from handrail import Client
from handrail.orchestrator import ReviewQuery

WORKER = "engine_bench.waiting_worker"

GAP_SECONDS = (0.005, 0.040)
"""Between an arrival and the next decision, at random: far enough for the other process to fall asleep again."""

PARTS = 3
"""Of the runs resumed, the best of which counts: a busy machine makes some of them late."""
WARM_UP = 10
"""Runs resumed before those that count: the first decision imports what checks it."""

IDLE_BAR, MEMORY_BAR = at_most(3.0, 2.0), at_most(2.8, 2.1)
"""The processor time of an idle process, by that of a loop that looks and beats by hand; its memory, by pydantic's."""
OPEN_BAR, FIRST_BAR = at_most(0.2, 0.1), at_most(1.5, 1.0)
"""The processor time of opening the store, by that of importing the engine; and of the first opening of a process, of a
new store, with all that is loaded for it, by that of importing pydantic."""
OPENINGS = 5
WAKE_BARS = at_most(6, 3), at_most(8, 4)
"""How long it takes until the step's body begins, by how long the call takes that resumes it: p50 and p95."""


@dataclass(frozen=True, slots=True)
class Wake:
    """One run resumed from here, its step's body run there."""

    call_ms: float
    """How long the call that resumed it took: the commit here."""
    latency_ms: float
    """From before that call to the beginning of the step's body in the other process."""


def waiting(bench: Bench) -> list[Figure]:
    """Make the runs, watch new processes open the store and idle, and resume runs from this process."""
    file = bench.directory / "waiting.db"
    part = f"{bench.scale.waiting_runs:,} waiting runs"
    bench.say(f"making {part}")
    with Child(WORKER, "create", file, bench.scale.waiting_runs) as creator:
        made = creator.listen()
    opened = [_opened(file) for _ in range(OPENINGS + 1)][1:]  # the first compiles
    idle = [_idle(file, bench, number) for number in range(bench.scale.waiting_repetitions)]
    bench.say("resuming runs from another process")
    with Child(WORKER, "serve", file, 0) as server:
        server.listen()
        decisions, events = asyncio.run(_resume(file, server, bench.scale.resumes))
    return [
        *_making_rows(part, made, bench.scale.waiting_runs),
        *_idle_rows(part, idle, bench.scale.idle_seconds / SLICES),
        *_open_rows(part, opened),
        *_wake_rows(part, "a decision in another process", decisions),
        *_wake_rows(part, "an event from another process", events),
        *asyncio.run(listing_rows(file, part)),
    ]


@dataclass(frozen=True, slots=True)
class Idle:
    """What an idle process costs, in slices of some seconds that it was watched for."""

    ours_ms: Sequence[float]
    by_hand_ms: Sequence[float]
    """Of a loop that does by hand what cannot be left out, in the same seconds."""
    megabytes: float
    """That the process held at most."""


def _idle(file: Path, bench: Bench, number: int) -> Idle:
    """Watch a new process with the store open while nothing happens, and a loop by hand at the same time."""
    seconds = bench.scale.idle_seconds
    bench.say(f"watching an idle process for {seconds:.0f} s")
    by_hand = bench.directory / f"looked-{number}.db"
    with Child(WORKER, "serve", file, seconds) as server, Child(WORKER, "look", by_hand, seconds) as looker:
        ours, floor = server.listen(), looker.listen()
        return Idle(ours["idle_ms"], floor["idle_ms"], ours["peak_megabytes"])


@dataclass(frozen=True, slots=True)
class Opened:
    """What one process spent that opened two stores, in milliseconds of the processor."""

    first: float
    """On an empty one, with all that is loaded for it."""
    opening: float
    """On the one that is measured, when all was loaded."""
    pydantic: float
    """Of importing pydantic, in a process after it."""


def _opened(file: Path) -> Opened:
    with Child(WORKER, "open", file) as child:
        told = child.listen()
    return Opened(told["first_ms"], told["opening_ms"], spend(PYDANTIC) - spend("pass"))


async def _resume(file: Path, server: Child, count: int) -> tuple[list[Wake], list[Wake]]:
    """Resume as many runs by a person's decision, and as many by an event."""
    async with Client(store_url(file)) as client:
        items = client.reviews(ReviewQuery(limit=WARM_UP + count))
        deciding = [_decide(client, item.id) for item in items]
        sending = [_send(client, f"listen-{number}") for number in range(WARM_UP + count)]
        decisions = await _wake_each(deciding, server)
        events = await _wake_each(sending, server)
        return decisions[WARM_UP:], events[WARM_UP:]


def _decide(client: Client, item: int) -> Callable[[], Awaitable[object]]:
    return lambda: client.decide(item, value=True, by="bench")


def _send(client: Client, run_id: str) -> Callable[[], Awaitable[object]]:
    return lambda: client.send(run_id, EVENT, True)


async def _wake_each(calls: Sequence[Callable[[], Awaitable[object]]], server: Child) -> list[Wake]:
    """Make one call after the other, each after the step of the one before has begun in the server."""
    chance = random.Random(0)
    wakes = []
    for call in calls:
        await asyncio.sleep(chance.uniform(*GAP_SECONDS))
        called = time.time_ns()
        await call()
        returned = time.time_ns()
        arrival = await asyncio.to_thread(server.listen)
        wakes.append(Wake((returned - called) / 1e6, (arrival["at"] - called) / 1e6))
    return wakes


def _making_rows(part: str, made: dict[str, float], count: int) -> list[Figure]:
    return [
        Figure(part, "started, 5,000 in a call", count / made["started_seconds"], "runs/s"),
        Figure(part, "started and run to their wait", count / made["waiting_seconds"], "runs/s"),
        Figure(part, "peak memory of the process that made them", made["peak_megabytes"], "MB"),
    ]


def _idle_rows(part: str, idle: Sequence[Idle], seconds: float) -> list[Figure]:
    pairs = Pairs(
        tuple(each for one in idle for each in one.ours_ms), tuple(each for one in idle for each in one.by_hand_ms)
    )
    percent = 0.1 * statistics.median(pairs.ours) / seconds
    memory, beside = max(each.megabytes for each in idle), megabytes_of(PYDANTIC)
    name, note = "peak resident memory ÷ a process that imports pydantic", f"{memory:.1f} MB for {beside:.1f}"
    return [
        pairs.figure(part, "idle CPU ÷ a look and a beat by hand", IDLE_BAR, note=f"{percent:.2f} % of a processor"),
        Figure(part, name, memory / beside, TIMES, MEMORY_BAR, note),
    ]


def _open_rows(part: str, opened: Sequence[Opened]) -> list[Figure]:
    importing = import_milliseconds()
    opening = [each.opening for each in opened]
    note = f"{statistics.median(opening):.1f} ms for {importing:.0f}"
    name = "CPU to open the store ÷ importing the engine"
    first = Pairs(tuple(each.first for each in opened), tuple(each.pydantic for each in opened))
    return [
        median_figure(part, name, [each / importing for each in opening], TIMES, bar=OPEN_BAR, note=note),
        first.figure(part, "CPU of the first opening, of a new store ÷ importing pydantic", FIRST_BAR),
    ]


def _best_part(wakes: Sequence[Wake], centile: int) -> tuple[float, float]:
    """Return a centile of how long it took, and of the calls, where their ratio is least of three parts in turn."""
    size = -(-len(wakes) // PARTS)
    found = []
    for first in range(0, len(wakes), size):
        part = wakes[first : first + size]
        found.append(
            (_centile([each.latency_ms for each in part], centile), _centile([each.call_ms for each in part], centile))
        )
    return min(found, key=lambda each: each[0] / each[1])


def _centile(times: Sequence[float], centile: int) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[centile // 5 - 1]


def _wake_rows(part: str, cause: str, wakes: Sequence[Wake]) -> list[Figure]:
    latencies = [wake.latency_ms for wake in wakes]
    (p50, calls_p50), (p95, calls_p95) = (_best_part(wakes, centile) for centile in (50, 95))
    taken = f"{calls_p50:.2f} ms (p50), {calls_p95:.2f} ms (p95)"
    note = f"the best third of {len(wakes)}, from before the call, which itself takes {taken}"
    return [
        Figure(part, f"{cause} → step's body, p50", p50, "ms", None, note, tuple(latencies)),
        Figure(part, f"{cause} → step's body, p95", p95, "ms"),
        Figure(part, f"{cause} → step's body ÷ the call, p50", p50 / calls_p50, TIMES, WAKE_BARS[0]),
        Figure(part, f"{cause} → step's body ÷ the call, p95", p95 / calls_p95, TIMES, WAKE_BARS[1]),
    ]
