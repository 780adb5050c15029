"""Pausing a workflow type or a queue: what is in a step ends it and rests, and resuming lets all of it go on."""

from pathlib import Path

import pytest

from handrail import Client, Orchestrator
from handrail.orchestrator import Misuse, NotAllowed, ReviewConflict
from tests.unit.orchestrator.control import flows
from tests.unit.orchestrator.control.flows import asks, entered, two_steps, until


@pytest.fixture(autouse=True)
async def _anew() -> None:
    flows.anew()


async def test_a_run_in_a_step_ends_that_step_then_rests_until_all_is_resumed(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    async with Orchestrator(store, workflows=[two_steps]) as orchestrator, Client(store) as other:
        handle = await orchestrator.start(two_steps, "a")
        await until(lambda: entered == ["a/first"])
        await other.pause(workflow="two_steps", by="ann", why="the CRM moves")
        await until(lambda: orchestrator.engine.worker.active[1].run._rests)  # noqa: SLF001 -- the bell has rung
        flows.gate.set()
        await until(lambda: orchestrator.run(handle.id).status == "waiting")
        later = await orchestrator.start(two_steps, "b")
        await orchestrator.idle()
        assert entered == ["a/first"]
        assert [step.name for step in orchestrator.steps(handle.id)] == ["first"]
        assert orchestrator.run(later.id).status == "pending"
        (paused,) = other.health().paused
        assert str(paused) == "workflow two_steps is paused by ann: the CRM moves"
        await other.resume(workflow="two_steps", by="ann")
        assert [await handle.result(), await later.result()] == ["a", "b"]
    assert entered == ["a/first", "a/second", "b/first", "b/second"]


async def test_what_was_paused_before_a_process_came_rests_there_too(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    flows.gate.set()
    async with Client(store, create=True) as client:
        await client.pause(workflow="two_steps")
    async with Orchestrator(store, workflows=[two_steps, asks]) as orchestrator:
        handle = await orchestrator.start(two_steps, "a")
        await orchestrator.start(asks, "b")
        await orchestrator.idle()
        assert entered == []
        assert orchestrator.review_count() == 1  # others go on
        await orchestrator.resume(workflow="two_steps")
        assert await handle.result() == "a"
        assert await orchestrator.resume(workflow="two_steps") is None


async def test_a_paused_queue_is_answered_by_whoever_has_the_question_only() -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[asks]) as orchestrator:
        for name in "ab":
            await orchestrator.start(asks, name)
        await orchestrator.idle()
        begun = await orchestrator.next_review(by="ann")
        assert begun is not None
        await orchestrator.pause(queue=begun.queue, by="ann", why="training")
        assert await orchestrator.next_review(by="bob") is None
        (rest,) = [each for each in orchestrator.reviews() if each.id != begun.id]
        with pytest.raises(ReviewConflict, match="is paused by ann: training"):
            await orchestrator.take(rest.id, by="bob")
        with pytest.raises(ReviewConflict, match="is paused by ann"):
            await orchestrator.decide(rest.id, True, by="bob")
        await orchestrator.decide(begun.id, True, by="ann")
        await orchestrator.resume(queue=begun.queue, by="ann")
        assert (await orchestrator.take(rest.id, by="bob")).id == rest.id


async def test_who_may_pause_is_said_by_the_role(tmp_path: Path) -> None:
    async with Client(f"sqlite:///{tmp_path}/runs.db", create=True) as client:
        await client.people.add("root", roles={"*": "admin"})
        await client.people.add("rita", roles={"*": "reviewer"}, by="root")
        with pytest.raises(NotAllowed, match="rita is reviewer in queue 'money'; to pause or resume takes"):
            await client.pause(queue="money", by="rita")
        with pytest.raises(NotAllowed, match="to pause or resume takes the role senior"):
            await client.pause(workflow="two_steps", by="rita")
        assert client.paused() == []


@pytest.mark.parametrize("named", [{}, {"workflow": "a", "queue": "b"}, {"workflow": ""}])
async def test_what_is_paused_must_be_named(named: dict[str, str], tmp_path: Path) -> None:
    async with Client(f"sqlite:///{tmp_path}/runs.db", create=True) as client:
        with pytest.raises(Misuse, match="say what: workflow= the name of a workflow, or queue="):
            await client.pause(**named)


@pytest.mark.parametrize("priority", [101, -101, 1.5, True])
async def test_a_priority_is_a_whole_number_of_a_hundred_at_most(priority: int) -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[asks]) as orchestrator:
        with pytest.raises(Misuse, match="priority="):
            await orchestrator.start(asks, "a", priority=priority)
