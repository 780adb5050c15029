"""A step with an approval is executed once people said yes to exactly its arguments, and once only by that yes."""

import json
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Escalation, Orchestrator, Run, StepFailed, action, workflow
from handrail.orchestrator import HistoryMismatch, ReviewConflict, ReviewError
from handrail.testing import Rehearsal

PAID: list[tuple[str, int]] = []
AMOUNT = [82_000]
BREAKS: list[bool] = []


@action(approval=Escalation(queue="money", priority=90))
def pay(payee: str, amount: int) -> str:
    PAID.append((payee, amount))
    if BREAKS:
        raise OSError("the bank does not answer")
    return f"{amount} to {payee}"


@action
def log(paid: str) -> str:
    return paid


@workflow(version=1)
async def settle(run: Run, payee: str) -> str:
    return await run.step(log, await run.step(pay, payee, AMOUNT[0]))


@workflow(version=2, continues=(1,), name="settle")
async def later(run: Run, payee: str) -> str:
    return await run.step(log, await run.step(pay, payee, AMOUNT[0]))


@pytest.fixture(autouse=True)
def _nothing_paid() -> None:
    PAID.clear()
    BREAKS.clear()
    AMOUNT[0] = 82_000


async def test_a_step_is_executed_with_what_was_shown_once_people_say_yes() -> None:
    async with Rehearsal(workflows=[settle]) as rehearsal:
        handle = await rehearsal.start(settle, "ACME", id="a")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert (item.kind, item.queue, item.priority, item.step) == ("approve", "money", 90, "pay/approval")
        assert item.context == {"payee": "ACME", "amount": 82_000}
        assert PAID == []
        await rehearsal.decide(item.id, value=True, by="ann", shown=item.digest)
        assert await handle.result() == "82000 to ACME"
        assert PAID == [("ACME", 82_000)]


async def test_a_no_is_the_run_s_failure_and_nothing_is_executed() -> None:
    async with Rehearsal(workflows=[settle]) as rehearsal:
        handle = await rehearsal.start(settle, "ACME", id="a")
        await rehearsal.settle()
        await rehearsal.decide(rehearsal.reviews()[0].id, value=False, by="ann")
        with pytest.raises(StepFailed, match="person:ann said no"):
            await handle.result()
        assert rehearsal.run("a").error is not None
        assert PAID == []


@pytest.mark.parametrize("version", [settle, later], ids=["the same version", "a later one that continues"])
async def test_approved_for_one_amount_another_is_never_executed(tmp_path: Path, version: Any) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    async with Orchestrator(url, workflows=[settle]) as orchestrator:
        await orchestrator.start(settle, "ACME", id="a")
        await orchestrator.idle()
    AMOUNT[0] = 820_000
    async with Client(url) as client:
        await client.decide(client.reviews()[0].id, value=True, by="ann")
    async with Orchestrator(url, workflows=[version]) as orchestrator:
        await orchestrator.idle()
        run = orchestrator.run("a")
        assert run.status == "failed"
        assert run.error is not None
        assert run.error.type == HistoryMismatch.__name__
    assert PAID == []


async def test_a_retry_of_what_failed_asks_again() -> None:
    async with Rehearsal(workflows=[settle]) as rehearsal:
        await rehearsal.start(settle, "ACME", id="a")
        await rehearsal.settle()
        BREAKS.append(True)
        await rehearsal.decide(rehearsal.reviews()[0].id, value=True, by="ann")
        await rehearsal.settle()
        assert (rehearsal.run("a").status, len(PAID)) == ("failed", 1)
        BREAKS.clear()
        await rehearsal.retry("a")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert len(PAID) == 1
        await rehearsal.decide(item.id, value=True, by="ann")
        await rehearsal.settle()
        assert (rehearsal.run("a").status, len(PAID)) == ("completed", 2)


async def test_a_fork_that_executes_the_step_anew_asks_again_and_one_from_behind_it_does_not() -> None:
    async with Rehearsal(workflows=[settle]) as rehearsal:
        await rehearsal.start(settle, "ACME", id="a")
        await rehearsal.settle()
        await rehearsal.decide(rehearsal.reviews()[0].id, value=True, by="ann")
        await rehearsal.settle()
        await rehearsal.fork("a", step="log", id="behind")
        await rehearsal.settle()
        assert (rehearsal.run("behind").status, len(PAID)) == ("completed", 1)
        await rehearsal.fork("a", step="pay", id="again")
        await rehearsal.settle()
        assert (rehearsal.run("again").status, len(PAID)) == ("waiting", 1)
        assert [item.run_id for item in rehearsal.reviews()] == ["again"]


async def test_an_answer_given_twice_counts_once_and_an_old_look_decides_nothing() -> None:
    async with Rehearsal(workflows=[settle]) as rehearsal:
        await rehearsal.start(settle, "ACME", id="a")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        with pytest.raises(ReviewConflict, match="shows something else"):
            await rehearsal.decide(item.id, value=True, by="ann", shown="of another draft")
        await rehearsal.decide(item.id, value=True, by="ann", shown=item.digest)
        for by in ("ann", "ben"):
            with pytest.raises(ReviewError):
                await rehearsal.decide(item.id, value=True, by=by, shown=item.digest)
        await rehearsal.settle()
        assert len(PAID) == 1
        (decided,) = [each for each in rehearsal.review_log(item.id) if each.action == "decide"]
        assert json.loads(json.dumps(decided.as_json()))["data"] == {"decision": True, "shown": item.digest}


async def test_what_an_argument_is_by_default_is_shown_and_approved_too(tmp_path: Path) -> None:
    sent: list[bool] = []

    def paying(*, urgent: bool) -> Any:
        @action(name="send", approval=Escalation(queue="money"))
        def send(payee: str, urgent: bool = urgent) -> str:  # noqa: FBT001 -- an argument with a default
            sent.append(urgent)
            return payee

        @workflow(version=1, name="sends")
        async def sends(run: Run, payee: str) -> str:
            return await run.step(send, payee)

        return sends

    store = f"sqlite:///{tmp_path}/s.db"
    async with Orchestrator(store, workflows=[flow := paying(urgent=False)]) as orchestrator:
        await orchestrator.start(flow, "ACME", id="a")
        await orchestrator.idle()
        assert orchestrator.reviews()[0].context == {"payee": "ACME", "urgent": False}
    async with Client(store) as client:
        await client.decide(1, value=True, by="ann")
    async with Orchestrator(store, workflows=[paying(urgent=True)]) as orchestrator:  # the default has changed since
        await orchestrator.idle()
        run = orchestrator.run("a")
    assert (sent, run.status) == ([], "failed")
    assert "HistoryMismatch" in str(run.error)
