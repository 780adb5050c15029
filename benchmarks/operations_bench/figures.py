"""Figures: how long they take on a million step records, in a process that is there and as a command."""

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from bench.figure import TIMES, Figure, at_least, at_most, best_figure
from handrail_orchestrator.reader import reading
from operations_bench.amount import Bench
from operations_bench.open_runs import waiting

REPETITIONS = 9


def stats_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Measure the figures of the last week and of everything, from rollups and from records, and the command."""
    address, part = bench.large, f"{bench.amount.records:,} step records"
    for window in ("24h", "7d", "30d"):
        yield _asked(address, part, window)
    yield _beside_records(address, part)
    yield from _as_a_command(address, part)
    for steps in (6, 50):
        yield _of_open_runs(folder / f"open-{steps}.db", bench.amount.open_runs, steps)


def _as_a_command(address: str, part: str) -> Iterable[Figure]:
    """Measure the command from its start to its end, beside what every command takes, in turn."""
    python, handrail = [sys.executable], [sys.executable, "-m", "handrail"]
    commands = {
        "python -c pass": [*python, "-c", "pass"],
        "python -c 'import sqlite3'": [*python, "-c", "import sqlite3"],
        "handrail --version": [*handrail, "--version"],
        "handrail stats": [*handrail, "stats", "--store", address],
        "handrail stats --json": [*handrail, "stats", "--store", address, "--json"],
    }
    taken = dict[str, list[float]]((name, []) for name in commands)
    for _ in range(REPETITIONS):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            taken[name].append(1000 * (time.perf_counter() - began))
    for name, times in taken.items():
        bar = at_most(200.0) if "stats" in name else None
        yield best_figure(part, f"{name}, as a command", times, "ms", bar=bar)


def _of_open_runs(file: Path, runs: int, steps: int) -> Figure:
    """Measure figures of runs that have not ended: those are counted from their records."""
    address = waiting(file, runs=runs, steps=steps)
    with reading(address) as client:
        client.stats("7d")  # what it needs is loaded once
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            assert client.stats("7d").funnel.started == runs
            taken.append(1000 * (time.perf_counter() - began))
    return best_figure("runs that have not ended", f"{runs:,} that wait, {steps} steps each", taken, "ms")


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
