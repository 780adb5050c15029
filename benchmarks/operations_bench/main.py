"""The command: measures every part asked for, and prints one table."""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from operations_bench.amount import FULL, SHORT, Bench
from operations_bench.control import control_rows
from operations_bench.figures import stats_rows
from operations_bench.outbox import outbox_rows
from operations_bench.page import page_rows
from operations_bench.rollout import rollout_rows
from operations_bench.rollup_cost import rollup_rows
from operations_bench.schedules import schedule_rows
from operations_bench.telemetry import telemetry_rows
from operations_bench.webhooks import webhook_rows

PARTS: dict[str, Callable[[Bench, Path], Iterable[Figure]]] = {
    "stats": stats_rows,
    "rollups": rollup_rows,
    "page": page_rows,
    "telemetry": telemetry_rows,
    "control": control_rows,
    "outbox": outbox_rows,
    "rollout": rollout_rows,
    "webhooks": webhook_rows,
    "schedules": schedule_rows,
}
"""What is measured, in the order of the table; each gets a folder that is empty, too, and is deleted afterwards."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/operations.py", description="Measure what operating costs.")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--folder", type=Path, help="where stores are made; without it, the folder for such things")
    parser.add_argument("--short", action="store_true", help="smaller, and with fewer rounds, as `make bench` does")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    progress = Console(stderr=True)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as shared:
        bench = Bench(SHORT if asked.short else FULL, Path(shared))
        for name in asked.only or PARTS:
            progress.log(f"measuring: {name}")
            with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
                figures += PARTS[name](bench, Path(folder))
    missed = report("Operations", figures, write=asked.json)
    return missed if asked.strict else 0
