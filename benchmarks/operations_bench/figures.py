"""Figures: how long they take on a million step records, in a process that is there and as a command."""

import time
from collections.abc import Iterable
from pathlib import Path

from bench.figure import Figure, at_most, median_figure
from handrail_orchestrator.reader import reading
from operations_bench.million import made

PART = "a million step records"
REPETITIONS = 7


def stats_rows(folder: Path) -> Iterable[Figure]:
    """Measure the figures of the last week, of everything, and the command."""
    now = time.time()
    address = f"sqlite:///{made(folder / 'million.db', now)}"
    for window in ("7d", "30d"):
        yield _asked(address, window)


def _asked(address: str, window: str) -> Figure:
    taken, started = [], 0
    with reading(address) as client:
        for _ in range(REPETITIONS):
            began = time.perf_counter()
            started = client.stats(window).funnel.started
            taken.append(1000 * (time.perf_counter() - began))
    return median_figure(PART, f"client.stats({window!r})", taken, "ms", bar=at_most(200.0), note=f"{started:,} runs")
