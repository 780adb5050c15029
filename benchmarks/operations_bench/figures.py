"""Figures: how long they take on a million step records, in a process that is there and as a command."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.figure import TIMES, Figure, at_least, at_most, best_figure, median_figure, ratios
from bench.pairs import Pairs, in_turn
from handrail_orchestrator.reader import reading
from operations_bench.amount import Bench
from operations_bench.open_runs import waiting
from operations_bench.plain_sql import plain_sql

REPETITIONS = 9
STATS_TIMES_SQL, STATS_TIMES_IMPORT = 1.5, 2.0


def stats_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Measure the figures of the last week and of everything, from rollups and from records, and the command."""
    address, part = bench.large, f"{bench.amount.records:,} step records"
    for window in ("24h", "7d", "30d"):
        yield _asked(address, part, window)
    yield _beside_records(address, part)
    yield from _as_a_command(address, part, folder)
    for steps in (6, 50):
        yield _of_open_runs(folder / f"open-{steps}.db", bench.amount.open_runs, steps)


def _as_a_command(address: str, part: str, folder: Path) -> Iterable[Figure]:
    """Measure the processor time of the command, beside that of a process that imports pydantic, in turn."""
    python, handrail = [sys.executable], [sys.executable, "-m", "handrail"]
    beside = [*python, "-c", "from pydantic import BaseModel, TypeAdapter"]
    commands = {
        "python -c pass": [*python, "-c", "pass"],
        "handrail --version": [*handrail, "--version"],
        "handrail stats": [*handrail, "stats", "--store", address],
        "handrail stats --json": [*handrail, "stats", "--store", address, "--json"],
    }
    # compiled beforehand, as an installed package is
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    for name, command in commands.items():
        rounds = [(_spent(command, environment), _spent(beside, environment)) for _ in range(REPETITIONS + 1)]
        pairs = Pairs(*zip(*rounds[1:], strict=True))
        bar = at_most(STATS_TIMES_IMPORT) if "stats" in name else None
        yield pairs.figure(part, f"CPU: {name} ÷ a process that imports pydantic", bar)


def _spent(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return the processor time of a new process, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


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
    with reading(address) as client, plain_sql(address) as plain:
        started = client.stats(window).funnel.started
        pairs = in_turn(lambda: client.stats(window), plain.added_up, REPETITIONS)
    name = f"CPU: client.stats({window!r}) ÷ all rollups added up in plain SQL"
    return pairs.figure(part, name, at_most(STATS_TIMES_SQL), note=f"{started:,} runs")


def _beside_records(address: str, part: str) -> Figure:
    with reading(address) as client:
        client.stats("7d")  # what it needs is loaded once
        slow, quick = [], []
        counted = rolled = client.stats("7d")
        for _ in range(3):
            began = time.process_time()
            counted = client.stats("7d", from_records=True)
            slow.append(time.process_time() - began)
            began = time.process_time()
            rolled = client.stats("7d")
            quick.append(time.process_time() - began)
    assert (rolled.funnel, rolled.steps) == (counted.funnel, counted.steps)
    note = f"{min(slow):.1f} s from records; the same numbers"
    name, every = "CPU: counting every record ÷ rollups, 7d", ratios(slow, quick)
    return median_figure(part, name, every, TIMES, bar=at_least(10.0), note=note)
