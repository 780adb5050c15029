"""What sealing the values of a store costs, beside the same on a plain store: by turns, in one process."""

import argparse
import asyncio
import base64
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from handrail import Orchestrator, Run, action, workflow
from handrail_orchestrator.sealing.aes_gcm import AesGcm
from handrail_orchestrator.sealing.rotation import rotate
from handrail_orchestrator.store import open_store

KEYS = {"spring": b"k" * 32}
BOTH = {"summer": b"s" * 32, **KEYS}
LETTER = "Dear Sir or Madam, my order of last week has not come. " * 8
CALLERS = 50


@action
async def look(letter: str) -> str:
    """Return a result as long as the input."""
    return letter[::-1]


@workflow(version=1)
async def five(run: Run, letter: str) -> str:
    """Execute five steps."""
    for _ in range(5):
        letter = await run.step(look, letter)
    return letter


def with_keys(keys: dict[str, bytes] | None) -> None:
    """Let stores be opened with these keys from now on."""
    told = ",".join(f"{name}:{base64.b64encode(secret).decode()}" for name, secret in (keys or {}).items())
    os.environ["HANDRAIL_KEYS"] = told


def cpu_seconds() -> float:
    """Return what this process has used of the processor."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def execute(path: Path, runs: int) -> tuple[float, float]:
    """Execute runs of five steps, and return the seconds and the processor's seconds of one."""
    async with Orchestrator(f"sqlite:///{path}", workflows=[five]) as orchestrator:
        await (await orchestrator.start(five, LETTER)).result()  # what is loaded once
        began, used = time.perf_counter(), cpu_seconds()
        left = iter(range(runs))

        async def caller() -> None:
            for _ in left:
                assert await (await orchestrator.start(five, LETTER)).result() == LETTER[::-1]

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        return (time.perf_counter() - began) / runs, (cpu_seconds() - used) / runs


def read(path: Path) -> float:
    """Read every run with its history, and return the seconds of one."""
    store = open_store(f"sqlite:///{path}", create=False, reading=True)
    began = time.perf_counter()
    runs = store.runs(limit=1_000_000)
    for run in runs:
        store.history(run.key)
    seconds = (time.perf_counter() - began) / len(runs)
    store.close()
    return seconds


def rotated(path: Path) -> tuple[int, float]:
    """Let another key take over, and return how many values that were, and how many a second."""
    with_keys(BOTH)
    store = open_store(f"sqlite:///{path}", create=False)
    began = time.perf_counter()
    values = rotate(store, AesGcm(BOTH), time.time).values
    seconds = time.perf_counter() - began
    store.close()
    return values, values / seconds


def main() -> int:
    """Measure by turns, and print the medians with their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="runs a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--dir", type=Path, help="where the stores are made")
    asked = parser.parse_args()
    figures: dict[str, dict[str, list[float]]] = {"plain": {}, "sealed": {}}
    with tempfile.TemporaryDirectory(dir=asked.dir) as folder:
        for turn in range(asked.turns):
            for side, keys in (("plain", None), ("sealed", KEYS)):
                with_keys(keys)
                path = Path(folder) / f"{side}-{turn}.db"
                seconds, used = asyncio.run(execute(path, asked.runs))
                found = {"runs/s": 1 / seconds, "CPU ms a run": 1e3 * used, "read ms a run": 1e3 * read(path)}
                found["KB a run"] = path.stat().st_size / 1e3 / asked.runs
                for name, figure in found.items():
                    figures[side].setdefault(name, []).append(figure)
        values, rate = rotated(Path(folder) / "sealed-0.db")
    print(f"{'five steps, letters of ' + str(len(LETTER)) + ' characters':<40}{'plain':>10}{'sealed':>10}{'ratio':>8}")
    for name, plain in figures["plain"].items():
        print(row(name, statistics.median(plain), statistics.median(figures["sealed"][name])))
    print(f"{'rotation':<40}{values:>10,} values{rate:>10,.0f} a second")
    return 0


def row(name: str, plain: float, sealed: float) -> str:
    """Return one line of the table."""
    return f"{name:<40}{plain:>10.2f}{sealed:>10.2f}{sealed / plain:>8.2f}"


if __name__ == "__main__":
    sys.exit(main())
