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

from rich.console import Console
from rich.table import Table

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
    program: str
    beside: str
    """The program whose time is 1."""
    most: float
    """The bar of the ratio."""


STARTS = (
    Start("import handrail_guards", "import handrail_guards", PYDANTIC, 0.75),
    Start("import handrail_orchestrator", "import handrail_orchestrator", PYDANTIC, 2.0),
    Start("import handrail_ai_steps", "import handrail_ai_steps", PYDANTIC, 1.75),
    Start("import handrail_evals", "import handrail_evals", PYDANTIC, 3.0),
    Start("handrail --help", HELP, TYPER, 1.5),
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
    table = Table(title="Starting", title_justify="left")
    for name in ("", "CPU", "beside", "ratio", "bar", ""):
        table.add_column(name, justify="right" if name in {"CPU", "ratio", "bar"} else "left")
    missed = 0
    for base, name in BASES.items():
        table.add_row(name, f"{statistics.median(spent[base]):.0f} ms", "", "", "", "")
    for start in STARTS:
        pairs = zip(spent[start.program], spent[start.beside], strict=True)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        holds = ratio <= start.most
        missed += not holds
        milliseconds = f"{statistics.median(spent[start.program]):.0f} ms"
        mark = "[green]✔ ok[/]" if holds else "[red]✘ missed[/]"
        table.add_row(start.name, milliseconds, BASES[start.beside], f"{ratio:.2f} ×", f"≤ {start.most:g}", mark)
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    print(f"{len(STARTS)} bars: {len(STARTS) - missed} hold, {missed} missed.")
    return int(missed > 0)
