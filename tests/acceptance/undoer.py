"""A process that executes runs which wait, go on anew and undo what they did, until it is killed.

``python undoer.py STORE OUTBOX RUNS``
"""

import asyncio
import os
import random
import sys
from datetime import timedelta
from pathlib import Path

from handrail import Orchestrator, Run, action, step_context, workflow
from handrail.orchestrator import Settings

STORE, OUTBOX, RUNS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
STEPS = 3


async def noted(what: str) -> None:
    file = os.open(OUTBOX, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{step_context().idempotency_key} {what}\n".encode())
    os.close(file)
    await asyncio.sleep(random.random() * 0.01)


@action
async def act(number: int) -> int:
    await noted("did")
    return number


@action
async def undo(number: int) -> int:
    await noted("undid")
    return number


@workflow(version=1)
async def twice(run: Run, left: int) -> int:
    """Go two rounds; of every third run the second one fails."""
    for number in range(STEPS):
        await run.step(act, number)
        await run.compensate(undo, number)
    await run.first(run.event("go", int), run.sleep(timedelta(seconds=0.05)))
    if left:
        return await run.again(left - 1)
    if int(run.id[1:]) % 3 == 0:
        raise ValueError(run.id)
    return left


async def main() -> None:
    settings = Settings(concurrency=50, lease_seconds=2.0, crash_limit=100)
    async with Orchestrator(STORE, workflows=[twice], settings=settings) as orchestrator:
        await orchestrator.start_many(twice, [(f"r{number}", 1) for number in range(RUNS)])
        print("started", flush=True)
        await orchestrator.idle()
        while any(not run.has_ended for run in orchestrator.runs(limit=RUNS + 1)):
            await asyncio.sleep(0.05)
            await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
