"""What the embedded engine reaches: one run, one table, its bars beside the figures."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.figure import Figure
from bench.table import report
from engine_bench.bench import Bench
from engine_bench.beside_peers import beside_peers
from engine_bench.commits import CommitTimes, commit_rows, commit_times
from engine_bench.crash import crash
from engine_bench.disk import file_system, scratch
from engine_bench.errors import InMemoryDisk
from engine_bench.growth import growth
from engine_bench.lateness import lateness
from engine_bench.machine import this_machine
from engine_bench.scale import FULL, QUICK, SHORT
from engine_bench.throughput import alone, kinds, sleeping, together
from engine_bench.waiting import waiting

PROJECT = Path(__file__).parent.parent

PARTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "alone": alone,
    "together": together,
    "kinds": kinds,
    "sleeping": sleeping,
    "peers": beside_peers,
    "waiting": waiting,
    "growth": growth,
    "lateness": lateness,
    "crash": crash,
}
"""What is measured, in the order of the table."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="benchmarks/engine.py", description=__doc__)
    parser.add_argument("--only", action="append", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="smaller, and with fewer rounds, as `make bench` does")
    parser.add_argument("--quick", action="store_true", help="a smoke run; its figures mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--dir", type=Path, default=PROJECT / "build" / "benchmarks", help="a folder on a real disk")
    parser.add_argument(
        "--peers-python",
        type=Path,
        default=PROJECT / ".venv-bench" / "bin" / "python",
        help="the interpreter that has the peers (make bench installs them)",
    )
    parser.add_argument("--strict", action="store_true", help="end with 1 when a bar is missed or a part failed")
    asked = parser.parse_args(arguments)
    if asked.json is not None and not asked.json.parent.is_dir():
        parser.error(f"--json {asked.json}: there is no folder {asked.json.parent}")
    return asked


def measure(name: str, bench: Bench, progress: Console) -> list[Figure]:
    """Return the rows of one part; a part that fails says so in one row, and the others are still measured."""
    progress.log(f"measuring: {name}")
    try:
        return PARTS[name](bench)
    except Exception as error:  # noqa: BLE001 - minutes of figures are not thrown away for one part
        progress.print_exception()
        return [Figure(name, "failed", None, "", note=f"{type(error).__name__}: {error}", failed=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and return the exit code: 0, 1 for a missed bar with --strict, 2 for bad input."""
    asked = parse(arguments)
    progress = Console(stderr=True)
    rows: list[Figure] = []
    commits: list[CommitTimes] = []
    try:
        with scratch(asked.dir) as directory:
            scale = QUICK if asked.quick else SHORT if asked.short else FULL
            bench = Bench(directory, scale, asked.peers_python, progress.log)
            machine = this_machine(file_system(directory))
            for name in asked.only or PARTS:
                commits.append(commit_times(directory))
                rows += measure(name, bench, progress)
            rows += commit_rows([*commits, commit_times(directory)])
    except InMemoryDisk as error:
        progress.print(f"[red]{error}[/]")
        return 2
    missed = report("The embedded engine", rows, caption=str(machine), write=asked.json)
    return missed if asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
