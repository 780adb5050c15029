"""The end of a run starts another, once, in order, also if nobody was there when it came."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import EndedRun, InvalidWorkflow, Misuse, on
from handrail_orchestrator.triggers import ended
from tests.unit.orchestrator.triggers.trigger_flows import has_runs, history, until


@workflow(version=1)
async def order(_run: Run, number: int) -> int:
    if number < 0:
        raise ValueError("no such order")
    return number * 2


@workflow(version=1)
async def follow(_run: Run, order: EndedRun) -> str:
    return f"{order.id} {order.status} {order.output} {order.error}"


@workflow(version=1)
async def back(_run: Run, followed: EndedRun) -> str:
    return followed.id


@workflow(version=1)
async def number_taker(_run: Run, number: int) -> int:
    return number


NAME = "on:order:completed:follow"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def working(store: str, *triggers: Any) -> Orchestrator:
    return Orchestrator(store, workflows=[order, follow, back], triggers=triggers or (on(order, start=follow),))


def followed(client: Client) -> list[str]:
    """Return the ids of the runs whose end was followed, in the order in which that was begun."""
    return [run.id.partition(":")[2].partition("@")[0] for run in client.runs(workflow="follow", limit=1_000)]


@pytest.mark.dear
async def test_a_run_that_ends_starts_another_with_what_it_came_to(store: str) -> None:
    async with working(store) as orchestrator:
        await (await orchestrator.start(order, 4, id="o1")).result()
        await until(lambda: bool(followed(orchestrator)))
        await orchestrator.idle()
        (run,) = orchestrator.runs(workflow="follow")
        assert (run.id, run.output) == ("follow:o1@1", "o1 completed 8 None")
        (listed,) = orchestrator.triggers()
        assert (listed.kind, listed.says, listed.waiting) == ("on", "order ends completed", 0)


@pytest.mark.dear
async def test_only_the_ends_that_are_asked_for_count(store: str) -> None:
    async with working(store, on("order", ("failed", "cancelled"), start=follow)) as orchestrator:
        await orchestrator.start_many(order, [("good", 1), ("bad", -1)])
        await until(lambda: bool(followed(orchestrator)))
        await orchestrator.idle()
        (run,) = orchestrator.runs(workflow="follow")
        assert run.output == "bad failed None ValueError: no such order"


@pytest.mark.dear
async def test_ends_that_came_while_nobody_had_the_trigger_in_hand_are_taken_in_order(store: str) -> None:
    async with working(store):
        pass
    async with Orchestrator(store, workflows=[order]) as other:
        await other.start_many(order, [(f"o{number:03}", number) for number in range(150)])
        await other.idle()
        over = [run.id for run in other.runs(limit=1_000)]
        assert other.triggers()[0].waiting == 150
    async with working(store) as one, working(store) as two:
        await until(lambda: len(followed(one)) == 150)
        await one.idle()
        await two.idle()
        assert sorted(followed(one)) == sorted(over)
        assert [event.run_id for event in one.trigger_history(NAME, limit=1)] == [f"follow:{followed(one)[-1]}@150"]
        numbers = [int(run.id.rpartition("@")[2]) for run in one.runs(workflow="follow", limit=1_000)]
        assert numbers == list(range(1, 151))  # as the store saw them end
        assert one.triggers()[0].waiting == 0


@pytest.mark.dear
async def test_a_run_that_is_retried_and_ends_again_counts_again(store: str) -> None:
    async with working(store, on(order, "failed", start=follow)) as orchestrator:
        await orchestrator.start_many(order, [("bad", -1)])
        await until(lambda: len(followed(orchestrator)) == 1)
        await orchestrator.retry("bad")
        await until(lambda: followed(orchestrator) == ["bad", "bad"])


@pytest.mark.dear
async def test_ends_wait_while_the_trigger_is_paused(store: str) -> None:
    async with working(store) as orchestrator:
        await orchestrator.pause_trigger(NAME)
        await (await orchestrator.start(order, 1, id="o1")).result()
        await until(lambda: orchestrator.triggers()[0].waiting == 1)
        assert not followed(orchestrator)
        await orchestrator.resume_trigger(NAME)
        await until(lambda: followed(orchestrator) == ["o1"])


@pytest.mark.dear
async def test_it_is_fired_by_hand_for_a_run_that_is_named(store: str) -> None:
    async with working(store, on(order, "failed", start=follow)) as orchestrator:
        await (await orchestrator.start(order, 1, id="o1")).result()
        name = "on:order:failed:follow"
        await orchestrator.fire_trigger(name, payload="o1")
        await until(lambda: followed(orchestrator) == ["o1"])
        wrong = [await orchestrator.fire_trigger(name, payload=wish) for wish in ("nobody", None)]
        await until(lambda: {("refused", key) for key in wrong} <= set(history(orchestrator, name)))


@pytest.mark.dear
async def test_an_input_that_cannot_be_made_does_not_stand_in_the_way(store: str) -> None:
    def odd(run: EndedRun) -> EndedRun:
        if run.id == "o1":
            raise ValueError("not the first")
        return run

    async with working(store, on(order, start=follow, make_input=odd)) as orchestrator:
        await (await orchestrator.start(order, 1, id="o1")).result()
        await (await orchestrator.start(order, 2, id="o2")).result()
        await until(lambda: followed(orchestrator) == ["o2"])
        assert ("refused", "o1@1") in history(orchestrator, NAME)


@pytest.mark.dear
async def test_a_run_that_was_deleted_before_its_turn_is_in_the_history(store: str) -> None:
    async with working(store):
        pass
    async with Orchestrator(store, workflows=[order]) as other:
        await other.start_many(order, [("o1", 1), ("o2", 2)])
        await other.idle()
        await other.prune(older_than=timedelta(0))
    async with working(store) as orchestrator:
        await until(lambda: orchestrator.triggers()[0].waiting == 0)
        assert followed(orchestrator) == ["o2"]
        assert "the run was deleted since" in {event.reason for event in orchestrator.trigger_history(NAME)}


@pytest.mark.dear
async def test_runs_that_start_each_other_across_processes_come_to_an_end(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended, "MOST_IN_A_CHAIN", 5)
    there, again = on(follow, start=back), on("back", start=follow)
    async with (
        Orchestrator(store, workflows=[order, follow, back], triggers=[on(order, start=follow), there]) as one,
        Orchestrator(store, workflows=[order, follow, back], triggers=[again]),
    ):
        await (await one.start(order, 1, id="o1")).result()
        names = (there.name, again.name)
        await until(lambda: any(("refused" in dict(history(one, name))) for name in names))
        await has_runs(one, 6)


def test_a_workflow_that_would_start_itself_is_refused(store: str) -> None:
    with pytest.raises(Misuse, match="the workflow would start itself for ever"):
        on(follow, start=follow)
    with pytest.raises(Misuse, match="these triggers would start runs for ever: follow -> back -> follow"):
        Orchestrator(store, workflows=[follow, back], triggers=[on(follow, start=back), on(back, start=follow)])


def test_what_cannot_be_is_refused_when_it_is_given() -> None:
    with pytest.raises(Misuse, match="'running' is no status of a run that has ended"):
        on(order, "running", start=follow)
    with pytest.raises(Misuse, match="give at least one status"):
        on(order, (), start=follow)
    with pytest.raises(InvalidWorkflow, match="cannot be given an ended run, as its input is int: let it be EndedRun"):
        on(order, start=number_taker)
