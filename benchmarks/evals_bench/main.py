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
from pathlib import Path

from bench.figure import TIMES, Figure, at_least, at_most, median_figure, percent, ratios
from bench.table import report
from evals_bench.load import Load, Spent
from handrail import Case, Suite, run_suite
from handrail.evals import Answered, Observation, write_cases

ROOT = Path(__file__).parents[2]
SIDES = {"asyncio loop": "floor_side", "handrail": "handrail_side", "pydantic-evals": "pydantic_side"}
PEER = "pydantic-evals"

MOST_TIMES_LOOP = 16.0
LEAST_PACE = 0.8
MOST_TIMES_MEMORY = 3.0
MOST_TIMES_READING = 0.25
MOST_TIMES_LOADS = 8.0
OPENINGS = 15
LABELS = 150


def spend(side: str, load: Load, python: Path, folder: Path) -> Spent:
    """Put a load on a side in a new process."""
    command = [
        str(python), "-m", f"evals_bench.{SIDES[side]}", str(folder), "--cases", str(load.cases),
        "--task-seconds", str(load.task_seconds), "--concurrency", str(load.concurrency),
    ]  # fmt: skip
    path = str(ROOT / "benchmarks")
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


def at_once(load: Load, count: int, pythons: dict[str, Path], folder: Path) -> Iterator[Figure]:
    """Measure cases whose target answers at once: what is left is the harness."""
    spent = rounds(load, count, pythons, folder)
    floor = [each.cpu_seconds for each in spent["asyncio loop"]]
    part = f"{load.cases:,} cases, answered at once"
    for side, every in spent.items():
        microseconds = statistics.median(each.cpu_seconds for each in every) / load.cases * 1e6
        bar = at_most(MOST_TIMES_LOOP) if side == "handrail" else None
        times = ratios([each.cpu_seconds for each in every], floor)
        note = f"{microseconds:.1f} µs CPU a case"
        yield median_figure(part, f"{side}: CPU ÷ the plain loop", times, TIMES, bar=bar, note=note)
    least = max(each.peak_mb for each in spent["asyncio loop"])
    for side, every in spent.items():
        peak = max(each.peak_mb for each in every)
        bar = at_most(MOST_TIMES_MEMORY) if side == "handrail" else None
        yield Figure(part, f"{side}: memory at most ÷ the plain loop's", peak / least, TIMES, bar, f"{peak:.0f} MB")


def waiting(load: Load, count: int, pythons: dict[str, Path], folder: Path) -> Iterator[Figure]:
    """Measure how near the pace is to what the target alone takes, and to the pace of a plain loop."""
    part = f"{load.cases:,} cases of {1000 * load.task_seconds:g} ms, {load.concurrency} at once"
    spent = rounds(load, count, pythons, folder)
    floor = [each.seconds for each in spent["asyncio loop"]]
    for side, every in spent.items():
        ideal = percent(load.ideal_seconds, statistics.median(each.seconds for each in every))
        bar = at_least(LEAST_PACE) if side == "handrail" else None
        pace = min(floor) / min(each.seconds for each in every)
        note = f"{ideal:.1f}% of the ideal; the best rounds of each"
        yield Figure(part, f"{side}: pace ÷ that of the plain loop", pace, TIMES, bar, note)


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
import json, sys, time
from pathlib import Path
from handrail_evals.numbers.summary.document import open_summary
path = Path(sys.argv[1])
open_summary(path)
begun = time.process_time()
summary = open_summary(path)
opened = time.process_time()
with path.open("rb") as file:
    lines = sum(1 for line in file if json.loads(line))
print(1000 * (opened - begun), 1000 * (time.process_time() - opened), summary.tally.cases)
"""

READING = """
import json, sys, time
from pathlib import Path
from handrail import read_cases
path = Path(sys.argv[1])
read_cases(path, expected=str)
begun = time.process_time()
cases = read_cases(path, expected=str)
read = time.process_time()
with path.open("rb") as file:
    lines = sum(1 for line in file if json.loads(line))
print(1000 * (read - begun), 1000 * (time.process_time() - read), len(cases))
"""


def opening(cases: int, folder: Path) -> Figure:
    """Measure opening the summary of a result with labels and confidences, beside reading the result itself."""
    path = folder / "rich.jsonl"
    rich_result(cases, path)
    part = f"summary of {cases:,} results, {LABELS} labels"
    name = "CPU to open ÷ json.loads of each line of the result"
    return _in_new_processes(OPENING, path, cases, part, name, MOST_TIMES_READING)


def reading(cases: int, folder: Path) -> Figure:
    """Measure reading a file of cases, beside reading its lines as JSON."""
    path = folder / "cases.jsonl"
    write_cases(path, [Case(f"case-{n}", "text " * 20, "cards", cluster="c") for n in range(cases)])
    return _in_new_processes(
        READING, path, cases, f"{cases:,} cases", "CPU to read ÷ json.loads of each line", MOST_TIMES_LOADS
    )


def _in_new_processes(program: str, path: Path, cases: int, part: str, name: str, most: float) -> Figure:
    times, every = [], []
    for _ in range(OPENINGS):
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        milliseconds, reading_lines, found = done.stdout.split()
        if int(found) != cases:
            raise SystemExit(f"{part}: {found} cases were found instead of {cases}")
        times.append(float(milliseconds))
        every.append(float(milliseconds) / float(reading_lines))
    note = f"{statistics.median(times):.1f} ms CPU"
    return median_figure(part, name, every, TIMES, bar=at_most(most), note=note)


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
            reading(options.cases, folder),
            *waiting(Load(2_000, 0.05, 50), options.rounds, pythons, folder),
        ]
    return report("Running a suite", rows, caption=f"{time.perf_counter() - begun:.0f} s", write=options.json)
