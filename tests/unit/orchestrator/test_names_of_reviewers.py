"""Whoever answers has a name that is theirs alone, also in a store that knows nobody."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from handrail import Escalation, Run, workflow
from handrail.orchestrator import ReviewError
from handrail.testing import Rehearsal


@workflow(version=1)
async def twice(run: Run, _text: str) -> bool:
    return await run.ask("Is it so?", bool, escalate=Escalation(reviewers=2))


@workflow(version=1)
async def others(run: Run, _text: str) -> bool:
    first = await run.ask("Is it so?", bool, name="first", escalate=Escalation(not_self=True))
    return first and await run.ask("Really?", bool, name="second", escalate=Escalation(not_previous_reviewer=True))


@pytest.fixture
async def asked() -> AsyncIterator[Rehearsal]:
    async with Rehearsal(workflows=[twice, others]) as rehearsal:
        yield rehearsal


@pytest.mark.parametrize(
    "name", ["ann ", " ann", "ann\n", "an\x00n", "ann  b", "\u202eann", "x" * 101, "", " ", None, 5]
)
async def test_a_name_that_only_looks_like_one_is_refused(asked: Rehearsal, name: Any) -> None:
    await asked.start(twice, "x", id="R")
    await asked.settle()
    for act in (
        lambda: asked.take(1, by=name),
        lambda: asked.decide(1, value=True, by=name),
        lambda: asked.next_review(by=name),
        lambda: asked.add_note(1, by=name, text="x"),
    ):
        with pytest.raises(ReviewError):
            await act()
    assert [change.action for change in asked.review_log(1)] == ["ask"]


async def test_the_second_of_two_answers_is_another_persons(asked: Rehearsal) -> None:
    await asked.start(twice, "x", id="R")
    await asked.settle()
    await asked.decide(1, value=True, by="ann")
    for name in ("ann", "Ann", "ANN"):
        with pytest.raises(ReviewError, match="has your answer"):
            await asked.decide(1, value=True, by=name)
    await asked.decide(1, value=True, by="ben")
    assert asked.review(1).state == "decided"


async def test_whoever_is_ruled_out_is_so_in_capitals_too(asked: Rehearsal) -> None:
    await asked.start(others, "x", id="R", by="ann")
    await asked.settle()
    with pytest.raises(ReviewError, match="whoever started"):
        await asked.decide(1, value=True, by="Ann")
    await asked.decide(1, value=True, by="ben")
    await asked.settle()
    with pytest.raises(ReviewError, match="another question"):
        await asked.decide(2, value=True, by="Ben")
