"""A process that works on questions that nobody answers, until every run has ended.

``python late_worker.py STORE [RUNS SECONDS]`` starts so many runs first, whose questions are due after these seconds.
"""

import asyncio
import sys

from handrail import Escalation, Orchestrator, Run, workflow
from handrail.guards import Late
from handrail.orchestrator import Settings

ENDED = {"completed", "failed"}
STORE = sys.argv[1]
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 0
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
PAUSE_HOURS = 0.3 / 3600
CHAIN: list[Late] = [
    Late("remind"),
    Late("raise_priority", PAUSE_HOURS),
    Late("escalate", PAUSE_HOURS),
    Late("default", PAUSE_HOURS, value=True),
]


@workflow(version=1)
async def approve(run: Run, n: int) -> bool:
    late = Escalation(due_hours=SECONDS / 3600, when_late=CHAIN)
    return await run.ask("Approve?", bool, context=n, escalate=late)


async def main() -> None:
    async with Orchestrator(STORE, workflows=[approve], settings=Settings(lease_seconds=2.0)) as orchestrator:
        await orchestrator.start_many(approve, [(f"r{n}", n) for n in range(RUNS)])
        await orchestrator.idle()
        print("asked", flush=True)
        while any(each[2] not in ENDED for each in orchestrator.counts()):  # noqa: ASYNC110 -- others end them, too
            await asyncio.sleep(0.05)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
