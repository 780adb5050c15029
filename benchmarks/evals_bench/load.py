"""What every side is given to do, and the process it does it in."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.memory import peak_megabytes


@dataclass(frozen=True, slots=True)
class Load:
    """So many cases, each taking so long, so many of them at once."""

    cases: int
    task_seconds: float
    """How long the target sleeps; 0: it answers at once."""
    concurrency: int

    @property
    def ideal_seconds(self) -> float:
        """How long it takes when nothing but the target takes any time."""
        return self.cases / self.concurrency * self.task_seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """What a side's process spent on its load, imports left out but for memory."""

    cpu_seconds: float
    seconds: float
    peak_mb: float
    """The most memory the process ever held."""
    base_mb: float
    """What it held before the load: the interpreter, the library, the cases."""
    right: int
    """Cases that were scored as right, so that a side that does nothing is not fast."""


Side = Callable[[Load, Path], Callable[[], Awaitable[int]]]
"""Prepares a load, with a folder to write to; what it returns does the work and tells how many cases were right."""


def text_of(number: int) -> str:
    """Return the input of a case: of the length of a short request."""
    return f"please move my appointment number {number} to another day"


async def answer(text: str, seconds: float) -> str:
    """Be the target."""
    if seconds:
        await asyncio.sleep(seconds)
    return text.upper()


def main(side: Side) -> None:
    """Do a load as the command line says, and print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--task-seconds", type=float, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    arguments = parser.parse_args()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    work = side(Load(arguments.cases, arguments.task_seconds, arguments.concurrency), arguments.folder)
    base = peak_megabytes()

    async def timed() -> Spent:
        begun, cpu = time.perf_counter(), time.process_time()
        right = await work()
        return Spent(time.process_time() - cpu, time.perf_counter() - begun, peak_megabytes(), base, right)

    print(json.dumps(asdict(asyncio.run(timed()))), file=output, flush=True)
