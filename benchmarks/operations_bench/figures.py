"""Figures: how long they take on a million step records, in a process that is there and as a command."""

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.figure import TIMES, Figure, at_least, at_most, best_figure, median_figure
from handrail_orchestrator.reader import reading
from operations_bench.amount import Bench

REPETITIONS = 9


def stats_rows(bench: Bench, _: Path) -> Iterable[Figure]:
    """Measure the figures of the last week and of everything, from rollups and from records, and the command."""
    address, part = bench.large, f"{bench.amount.records:,} step records"
    for window in ("24h", "7d", "30d"):
        yield _asked(address, part, window)
    yield _beside_records(address, part)
    command = [sys.executable, "-m", "handrail"]
    base = _taken([*command, "--version"])
    yield median_figure(part, "handrail --version: the start of Python and of the command line", base, "ms")
    taken = _taken([*command, "stats", "--store", address, "--json"])
    yield median_figure(part, "handrail stats --json, as a command", taken, "ms", note="with the start of Python")
    more = [each - start for each, start in zip(taken, base, strict=True)]
    yield median_figure(part, "handrail stats beyond handrail --version", more, "ms", note="imports of its own, too")


def _asked(address: str, part: str, window: str) -> Figure:
    taken, spent, started = [], [], 0
    with reading(address) as client:
        client.stats(window)  # what it needs is loaded once
        for _ in range(REPETITIONS):
            began, used = time.perf_counter(), time.process_time()
            started = client.stats(window).funnel.started
            taken.append(1000 * (time.perf_counter() - began))
            spent.append(1000 * (time.process_time() - used))
    note = f"{started:,} runs, {median(spent):.0f} ms of a processor"
    return best_figure(part, f"client.stats({window!r})", taken, "ms", bar=at_most(200.0), note=note)


def _beside_records(address: str, part: str) -> Figure:
    with reading(address) as client:
        client.stats("7d")  # what it needs is loaded once
        began = time.process_time()
        counted = client.stats("7d", from_records=True)
        slow = time.process_time() - began
        began = time.process_time()
        rolled = client.stats("7d")
        quick = time.process_time() - began
    assert (rolled.funnel, rolled.steps) == (counted.funnel, counted.steps)
    note = f"{slow:.1f} s from records; the same numbers"
    return Figure(part, "CPU: counting every record ÷ rollups, 7d", slow / quick, TIMES, at_least(10.0), note)


def _taken(command: Sequence[str]) -> list[float]:
    taken = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(1000 * (time.perf_counter() - began))
    return taken
