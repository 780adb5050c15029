"""A body that never returns to the event loop: it is named in the log, and others take over its worker's runs."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, rule, workflow
from handrail.orchestrator import Settings

SETTINGS = Settings(lease_seconds=1.0, grace_seconds=0)
GENEROUS = 60.0

release = threading.Event()
calls: list[str] = []


@rule(inline=True)
def weigh(parcel: str) -> str:
    """Block the loop of whoever calls this first."""
    calls.append(threading.current_thread().name)
    if len(calls) == 1:
        assert release.wait(GENEROUS)
        return "too late"
    return f"{parcel} weighed"


@workflow(version=1)
async def post(run: Run, parcel: str) -> list[str]:
    return list(await run.all(run.step(weigh, parcel)))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 -- what is waited for has no event
        await asyncio.sleep(0.01)


class Elsewhere(threading.Thread):
    """A worker with a loop of its own, which starts one run and ends when the loop turns again."""

    def __init__(self, store: str) -> None:
        super().__init__(name="elsewhere", daemon=True)
        self.store = store

    def run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        async with Orchestrator(self.store, workflows=[post], settings=SETTINGS) as orchestrator:
            await orchestrator.start(post, "parcel", id="P1")
            await until(lambda: release.is_set() and orchestrator.run("P1").status != "running")


@pytest.fixture(autouse=True)
def _begin() -> Iterator[None]:
    release.clear()
    calls.clear()
    yield
    release.set()


@pytest.mark.slow
async def test_a_worker_whose_loop_stands_still_is_taken_over_and_its_late_result_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    elsewhere = Elsewhere(store)
    with caplog.at_level(logging.WARNING, "handrail.worker"):
        elsewhere.start()
        async with asyncio.timeout(GENEROUS):
            await until(lambda: bool(calls))
            async with Orchestrator(store, workflows=[post], settings=SETTINGS) as orchestrator:
                await until(lambda: orchestrator.run("P1").status == "completed")
                release.set()
                await until(lambda: not elsewhere.is_alive())
                assert [step.output for step in orchestrator.steps("P1")] == ["parcel weighed"]
    named = [record for record in caplog.records if "the event loop has not turned" in record.getMessage()]
    assert [(record.run, record.step) for record in named] == [("P1", "weigh")]  # type: ignore[attr-defined]
    assert "(weigh)" in named[0].getMessage()
    assert len(calls) == 2
