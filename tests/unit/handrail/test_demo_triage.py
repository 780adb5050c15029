"""The demo's workflow: rules first, then a model, then people, and one update for each ticket."""

import json
from pathlib import Path

import pytest

from handrail import Orchestrator, Says, ScriptedModel
from handrail.demo.outbox import Outbox
from handrail.demo.triage import THRESHOLD, TICKETS, Resolution, Ticket, known_sender, trained_model, triage_with
from handrail_ai_steps.models.local import LabelledText, LocalModel, UnknownLabels
from handrail_guards.errors import InvalidGuard

BOT = Ticket(id="T-1", sender="billing-bot@payments.example.com", subject="Refund completed", text="RF-0093")
CUSTOMER = Ticket(id="T-2", sender="jo@shop.example.org", subject="Locked out", text="The code is refused.")


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.jsonl")


def sent(outbox: Outbox) -> list[dict[str, str]]:
    return [json.loads(line) for line in outbox.path.read_text(encoding="utf-8").splitlines()]


async def test_a_known_sender_is_decided_by_rule_and_no_model_is_asked(store: str, outbox: Outbox) -> None:
    model = ScriptedModel([])
    triage = triage_with(model, outbox=outbox, at_least=0.8)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        run = await orchestrator.start(triage, BOT, id=BOT.id)
        assert await run.result() == Resolution(ticket_id="T-1", team="billing", decided_by="rule")

    assert model.requests == []


async def test_a_sure_model_decides_and_the_ticket_system_is_told(store: str, outbox: Outbox) -> None:
    triage = triage_with(ScriptedModel([Says("access", 0.8)]), outbox=outbox, at_least=0.8)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        run = await orchestrator.start(triage, CUSTOMER, id=CUSTOMER.id)
        assert await run.result() == Resolution(ticket_id="T-2", team="access", decided_by="judgement")

    assert sent(outbox) == [{"key": "T-2/update_ticket", "ticket": "T-2", "team": "access"}]


async def test_a_doubtful_ticket_waits_until_a_person_decides(store: str, outbox: Outbox) -> None:
    triage = triage_with(ScriptedModel([Says("bugs", 0.79)]), outbox=outbox, at_least=0.8)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        run = await orchestrator.start(triage, CUSTOMER, id=CUSTOMER.id)
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert (item.queue, item.run_id) == ("triage", "T-2")
        assert not outbox.path.exists()

        await orchestrator.decide(item.id, "access", by="mira")
        assert (await run.result()).team == "access"

    assert [line["team"] for line in sent(outbox)] == ["access"]


async def test_the_model_reads_subject_and_text_and_nothing_else(store: str, outbox: Outbox) -> None:
    model = ScriptedModel([Says("access", 0.9)])
    triage = triage_with(model, outbox=outbox, at_least=0.8)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        await (await orchestrator.start(triage, CUSTOMER)).result()

    assert [request.text for request in model.requests] == ["Locked out\n\nThe code is refused."]


async def test_a_ticket_started_twice_is_updated_once(store: str, outbox: Outbox) -> None:
    triage = triage_with(ScriptedModel([]), outbox=outbox, at_least=0.8)

    for _ in range(2):
        async with Orchestrator(store, workflows=[triage]) as orchestrator:
            await (await orchestrator.start(triage, BOT, id=BOT.id)).result()

    assert len(sent(outbox)) == 1


@pytest.mark.parametrize("sender", ["Billing-Bot@Payments.Example.COM", "billing-bot@payments.example.com"])
def test_capitals_in_an_address_do_not_matter(sender: str) -> None:
    assert known_sender(Ticket(id="T", sender=sender, text="x")) == "billing"


def test_a_ticket_without_a_subject_is_its_text() -> None:
    assert Ticket(id="T", sender="a@b.example.org", text="???").message == "???"


def test_a_threshold_above_one_is_refused_when_the_workflow_is_built(outbox: Outbox) -> None:
    with pytest.raises(InvalidGuard, match="0 to 1"):
        triage_with(ScriptedModel([]), outbox=outbox, at_least=80)


@pytest.mark.slow
def test_a_model_that_never_saw_a_team_is_refused_when_the_workflow_is_built(outbox: Outbox) -> None:
    model = LocalModel.fit([LabelledText("refund", "billing"), LabelledText("password", "access")], name="half")

    with pytest.raises(UnknownLabels, match="privacy"):
        triage_with(model, outbox=outbox, at_least=0.8)


@pytest.mark.slow
@pytest.mark.timeout(600)  # trains a model, on whatever cores are left
async def test_every_ticket_of_the_demo_is_settled_or_waits(store: str, outbox: Outbox) -> None:
    tickets = [json.loads(line) for line in TICKETS.read_text(encoding="utf-8").splitlines()]
    truth = {ticket["id"]: ticket["team"] for ticket in tickets}
    triage = triage_with(trained_model(), outbox=outbox, at_least=THRESHOLD)

    async with Orchestrator(store, workflows=[triage]) as orchestrator:
        await orchestrator.start_many(triage, [(line["id"], Ticket.model_validate(line)) for line in tickets])
        await orchestrator.idle()
        statuses = {run_id: orchestrator.run(run_id).status for run_id in truth}

    settled = {line["ticket"]: line["team"] for line in sent(outbox)}
    assert set(statuses.values()) == {"completed", "waiting"}
    assert set(settled) == {run_id for run_id, status in statuses.items() if status == "completed"}
    assert 0.5 <= len(settled) / len(truth) <= 0.9
    assert sum(truth[run_id] == team for run_id, team in settled.items()) / len(settled) >= 0.94
