"""What was approved is executed, once, and nothing else is, whatever door the yes comes through.

Public reports of what goes wrong elsewhere, each of them a test here: an approval that is a bare yes, so that an
ordinary retry executes a second time by it (pydantic-ai#5536); an approval that is not tied to the call that was shown
(agent-framework#4618); "approve 82,000, execute 820,000" (claude-cookbooks#701).
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Escalation, Orchestrator, Retry, Run, action, step_context, workflow
from handrail.orchestrator import ReviewConflict, ReviewError
from handrail_orchestrator.links import link_for
from handrail_orchestrator.secret import signing_secret
from tests.unit.handrail.console.served import Site, opened
from tests.unit.orchestrator.commands import handrail

PAID: list[tuple[str, int]] = []
KEYS: list[str] = []
AMOUNT = [82_000]
FAILS = [0]


@action(approval=Escalation(queue="money"))
def pay(payee: str, amount: int) -> str:
    KEYS.append(step_context().idempotency_key)
    if FAILS[0]:
        FAILS[0] -= 1
        raise OSError("the bank does not answer")
    PAID.append((payee, amount))
    return f"{amount} to {payee}"


@action(approval=Escalation(queue="money"), retry=Retry(attempts=3, first_seconds=0.001, max_seconds=0.002))
def pay_stubbornly(payee: str, amount: int) -> str:
    return pay.function(payee, amount)


@workflow(version=1)
async def settle(run: Run, payee: str) -> str:
    return await run.step(pay, payee, AMOUNT[0])


@workflow(version=1)
async def insist(run: Run, payee: str) -> str:
    return await run.step(pay_stubbornly, payee, AMOUNT[0])


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()
    KEYS.clear()
    AMOUNT[0], FAILS[0] = 82_000, 0


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(tmp_path, flows=(settle, insist)) as found:
        yield found


def link(site: Site, item: int, by: str = "ann") -> str:
    secret = signing_secret(site.engine.store.removeprefix("sqlite:///"))
    row = site.engine.plain_review(item)
    return "/link/" + link_for(row, audience=by, expires=site.engine.now() + 3_600.0, secret=secret)


async def yes(site: Site, path: str) -> int:
    sent = await site.http.post(path, data={"choice": "true"})
    await site.engine.idle()
    return int(sent.status_code)


@pytest.mark.dear
async def test_the_link_shows_the_arguments_and_exactly_they_are_executed(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    path = link(site, item)

    assert "82000" in (await site.http.get(path)).text
    assert await yes(site, path) == 303
    assert PAID == [("ACME", 82_000)]


async def test_approved_82_000_and_820_000_is_refused(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    path = link(site, item)
    async with Client(site.engine.store) as elsewhere:  # answered while the code that goes on comes to another amount
        AMOUNT[0] = 820_000
        await elsewhere.decide(item, value=True, by="ann", shown=site.engine.plain_review(item).digest)
    await site.engine.idle()

    run = site.engine.run(site.engine.review(item).run_id)
    assert run.status == "failed"
    assert run.error is not None
    assert run.error.type == "HistoryMismatch"
    assert PAID == []
    assert await yes(site, path) == 409
    assert PAID == []


async def test_a_yes_to_the_old_draft_is_none_to_the_new_one(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    run = site.engine.review(item).run_id
    old = link(site, item)
    await site.engine.cancel(run)
    AMOUNT[0] = 820_000
    await site.engine.retry(run)
    await site.engine.idle()
    (new,) = site.engine.reviews()

    assert await yes(site, old) == 410
    with pytest.raises(ReviewError):
        await site.engine.decide(item, value=True, by="ann")
    with pytest.raises(ReviewConflict):
        await site.engine.decide(new.id, value=True, by="ann", shown=site.engine.plain_review(item).digest)

    assert site.engine.review(new.id).state == "open"
    assert PAID == []
    assert await yes(site, link(site, new.id)) == 303
    assert PAID == [("ACME", 820_000)]


async def test_a_retry_of_the_run_is_not_paid_by_the_first_yes(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    path, run = link(site, item), site.engine.review(item).run_id
    FAILS[0] = 1
    assert await yes(site, path) == 303
    assert (site.engine.run(run).status, PAID) == ("failed", [])

    await site.engine.retry(run)
    await site.engine.idle()
    assert (site.engine.run(run).status, PAID) == ("waiting", []), "it asks again"
    assert await yes(site, path) == 410, "and the link of the first question answers nothing more"
    assert (site.engine.run(run).status, PAID) == ("waiting", [])


async def test_attempts_that_the_step_declares_are_one_execution_with_one_key(site: Site) -> None:
    (item,) = await site.ask(insist, "ACME")
    FAILS[0] = 2

    assert await yes(site, link(site, item)) == 303

    assert PAID == [("ACME", 82_000)]
    assert (len(KEYS), len(set(KEYS))) == (3, 1)


async def test_replays_of_the_link_pay_nothing_more(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    path = link(site, item)

    assert [await yes(site, path) for _ in range(3)] == [303, 410, 410]
    assert PAID == [("ACME", 82_000)]


@pytest.mark.dear
async def test_a_second_tab_decides_nothing_more(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    await site.engine.take(item, by="me")
    row = site.engine.plain_review(item)
    looked = {"version": str(row.version), "shown": row.digest}

    first = await site.post(f"/items/{item}/decide", {**looked, "choice": "true"})
    second = await site.post(f"/items/{item}/decide", {**looked, "choice": "false"})

    assert (first.status_code, second.status_code) == (303, 409)
    actions = [(change.action, change.decision) for change in site.engine.review_log(item)]
    assert actions == [("ask", None), ("take", None), ("decide", True)]


@pytest.mark.dear
async def test_a_page_of_another_draft_decides_nothing(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    await site.engine.take(item, by="me")
    version = str(site.engine.plain_review(item).version)

    sent = await site.post(f"/items/{item}/decide", {"version": version, "shown": "0" * 32, "choice": "true"})

    assert sent.status_code == 409
    assert site.engine.review(item).state == "leased"
    assert PAID == []


async def test_of_all_doors_at_once_one_counts_and_it_is_paid_once(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    row = site.engine.plain_review(item)

    async def by_python(who: str) -> Any:
        return await site.engine.decide(item, value=True, by=who, version=row.version, shown=row.digest)

    async def by_link(who: str) -> Any:
        sent = await site.http.post(link_of[who], data={"choice": "true"})
        if sent.status_code != 303:
            raise ReviewConflict(who)

    link_of = {who: link(site, item, who) for who in ("ann", "ben", "cat")}
    moves = [door(who) for who in ("ann", "ben", "cat") for door in (by_python, by_link, by_link)]
    replies = await asyncio.gather(*moves, return_exceptions=True)
    await site.engine.idle()

    assert len([each for each in replies if not isinstance(each, ReviewConflict)]) == 1
    assert PAID == [("ACME", 82_000)]
    assert [change.action for change in site.engine.review_log(item)] == ["ask", "decide"]


def test_the_command_line_answers_nothing_that_a_link_answered(tmp_path: Path) -> None:
    async def answer() -> None:
        async with opened(tmp_path, flows=(settle,)) as site:
            (item,) = await site.ask(settle, "ACME")
            assert await yes(site, link(site, item)) == 303

    asyncio.run(answer())
    store = f"sqlite:///{tmp_path / 'runs.db'}"

    late = handrail("review", "decide", "1", "false", "--as", "ben", "--store", store)

    assert late.exit_code != 0
    assert "decided by person:ann" in late.stderr
    assert PAID == [("ACME", 82_000)]


async def test_a_fork_that_pays_anew_asks_anew(site: Site) -> None:
    (item,) = await site.ask(settle, "ACME")
    path, run = link(site, item), site.engine.review(item).run_id
    await yes(site, path)

    await site.engine.fork(run, id="again")
    await site.engine.idle()

    assert site.engine.run("again").status == "waiting"
    assert await yes(site, path) == 410
    assert PAID == [("ACME", 82_000)]


async def test_what_the_engine_finds_after_a_stop_is_not_executed_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(url, workflows=[settle]) as o:
        await o.start(settle, "ACME", id="a")
        await o.idle()
        await o.decide(o.reviews()[0].id, value=True, by="ann")
        await o.idle()
    for _ in range(2):
        async with Orchestrator(url, workflows=[settle]) as o:
            await o.idle()
            assert o.run("a").status == "completed"

    assert PAID == [("ACME", 82_000)]
