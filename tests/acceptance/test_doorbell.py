"""A decision made in another process resumes the run through the doorbell, not because somebody looks now and then."""

import asyncio
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, workflow
from handrail_orchestrator.embedded import worker
from tests.acceptance.processes import finish, spawn

NEVER = 1_000_000.0


@workflow(version=1)
async def approve(run: Run, amount: int) -> str:
    return "paid" if await run.ask("Approve?", bool, context=amount) else "refused"


async def test_a_decision_in_another_process_rings_the_bell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ALONE_TICK_SECONDS", NEVER)
    monkeypatch.setattr(worker, "COMPANY_TICK_SECONDS", NEVER)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[approve]) as orchestrator:
        handle = await orchestrator.start(approve, 10, id="a")
        await orchestrator.idle()
        await asyncio.sleep(1.5)  # the last look before a very long time is over
        await asyncio.to_thread(finish, spawn("decide.py", store, "true"))
        async with asyncio.timeout(300):
            while orchestrator.run("a").status != "completed":  # noqa: ASYNC110 -- reading the store wakes nobody
                await asyncio.sleep(0.01)
        assert await handle.result() == "paid"
