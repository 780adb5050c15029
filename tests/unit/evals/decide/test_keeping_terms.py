"""Promises with groups, labels, fields and costs keep themselves, each on its own cases, and say so."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, classify, extract, workflow
from handrail.calibration import keep_promises
from handrail.guards import PromiseTerms, promise
from handrail.orchestrator import PromiseRecord, ReviewQuery

pytestmark = pytest.mark.slow

Team = Literal["refund", "urgent", "other"]


class Bill(BaseModel):
    number: str = Field(alias="invoiceNumber")
    total: int


class Ticket(BaseModel):
    id: int
    tier: str | None
    answer: str
    """What the model says."""
    sure: float


def as_shown(request: Any) -> dict[str, str]:
    """Return a ticket as a model reads it."""
    return dict(line.split(": ", 1) for line in request.text.splitlines())


def route(terms: PromiseTerms) -> Any:
    """Answer as the ticket says, and as sure."""

    def says(request: Any) -> Says:
        shown = as_shown(request)
        return Says(shown["answer"], float(shown["sure"]))

    return classify("route", Team, "Which team?", models=ScriptedModel(says), accept=terms)


def bill(terms: PromiseTerms) -> Any:
    def says(request: Any) -> Says:
        shown = as_shown(request)
        return Says(Bill(invoiceNumber=f"N{shown['id']}", total=int(shown["id"])), float(shown["sure"]))

    return extract("bill", Bill, "What does it say?", models=ScriptedModel(says), accept=terms)


class Desk:
    """Tickets, people who answer by the truth, and a keeper that looks after each batch."""

    def __init__(self, store: str, step: Any, seed: int = 1) -> None:
        self.store, self.step, self.chance, self.number = store, step, random.Random(seed), 0
        self.accepted: list[tuple[Ticket, Any]] = []
        """With what is true of them."""

    async def batch(self, count: int, made: Callable[[random.Random], tuple[Any, ...]]) -> None:
        """Run tickets, each of its tier, answer, sureness and truth."""
        step = self.step

        @workflow(version=1)
        async def sort(run: Run, ticket: Ticket) -> str:
            return str(await run.decide(step, ticket))

        truth: dict[str, Any] = {}
        tickets: dict[str, Ticket] = {}
        for _ in range(count):
            self.number += 1
            tier, answer, sure, true = made(self.chance)
            tickets[f"r-{self.number}"] = Ticket(id=self.number, tier=tier, answer=answer, sure=round(sure, 4))
            truth[f"r-{self.number}"] = true
        async with Orchestrator(self.store, workflows=[sort]) as orchestrator:
            await orchestrator.start_many(sort, [*tickets.items()])
            await orchestrator.idle()
            self.accepted += [
                (tickets[run_id], truth[run_id]) for run_id in tickets if orchestrator.run(run_id).status == "completed"
            ]
            while items := orchestrator.reviews(ReviewQuery(limit=500)):
                for item in items:
                    true, ticket = truth[item.run_id], tickets[item.run_id]
                    if not isinstance(true, str):
                        number, total = true
                        true = {"number": f"{number}{ticket.id}", "total": ticket.id + total}
                    await orchestrator.decide(item.id, true, by="ann")
                await orchestrator.idle()
            await keep_promises(orchestrator)

    async def promises(self) -> list[PromiseRecord]:
        async with Client(self.store) as client:
            return client.promises()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


def test_each_group_has_a_promise_with_labels_of_its_own_and_without_one_people_decide(url: str) -> None:
    def made(chance: random.Random) -> tuple[Any, ...]:
        tier = chance.choices(["gold", "silver", None], [5, 2, 1])[0]
        return tier, "other", chance.random(), "refund" if tier == "silver" and chance.random() < 0.5 else "other"

    async def played() -> tuple[list[PromiseRecord], dict[str, Any]]:
        desk = Desk(url, route(promise(wrong_at_most=0.1, sure=0.9, by="tier")))
        for _ in range(5):
            await desk.batch(120, made)
        async with Client(url) as client:
            found = {"accepted": desk.accepted, "named": client.promises_named("sort/route[gold]")}
            await client.pause_promise("sort/route[gold]", by="ann", why="we look at gold")
            found["paused"] = [each.state for each in client.promises()]
            await client.pause_promise("sort/route", by="ann", why="we look at all")
            found["all paused"] = [each.state for each in client.promises()]
            return client.promises(), found

    records, found = asyncio.run(played())
    by_group = {each.group: each for each in records}
    assert set(by_group) == {"gold", "silver"}
    assert by_group["gold"].labels > 0
    assert all(ticket.tier == "gold" for ticket, _ in found["accepted"])
    assert len(found["accepted"]) == by_group["gold"].accepted > 50
    assert [each.name for each in found["named"]] == ["sort/route[gold]"]
    assert sorted(found["paused"]) == ["keeping", "paused"]
    assert set(found["all paused"]) == {"paused"}
    assert sum(each.cases for each in records) < 600  # those without a tier are no cases of any promise


def test_of_cases_that_belong_together_the_first_counts_and_one_that_does_not_say_goes_to_people(url: str) -> None:
    """Ten mails of a thread are right or wrong together: as ten labels they would claim more than they tell."""
    senders = [*(f"sender {number}" for number in range(30)), None]

    def made(chance: random.Random) -> tuple[Any, ...]:
        return chance.choice(senders), "other", 0.9, "other"

    async def played() -> tuple[Desk, list[PromiseRecord]]:
        desk = Desk(url, route(promise(wrong_at_most=0.1, sure=0.9, once_per="tier")))
        for _ in range(3):
            await desk.batch(120, made)
        async with Client(url) as client:
            return desk, client.promises()

    desk, [record] = asyncio.run(played())
    assert (record.cases, record.threshold) == (30, None)
    assert record.terms.endswith("counted once per tier")
    assert desk.accepted == []


def test_a_bar_for_each_label_and_what_is_missed_are_kept_apart_and_split_delta(url: str) -> None:
    terms = promise(wrong_at_most={"refund": 0.1, "other": 0.3}, missed_at_most=0.2, label="urgent", sure=0.7)

    def made(chance: random.Random) -> tuple[Any, ...]:
        true = chance.choices(["urgent", "other", "refund"], [3, 3, 3])[0]
        score = chance.random()
        if true == "urgent" and score < 0.3:  # where it is unsure it takes what is urgent for something else
            return None, "other", score, true
        return None, true, score, true

    async def played() -> Desk:
        desk = Desk(url, route(terms))
        for _ in range(6):
            await desk.batch(120, made)
        return desk

    desk = asyncio.run(played())
    records = {(each.about, each.of): each for each in asyncio.run(desk.promises())}
    assert set(records) == {("label", "refund"), ("label", "other"), ("missed", "urgent")}
    assert {round(each.sure, 6) for each in records.values()} == {0.9}
    missed = records["missed", "urgent"]
    assert missed.threshold is not None
    assert "as something else" in missed.terms
    answers = {ticket.answer for ticket, _ in desk.accepted}
    assert answers <= {"refund", "other"}  # there is no bar for what is accepted as urgent
    assert len(desk.accepted) > 50
    assert sum(true == "urgent" for _, true in desk.accepted) <= 0.2 * desk.number / 3
    assert missed.cases == desk.number  # answers that are never accepted are cases of the label, too
    assert records["label", "other"].cases + records["label", "refund"].cases < missed.cases


def test_fields_of_a_record_are_kept_at_one_threshold_and_the_whole_record_beside_them(url: str) -> None:
    terms = promise(wrong_at_most={"number": 0.1, "": 0.3}, sure=0.8)

    def made(chance: random.Random) -> tuple[Any, ...]:
        score = chance.random()
        return None, "none", score, ("X" if score < 0.3 and chance.random() < 0.5 else "N", chance.random() < 0.1)

    async def played() -> Desk:
        desk = Desk(url, bill(terms))
        for _ in range(4):
            await desk.batch(120, made)
        return desk

    desk = asyncio.run(played())
    number, whole = sorted(asyncio.run(desk.promises()), key=lambda each: each.about)
    assert (number.about, number.of, whole.about) == ("field", "number", "wrong")
    assert number.wrong < whole.wrong  # a wrong total is no wrong number
    assert number.threshold is not None
    assert whole.threshold is not None
    assert number.cases == whole.cases == 480
    assert number.accepted == whole.accepted == len(desk.accepted) > 50  # both speak of what both let through


def test_costs_stop_it_where_one_more_case_costs_more_than_its_review(url: str) -> None:
    def made(chance: random.Random) -> tuple[Any, ...]:
        score = chance.random()  # the mean of all is well below a fifth, and the lower half of the scores above it
        return None, "other", score, "refund" if score < 0.4 and chance.random() < 0.32 else "other"

    async def played() -> tuple[PromiseRecord, list[Any]]:
        desk = Desk(url, route(promise(cost_of_wrong=5, cost_of_review=1, sure=0.8)))
        for _ in range(6):
            await desk.batch(120, made)
        async with Client(url) as client:
            return client.promise("sort/route"), client.promise_history("sort/route")

    record, history = asyncio.run(played())
    assert record.stops_at == 0.2
    assert record.threshold is not None
    assert record.threshold > 0.3
    assert any("costs more than its review" in each.why for each in history)


def test_where_fewer_answers_are_wanted_later_the_labels_count_on(url: str) -> None:
    def made(chance: random.Random) -> tuple[Any, ...]:
        return None, "other", chance.random(), "other"

    async def played() -> list[PromiseRecord]:
        desk = Desk(url, route(promise(wrong_at_most=0.2, sure=0.9)))
        await desk.batch(150, made)
        desk.step = route(promise(wrong_at_most=0.2, sure=0.9, answers="few"))
        await desk.batch(20, made)
        return await desk.promises()

    usual, few = asyncio.run(played())
    assert few.terms == f"{usual.terms}, with few answers"
    assert few.threshold is not None
    assert (few.threshold, few.cases, few.labels) == (usual.threshold, 170, 70)  # all but the first 100
    assert [usual.is_current, few.is_current] == [False, True]


def test_terms_that_change_while_cases_wait_begin_anew_and_lose_none(url: str) -> None:
    def made(chance: random.Random) -> tuple[Any, ...]:
        return "gold", "other", chance.random(), "other"

    async def played() -> list[PromiseRecord]:
        desk = Desk(url, route(promise(wrong_at_most=0.1, sure=0.9)))
        await desk.batch(130, made)
        desk.step = route(promise(wrong_at_most=0.1, missed_at_most=0.2, label="urgent", sure=0.9))
        await desk.batch(150, made)
        desk.step = route(promise(wrong_at_most=0.1, sure=0.9, by="tier"))
        await desk.batch(20, made)
        return await desk.promises()

    first, again, missed, gold = asyncio.run(played())
    assert (first.about, again.about, missed.about, gold.group) == ("wrong", "wrong", "missed", "gold")
    assert first.cases == again.cases == 280  # terms of the same cases count them all
    assert (missed.cases, gold.cases) == (150, 20)
    assert again.threshold is not None
    assert (missed.threshold, missed.wrong, missed.accepted) == (None, 0, 0)
