"""A process with one run that kills it and some that do not: ``python poison.py STORE``."""

import asyncio
import os
import signal
import sys

from handrail import Orchestrator, Run, action, workflow


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
    async with Orchestrator(sys.argv[1], workflows=[patient]) as orchestrator:
        pills = [(f"r{n}", "poison" if n == 3 else "sugar") for n in range(8)]
        await orchestrator.start_many(patient, pills)
        await orchestrator.idle()
        print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
