"""What was reported of other review tools and queues of approvals, put to this one."""

import asyncio
from pathlib import Path

import pytest

from handrail import Client, Escalation, Orchestrator, Run, workflow
from handrail.console.context import ConsoleSettings
from handrail_orchestrator.store import ReviewQuery
from tests.stores import store_in
from tests.unit.handrail.console.served import approvals, opened, tickets


@workflow(version=1)
async def overdue(run: Run, text: str) -> bool:
    return await run.ask("Pay this?", bool, context=text, escalate=Escalation(due_hours=1e-6, when_late="fail"))


@workflow(version=1)
async def twice(run: Run, text: str) -> bool:
    return await run.ask("Pay this?", bool, context=text, escalate=Escalation(reviewers=2))


async def test_what_timed_out_offers_no_answer_and_takes_none(tmp_path: Path) -> None:
    """ansible/awx#13465: approvals that have timed out can still be approved and denied."""
    async with opened(tmp_path, flows=(overdue,)) as site:
        await site.engine.start(overdue, "pay", id="r")
        await site.engine.settled()
        await asyncio.sleep(0.01)
        await site.engine.fire_timers()
        (item,) = [each.id for each in site.engine.reviews(ReviewQuery(states=("open", "expired")))]
        assert site.engine.review(item).state == "expired"
        page = await site.page(f"/items/{item}")
        assert 'name="choice"' not in page
        assert "/decide" not in page
        at_page = await site.post(f"/items/{item}/decide", {"choice": "true", "version": "1"})
        at_api = await site.http.post(f"/api/v1/reviews/{item}/decide", json={"value": True, "version": 2})
        assert (at_page.status_code, at_api.status_code) == (409, 409)
        assert site.engine.review(item).decision is None


async def test_of_all_who_begin_at_once_nobody_has_anothers_item(tmp_path: Path) -> None:
    """HumanSignal/label-studio#795: two people who begin at the same time are given the same task."""
    async with opened(tmp_path) as site:
        items = await site.ask(tickets, *(f"ticket {number}" for number in range(12)))
        taken = await asyncio.gather(*(site.engine.next_review(by=f"p{number}") for number in range(12)))
        assert sorted(item.id for item in taken if item is not None) == items


async def test_whom_an_item_still_needs_is_offered_it_and_who_answered_is_not(tmp_path: Path) -> None:
    """HumanSignal/label-studio#6233: what one person annotated is offered to no second one."""
    async with opened(tmp_path, flows=(twice,)) as site:
        (item,) = await site.ask(twice, "pay")
        first = await site.engine.next_review(by="ann")
        assert first is not None
        await site.engine.decide(item, value=True, by="ann")
        assert await site.engine.next_review(by="ann") is None
        second = await site.engine.next_review(by="ben")
        assert second is not None
        assert second.id == item


async def test_an_answer_given_while_nothing_ran_resumes_its_run(tmp_path: Path) -> None:
    """tinyhumansai/opencompany#1816: an approval given after a restart finds nothing that it could resume."""
    async with opened(tmp_path) as site:
        (item,) = await site.ask(approvals, "pay")
        run = site.engine.review(item).run_id
    async with Client(store_in(tmp_path)) as client:
        await client.decide(item, value=True, by="ann")
        assert client.run(run).status == "waiting"
    async with Orchestrator(store_in(tmp_path), workflows=[approvals]) as engine:
        await engine.idle()
        assert (engine.run(run).status, engine.run(run).output) == ("completed", True)


@pytest.mark.parametrize("prefix", ['"><script>alert(1)</script>', "//evil.example", "/evil"])
async def test_a_path_that_a_request_claims_is_in_no_link_and_no_redirect(tmp_path: Path, prefix: str) -> None:
    """drkostas/hevy2garmin#305: ``X-Forwarded-Prefix`` of anybody became a part of links, redirects and the page."""
    claims = {"x-forwarded-prefix": prefix, "x-script-name": prefix}
    async with opened(tmp_path, ConsoleSettings(root_path="/desk")) as site:
        await site.ask(tickets, "one")
        page = await site.http.get("/desk/queue", headers=claims)
        assert "evil" not in page.text
        assert "alert(1)" not in page.text
        token = site.token_in(page.text)
        begun = await site.http.post("/desk/queue/next", data={"csrf": token}, headers=claims)
        assert begun.headers["location"].startswith("/desk/items/")
