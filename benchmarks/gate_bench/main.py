"""The command: simulates every part asked for, and prints one table."""

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from gate_bench.coverage import coverage
from gate_bench.verdicts import clusters, many_metrics, planning, single_cases

PARTS: dict[str, Callable[[int], list[Figure]]] = {
    "cases": single_cases,
    "clusters": clusters,
    "metrics": many_metrics,
    "planning": planning,
    "coverage": coverage,
}
"""What is simulated, in the order of the table."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/gate.py", description="Simulate how often the gate is wrong.")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--repetitions", type=int, default=5000, metavar="N", help="of each simulation, default 5000")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N", help="default: one a core")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    if asked.repetitions < 1:
        parser.error(f"--repetitions {asked.repetitions}: give at least 1; 5000 take a few minutes")
    progress = Console(stderr=True)
    progress.log(f"{asked.repetitions} repetitions of each simulation, seeds fixed")
    figures: list[Figure] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        running = {name: pool.submit(PARTS[name], asked.repetitions) for name in asked.only or PARTS}
        for name, part in running.items():
            figures += part.result()
            progress.log(f"done: {name}")
    missed = report(
        "The gate", figures, caption="± is the standard error of the simulation, in points", write=asked.json
    )
    return missed if asked.strict else 0
