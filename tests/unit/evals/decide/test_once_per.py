"""Of cases that belong together the first counts: whatever says so, in whatever order they come, from wherever."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import JsonValue

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, Workflow, classify, workflow
from handrail.calibration import keep_promises
from handrail.guards import promise
from handrail.orchestrator import PromiseRecord, ReviewQuery
from tests.stores import store_in

Letter = Literal["a", "b"]


def sorting(**terms: Any) -> Workflow[Any, Letter]:
    """Have a step judge each mail that says nothing but itself, under a promise of these terms."""
    accept = promise(wrong_at_most=0.1, sure=0.9, **terms)
    letter = classify("letter", Letter, "Which?", models=ScriptedModel(lambda _: Says("a", 0.9)), accept=accept)

    @workflow(version=1)
    async def sort(run: Run, mail: dict[str, JsonValue]) -> Letter:
        return await run.decide(letter, mail)

    return sort


async def judged(store: str, sort: Workflow[Any, Letter], mails: Sequence[Any], first: int = 0) -> list[PromiseRecord]:
    """Have mails judged, and return the promises after a look of the keeper."""
    async with Orchestrator(store, workflows=[sort]) as orchestrator:
        runs = [
            (f"r-{first + number}", {"text": f"mail {first + number}", **mail}) for number, mail in enumerate(mails)
        ]
        await orchestrator.start_many(sort, runs)
        await orchestrator.idle()
        await keep_promises(orchestrator)
        return orchestrator.promises()


@pytest.fixture
def store(tmp_path: Path) -> str:
    return store_in(tmp_path)


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_a_number_and_its_text_are_one_order_and_what_names_none_is_no_case(store: str) -> None:
    counted = [{"order": 1}, {"order": "2"}, {"order": True}, {"order": "x" * 100}]
    again = [{"order": "1"}, {"order": " 1 "}, {"order": 2}, {"order": "true"}]
    nothing: list[Any] = [{}, {"order": None}, {"order": ""}, {"order": 1.0}, {"order": ["1"]}, {"order": "x" * 101}]
    [record] = asyncio.run(judged(store, sorting(once_per="order"), [*counted, *again, *nothing]))
    assert record.cases == len(counted)
    with_client = asyncio.run(_reasons(store))
    assert len(with_client) == len(counted) + len(again) + len(nothing)  # people decide about each
    assert sum("does not speak of this case: " in each for each in with_client) == len(nothing)


async def _reasons(store: str) -> list[str]:
    async with Client(store) as client:
        return [each.reason for each in client.reviews(ReviewQuery(limit=99))]


def test_an_order_may_stand_in_a_field_of_a_field(store: str) -> None:
    mails = [{"about": {"order": {"id": number % 3}}} for number in range(9)]
    [record] = asyncio.run(judged(store, sorting(once_per="about.order.id"), mails))
    assert record.cases == 3


def test_each_group_counts_the_first_of_its_own(store: str) -> None:
    mails = [{"order": number % 2, "tier": tier} for number in range(6) for tier in ("gold", "silver")]
    records = asyncio.run(judged(store, sorting(once_per="order", by="tier"), mails))
    assert {each.group: each.cases for each in records} == {"gold": 2, "silver": 2}


@pytest.mark.usefixtures("either_store")
def test_two_processes_that_judge_mails_of_one_order_at_once_count_one(store: str) -> None:
    async def at_once() -> list[PromiseRecord]:
        sort = sorting(once_per="order")
        async with Orchestrator(store, workflows=[sort]) as one, Orchestrator(store, workflows=[sort]) as other:
            for number, each in enumerate((one, other, one, other)):
                await each.start(sort, {"order": 7, "text": f"mail {number}"}, id=f"r-{number}")
            await asyncio.gather(one.idle(), other.idle())
            return one.promises()

    [record] = asyncio.run(at_once())
    assert record.cases == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"once_per": "order"}),
        ({"once_per": "order"}, {}),
        ({"once_per": "order"}, {"once_per": "sender"}),
        ({}, {"second_looks": True}),
    ],
    ids=str,
)
def test_labels_that_were_counted_in_one_way_do_not_count_in_another(
    store: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """The mails of one order were labels of their own: as the first of each order they would count many times."""
    mails = [{"order": number // 5, "sender": number % 2} for number in range(10)]

    async def changed() -> tuple[list[PromiseRecord], list[PromiseRecord]]:
        old = await judged(store, sorting(**before), mails)
        return old, await judged(store, sorting(**after), [{"order": "new", "sender": "new"}], first=len(mails))

    [first], records = asyncio.run(changed())
    found = {each.terms: each.cases for each in records}
    assert found == {first.terms: first.cases, records[-1].terms: 1}
    assert first.cases == (2 if before else 10)


def test_a_looser_promise_of_the_same_labels_counts_them(store: str) -> None:
    async def changed() -> list[PromiseRecord]:
        await judged(store, sorting(), [{"order": number} for number in range(10)])
        step = classify(
            "letter", Letter, "Which?", models=ScriptedModel(lambda _: Says("a", 0.9)),
            accept=promise(wrong_at_most=0.2, sure=0.9),
        )  # fmt: skip

        @workflow(version=1)
        async def sort(run: Run, mail: dict[str, JsonValue]) -> Letter:
            return await run.decide(step, mail)

        return await judged(store, sort, [{"order": "new"}], first=10)

    records = asyncio.run(changed())
    assert [(each.wrong_at_most, each.cases) for each in records] == [(0.1, 11), (0.2, 11)]
    assert [each.is_current for each in records] == [False, True]  # by which the last case was judged


@pytest.mark.slow
def test_second_looks_that_are_turned_on_later_are_asked(store: str) -> None:
    async def changed() -> list[str]:
        await judged(store, sorting(), [{"order": number} for number in range(3)])
        sort = sorting(second_looks=True)
        await judged(store, sort, [{"order": number} for number in range(3)], first=3)
        async with Orchestrator(store, workflows=[sort]) as orchestrator:
            for item in orchestrator.reviews(ReviewQuery(limit=99)):
                await orchestrator.decide(item.id, "b", by="ann")
            await orchestrator.idle()
            await keep_promises(orchestrator)
            return [item.step for item in orchestrator.reviews(ReviewQuery(limit=99))]

    assert asyncio.run(changed()) == ["letter/second"] * 3
