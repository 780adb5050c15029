"""What new processes spend before they do anything, as ratios to importing pydantic or typer in the same round.

    python benchmarks/startup.py [--rounds 15]

Processor time of whole processes, less that of a bare interpreter; the programs take turns, forwards and backwards, and
the median of the rounds' ratios counts. Exits with 1 when a bar is missed.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.figure import TIMES, Figure, at_most, median_figure, ratios
from bench.table import report

BARE = "pass"
PYDANTIC = "from pydantic import BaseModel, TypeAdapter"
TYPER = "import typer"
HELP = """
import contextlib, io
from handrail.cli import app
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    app(["--help"])
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Something that is loaded."""

    name: str
    beside: str
    """The program whose time is 1."""
    most: float
    """The bar of the ratio."""
    code: str = ""
    """What to run, where the name is not the code."""

    @property
    def program(self) -> str:
        """Return what to run."""
        return self.code or self.name


STARTS = (
    Start("from handrail import no_secrets", PYDANTIC, 0.75),
    Start("from handrail import Orchestrator", PYDANTIC, 2.0),
    Start("from handrail import classify", PYDANTIC, 1.75),
    Start("from handrail import Suite", PYDANTIC, 3.0),
    Start("handrail --help", TYPER, 1.5, HELP),
)
BASES = {PYDANTIC: "import pydantic", TYPER: "import typer"}


def spend(program: str, environment: dict[str, str]) -> float:
    """Return the processor time of a new process, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure(rounds: int) -> dict[str, list[float]]:
    """Return what each program spent beyond a bare interpreter, in each round; the same place is the same round."""
    programs = [BARE, *BASES, *(start.program for start in STARTS)]
    spent: dict[str, list[float]] = {program: [] for program in programs}
    with tempfile.TemporaryDirectory() as folder:
        # compiled beforehand, as an installed package is
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder))
        for program in programs:
            spend(program, environment)
        for number in range(rounds):
            for program in programs if number % 2 == 0 else reversed(programs):
                spent[program].append(spend(program, environment))
    return {
        program: [taken - bare for taken, bare in zip(times, spent[BARE], strict=True)]
        for program, times in spent.items()
    }


def main() -> int:
    """Measure, print the table, and return 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=15, help="the median of their ratios counts")
    spent = measure(parser.parse_args().rounds)
    figures = [Figure("beside", name, statistics.median(spent[base]), "ms CPU") for base, name in BASES.items()]
    for start in STARTS:
        times, note = spent[start.program], f"{statistics.median(spent[start.program]):.0f} ms CPU"
        name, bar = f"{start.name} ÷ {BASES[start.beside]}", at_most(start.most)
        figures.append(median_figure("starting", name, ratios(times, spent[start.beside]), TIMES, bar=bar, note=note))
    return report("Starting", figures)
