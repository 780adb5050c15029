"""What runs that wait for people take: memory, and a processor that should have nothing to do."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from statistics import median

from rich.console import Console

from bench.figure import TIMES, Figure, at_most
from distributed_bench.servers import Servers, memory, use
from distributed_bench.settings import Amount
from distributed_bench.sides import HandrailSide

PART = "runs that wait"
SETTLE_SECONDS = 5.0
DECIDED = 20
MOST_IDLE = 5.0
"""Runs until they wait: what a worker may take of the processor in a second in which nothing happens, by these."""


async def waiting_rows(at: Servers, side: HandrailSide, amount: Amount, folder: Path) -> AsyncIterator[Figure]:
    """Let runs wait; look at what the three processes hold, and what they do in a quiet time."""
    with side.worker(folder) as worker:
        await side.ask(10)
        before, runs, a_run = memory(at, worker), list[str](), 0.0
        for portion in _portions(amount.waiting):  # so that one that is stopped has said how far it came
            began = use(at, [worker])
            runs += await side.ask(portion, _Progress(portion, f"runs wait besides {len(runs):,}"))
            parked = use(at, [worker]).since(began)
            a_run = parked.seconds["worker"] / portion
            name = f"processor time until it waits, up to {len(runs):,}"
            yield Figure(PART, name, 1000 * parked.total / portion, "ms", note=_by_part(parked.seconds, 1000 / portion))
            _tell(f"{len(runs):,} of {amount.waiting:,} runs wait: {parked.total:.1f} s of processor time for the last")
            await asyncio.sleep(SETTLE_SECONDS)
            for part, now in memory(at, worker).items():
                note = f"{now - before[part]:+.0f} MB with these runs"
                yield Figure(PART, f"memory of {part}, {len(runs):,} wait", now, "MB", note=note)
        quiet = use(at, [worker])
        await asyncio.sleep(amount.idle_seconds)
        idle = use(at, [worker]).since(quiet)
        for part, seconds in idle.seconds.items():
            yield Figure(PART, f"idle: {part}", 100 * seconds / amount.idle_seconds, "%", note="of a core")
        a_second = idle.seconds["worker"] / amount.idle_seconds
        name = "worker: an idle second ÷ a run until it waits"
        note = f"{1000 * a_second:.1f} ms of a processor for {1000 * a_run:.1f}"
        yield Figure(PART, name, a_second / a_run, TIMES, at_most(MOST_IDLE), note)
        times = [1000 * await side.decide(run) for run in runs[: min(DECIDED, amount.waiting)]]
        yield Figure(PART, "from an answer to the result, p50", median(times), "ms", note="while the others wait")
    with side.worker(folder):
        seconds = await side.decide(runs[-1])
        yield Figure(PART, "from an answer to the result, a new worker", 1000 * seconds, "ms", note="with its start")
        left = runs[DECIDED:-1]
        for at_once in (left[: len(left) // 10], left[len(left) // 10 :]):
            if at_once:
                seconds = await side.decide_all(at_once, _Progress(len(at_once), "answered runs have ended"))
                note = f"{len(at_once) / seconds:.1f} results a second"
                yield Figure(PART, f"{len(at_once):,} answers at once, until the last result", seconds, "s", note=note)


class _Progress:
    """Tells how many of some runs have come so far, each tenth of them once."""

    def __init__(self, count: int, what: str) -> None:
        self._count = count
        self._what = what
        self._told = 0

    def __call__(self, reached: int) -> None:
        tenths = 10 * reached // self._count
        if tenths > self._told:
            self._told = tenths
            _tell(f"{reached:,} of {self._count:,} {self._what}")


def _portions(count: int) -> Iterator[int]:
    """Give how many runs to start in turn: a twentieth, as many again, then always as many as there are."""
    started = 0
    while started < count:
        portion = min(count - started, max(started, -(-count // 20)))
        started += portion
        yield portion


def _tell(text: str) -> None:
    Console(stderr=True).log(text)


def _by_part(seconds: Mapping[str, float], times: float) -> str:
    return ", ".join(f"{part} {times * used:.1f}" for part, used in seconds.items())
