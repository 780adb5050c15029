"""The line above the work: one's own pace, cases whose answer is known, and who reads nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from handrail.console.app import console
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.sowing import KnownCase
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
