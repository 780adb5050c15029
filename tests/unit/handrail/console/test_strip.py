"""The line above the work and the figures of the API: one's own pace, known cases, and who reads nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail.figures import Figures
from handrail_orchestrator.sowing import KnownCase
from handrail_orchestrator.store.decided import DecidedQuery
from tests.unit.handrail.console.served import BASE, opened, text_of, tickets
from tests.unit.orchestrator.test_desk_figures import Asking, asking

WHERE = {"queue": "review", "workflow": "tickets", "step": "topic"}
ME = ConsoleSettings().single_user


async def test_a_known_case_answered_otherwise_is_told_once_it_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as site:
        await site.ask(tickets, "a ticket")
        known = KnownCase(name="K", input="<b>known</b>", answer="bug", suggestion="billing")
        await site.engine.put_known_cases([known], share=1.0, **WHERE)
        (item,) = [each for each in site.engine.reviews() if site.engine.is_known(each.id)]
        assert "answer is known" not in text_of(await site.page(f"/items/{item.id}"))
        await site.engine.take(item.id, by=ME)
        await site.engine.decide(item.id, "billing", by=ME, undo_seconds=300.0)
        assert "answer is known" not in text_of(await site.page("/strip"))
        await site.engine.undo(item.id, by=ME)
        await site.engine.decide(item.id, "billing", by=ME)
        said = text_of(await site.page("/strip"))
        assert "you said billing, right is bug" in said
        assert "0 of 1 known cases right" in said


@asynccontextmanager
async def strips() -> AsyncIterator[tuple[Asking, httpx2.AsyncClient]]:
    """Give a desk whose clock the test moves, and what shows its pages."""
    async with asking() as desk:
        transport = httpx2.ASGITransport(console(desk.client, ConsoleSettings()))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            yield desk, http


@pytest.mark.dear
async def test_who_takes_every_suggestion_at_once_is_told() -> None:
    async with strips() as (desk, http):
        for number in range(50):
            shown = text_of((await http.get("/strip?queue=triage")).text)
            assert "faster than anybody reads" not in shown, number
            await desk.answer(desk.ask(), "billing", by=ME, seconds=0.4)
        shown = text_of((await http.get("/strip?queue=triage")).text)
        assert "faster than anybody reads" in shown
        assert "median 0.4 s/item" in shown


async def test_how_long_one_takes_is_shown_to_oneself() -> None:
    async with strips() as (desk, http):
        await desk.answer(desk.ask(), "billing", by="ben", seconds=7.0)
        assert "s/item" not in text_of((await http.get("/strip")).text)
        await desk.answer(desk.ask(), "billing", by=ME, seconds=7.0)
        assert "median 7.0 s/item" in text_of((await http.get("/strip")).text)


async def test_the_api_tells_the_same_figures_and_ones_own_day() -> None:
    async with strips() as (desk, http):
        for said in ("billing", "bugs"):
            await desk.answer(desk.ask(), said, by=ME, seconds=7.0)
        desk.ask(queue="refunds")
        got = await http.get("/api/v1/stats")
        assert got.status_code == 200, got.text
        told = got.json()["desk"]
        assert (told["decided"], told["changes"][""]["changed"], told["hands_on"]) == (2, 1, 7.0)
        assert [(each["queue"], each["waiting"]) for each in told["queues"]] == [("refunds", 1)]
        assert (told["you"]["person"], told["you"]["pace"], told["you"]["today"]) == (ME, 7.0, 2)


async def test_figures_are_of_the_queues_that_somebody_may_look_at() -> None:
    async with asking() as desk:
        for queue in ("triage", "refunds"):
            await desk.answer(desk.ask(queue=queue), "bugs")
            desk.ask(queue=queue)
        await desk.client.people.add("root", roles={"*": "admin"})
        await desk.client.people.add("ann", roles={"refunds": "viewer"})
        seen = {
            name: Figures.of(desk.client, DecidedQuery(), desk.client.seen_by(name), now=desk.clock.now())
            for name in ("root", "ann")
        }
        assert [each.queue for each in seen["root"].queues] == ["refunds", "triage"]
        assert [each.queue for each in seen["ann"].queues] == ["refunds"]
        assert (seen["root"].desk.decided, seen["ann"].desk.decided) == (2, 1)
