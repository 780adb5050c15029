"""The example of the support desk, run whole: its happy way, strangers, urgency, guards, and systems that are down."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from examples.support_desk.pipeline import (
    HERE,
    SYSTEMS,
    Account,
    HandbookWriter,
    PaperAccounts,
    SupportTicket,
    WordSorter,
    accounts,
    desk_with,
    is_urgent,
    promises_nothing,
    tickets,
)
from examples.support_desk.suite import labelled, suite, team_suite
from handrail import Says, ScriptedModel, run_suite
from handrail.orchestrator import HttpSystem, ReviewItem
from handrail.testing import HttpDouble, MailDouble, Rehearsal, ScriptedReviewers

TICKETS = {ticket.id: ticket for ticket in tickets()}
PATIENCE_SECONDS = 120.0


@dataclass
class Around:
    """The systems around the desk, as doubles."""

    crm: HttpSystem = field(default_factory=lambda: PaperAccounts(accounts()))
    tickets: HttpDouble = field(default_factory=HttpDouble)
    mail: MailDouble = field(default_factory=MailDouble)
    writer: Any = field(default_factory=HandbookWriter)

    def __post_init__(self) -> None:
        self.flow = desk_with(WordSorter(), self.writer, self.crm, self.tickets, self.mail)

    def rehearsed(self, answer: Callable[[ReviewItem], Any] | None = None) -> Rehearsal:
        reviewers = None if answer is None else ScriptedReviewers(answer)
        return Rehearsal(workflows=[self.flow], reviewers=reviewers, systems=SYSTEMS)


def released(item: ReviewItem) -> Any:
    return {"on-call": "yes", "team/review": "access"}.get(item.step) or item.suggestion or "We look into it."


async def test_a_reply_is_drafted_from_the_handbook_released_by_a_person_and_sent_once() -> None:
    around = Around()
    async with around.rehearsed() as rehearsal:
        await rehearsal.start(around.flow, TICKETS["S-1"], id="S-1")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert (item.queue, item.step) == ("replies", "reply/review")
        assert "Settings, Billing, Invoices" in item.suggestion
        assert around.mail.texts == []  # nothing goes out by itself
        await rehearsal.decide(item.id, f"{item.suggestion}\n\nMia, ask me anything.", by="ann")
        await rehearsal.idle()
        assert rehearsal.run("S-1").tags == {"team": "billing", "plan": "business"}

    ((to, subject, text),) = around.mail.texts
    assert (to, subject) == ("mia@harbor.example", "Re: Invoice for May")
    assert text.endswith("Mia, ask me anything.")  # what the person said, not what was drafted
    ((update),) = around.tickets.done
    assert (update.method, update.path) == ("PUT", "tickets/S-1")
    assert update.json == {"team": "billing", "urgent": False, "status": "answered"}


async def test_somebody_on_call_is_asked_first_where_it_burns_and_silence_goes_up() -> None:
    around = Around()
    async with around.rehearsed() as rehearsal:
        await rehearsal.start(around.flow, TICKETS["S-5"], id="S-5")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert (item.queue, item.priority) == ("on-call", 90)
        await rehearsal.advance(hours=3)
        assert [change.action for change in rehearsal.review(item.id).history] == ["ask", "remind", "escalate"]
        await rehearsal.decide(item.id, "yes", by="lea")
        await rehearsal.settle()
        (reply,) = rehearsal.reviews()
        assert reply.queue == "replies"
        assert rehearsal.run("S-5").progress == "a reply is being written"


def test_only_who_has_our_word_is_urgent() -> None:
    down = "The service is down"
    assert is_urgent(down, plan("enterprise"))
    assert not is_urgent(down, plan("starter"))
    assert not is_urgent("Where is my invoice?", plan("enterprise"))


def plan(name: str) -> Account:
    return Account(plan=name)


async def test_a_stranger_is_answered_too_and_what_nothing_is_known_of_by_hand() -> None:
    around = Around()
    stranger = SupportTicket(id="S-99", sender="who@ever.example", subject="Crash", text="It has crashed in Narnia.")
    async with around.rehearsed(released) as rehearsal:
        closed = await rehearsal.play(around.flow, stranger, id="S-99")
        assert rehearsal.run("S-99").tags == {"team": "bugs", "plan": "none"}
    assert closed.reply == "We look into it."


@pytest.mark.parametrize(
    ("letter", "held_by"),
    [
        ("We will refund you at once.", "promises_nothing"),
        ("Use the key sk-proj-4f9Qm2Xw7Lr8Tn3Vb6Yc1Za5Kd0Hs9Gj2Pu4Ie7Ro", "no_secrets"),
        ("word " * 400, "max_length"),
    ],
)
async def test_what_may_not_go_out_is_held_by_its_guard(letter: str, held_by: str) -> None:
    around = Around(writer=ScriptedModel(lambda _: Says(letter)))
    async with around.rehearsed() as rehearsal:
        await rehearsal.start(around.flow, TICKETS["S-1"], id="S-1")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert item.code == "guard"
        assert held_by in item.reason
    assert around.mail.texts == []


def test_a_reply_promises_neither_money_nor_time() -> None:
    assert promises_nothing("You find it under Settings.")
    assert not promises_nothing("You will have it within 2 hours.")


async def test_while_the_customer_system_is_down_tickets_wait_and_go_on_by_themselves() -> None:
    crm = HttpDouble(lambda _: {"plan": "business", "seats": 7}).fail(503, times=6)
    around = Around(crm=crm)
    ids = [f"W-{number}" for number in range(3)]
    async with around.rehearsed(released) as rehearsal:
        for each in ids:
            await rehearsal.start(around.flow, TICKETS["S-1"].model_copy(update={"id": each}), id=each)
        await rehearsal.advance(seconds=30)
        (down,) = rehearsal.down()
        assert (down.system, down.waiting) == ("crm", 3)
        assert around.mail.texts == []
        await rehearsal.advance(hours=1)
        assert rehearsal.down() == []
        assert {rehearsal.run(each).progress for each in ids} == {"a reply is being written"}
        assert len(rehearsal.reviews()) == 3


async def test_every_ticket_comes_to_what_is_true_of_it() -> None:
    result = (await run_suite(suite())).result
    assert {case.case: case.output for case in result.cases if case.scores != {"exact": 1.0}} == {}
    assert len(result.cases) == len(labelled())


async def test_what_words_do_not_sort_a_person_does() -> None:
    result = (await run_suite(team_suite())).result
    assert {case.case for case in result.cases if not case.accepted} == {"S-9", "S-10", "S-11"}


def test_it_runs_by_command_without_a_network_and_twice_is_once(tmp_path: Path) -> None:
    copytree(HERE, tmp_path / "support_desk")
    command = [sys.executable, "-m", "handrail", "run", "support_desk/pipeline.py:desk", "support_desk/tickets.jsonl"]
    more = [
        "--id-field",
        "id",
        "--systems",
        "support_desk/pipeline.py:SYSTEMS",
        "--store",
        "sqlite:///desk.db",
        "--json",
    ]
    for _ in range(2):
        ran = subprocess.run(
            [*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        assert ran.returncode == 0, ran.stderr
        summary = json.loads(ran.stdout)
        assert (summary["runs"], summary["waiting_for_person"]) == (12, 12)
