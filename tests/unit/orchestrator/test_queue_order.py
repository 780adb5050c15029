"""Which question a person is given next."""

import pytest

from handrail import Run, workflow
from handrail.orchestrator import ReviewError, ReviewQuery
from handrail_orchestrator.testing import Rehearsal


@workflow(version=1)
async def ask(run: Run, n: int) -> bool:
    return await run.ask(f"Question {n}?", bool)


async def asking(rehearsal: Rehearsal, questions: int) -> list[int]:
    """Put questions and return their items' numbers, oldest first."""
    await rehearsal.start_many(ask, [(f"r{n}", n) for n in range(questions)])
    await rehearsal.settle()
    return sorted(item.id for item in rehearsal.reviews())


async def given(rehearsal: Rehearsal, by: str) -> int:
    item = await rehearsal.next_review(by=by)
    assert item is not None
    return item.id


async def test_a_skipped_question_comes_back_after_all_others() -> None:
    async with Rehearsal(workflows=[ask]) as rehearsal:
        first, second, third = await asking(rehearsal, 3)
        order = []
        for _ in range(5):
            order.append(await given(rehearsal, "ann"))
            await rehearsal.skip(order[-1], by="ann", note="I know the customer")
        assert order == [first, second, third, first, second]


async def test_a_question_that_nobody_can_decide_holds_up_nobody() -> None:
    async with Rehearsal(workflows=[ask]) as rehearsal:
        hard, *easy = await asking(rehearsal, 4)
        for by in ("ann", "ben"):
            assert await given(rehearsal, by) == hard
            await rehearsal.skip(hard, by=by)
        for by in ("ann", "ben", "ann"):
            await rehearsal.decide(await given(rehearsal, by), value=True, by=by)
        await rehearsal.settle()
        assert [item.id for item in rehearsal.reviews()] == [hard]
        assert {row.id for row in rehearsal.runs(status="completed")} == {"r1", "r2", "r3"}
        assert len(easy) == 3


async def test_a_question_that_is_given_back_is_the_next_one_again() -> None:
    async with Rehearsal(workflows=[ask]) as rehearsal:
        first, _ = await asking(rehearsal, 2)
        await given(rehearsal, "ann")
        row = await rehearsal.release(first, by="ann")
        assert (row.state, row.lease_owner) == ("open", None)
        assert await given(rehearsal, "ann") == first
        assert [entry.action for entry in rehearsal.review_log(first)] == ["ask", "take", "release", "take"]


async def test_only_who_has_a_question_can_give_it_back() -> None:
    async with Rehearsal(workflows=[ask]) as rehearsal:
        first, _ = await asking(rehearsal, 2)
        with pytest.raises(ReviewError, match="is not taken by ann"):
            await rehearsal.release(first, by="ann")
        await given(rehearsal, "ann")
        with pytest.raises(ReviewError, match="is not taken by ben"):
            await rehearsal.release(first, by="ben")


async def test_somebody_without_a_name_is_given_nothing_and_told_so() -> None:
    async with Rehearsal(workflows=[ask]) as rehearsal:
        await asking(rehearsal, 1)
        with pytest.raises(ReviewError, match="needs the name of the person"):
            await rehearsal.next_review(by=" ")
        assert [item.state for item in rehearsal.reviews(ReviewQuery())] == ["open"]
