"""Calls side by side whose order differs from execution to execution: no answer goes to another call."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from handrail import Orchestrator, Run, StepFailed, action, workflow
from handrail_orchestrator.testing import Rehearsal

LETTERS = (1, 2, 3)

fetched: list[int] = []
arrivals: list[asyncio.Event] = []


@pytest.fixture(autouse=True)
def _nothing_fetched() -> None:
    fetched.clear()
    arrivals.clear()


@action
async def fetch(number: int) -> int:
    """Arrive in the reverse order of the first calls; what is recorded comes back in the order of the code."""
    fetched.append(number)
    arrivals.append(asyncio.Event())
    mine = arrivals[-1]
    if len(fetched) == len(LETTERS):
        arrivals[-1].set()
    await mine.wait()
    place = arrivals.index(mine)
    if place:
        arrivals[place - 1].set()
    return number * 10


async def fetch_and_ask(run: Run, number: int) -> str:
    amount = await run.step(fetch, number)
    return await run.ask(f"Pay {amount}?", str)


@workflow(version=1)
async def all_of_them(run: Run, _: int) -> list[str]:
    return list(await run.all(*[fetch_and_ask(run, number) for number in LETTERS]))


@workflow(version=1)
async def gathered(run: Run, _: int) -> list[str]:
    return list(await asyncio.gather(*[fetch_and_ask(run, number) for number in LETTERS]))


async def answer_the_last(rehearsal: Rehearsal) -> None:
    last = max(rehearsal.reviews(), key=lambda item: item.id)
    await rehearsal.decide(last.id, last.title, by="ann")
    await rehearsal.settle()


async def test_questions_asked_in_the_order_of_arrival_keep_their_answers() -> None:
    async with Rehearsal(workflows=[all_of_them]) as rehearsal:
        handle = await rehearsal.start(all_of_them, 0, id="r")
        await rehearsal.settle()
        assert [item.title for item in sorted(rehearsal.reviews(), key=lambda item: item.id)] == [
            "Pay 30?",
            "Pay 20?",
            "Pay 10?",
        ]
        for _ in LETTERS:
            await answer_the_last(rehearsal)
            rehearsal.crash()
            await rehearsal.settle()
        assert await handle.result() == ["Pay 10?", "Pay 20?", "Pay 30?"]
        assert sorted(fetched) == [1, 2, 3]


async def test_gathered_questions_never_take_each_others_answers_and_the_way_out_is_named() -> None:
    async with Rehearsal(workflows=[gathered]) as rehearsal:
        handle = await rehearsal.start(gathered, 0, id="r")
        for _ in range(10):  # a wait ends the execution while others are still under way, so several are needed
            await rehearsal.settle()
            if not rehearsal.reviews():
                break
            await answer_the_last(rehearsal)
        with pytest.raises(StepFailed, match=r"side by side with run\.all"):
            await handle.result()


# -- what else may wake a run meanwhile


@workflow(version=1)
async def nap_beside_events(run: Run, events: int) -> tuple[int, list[int]]:
    async def nap() -> int:
        await run.sleep(timedelta(minutes=5))
        return (await run.now()).minute

    async def gather_events() -> list[int]:
        return [await run.event("news", int) for _ in range(events)]

    minute, news = await run.all(nap(), gather_events())
    return minute, news


async def test_a_sleep_ends_when_it_was_due_however_often_its_run_woke_meanwhile() -> None:
    async with Rehearsal(workflows=[nap_beside_events]) as rehearsal:
        handle = await rehearsal.start(nap_beside_events, 4, id="r")
        for number in range(4):
            await rehearsal.advance(minutes=1)
            await rehearsal.send("r", "news", number)
            await rehearsal.settle()
            rehearsal.crash()
            await rehearsal.settle()
        await rehearsal.advance(minutes=1)
        assert await handle.result() == (5, [0, 1, 2, 3])


executions: list[str] = []
begun: list[asyncio.Event] = []
door: list[asyncio.Event] = []


@action
async def slow(text: str) -> str:
    executions.append(text)
    begun[0].set()
    await door[0].wait()
    return text


@workflow(version=1)
async def work_beside_waits(run: Run, text: str) -> tuple[str, int, bool]:
    return await run.all(run.step(slow, text), run.event("news", int), run.ask("Fine?", bool))


async def test_news_and_answers_that_come_during_a_step_do_not_execute_it_again() -> None:
    executions.clear()
    begun[:], door[:] = [asyncio.Event()], [asyncio.Event()]
    async with Rehearsal(workflows=[work_beside_waits]) as rehearsal:
        handle = await rehearsal.start(work_beside_waits, "once", id="r")
        await asyncio.wait_for(begun[0].wait(), 60)
        await rehearsal.send("r", "news", 1)
        door[0].set()
        await rehearsal.settle()
        await rehearsal.decide(rehearsal.reviews()[0].id, value=True, by="ann")
        assert await handle.result() == ("once", 1, True)
    assert executions == ["once"]


# -- values that count as nothing


@action
async def nothing_of(kind: str) -> int | str | bool | list[int] | None:
    executions.append(kind)
    values: dict[str, int | str | bool | list[int] | None] = {"zero": 0, "empty": "", "no": False, "none": None}
    return values.get(kind, [])


@workflow(version=1)
async def nothings(run: Run, kinds: list[str]) -> list[int | str | bool | list[int] | None]:
    found: list[int | str | bool | list[int] | None] = [await run.step(nothing_of, kind) for kind in kinds]
    found += [await run.ask("no?", bool), await run.ask("zero?", int), await run.ask("empty?", str)]
    return [*found, await run.ask("none?", int | None), await run.event("news", int | None)]


async def test_a_result_or_an_answer_that_counts_as_false_is_one() -> None:
    executions.clear()
    kinds = ["zero", "empty", "no", "none", "list"]
    async with Rehearsal(workflows=[nothings]) as rehearsal:
        handle = await rehearsal.start(nothings, kinds, id="r")
        for answer in (False, 0, "", None):
            await rehearsal.settle()
            [item] = rehearsal.reviews()
            await rehearsal.decide(item.id, answer, by="ann")
            rehearsal.crash()
        await rehearsal.settle()
        await rehearsal.send("r", "news", None)
        assert await handle.result() == [0, "", False, None, [], False, 0, "", None, None]
    assert executions == kinds


async def test_a_body_that_wakes_another_run_lends_it_no_branch(tmp_path: Path) -> None:
    """The calls of a run have the names of its own code, whoever's task it was made in."""
    made: list[Orchestrator] = []

    @action
    async def nudge(n: int) -> int:
        await made[0].send("other", "go", n)
        return n

    @workflow(version=1)
    async def nudging(run: Run, n: int) -> tuple[int, ...]:
        return await run.all(run.step(nudge, n))

    @workflow(version=1)
    async def nudged(run: Run) -> int:
        first = await run.event("go", int)
        return first + await run.ask("How many more?", int)

    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[nudging, nudged]) as orchestrator:
        made.append(orchestrator)
        await orchestrator.start(nudged, None, id="other")
        await orchestrator.idle()
        assert await (await orchestrator.start(nudging, 2)).result() == (2,)
        await orchestrator.idle()
        row = orchestrator.engine.row("other")
        assert [each.name for each in orchestrator.engine.store.history(row.key).steps] == ["event:go", "ask"]
