"""What running a suite costs beside a plain asyncio loop and pydantic-evals, in one run.

    python benchmarks/evals.py [--cases 10000] [--rounds 3] [--peers-python .venv-bench/bin/python]

Every side works in processes of its own, the sides take turns, and the median of the rounds counts; each must score
every case as right. Exits with 1 when a bar is missed.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from evals import Answered, Case, Observation, Suite, run_suite
from evals_bench.load import Load, Spent

ROOT = Path(__file__).parents[2]
SIDES = {"asyncio loop": "floor_side", "handrail": "handrail_side", "pydantic-evals": "pydantic_side"}
PEER = "pydantic-evals"

MOST_CPU_MICROSECONDS = 100.0
LEAST_EFFICIENCY = 90.0
MOST_MEGABYTES = 60.0
MOST_OPEN_MILLISECONDS = 10.0
MOST_IMPORT_MILLISECONDS = 150.0
OPENINGS = 15
LABELS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    part: str
    side: str
    value: float
    unit: str
    ratio: float | None = None
    """To the plain loop."""
    bar: float | None = None
    better: Literal["lower", "higher"] = "lower"

    @property
    def holds(self) -> bool | None:
        """Return whether the bar holds; None without one."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar


def spend(side: str, load: Load, python: Path, folder: Path) -> Spent:
    """Put a load on a side in a new process."""
    command = [
        str(python), "-m", f"evals_bench.{SIDES[side]}", str(folder), "--cases", str(load.cases),
        "--task-seconds", str(load.task_seconds), "--concurrency", str(load.concurrency),
    ]  # fmt: skip
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "benchmarks")))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})
    if done.returncode:
        raise SystemExit(f"{side} ended with {done.returncode}: {done.stderr[-2000:]}")
    spent = Spent(**json.loads(done.stdout))
    if spent.right != load.cases:
        raise SystemExit(f"{side} scored {spent.right} of {load.cases} cases as right, so its time says nothing")
    return spent


def rounds(load: Load, count: int, pythons: dict[str, Path], folder: Path) -> dict[str, list[Spent]]:
    """Let the sides take turns, forwards and backwards."""
    found: dict[str, list[Spent]] = {side: [] for side in pythons}
    for number in range(count):
        order = list(pythons) if number % 2 == 0 else list(reversed(pythons))
        for side in order:
            found[side].append(spend(side, load, pythons[side], folder))
    return found


def at_once(load: Load, count: int, pythons: dict[str, Path], folder: Path) -> Iterator[Row]:
    """Measure cases whose target answers at once: what is left is the harness."""
    spent = rounds(load, count, pythons, folder)
    floor = [each.cpu_seconds for each in spent["asyncio loop"]]
    part = f"{load.cases:,} cases, answered at once"
    for side, every in spent.items():
        ratio = statistics.median(mine.cpu_seconds / base for mine, base in zip(every, floor, strict=True))
        microseconds = statistics.median(each.cpu_seconds for each in every) / load.cases * 1e6
        bar = MOST_CPU_MICROSECONDS if side == "handrail" else None
        yield Row(part=part, side=side, value=microseconds, unit="µs CPU a case", ratio=ratio, bar=bar)
    for side, every in spent.items():
        peak = max(each.peak_mb for each in every)
        yield Row(
            part=part, side=side, value=peak, unit="MB at most", bar=MOST_MEGABYTES if side == "handrail" else None
        )


def waiting(load: Load, count: int, pythons: dict[str, Path], folder: Path) -> Iterator[Row]:
    """Measure how near the wall time is to what the target alone takes."""
    part = f"{load.cases:,} cases of {1000 * load.task_seconds:g} ms, {load.concurrency} at once"
    for side, every in rounds(load, count, pythons, folder).items():
        share = 100.0 * load.ideal_seconds / statistics.median(each.seconds for each in every)
        bar = LEAST_EFFICIENCY if side == "handrail" else None
        yield Row(part=part, side=side, value=share, unit="% of the ideal", bar=bar, better="higher")


