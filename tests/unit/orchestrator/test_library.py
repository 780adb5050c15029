"""What a process remembers of steps does not grow with the calls, however they are made."""

import gc
from pathlib import Path
from typing import Any

import pytest

from handrail import Orchestrator, Run, action, workflow
from handrail.orchestrator import InvalidWorkflow, NotStorable
from handrail_orchestrator.codec import InputCodec
from handrail_orchestrator.embedded.library import MOST, BoundStep


@action
async def one(n: int) -> int:
    return n


@workflow(version=1)
async def named_anew(run: Run, n: int) -> int:
    return await run.step(one.named(f"one-{n}"), n)


@workflow(version=1)
async def made_within(run: Run, n: int) -> int:
    @action
    async def inner(n: int) -> int:
        return n

    return await run.step(inner, n)


def alive(kind: type) -> int:
    gc.collect()
    return sum(type(each) is kind for each in gc.get_objects())


@pytest.mark.slow
@pytest.mark.parametrize(("flow", "runs"), [(named_anew, 2 * MOST + 200), (made_within, MOST + 200)])
async def test_steps_made_for_one_call_are_forgotten(tmp_path: Path, flow: Any, runs: int) -> None:
    before = alive(BoundStep), alive(InputCodec)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(store, workflows=[flow], durability="process") as orchestrator:
        await orchestrator.start_many(flow, [(str(n), n) for n in range(runs)])
        await orchestrator.idle()
        assert orchestrator.counts() == {(flow.name, 1, "completed"): runs}
        assert alive(BoundStep) - before[0] <= MOST
        assert alive(InputCodec) - before[1] <= 2 * MOST


def test_a_name_is_checked_wherever_it_is_given() -> None:
    with pytest.raises(InvalidWorkflow, match="cannot name a step"):
        one.named("a#2")
    assert one.named("two").name == "two"
    assert one.name == "one"


async def test_an_error_names_the_step_by_the_name_of_the_call() -> None:
    @workflow(version=1)
    async def wrong(run: Run, n: int) -> int:
        await run.step(one, n)
        text: Any = "x"
        return await run.step(one.named("other"), text)

    async with Orchestrator("sqlite:///:memory:", workflows=[wrong]) as orchestrator:
        await orchestrator.start(wrong, 1, id="r")
        await orchestrator.idle()
        error = str(orchestrator.run("r").error)
    assert NotStorable.__name__ in error
    assert "step 'other'" in error
