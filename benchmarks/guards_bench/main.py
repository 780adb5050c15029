"""The command: measures every part asked for, and prints one table."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from guards_bench.attacks import attacks
from guards_bench.chain_cost import chain_cost
from guards_bench.personal import personal
from guards_bench.receipts import receipts
from guards_bench.schemas import schemas

PROJECT = Path(__file__).parent.parent.parent

PARTS: dict[str, Callable[[Path], list[Figure]]] = {
    "receipts": receipts,
    "personal": personal,
    "attacks": attacks,
    "schemas": schemas,
    "chain": chain_cost,
}
"""What is measured, in the order of the table."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when ``--strict`` and a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks/guards.py", description="Measure the guards.")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the folder of the data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed")
    asked = parser.parse_args(arguments)
    if not asked.data.is_dir() and set(asked.only or PARTS) != {"chain"}:
        parser.error(f"there is no data in {asked.data}; give its folder with --data")
    progress = Console(stderr=True)
    figures: list[Figure] = []
    for name in asked.only or PARTS:
        progress.log(f"measuring: {name}")
        figures += PARTS[name](asked.data)
    missed = report("The guards", figures, write=asked.json)
    return missed if asked.strict else 0
