"""The processes of the waiting part: one makes runs that wait, others open the store, idle on it and resume them."""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.memory import peak_megabytes
from engine_bench.child import emit
from engine_bench.errors import WrongResult
from engine_bench.handrail_side import store_url
from handrail import Orchestrator, Run, action, workflow
from handrail_ground.optional import load_later_modules

CHUNK = 5_000
"""Runs started in one call, and so in one transaction."""

SETTLE_SECONDS = 1.0
"""Between opening the store and watching an idle process."""

SLICES = 3
"""Of the time for which an idle process is watched."""

TICK_SECONDS, BEAT_SECONDS = 0.5, 1.25
"""How often an idle worker looks whether others wrote, and writes that it is there."""

EVENT = "approved"


@action
async def resumed(number: int) -> int:
    """Tell the parent when this body began."""
    emit(number=number, at=time.time_ns())
    return number


@workflow(version=1)
async def asks(run: Run, number: int) -> bool:
    """Ask a person, then take a step."""
    approved = await run.ask("Approve?", bool)
    await run.step(resumed, number)
    return approved


@workflow(version=1)
async def listens(run: Run, number: int) -> bool:
    """Wait for an event, then take a step."""
    approved = await run.event(EVENT, bool)
    await run.step(resumed, number)
    return approved


def open_engine(file: Path) -> Orchestrator:
    """Return an engine on the file, as every part of the benchmark opens it."""
    return Orchestrator(store_url(file), workflows=[asks, listens], concurrency=50, durability="power")


async def create(file: Path, count: int) -> None:
    """Start the runs, half of them asking and half listening, and return when all of them wait."""
    async with open_engine(file) as orchestrator:
        began = time.perf_counter()
        for flow, prefix in ((asks, "ask"), (listens, "listen")):
            for first in range(0, count // 2, CHUNK):
                numbers = range(first, min(first + CHUNK, count // 2))
                await orchestrator.start_many(flow, [(f"{prefix}-{number}", number) for number in numbers])
        started = time.perf_counter() - began
        await orchestrator.idle()
        waiting = time.perf_counter() - began
        check_waiting(orchestrator, count // 2 * 2)
        emit(started_seconds=started, waiting_seconds=waiting, peak_megabytes=peak_megabytes())


def check_waiting(orchestrator: Orchestrator, expected: int) -> None:
    """Refuse a store in which not every run waits.

    Raises:
        WrongResult: some do not.
    """
    counts = orchestrator.counts()
    waiting = sum(number for (_, _, status), number in counts.items() if status == "waiting")
    if waiting != expected:
        raise WrongResult(f"of {expected} runs that should wait, {waiting} do: {counts}")


async def open_again(file: Path) -> None:
    """Open an empty store, which loads what is needed once, then this one, and tell what that took."""
    load_later_modules()  # part of importing the engine
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for each in (Path(folder) / "empty.db", file):
            began = time.process_time()
            async with open_engine(each):
                taken.append(1000 * (time.process_time() - began))
    emit(first_ms=taken[0], opening_ms=taken[1])


async def serve(file: Path, idle_seconds: float) -> None:
    """Open the store, tell what an idle time costs, and resume runs until killed."""
    load_later_modules()
    async with open_engine(file):
        emit(idle_ms=await _watched(idle_seconds), peak_megabytes=peak_megabytes())
        await asyncio.Event().wait()


async def look(file: Path, idle_seconds: float) -> None:
    """Do by hand what an idle worker cannot do without, and tell what that costs."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE workers (id INTEGER PRIMARY KEY, beat INTEGER NOT NULL)")
        connection.execute("INSERT INTO workers VALUES (1, 0)")

        def tick() -> None:
            connection.execute("PRAGMA data_version").fetchone()

        def beat() -> None:
            connection.execute("UPDATE workers SET beat = beat + 1 WHERE id = 1")

        async with asyncio.TaskGroup() as group:
            every = [group.create_task(_again(*each)) for each in ((tick, TICK_SECONDS), (beat, BEAT_SECONDS))]
            emit(idle_ms=await _watched(idle_seconds))
            for each in every:
                each.cancel()


async def _again(work: Callable[[], None], seconds: float) -> None:
    while True:
        work()
        await asyncio.sleep(seconds)


async def _watched(idle_seconds: float) -> list[float]:
    """Return the processor time of each slice of an idle time, in milliseconds."""
    await asyncio.sleep(SETTLE_SECONDS)
    taken = []
    for _ in range(SLICES):
        cpu = time.process_time()
        await asyncio.sleep(idle_seconds / SLICES)
        taken.append(1000 * (time.process_time() - cpu))
    return taken


def main() -> None:
    """Create or serve as the command line says."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create")
    creating.add_argument("file", type=Path)
    creating.add_argument("count", type=int)
    opening = commands.add_parser("open")
    opening.add_argument("file", type=Path)
    for name in ("serve", "look"):
        serving = commands.add_parser(name)
        serving.add_argument("file", type=Path)
        serving.add_argument("idle_seconds", type=float)
    arguments = parser.parse_args()
    if arguments.command == "create":
        asyncio.run(create(arguments.file, arguments.count))
    elif arguments.command == "open":
        asyncio.run(open_again(arguments.file))
    else:
        asyncio.run((serve if arguments.command == "serve" else look)(arguments.file, arguments.idle_seconds))


if __name__ == "__main__":
    main()
