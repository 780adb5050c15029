"""The processes of the waiting part: one makes runs that wait, another opens the store and resumes them."""

import argparse
import asyncio
import time
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


async def serve(file: Path, idle_seconds: float) -> None:
    """Open the store, tell what that and an idle time cost, and resume runs until killed."""
    load_later_modules()  # part of importing the engine, by which the opening is measured
    began, began_cpu = time.perf_counter(), time.process_time()
    async with open_engine(file):
        opened, opened_cpu = time.perf_counter() - began, time.process_time() - began_cpu
        await asyncio.sleep(SETTLE_SECONDS)
        watched, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(idle_seconds)
        busy, passed = time.process_time() - cpu, time.perf_counter() - watched
        emit(
            open_ms=opened * 1000,
            open_cpu_ms=opened_cpu * 1000,
            idle_percent=busy / passed * 100,
            peak_megabytes=peak_megabytes(),
        )
        await asyncio.Event().wait()


def main() -> None:
    """Create or serve as the command line says."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create")
    creating.add_argument("file", type=Path)
    creating.add_argument("count", type=int)
    serving = commands.add_parser("serve")
    serving.add_argument("file", type=Path)
    serving.add_argument("idle_seconds", type=float)
    arguments = parser.parse_args()
    if arguments.command == "create":
        asyncio.run(create(arguments.file, arguments.count))
    else:
        asyncio.run(serve(arguments.file, arguments.idle_seconds))


if __name__ == "__main__":
    main()
