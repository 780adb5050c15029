"""A worker behind Temporal: executes runs of a store until SIGTERM, and writes down each body that it executed.

    temporal_worker.py STORE ENGINE OUTBOX [VERSION] [QUEUE] [SKEW]

SKEW is by how many seconds the clock of its machine is wrong.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

STORE, ENGINE, OUTBOX = sys.argv[1:4]
VERSION = int(sys.argv[4]) if len(sys.argv) > 4 else 1
QUEUE = sys.argv[5] if len(sys.argv) > 5 and sys.argv[5] != "-" else None
SKEW = float(sys.argv[6]) if len(sys.argv) > 6 else 0.0

_real = time.time
if SKEW:
    time.time = lambda: _real() + SKEW  # before anything takes a look at it

from handrail import Orchestrator, Run, Workflow, action, step_context, workflow  # noqa: E402 -- see above
from handrail.orchestrator import Settings  # noqa: E402
from handrail_orchestrator.cli.stopping import run_service  # noqa: E402


def note(what: str) -> None:
    with Path(OUTBOX).open("a", encoding="utf-8") as out:
        out.write(f"{os.getpid()} {step_context().idempotency_key} {what}\n")


@action
def work(n: int) -> int:
    note(f"v{VERSION}")
    time.sleep(0.2)
    return n + 1


@action
async def hog(seconds: float) -> float:
    note("hog")
    time.sleep(seconds)  # noqa: ASYNC251 -- what it must not do
    return seconds


@action(queue="gpu")
def infer(n: int) -> int:
    note(f"on {QUEUE}")
    return 10 * n


@workflow(version=VERSION)
async def twice(run: Run, n: int) -> int:
    return await run.step(work, await run.step(work, n))


@workflow(version=VERSION)
async def asking(run: Run, n: int) -> int:
    n = await run.step(work, n)
    if VERSION > 1:
        n = await run.step(work, n)
    return await run.step(work, n) if await run.ask("Go on?", bool) else -n


@workflow(version=VERSION)
async def told(run: Run) -> int:
    return await run.event("answer", int)


@workflow(version=VERSION)
async def hogging(run: Run, seconds: float) -> float:
    return await run.step(hog, seconds)


@workflow(version=VERSION)
async def napping(run: Run, seconds: float) -> float:
    begun = await run.now()
    await run.sleep(seconds)
    return ((await run.now()) - begun).total_seconds()


@workflow(version=VERSION)
async def inferring(run: Run, n: int) -> int:
    n = await run.step(work, n)
    first, second = await run.all(run.step(infer, n), run.step(work, n))
    return await run.step(work, first + second)


ALL: list[Workflow[Any, Any]] = [twice, asking, told, hogging, napping, inferring]


async def main() -> None:
    settings = Settings(lease_seconds=1.0, grace_seconds=0.5)
    async with Orchestrator(
        STORE, workflows=ALL, settings=settings, engine=ENGINE, queue=QUEUE, concurrency=20
    ) as orchestrator:
        print("up", flush=True)
        await orchestrator.failed()


run_service(main())
