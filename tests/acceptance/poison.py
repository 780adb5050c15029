"""A process with one run that kills it and some that do not: ``python poison.py STORE [ENGINE [RUNS]]``."""

import asyncio
import os
import signal
import sys

from handrail import Orchestrator, Run, action, workflow
from handrail.orchestrator import Settings

ENGINE = sys.argv[2] if len(sys.argv) > 2 else None
RUNS = int(sys.argv[3]) if len(sys.argv) > 3 else 8
LEASE_SECONDS = 5.0 if ENGINE is None else 0.5
"""An engine elsewhere notices a death by its heartbeat."""


@action
async def swallow(pill: str) -> str:
    await asyncio.sleep(0.02)
    if pill == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    return pill


@workflow(version=1)
async def patient(run: Run, pill: str) -> str:
    return await run.step(swallow, pill)


async def main() -> None:
    settings = Settings(lease_seconds=LEASE_SECONDS)
    async with Orchestrator(sys.argv[1], workflows=[patient], engine=ENGINE, settings=settings) as orchestrator:
        pills = [(f"r{n}", "poison" if n == RUNS // 2 - 1 else "sugar") for n in range(RUNS)]
        await orchestrator.start_many(patient, pills)
        await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
