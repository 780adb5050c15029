"""A question for somebody who has answered no other question of its run, whichever way they answered it."""

import asyncio
from pathlib import Path

import pytest

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.orchestrator import ReviewError
from handrail.testing import Rehearsal
from handrail_orchestrator.store import ReviewQuery
from tests.stores import store_in

ANOTHER = Escalation(not_previous_reviewer=True, priority=1)


@workflow(version=1)
async def at_once(run: Run, first: int) -> None:
    """Ask some questions, and one for somebody else."""
    two = [run.ask("By two?", bool, name="by_two", escalate=Escalation(reviewers=2))]
    others = [run.ask("Is it so?", bool, name=f"q{number}") for number in range(first)]
    await asyncio.gather(*two, *others, run.ask("Really?", bool, name="really", escalate=ANOTHER))


@workflow(version=1)
async def both_new(run: Run, _text: str) -> None:
    questions = [run.ask(f"{name}?", bool, name=name, escalate=ANOTHER) for name in ("here", "there")]
    await asyncio.gather(*questions)


@workflow(version=1)
async def in_turn(run: Run, _text: str) -> bool:
    first = await run.ask("Is it so?", bool, name="first")
    return first and await run.ask("Really?", bool, name="really", escalate=ANOTHER)


async def test_the_first_of_two_answers_is_one_although_the_question_is_open() -> None:
    async with Rehearsal(workflows=[at_once]) as rehearsal:
        await rehearsal.start(at_once, 0)
        await rehearsal.settle()
        items = {item.step: item.id for item in rehearsal.reviews()}
        await rehearsal.decide(items["by_two"], value=True, by="ann")
        assert rehearsal.review(items["by_two"]).state == "open"
        with pytest.raises(ReviewError, match="another question"):
            await rehearsal.decide(items["really"], value=True, by="Ann")
        assert (await rehearsal.decide(items["really"], value=True, by="ben")).state == "decided"


@pytest.mark.dear
async def test_however_many_questions_a_run_has_none_that_was_answered_is_forgotten() -> None:
    async with Rehearsal(workflows=[at_once]) as rehearsal:
        await rehearsal.start(at_once, 101)
        await rehearsal.settle()
        items = {item.step: item.id for item in rehearsal.reviews(ReviewQuery(limit=200))}
        answered = [items[f"q{number}"] for number in range(101)]
        await asyncio.gather(*(rehearsal.decide(item, value=True, by="ben") for item in answered[:-1]))
        await rehearsal.decide(answered[-1], value=True, by="ann")
        with pytest.raises(ReviewError, match="another question"):
            await rehearsal.take(items["really"], by="ann")


async def test_a_fork_has_the_answers_that_it_took_over_and_who_gave_them() -> None:
    async with Rehearsal(workflows=[in_turn]) as rehearsal:
        await rehearsal.start(in_turn, "x", id="R")
        await rehearsal.settle()
        await rehearsal.decide(1, value=True, by="ann")
        await rehearsal.settle()
        await rehearsal.fork("R", step="really", by="ann")
        await rehearsal.settle()
        (again,) = (item for item in rehearsal.reviews() if item.run_id != "R")
        with pytest.raises(ReviewError, match="another question"):
            await rehearsal.decide(again.id, value=True, by="ann")
        assert (await rehearsal.decide(again.id, value=True, by="ben")).state == "decided"


async def test_of_two_such_questions_that_one_person_answers_at_once_one_is_theirs(tmp_path: Path) -> None:
    async with Orchestrator(store_in(tmp_path), workflows=[both_new]) as orchestrator:
        await orchestrator.start(both_new, "x")
        await orchestrator.idle()
    async with Client(store_in(tmp_path)) as one, Client(store_in(tmp_path)) as other:
        here, there = one.reviews()
        # an undo window or none: whoever answers within one has answered
        answers = (
            one.decide(here.id, value=True, by="ann", undo_seconds=5.0),
            other.decide(there.id, value=True, by="ann"),
        )
        came = await asyncio.gather(*answers, return_exceptions=True)
        (refused,) = (each for each in came if isinstance(each, BaseException))
        assert isinstance(refused, ReviewError)
        assert "another question" in str(refused)
        assert sorted(len(item.answers) for item in (one.review(here.id), one.review(there.id))) == [0, 1]
