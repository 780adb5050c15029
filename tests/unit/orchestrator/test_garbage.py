"""What a run leaves behind when it has ended: nothing that only the garbage collector can free."""

import gc
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, action, rule, workflow


@rule
def double(n: int) -> int:
    return 2 * n


@action
async def send(n: int) -> int:
    return n


@workflow(version=1, deadline_seconds=3600)
async def steps(run: Run, n: int) -> int:
    return await run.step(send, await run.step(double, n))


@pytest.mark.slow
async def test_an_ended_run_leaves_no_cycle(tmp_path: Path) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[steps]) as orchestrator:

        async def execute(count: int) -> None:
            for n in range(count):
                assert await (await orchestrator.start(steps, n)).result() == 2 * n

        await execute(3)  # what is made once is made now
        gc.collect()
        gc.disable()
        try:
            await execute(50)
            assert gc.collect() < 50, "each run left something for the garbage collector"
        finally:
            gc.enable()
