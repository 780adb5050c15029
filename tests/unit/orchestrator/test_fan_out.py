"""A run with many waits open: what comes together is read together, and being late costs each wait once."""

import asyncio

import pytest

from handrail import Escalation, Orchestrator, Run, workflow
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.testing import Rehearsal

replays: list[int] = []

MANY = 200
ALL = ReviewQuery(limit=10 * MANY)
LATE = Escalation(due_hours=1, when_late="raise_priority")


@workflow(version=1)
async def fan(run: Run, n: int) -> int:
    replays.append(n)
    return sum(await run.all(*[run.ask(f"How many of {i}?", int, escalate=LATE) for i in range(n)]))


@pytest.mark.dear
async def test_answers_that_come_together_replay_the_run_a_few_times() -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[fan]) as orchestrator:
        handle = await orchestrator.start(fan, MANY, id="r")
        await orchestrator.idle()
        replays.clear()
        items = orchestrator.reviews(ALL)
        assert len(items) == MANY
        await asyncio.gather(*[orchestrator.decide(item.id, 1, by="ann") for item in items])
        assert await handle.result() == MANY
    assert len(replays) <= 5


@pytest.mark.dear
async def test_every_answer_counts_however_they_come() -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[fan]) as orchestrator:
        handle = await orchestrator.start(fan, MANY, id="r")
        await orchestrator.idle()
        for number, item in enumerate(orchestrator.reviews(ALL)):
            await orchestrator.decide(item.id, 1, by="ann")
            if number % 50 == 0:
                await orchestrator.idle()
                answered = [step for step in orchestrator.steps("r") if step.status == "done"]
                assert len(answered) == number + 1
                assert orchestrator.run("r").status == "waiting"
        assert await handle.result() == MANY


@pytest.mark.dear
async def test_many_questions_late_together_are_raised_once_each() -> None:
    async with Rehearsal(workflows=[fan]) as rehearsal:
        await rehearsal.start(fan, MANY, id="r")
        await rehearsal.settle()
        await rehearsal.advance(hours=2)
        items = rehearsal.reviews(ALL)
        assert {item.priority for item in items} == {100}
        assert {(item.late_step, item.timer) for item in items} == {(1, None)}
        await rehearsal.decide(items[0].id, 1, by="ann")
        await rehearsal.settle()
        raised = [entry for item in items[1:] for entry in rehearsal.review_log(item.id)]
        assert [entry.action for entry in raised] == ["ask", "raise_priority"] * (MANY - 1)
