"""The example of onboarding, run whole: what is missing is waited for, and what cannot go on is undone."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from examples.onboarding.pipeline import SYSTEMS, Customer, Desks, FormRules, onboarding_with
from examples.onboarding.suite import suite, terms_suite
from handrail import StepFailed, run_suite
from handrail.orchestrator import CallFailed, CallRefused, HttpRequest, ReviewItem, ReviewQuery, RunQuery
from handrail.testing import Faults, HttpDouble, MailDouble, Rehearsal, ScriptedReviewers

HANDRAIL = Path(sys.executable).parent / "handrail"
EXAMPLE = Path(__file__).parents[2] / "examples" / "onboarding"

DOCUMENTS: dict[Any, str] = {
    "billing_address": "Canal Street 4, 1012 Amsterdam",
    "vat_number": "NL123456789B01",
    "data_agreement": "Data processing agreement, signed by M. Visser",
}
CONTRACT = "Brambledesk order form\nPlan: Business\nSeats: 40\nSigned by: M. Visser\n"
COMPLETE = Customer(
    id="C-1",
    name="Visser Tools",
    contact="visser@example.com",
    manager="ann@example.com",
    plan="business",
    seats=40,
    contract=CONTRACT,
    documents=DOCUMENTS,
)


def without(*lacking: str, **more: Any) -> Customer:
    documents = {what: text for what, text in DOCUMENTS.items() if what not in lacking}
    return COMPLETE.model_copy(update={"documents": documents, **more})


@dataclass
class World:
    """The systems around the process, as doubles."""

    crm: HttpDouble = field(default_factory=HttpDouble)
    billing: HttpDouble = field(default_factory=HttpDouble)
    workspaces: HttpDouble = field(default_factory=HttpDouble)
    calendar: HttpDouble = field(default_factory=HttpDouble)
    mail: MailDouble = field(default_factory=MailDouble)

    def __post_init__(self) -> None:
        desks = Desks(
            crm=self.crm, billing=self.billing, workspaces=self.workspaces, calendar=self.calendar, mail=self.mail
        )
        self.flow = onboarding_with(FormRules(), desks)

    @asynccontextmanager
    async def rehearsed(self, answer: Any = None, faults: Faults | None = None) -> AsyncIterator[Rehearsal]:
        reviewers = None if answer is None else ScriptedReviewers(answer)
        async with Rehearsal(workflows=[self.flow], reviewers=reviewers, faults=faults, systems=SYSTEMS) as rehearsal:
            yield rehearsal

    @property
    def subjects(self) -> list[tuple[str, str]]:
        return [(to, subject) for to, subject, _ in self.mail.texts]


def asked_of(double: HttpDouble) -> list[str]:
    return [f"{each.method} {each.path}" for each in double.done]


def of_a_day(item: ReviewItem) -> Any:
    return "2026-01-20" if item.step == "kickoff-day" else "go_on"


async def begun(rehearsal: Rehearsal, world: World, customer: Customer) -> None:
    await rehearsal.start(world.flow, customer, id=customer.id)
    await rehearsal.settle()


async def test_a_customer_of_whom_all_is_there_is_set_up_and_has_a_kickoff() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, COMPLETE)
        assert rehearsal.run("C-1").progress == "waiting for a day for the kickoff"
        await rehearsal.send_to("kickoff", "2026-01-19", key="C-1")
        await rehearsal.settle()
        run = rehearsal.run("C-1")
        (found,) = rehearsal.find_runs(RunQuery(tags={"customer": "C-1"}))
    assert run.output == {"outcome": "live", "reason": "kickoff on 2026-01-19", "waived": []}
    assert (found.id, found.progress, found.tags) == ("C-1", "live", {"customer": "C-1", "plan": "business"})
    assert [asked_of(each) for each in (world.crm, world.billing, world.workspaces, world.calendar)] == [
        ["PUT accounts/C-1"],
        ["PUT subscriptions/C-1"],
        ["PUT workspaces/C-1"],
        ["PUT meetings/C-1"],
    ]
    assert world.billing.done[0].json == {
        "name": "Visser Tools",
        "plan": "business",
        "seats": 40,
        "address": DOCUMENTS["billing_address"],
        "vat": DOCUMENTS["vat_number"],
    }


async def test_a_day_that_the_customer_does_not_name_one_of_us_may_and_whoever_is_first_counts() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, COMPLETE)
        assert rehearsal.reviews() == []
        await rehearsal.advance(days=2)
        (item,) = rehearsal.reviews()
        assert (item.step, item.queue) == ("kickoff-day", "account-managers")
        await rehearsal.send_to("kickoff", "2026-01-19", key="C-1")
        await rehearsal.settle()
        assert rehearsal.run("C-1").output["reason"] == "kickoff on 2026-01-19"
        assert rehearsal.review(item.id).state == "cancelled"


async def test_what_is_missing_is_flagged_asked_for_and_waited_for() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, without("vat_number", "data_agreement"))
        assert rehearsal.run("C-1").progress == "waiting for vat_number, data_agreement"
        assert len(world.mail.sent) == 2
        await rehearsal.send_to("data_agreement", DOCUMENTS["data_agreement"], key="C-1")
        await rehearsal.send_to("vat_number", "we have none yet", key="C-1")
        await rehearsal.settle()
        assert "what you sent is not what we need: your VAT number" in world.mail.texts[-1][2]
        assert world.crm.asked == []
        await rehearsal.send_to("vat_number", DOCUMENTS["vat_number"], key="C-1")
        await rehearsal.settle()
        assert rehearsal.run("C-1").progress == "waiting for a day for the kickoff"

    assert isinstance(world.billing.done[0].json, dict)
    assert world.billing.done[0].json["vat"] == DOCUMENTS["vat_number"]


async def test_silence_is_reminded_of_three_times_and_then_stops_before_anything_was_set_up() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, without("vat_number"))
        await rehearsal.advance(days=30)
        run = rehearsal.run("C-1")
        items = rehearsal.reviews(ReviewQuery(states=("open", "decided", "cancelled")))

    assert run.output == {"outcome": "stopped", "reason": "vat_number never came", "waived": []}
    assert world.subjects == [
        ("visser@example.com", "Your onboarding"),
        ("visser@example.com", "A reminder"),
        ("visser@example.com", "A reminder"),
        ("ann@example.com", "Visser Tools (C-1) stopped"),
    ]
    assert [item.decided_by for item in items if item.state == "decided"] == ["policy:default"]
    assert world.crm.asked == []


async def test_one_of_us_may_go_on_without_it_and_the_ending_says_so() -> None:
    world = World()
    async with world.rehearsed(of_a_day) as rehearsal:
        ending = await rehearsal.play(world.flow, without("data_agreement"), id="C-1")

    assert (ending.outcome, ending.reason, ending.waived) == ("live", "kickoff on 2026-01-20", ("data_agreement",))


@pytest.mark.parametrize(
    ("contract", "told"),
    [
        (CONTRACT.replace("Signed by: M. Visser", "Signed by:"), "nobody has signed it"),
        (CONTRACT.replace("40", "4"), "it says 4 seats, sold were 40"),
        (CONTRACT.replace("Business", "Team"), "it says plan Team, sold was business"),
    ],
)
async def test_a_contract_that_is_not_what_was_sold_goes_no_further_by_itself(contract: str, told: str) -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, without(contract=contract))
        (item,) = rehearsal.reviews()
        assert (item.queue, item.context["differs"]) == ("account-managers", [told])
        await rehearsal.decide(item.id, "stop", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("C-1").output["reason"] == told
    assert world.crm.asked == []


async def test_a_contract_that_nobody_can_read_is_read_by_a_person() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, without(contract="We take 40 seats of your business plan. M. Visser"))
        (item,) = rehearsal.reviews()
        assert (item.queue, item.step) == ("contracts", "terms/review")
        await rehearsal.decide(item.id, {"plan": "business", "seats": 40, "signed_by": "M. Visser"}, by="ann")
        await rehearsal.settle()
        assert rehearsal.run("C-1").progress == "waiting for a day for the kickoff"


async def test_what_cannot_be_provisioned_is_undone_the_last_first_and_somebody_is_told() -> None:
    order: list[str] = []

    def noting(request: HttpRequest) -> Any:
        order.append(f"{request.method} {request.path}")
        return {}

    world = World(crm=HttpDouble(noting), billing=HttpDouble(noting), workspaces=HttpDouble(noting).fail(422))
    async with world.rehearsed() as rehearsal:
        handle = await rehearsal.start(world.flow, COMPLETE, id="C-1")
        with pytest.raises(StepFailed):
            await handle.result()
        await rehearsal.settle()
        run = rehearsal.run("C-1")
        undone = [step.name for step in rehearsal.steps("C-1") if step.kind == "undo" and step.status == "done"]

    assert run.status == "failed"
    assert order == [
        "PUT accounts/C-1",
        "PUT subscriptions/C-1",
        "DELETE workspaces/C-1",
        "DELETE subscriptions/C-1",
        "DELETE accounts/C-1",
    ]
    assert len(undone) == 3
    assert world.subjects == [("ann@example.com", "Visser Tools (C-1) cannot be set up")]


@dataclass
class Stubborn:
    """Answers of a system that does not take the first undos."""

    failures: list[Exception]

    def __call__(self, request: HttpRequest) -> Any:
        if request.method == "DELETE" and self.failures:
            raise self.failures.pop(0)
        return {}


async def test_an_undo_is_tried_again_also_after_a_crash() -> None:
    slow = Stubborn([CallFailed("busy"), CallFailed("busy")])
    world = World(billing=HttpDouble(slow), workspaces=HttpDouble().fail(422))
    async with world.rehearsed(faults=Faults().crash("end_billing")) as rehearsal:
        await begun(rehearsal, world, COMPLETE)
        await rehearsal.advance(days=1)
        assert rehearsal.run("C-1").status == "failed"
    assert asked_of(world.billing) == ["PUT subscriptions/C-1", "DELETE subscriptions/C-1"]
    assert asked_of(world.crm) == ["PUT accounts/C-1", "DELETE accounts/C-1"]


async def test_an_undo_that_is_refused_is_set_aside_until_a_person_has_it_done() -> None:
    world = World(
        billing=HttpDouble(Stubborn([CallRefused("an invoice is open", status=409)])),
        workspaces=HttpDouble().fail(422),
    )
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, COMPLETE)
        assert rehearsal.run("C-1").status == "set_aside"
        assert asked_of(world.crm) == ["PUT accounts/C-1"]  # what was done before it stands until then
        await rehearsal.retry("C-1")
        await rehearsal.settle()
        assert rehearsal.run("C-1").status == "failed"
    assert asked_of(world.billing)[-1] == "DELETE subscriptions/C-1"
    assert asked_of(world.crm)[-1] == "DELETE accounts/C-1"


async def test_a_customer_who_cancels_before_the_kickoff_is_taken_out_of_all_systems() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await begun(rehearsal, world, COMPLETE)
        await rehearsal.cancel("C-1")
        await rehearsal.settle()
        assert rehearsal.run("C-1").status == "cancelled"
    assert [asked_of(each)[-1] for each in (world.crm, world.billing, world.workspaces)] == [
        "DELETE accounts/C-1",
        "DELETE subscriptions/C-1",
        "DELETE workspaces/C-1",
    ]


async def test_while_the_crm_is_down_runs_wait_and_afterwards_all_go_on() -> None:
    world = World()
    world.crm.fail(503, times=4)
    async with world.rehearsed() as rehearsal:
        for number in (1, 2, 3):
            await rehearsal.start(world.flow, without(id=f"C-{number}"), id=f"C-{number}")
        await rehearsal.advance(seconds=30)
        (down,) = rehearsal.down()
        assert (down.system, down.waiting) == ("crm", 3)
        assert {run.status for run in rehearsal.runs()} == {"waiting"}
        await rehearsal.advance(minutes=5)
        assert rehearsal.down() == []
        assert {run.progress for run in rehearsal.runs()} == {"waiting for a day for the kickoff"}
    assert sorted(asked_of(world.crm)) == ["PUT accounts/C-1", "PUT accounts/C-2", "PUT accounts/C-3"]


async def test_answers_that_are_lost_and_a_crash_make_no_second_subscription() -> None:
    world = World()
    world.billing.fail(after_doing=True)
    async with world.rehearsed(of_a_day, Faults().crash("provision")) as rehearsal:
        ending = await rehearsal.play(world.flow, COMPLETE, id="C-1")
    assert ending.outcome == "live"
    assert asked_of(world.billing) == ["PUT subscriptions/C-1"]
    assert len(world.workspaces.done) == 1


async def test_every_customer_comes_to_the_end_that_its_truth_says() -> None:
    result = (await run_suite(suite())).result
    assert {case.case: case.output for case in result.cases if case.scores != {"exact": 1.0}} == {}
    assert len(result.cases) == 12


async def test_contracts_of_our_form_are_read_as_they_say_and_a_letter_is_left_to_people() -> None:
    result = (await run_suite(terms_suite())).result
    assert {case.case for case in result.cases if not case.accepted} == {"C-9"}
    assert {case.case for case in result.cases if case.scores != {"exact": 1.0}} == {"C-9"}


def test_it_runs_offline_as_its_page_says_and_a_second_time_begins_nobody_again(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "onboarding", ignore=shutil.ignore_patterns("done", "__pycache__"))
    pipeline = "onboarding/pipeline.py"
    command = ["run", f"{pipeline}:onboarding", "onboarding/customers.jsonl", "--id-field", "id"]
    store = ["--store", "sqlite:///onboarding.db"]
    for _ in range(2):
        ran = commanded(tmp_path, *command, "--systems", f"{pipeline}:SYSTEMS", *store)
        assert ran.returncode == 0, ran.stderr
    listed = commanded(tmp_path, "runs", "list", "--tag", "customer=C-10", *store)
    assert "waiting for billing_address, vat_number" in listed.stdout
    accounts = [json.loads(file.read_text("utf-8")) for file in (tmp_path / "onboarding/done/crm").glob("*.json")]
    assert sorted(account["path"] for account in accounts) == ["accounts/C-1", "accounts/C-2"]


def commanded(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(HANDRAIL), *arguments]
    wide = {**os.environ, "COLUMNS": "250"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=wide, timeout=100, check=False)
