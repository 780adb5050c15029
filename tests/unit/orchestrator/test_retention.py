"""Runs are kept as long as their workflow declares, by whoever prunes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator, Run, action, workflow
from handrail.orchestrator import InvalidWorkflow
from handrail.testing import FakeClock
from handrail_orchestrator import chores
from handrail_orchestrator.retention import Retention
from tests.unit.orchestrator.commands import done, handrail


@action
def fail() -> str:
    raise ValueError("no")


@workflow(version=1, keep=timedelta(days=90))
async def tickets(run: Run, text: str) -> str:
    return await run.step(fail) if text == "fail" else text


@workflow(version=1)
async def invoices(run: Run, text: str) -> str:
    return f"{run.id} {text}"


@workflow(version=2, name="tickets", keep=timedelta(days=10))
async def newer(run: Run, text: str) -> str:
    return f"{run.id} {text}"


@workflow(version=3, name="tickets")
async def undeclared(run: Run, text: str) -> str:
    return f"{run.id} {text}"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


async def filled(store: str, clock: FakeClock) -> None:
    async with Orchestrator(store, workflows=[tickets, invoices], clock=clock) as o:
        for flow in (tickets, invoices):
            await o.start_many(flow, [(f"{flow.name}-{text}", text) for text in ("done", "fail")])
        await o.idle()


async def run_ids(client: Client) -> list[str]:
    return [run.id for run in client.runs()]


async def test_runs_past_their_time_are_deleted_however_they_ended(store: str) -> None:
    clock = FakeClock()
    await filled(store, clock)
    async with Client(store, clock=clock) as client:
        clock.move_to(clock.now() + 89 * 86_400)
        assert await client.prune_kept() == 0
        clock.move_to(clock.now() + 2 * 86_400)
        assert await client.prune_kept() == 2
        assert await run_ids(client) == ["invoices-done", "invoices-fail"]


@pytest.mark.parametrize(
    ("flows", "deleted"),
    [([tickets, newer], 2), ([newer], 2), ([undeclared], 0), ([newer, undeclared], 0)],
)
async def test_the_newest_version_says_how_long(store: str, flows: list[Any], deleted: int) -> None:
    clock = FakeClock()
    await filled(store, clock)
    async with Orchestrator(store, workflows=flows, clock=clock):
        pass
    async with Client(store, clock=clock) as client:
        clock.move_to(clock.now() + 20 * 86_400)
        assert await client.prune_kept() == deleted


async def test_a_command_that_goes_on_deletes_now_and_again() -> None:
    times = 0
    often_enough = asyncio.Event()

    class Pruner:
        async def prune_kept(self) -> int:
            nonlocal times
            times += 1
            if times == 3:
                often_enough.set()
            if times == 1:
                raise InvalidWorkflow("what fails once is tried again")
            return 0

    (task,) = chores.begin([Retention(Pruner(), every_seconds=0.001)])
    await asyncio.wait_for(often_enough.wait(), 60)
    task.cancel()


def keeping(keep: Any) -> Callable[[], object]:
    return lambda: workflow(version=1, keep=keep)(invoices.function)


@pytest.mark.parametrize("keep", [timedelta(0), timedelta(days=-1), 90, "90 days", True])
def test_a_time_that_is_none_is_refused(keep: Any) -> None:
    with pytest.raises(InvalidWorkflow, match="keep is"):
        keeping(keep)()


def test_the_command_deletes_what_the_workflows_declare(store: str) -> None:
    clock = FakeClock(datetime(2020, 1, 5, tzinfo=UTC))
    asyncio.run(filled(store, clock))

    assert done("runs", "prune", "--retention", "--store", store) == "2 runs deleted\n"
    assert done("runs", "prune", "--retention", "--store", store) == "0 runs deleted\n"
    assert (
        done("runs", "prune", "--older-than-days", "1", "--workflow", "invoices", "--store", store)
        == "1 runs deleted\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--older-than-days", "1", "--retention"),
        ("--retention", "--status", "failed"),
        ("--retention", "--workflow", "tickets"),
    ],
)
def test_the_command_is_told_one_way_only(store: str, options: tuple[str, ...]) -> None:
    asyncio.run(filled(store, FakeClock()))

    refused = handrail("runs", "prune", *options, "--store", store)

    assert refused.exit_code == 2
    assert "--retention" in refused.stderr
