"""The example of approvals, run whole: happy ways and failures, silence, delegation, and the trail they leave."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from examples.approvals.pipeline import ADMIN_DAYS, Request, Ruling, WordRules, approvals, approvals_with
from examples.approvals.suite import kind_suite, labelled, suite
from examples.approvals.trail import trail
from handrail import Orchestrator, run_suite
from handrail.orchestrator import NotAllowed, ReviewItem, ReviewQuery
from handrail.testing import Faults, HttpDouble, MailDouble, Rehearsal, ScriptedReviewers

REQUESTS: dict[str, Request] = {request.id: request for request, _ in labelled()}


@dataclass
class World:
    """The systems around the process, as doubles."""

    purchasing: HttpDouble = field(default_factory=lambda: HttpDouble(lambda _: {"number": 17}))
    identity: HttpDouble = field(default_factory=HttpDouble)
    mail: MailDouble = field(default_factory=MailDouble)

    def __post_init__(self) -> None:
        self.flow = approvals_with(WordRules(), self.purchasing, self.identity, self.mail)

    @asynccontextmanager
    async def rehearsed(self, answer: Any = None, faults: Faults | None = None) -> AsyncIterator[Rehearsal]:
        reviewers = None if answer is None else ScriptedReviewers(answer)
        async with Rehearsal(workflows=[self.flow], reviewers=reviewers, faults=faults) as rehearsal:
            yield rehearsal


def yes(item: ReviewItem) -> Any:
    return "purchase" if item.step == "kind/review" else "approve"


async def test_a_purchase_is_ordered_once_its_roles_said_yes_and_whoever_asked_is_told() -> None:
    world = World()
    async with world.rehearsed(yes) as rehearsal:
        ruling = await rehearsal.play(world.flow, REQUESTS["PR-5"], id="PR-5")

    assert ruling == Ruling(outcome="done", reason="ordered, number 17", approved_by=("lead-engineering", "finance"))
    (order,) = world.purchasing.done
    assert (order.path, order.json) == (
        "orders",
        {"text": REQUESTS["PR-5"].text, "amount": "9996.00", "for": "engineering", "request": "PR-5"},
    )
    ((to, subject, text),) = world.mail.texts
    assert (to, subject) == ("gita@example.com", "Request PR-5")
    assert "is done: ordered, number 17" in text


async def test_silence_is_reminded_of_goes_up_and_is_declined_by_a_policy() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await rehearsal.start(world.flow, REQUESTS["PR-2"], id="PR-2")
        await rehearsal.advance(days=14)
        (item,) = all_items(rehearsal)
        run = rehearsal.run("PR-2")
        actions = [change.action for change in rehearsal.review(item.id).history]

    assert run.output["outcome"] == "declined"
    assert actions == ["ask", "remind", "escalate", "default"]
    assert item.decided_by == "policy:default"
    assert world.purchasing.asked == []
    assert "was declined" in world.mail.texts[0][2]


def all_items(rehearsal: Rehearsal) -> list[ReviewItem]:
    return rehearsal.reviews(ReviewQuery(states=("open", "leased", "pending", "decided", "expired", "cancelled")))


async def test_a_weekend_is_no_time_to_answer_in() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:  # it begins on a Monday morning
        await rehearsal.advance(days=4, hours=7)  # Friday, shortly before the office closes
        await rehearsal.start(world.flow, REQUESTS["PR-2"], id="PR-2")
        await rehearsal.advance(days=2, hours=12)
        (item,) = all_items(rehearsal)
        assert [change.action for change in rehearsal.review(item.id).history] == ["ask"]
        await rehearsal.advance(days=1)
        assert [change.action for change in rehearsal.review(item.id).history] == ["ask", "remind"]


async def test_nobody_approves_their_own_request_and_nobody_twice() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await rehearsal.start(world.flow, REQUESTS["PR-3"], id="PR-3", by="emil")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        with pytest.raises(NotAllowed):
            await rehearsal.decide(item.id, "approve", by="emil")
        await rehearsal.decide(item.id, "approve", by="lee")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert item.queue == "finance"
        with pytest.raises(NotAllowed):
            await rehearsal.decide(item.id, "approve", by="lee")
        await rehearsal.decide(item.id, "approve", by="fin")
        await rehearsal.idle()
        assert rehearsal.run("PR-3").output["approved_by"] == ["lead-support", "finance"]


async def test_who_is_away_hands_a_question_over_and_the_trail_says_so() -> None:
    world = World()
    async with world.rehearsed() as rehearsal:
        await rehearsal.start(world.flow, REQUESTS["PR-4"], id="PR-4", by="fay")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        await rehearsal.advance(minutes=1)
        await rehearsal.assign(item.id, by="lee", to="bob", note="away until Monday")
        await rehearsal.advance(minutes=1)
        await rehearsal.take(item.id, by="bob")
        await rehearsal.decide(item.id, "approve", by="bob", note="it is in the budget")
        await rehearsal.idle()
        lines = trail(rehearsal, "PR-4")

    told = [line.partition("  ")[2] for line in lines]
    assert told[0] == f"person:fay asked: {REQUESTS['PR-4'].text}"
    assert "lead-engineering: assign by person:lee (bob, away until Monday)" in told
    assert "lead-engineering: decide by person:bob (approve, it is in the budget)" in told
    assert {"order (action): done", "tell (action): done"} <= set(told[4:])


async def test_an_order_whose_answer_was_lost_and_whose_process_crashed_is_one_order() -> None:
    world = World()
    world.purchasing.fail(after_doing=True)
    async with world.rehearsed(yes, Faults().crash("order")) as rehearsal:
        ruling = await rehearsal.play(world.flow, REQUESTS["PR-2"], id="PR-2")

    assert ruling.outcome == "done"
    assert len(world.purchasing.done) == 1
    assert len(world.mail.sent) == 1


async def test_a_system_that_says_no_is_a_question_to_people_and_no_silent_end() -> None:
    world = World()
    world.identity.fail(403)
    async with world.rehearsed() as rehearsal:
        await rehearsal.start(world.flow, REQUESTS["AC-1"], id="AC-1")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        await rehearsal.decide(item.id, "approve", by="olga")
        await rehearsal.settle()
        (item,) = rehearsal.reviews()
        assert item.kind == "repair"
        assert "403" in item.reason
        await rehearsal.decide(item.id, {"status": 201, "json": None, "text": "granted by hand"}, by="olga")
        await rehearsal.idle()
        assert rehearsal.run("AC-1").output["outcome"] == "done"


async def test_mail_that_is_not_taken_for_now_is_handed_in_again() -> None:
    world = World()
    world.mail.fail(times=3)
    async with world.rehearsed(yes) as rehearsal:
        ruling = await rehearsal.play(world.flow, REQUESTS["PR-1"], id="PR-1")

    assert (ruling.outcome, ruling.approved_by) == ("done", ())
    assert len(world.mail.sent) == 1


async def test_an_administrators_access_ends_by_itself() -> None:
    world = World()
    async with world.rehearsed(yes) as rehearsal:
        handle = await rehearsal.start(world.flow, REQUESTS["AC-3"], id="AC-3")
        while not world.identity.done:
            await rehearsal.settle()
            await rehearsal.answer()
        await rehearsal.settle()
        assert rehearsal.run("AC-3").progress == f"access ends after {ADMIN_DAYS} days"
        await rehearsal.advance(days=ADMIN_DAYS)
        ruling = await handle.result()

    assert ruling.approved_by == ("owner-shop", "security")
    assert [(each.method, each.path) for each in world.identity.done] == [
        ("POST", "systems/shop/access"),
        ("DELETE", "systems/shop/access/AC-3"),
    ]


async def test_every_request_reaches_its_roles_and_ends_as_its_truth_says() -> None:
    result = (await run_suite(suite())).result
    assert {case.case: case.scores for case in result.cases if case.scores != {"exact": 1.0}} == {}
    assert len(result.cases) == 25


async def test_what_words_do_not_sort_a_person_does() -> None:
    result = (await run_suite(kind_suite())).result
    wrong = {case.case for case in result.cases if case.scores != {"exact": 1.0}}
    assert wrong == {"DO-1", "DO-2"}
    assert {case.case for case in result.cases if not case.accepted} == wrong


async def test_it_runs_offline_as_it_is_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.approvals.pipeline.HERE", tmp_path)
    flow = approvals()
    async with Orchestrator("sqlite:///:memory:", workflows=[flow]) as orchestrator:
        ruling = await (await orchestrator.start(flow, REQUESTS["PR-1"], id="PR-1")).result()

    (order,) = (tmp_path / "done" / "purchasing").glob("*.json")
    assert json.loads(order.read_text(encoding="utf-8"))["json"]["request"] == "PR-1"
    assert ruling.reason == f"ordered, number {order.stem[:8]}"
    assert len(list((tmp_path / "done" / "mail").glob("*.eml"))) == 1
