"""A worker that is killed in the second of five steps, or one that takes its runs over."""

import argparse
import asyncio
import time
from pathlib import Path
from typing import Literal

from engine_bench.child import emit
from engine_bench.handrail_side import store_url
from engine_bench.rows import STEPS
from handrail import Orchestrator, Run, Workflow, action, workflow

IMPORTED = time.time_ns()

Role = Literal["victim", "successor"]

STUCK_AT = 2
"""The step in which a victim's runs are when it is killed, counted from 1."""


def held_workflow(role: Role) -> Workflow[int, int]:
    """Return the workflow of a role; both have the same name and steps, so one can take over from the other."""

    @action
    async def mark(number: int, step: int) -> int:
        emit(number=number, step=step, at=time.time_ns())
        if role == "victim" and step == STUCK_AT:
            await asyncio.Event().wait()
        return step

    @workflow(version=1)
    async def held(run: Run, number: int) -> int:
        for step in range(1, STEPS + 1):
            await run.step(mark, number, step)
        return number

    return held


async def serve(file: Path, role: Role, runs: int) -> None:
    """Open the store and execute until killed; a victim starts the runs itself."""
    held = held_workflow(role)
    async with Orchestrator(store_url(file), workflows=[held], concurrency=runs, durability="power") as orchestrator:
        emit(imported=IMPORTED, opened=time.time_ns())
        if role == "victim":
            await orchestrator.start_many(held, [(f"run-{number}", number) for number in range(runs)])
        await asyncio.Event().wait()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("role", choices=("victim", "successor"))
    parser.add_argument("runs", type=int)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.file, arguments.role, arguments.runs))


if __name__ == "__main__":
    main()