def rich_result(cases: int, path: Path) -> None:
    """Write a result whose summary has everything: 150 labels, confidences, slices, clusters, acceptance."""
    chance = random.Random(1)

    async def route(number: int) -> Observation[str]:
        sure = 1 - chance.random() ** 3
        said = number % LABELS if chance.random() < sure else chance.randrange(LABELS)
        return Observation(
            f"label {said}", accepted=sure > 0.8, confidence=sure, source="local", model="m", money=0.001
        )

    def right(answer: Answered[int, object, str]) -> bool:
        return answer.output == answer.expected

    made = [
        Case(f"case-{n}", n, f"label {n % LABELS}", metadata={"language": ("en", "de", "fr")[n % 3]})
        for n in range(cases)
    ]
    asyncio.run(run_suite(Suite("rich", route, cases=made, scorers=[right]), out=path))


OPENING = """
import sys, time
from pathlib import Path
from evals.summary import open_summary
path = Path(sys.argv[1])
open_summary(path)
begun = time.perf_counter()
summary = open_summary(path)
print(1000 * (time.perf_counter() - begun), summary.tally.cases)
"""


def opening(cases: int, folder: Path) -> Row:
    """Measure opening the summary of a result with labels and confidences in new processes; the first one writes it."""
    path = folder / "rich.jsonl"
    rich_result(cases, path)
    times = []
    for _ in range(OPENINGS):
        command = [sys.executable, "-c", OPENING, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        milliseconds, found = done.stdout.split()
        if int(found) != cases:
            raise SystemExit(f"the summary speaks of {found} cases instead of {cases}")
        times.append(float(milliseconds))
    return Row(
        part=f"summary of {cases:,} results, {LABELS} labels",
        side="handrail",
        value=statistics.median(times),
        unit="ms to open",
        bar=MOST_OPEN_MILLISECONDS,
    )


def importing(folder: Path) -> Row:
    """Measure ``import evals`` in new processes, compiled beforehand as an installed package is."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    program = "import time; begun = time.perf_counter(); import evals; print(1000 * (time.perf_counter() - begun))"
    times = []
    for number in range(OPENINGS + 1):
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        if number:  # the first one compiles
            times.append(float(done.stdout))
    return Row(
        part="import evals", side="handrail", value=statistics.median(times), unit="ms", bar=MOST_IMPORT_MILLISECONDS
    )


def print_table(rows: list[Row], seconds: float) -> None:
    """Print the rows, and how many bars hold."""
    table = Table(title="Running a suite", title_justify="left")
    for name in ("", "side", "measured", "", "÷ loop", "bar", ""):
        table.add_column(name, justify="right" if name in {"measured", "÷ loop", "bar"} else "left")
    for row in rows:
        mark = {True: "[green]✔[/]", False: "[red]✘ missed[/]", None: ""}[row.holds]
        sign = "≤" if row.better == "lower" else "≥"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f} ×"
        bar = "" if row.bar is None else f"{sign} {row.bar:g}"
        table.add_row(row.part, row.side, f"{row.value:.1f}", row.unit, ratio, bar, mark)
    Console(width=140).print(table)
    held = [row.holds for row in rows if row.holds is not None]
    print(f"{sum(held)} of {len(held)} bars hold; {seconds:.0f} s")


def main() -> int:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers-python", type=Path, default=ROOT / ".venv-bench" / "bin" / "python")
    parser.add_argument("--json", type=Path, help="write the rows")
    options = parser.parse_args()
    begun = time.perf_counter()
    pythons = {"asyncio loop": Path(sys.executable), "handrail": Path(sys.executable)}
    if options.peers_python.exists():
        pythons[PEER] = options.peers_python
    else:
        print(f"no {options.peers_python}: {PEER} is left out; `make .venv-bench/.ready` installs it", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            *at_once(Load(options.cases, 0.0, 50), options.rounds, pythons, folder),
            opening(options.cases, folder),
            *waiting(Load(2_000, 0.05, 50), options.rounds, pythons, folder),
            importing(folder),
        ]
    print_table(rows, time.perf_counter() - begun)
    if options.json is not None:
        options.json.write_text(json.dumps([{**vars_of(row), "holds": row.holds} for row in rows], indent=1))
    return 0 if all(row.holds is not False for row in rows) else 1


def vars_of(row: Row) -> dict[str, object]:
    """Return a row as JSON data."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
