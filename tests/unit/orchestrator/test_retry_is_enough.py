"""One retry makes an ended run go on from all that stopped it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from handrail import Orchestrator, Run, StepFailed, Workflow, action, workflow

up = False


@pytest.fixture(autouse=True)
def _down() -> None:
    global up  # noqa: PLW0603 -- whether the service that steps need is there
    up = False


def come_up() -> None:
    global up  # noqa: PLW0603 -- as above
    up = True


@action
async def flaky(n: int) -> int:
    if not up:
        raise ConnectionError(n)
    return n


@workflow(version=1)
async def kid(run: Run, n: int) -> int:
    return await run.step(flaky, n) + await run.ask("And?", int)


@workflow(version=1)
async def grandparent(run: Run, n: int) -> int:
    return await run.child(parent, n)


@workflow(version=1)
async def parent(run: Run, n: int) -> int:
    return await run.child(kid, n)


@workflow(version=1)
async def children(run: Run, n: int) -> int:
    return sum(await run.all(*[run.child(kid, i) for i in range(n)]))


@workflow(version=1)
async def at_once(run: Run, n: int) -> int:
    return sum(await run.all(*[run.step(flaky, i) for i in range(n)]))


@workflow(version=1)
async def nested(run: Run, n: int) -> int:
    async def two(first: int) -> int:
        return sum(await run.all(run.step(flaky, first), run.step(flaky, first + 1)))

    try:
        return sum(await run.all(*[two(2 * i) for i in range(n)]))
    except StepFailed as failed:
        raise RuntimeError("no luck") from failed


@workflow(version=1)
async def in_a_group(run: Run, n: int) -> int:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run.step(flaky, i)) for i in range(n)]
    return sum(task.result() for task in tasks)


@workflow(version=1)
async def survivor(run: Run, n: int) -> int:
    try:
        await run.all(run.step(flaky, 1), run.step(flaky, 2))
    except StepFailed:
        n += 1
    return n + await run.step(flaky, 3)


@workflow(version=1)
async def down(run: Run, n: int) -> int:
    if n == 0:
        return await run.ask("The bottom?", int)
    return 1 + await run.child(down, n - 1)


@pytest.fixture
async def orchestrator() -> AsyncIterator[Orchestrator]:
    flows = [kid, parent, grandparent, children, at_once, nested, in_a_group, survivor, down]
    async with Orchestrator("sqlite:///:memory:", workflows=flows) as made:
        yield made


@pytest.mark.parametrize(("flow", "result"), [(at_once, 10), (nested, 45), (in_a_group, 10)])
async def test_one_retry_executes_all_that_failed_side_by_side(
    orchestrator: Orchestrator, flow: Workflow[int, int], result: int
) -> None:
    handle = await orchestrator.start(flow, 5, id="r")
    await orchestrator.idle()
    assert orchestrator.run("r").status == "failed"
    come_up()
    await orchestrator.retry("r")
    assert await handle.result() == result


async def test_failures_that_the_workflow_survived_stay_history(orchestrator: Orchestrator) -> None:
    handle = await orchestrator.start(survivor, 10, id="r")
    await orchestrator.idle()
    come_up()
    await orchestrator.retry("r")
    assert await handle.result() == 14
    assert [step.status for step in orchestrator.steps("r")] == ["failed", "failed", "done"]


async def test_one_retry_revives_every_child_that_failed(orchestrator: Orchestrator) -> None:
    handle = await orchestrator.start(children, 3, id="r")
    await orchestrator.idle()
    assert orchestrator.run("r").status == "failed"
    come_up()
    await orchestrator.retry("r")
    await orchestrator.idle()
    for item in orchestrator.reviews():
        await orchestrator.decide(item.id, 10, by="ann")
    assert await handle.result() == 33


async def test_a_cancelled_run_goes_on_with_its_childs_children_at_the_first_retry(orchestrator: Orchestrator) -> None:
    come_up()
    handle = await orchestrator.start(grandparent, 1, id="r")
    await orchestrator.idle()
    await orchestrator.cancel("r")
    assert [row.status for row in orchestrator.runs()] == ["cancelled"] * 3
    await orchestrator.retry("r")
    await orchestrator.idle()
    assert [row.status for row in orchestrator.runs()] == ["waiting"] * 3
    (item,) = orchestrator.reviews()
    await orchestrator.decide(item.id, 4, by="ann")
    assert await handle.result() == 5


@pytest.mark.slow
async def test_a_cancel_reaches_the_deepest_child_and_a_retry_too(orchestrator: Orchestrator) -> None:
    handle = await orchestrator.start(down, 1_200, id="r")
    await orchestrator.idle()
    assert await orchestrator.cancel("r") == "cancelled"
    assert {status for _, _, status in orchestrator.counts()} == {"cancelled"}
    await orchestrator.retry("r")
    await orchestrator.idle()
    assert {status for _, _, status in orchestrator.counts()} == {"waiting"}
    (item,) = orchestrator.reviews()
    await orchestrator.decide(item.id, 5, by="ann")
    assert await handle.result() == 1_205


async def test_an_error_message_is_recorded_up_to_a_length_and_says_so() -> None:
    class Rude(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    @action
    async def shout(n: int) -> int:
        raise ValueError("a" * n) if n else Rude

    @workflow(version=1)
    async def loud(run: Run, n: int) -> int:
        return await run.step(shout, n)

    async with Orchestrator("sqlite:///:memory:", workflows=[loud]) as made:
        await made.start(loud, 5_000_000, id="r")
        await made.start(loud, 0, id="rude")
        await made.idle()
        (step,) = made.steps("r")
        for error in (step.error, made.run("r").error):
            assert error is not None
            assert len(error.message) + len(error.trace) < 20_000
            assert "aaa... (cut: it has 5,000,000 characters)" in error.message
        assert "cannot be read" in str(made.run("rude").error)
