"""Runs of a store as observations: the same flow as simulated ones, with the times that really passed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel
from pydantic_core import to_json

from handrail import (
    Escalation,
    Run,
    Says,
    ScriptedModel,
    Workflow,
    action,
    classify,
    confidence,
    max_length,
    rule,
    workflow,
)
from handrail.orchestrator import UnknownRun
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.targets.past_runs import observe_run, past_runs
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers
from handrail_orchestrator.testing import FakeClock, Rehearsal
from tests.stores import on_a_server

Team = Literal["billing", "access"]


class Ticket(BaseModel):
    text: str


def triage_with(model: ScriptedModel) -> Workflow[Ticket, str]:
    route = classify(
        "route",
        Team,
        "Which team?",
        models=model,
        accept=confidence(at_least=0.8),
        escalate=Escalation(queue="triage"),
    )

    @rule(inline=True)
    def known(ticket: Ticket) -> Team | None:
        return "billing" if ticket.text == "invoice" else None

    @action
    async def tell(team: Team) -> None:
        if team == "access":
            raise ConnectionError("nobody is there")

    @workflow(version=1)
    async def triage(run: Run, ticket: Ticket) -> str:
        by_rule = await run.step(known, ticket)
        team = by_rule if by_rule is not None else await run.decide(route, ticket.text)
        await run.sleep(timedelta(hours=1))
        await run.step(tell, team)
        return team

    return triage


def unsure() -> ScriptedModel:
    return ScriptedModel(lambda _request: Says("access", 0.4, money=0.1, input_tokens=7, output_tokens=1))


@pytest.fixture
def triage() -> Workflow[Ticket, str]:
    return triage_with(unsure())


@pytest.fixture
async def store(triage: Workflow[Ticket, str], tmp_path: Path) -> AsyncIterator[Rehearsal]:
    """A store in which runs really happened; its clock is ours, so that we know what passed."""
    async with Rehearsal(workflows=[triage], store=on_a_server(tmp_path) or "sqlite:///:memory:") as rehearsal:
        yield rehearsal


@pytest.mark.usefixtures("either_store")
async def test_a_decided_run_tells_how_long_people_took(store: Rehearsal, triage: Workflow[Ticket, str]) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.advance(minutes=10)
    item = await store.next_review(by="ann")
    assert item is not None
    await store.advance(minutes=3)
    await store.decide(item.id, "billing", by="ann")
    await store.advance(hours=2)

    seen = observe_run(store, "r1")

    assert (seen.output, seen.answered, seen.accepted, seen.doubt) == ("billing", True, False, "low_confidence")
    assert (seen.human_minutes, seen.money, seen.input_tokens, seen.output_tokens) == (3.0, 0.1, 7, 1)
    assert seen.flow is not None
    assert (seen.flow.ending, seen.flow.approval_seconds) == ("completed", (13 * 60.0,))
    assert seen.flow.cycle_seconds == 13 * 60.0 + 3600.0
    assert [(step.name, step.kind, step.decided_by) for step in seen.flow.steps] == [
        ("known", "rule", "rule"),
        ("route", "ai", None),
        ("route/review", "human", "person"),
        ("sleep", "timer", None),
        ("tell", "action", None),
    ]


async def test_minutes_count_from_when_the_one_who_decided_took_it(
    store: Rehearsal, triage: Workflow[Ticket, str]
) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.settle()
    first = await store.next_review(by="bob")
    assert first is not None
    await store.advance(minutes=4)
    await store.skip(first.id, by="bob")
    await store.advance(minutes=30)
    await store.next_review(by="ann")
    await store.advance(minutes=2)
    await store.decide(first.id, "billing", by="ann")

    assert observe_run(store, "r1").human_minutes == 2.0


async def test_a_decision_without_taking_the_question_leaves_the_minutes_unknown(
    store: Rehearsal, triage: Workflow[Ticket, str]
) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.settle()
    await store.decide(store.reviews()[0].id, "billing", by="ann")

    assert observe_run(store, "r1").human_minutes is None


async def test_a_run_that_waits_is_told_up_to_its_question(store: Rehearsal, triage: Workflow[Ticket, str]) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.advance(hours=5)

    seen = observe_run(store, "r1")

    assert seen.flow is not None
    assert (seen.flow.ending, seen.flow.cycle_seconds, seen.answered) == ("waiting", 0.0, False)
    assert (seen.flow.approval_seconds, seen.flow.unanswered_seconds) == ((), (5 * 3600.0,)), "it waits since then"
    assert (seen.doubt, seen.human_minutes) == ("low_confidence", None)


@pytest.mark.usefixtures("either_store")
async def test_failed_and_cancelled_runs_say_why(store: Rehearsal, triage: Workflow[Ticket, str]) -> None:
    for run_id in ("failed", "cancelled"):
        await store.start(triage, Ticket(text="?"), id=run_id)
    await store.settle()
    await store.cancel("cancelled", reason="a mistake")
    await store.decide(store.reviews()[0].id, "access", by="ann")
    await store.advance(hours=1)

    failed, cancelled = observe_run(store, "failed"), observe_run(store, "cancelled")

    assert (failed.doubt, failed.answered) == ("failed", False)
    assert "nobody is there" in failed.reason
    assert (cancelled.doubt, cancelled.reason) == ("cancelled", "RunCancelled: a mistake")
    assert {seen.flow.ending for seen in (failed, cancelled) if seen.flow} == {"failed"}


async def test_an_unknown_run_is_named(store: Rehearsal) -> None:
    with pytest.raises(UnknownRun, match="nowhere"):
        observe_run(store, "nowhere")


async def test_a_past_run_and_a_simulated_one_tell_the_same_story(
    store: Rehearsal, triage: Workflow[Ticket, str]
) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.advance(minutes=10)
    await store.next_review(by="ann")
    await store.advance(minutes=2)
    await store.decide(store.reviews()[0].id, "billing", by="ann")
    await store.advance(hours=2)
    reviewers = Reviewers(lambda _item, _case: "billing", minutes=2, delay_minutes=10)
    async with workflow_target(triage_with(unsure()), reviewers=reviewers).opened(1) as observe:
        simulated = await observe(Case("r1", Ticket(text="?")))

    assert observe_run(store, "r1") == simulated


async def test_guards_and_confidence_of_an_accepted_run_are_kept() -> None:
    note = classify(
        "note", Team, "?", models=ScriptedModel(["access"]), accept=confidence(at_least=0.5), guards=[max_length(100)]
    )

    @workflow(version=1)
    async def noting(run: Run, ticket: Ticket) -> str:
        return await run.decide(note, ticket.text)

    async with Rehearsal(workflows=[noting]) as store:
        await store.play(noting, Ticket(text="?"), id="r1")
        seen = observe_run(store, "r1")

    assert (seen.accepted, seen.source, seen.model) == (True, "stated", "scripted")
    assert [(verdict.guard, verdict.passed) for verdict in seen.verdicts] == [("max_length", True)]


async def test_runs_come_oldest_first_and_only_those_of_the_workflow(triage: Workflow[Ticket, str]) -> None:
    @workflow(version=1)
    async def other(run: Run) -> None:
        await run.sleep(1)

    clock = FakeClock()
    async with Rehearsal(workflows=[triage, other], clock=clock) as store:
        for number in range(3):
            await store.start(triage, Ticket(text="invoice"), id=f"r{number}")
            await store.start(other, None)
            await store.advance(days=1)
        results = list(past_runs(store, "triage"))
        late = list(past_runs(store, "triage", since=clock.now() - timedelta(days=2.5).total_seconds()))

    assert [each.case for each in results] == ["r0", "r1", "r2"]
    assert [each.case for each in late] == ["r1", "r2"]
    assert {(each.output, each.accepted, each.seconds) for each in results} == {("billing", True, 3600.0)}
    assert {each.input_hash for each in results} == {results[0].input_hash}
    assert results[0].input == {"text": "invoice"}


async def test_a_result_of_a_past_run_can_be_written_and_read(store: Rehearsal, triage: Workflow[Ticket, str]) -> None:
    await store.start(triage, Ticket(text="?"), id="r1")
    await store.advance(minutes=1)
    (result,) = past_runs(store, "triage")

    assert CaseResult.from_data(json.loads(to_json(result.to_data()))) == result
