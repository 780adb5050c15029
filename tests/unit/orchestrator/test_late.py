"""When nobody answers: each policy fires once, in its turn, by whoever is alive; and whoever is at it goes first."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from handrail import (
    Accepted,
    Client,
    Doubtful,
    Escalation,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    action,
    confidence,
    extract,
    workflow,
)
from handrail.guards import Confidence, Judgement, Late, WorkingHours, satisfies
from handrail.orchestrator import ReviewItem, ReviewQuery, Settings, WaitExpired
from handrail.testing import LEAVE_OPEN, FakeClock, Rehearsal, ScriptedReviewers
from handrail_orchestrator.audit.verify import verify
from handrail_orchestrator.records.lateness import LatePlan
from handrail_orchestrator.store.queries import JudgedQuery
from handrail_orchestrator.summary import summarize

ALL = ReviewQuery(states=("open", "leased", "pending", "decided", "expired", "cancelled"))
CHAIN: list[Any] = [
    "remind",
    Late("raise_priority", 1),
    Late("reassign", 2, to="group:finance"),
    Late("escalate", 4),
    Late("default", 8, value=False),
]


def asks(escalation: Escalation) -> Any:
    """Return a workflow that asks whether something is approved."""

    @workflow(version=1)
    async def approve(run: Run, amount: int) -> str:
        try:
            return "yes" if await run.ask("Approve?", bool, context=amount, escalate=escalation) else "no"
        except WaitExpired as late:
            return str(late)

    return approve


def only(client: Client) -> ReviewItem:
    (item,) = client.reviews(ALL)
    return item


def changes(client: Client, zone: str = "UTC") -> list[tuple[str, str]]:
    """Return what happened to the only item, with when."""
    return [
        (each.action, f"{datetime.fromtimestamp(each.at, ZoneInfo(zone)):%a %d %b %H:%M}")
        for each in client.review_log(only(client).id)
    ]


async def test_each_policy_of_a_chain_fires_in_its_turn_and_the_last_one_resumes_the_run() -> None:
    approve = asks(Escalation(due_hours=8, when_late=CHAIN))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(hours=7.9)
        assert [each for each, _ in changes(rehearsal)] == ["ask"]
        await rehearsal.advance(days=2)
        item = only(rehearsal)

        assert changes(rehearsal) == [
            ("ask", "Mon 05 Jan 09:00"),
            ("remind", "Mon 05 Jan 17:00"),
            ("raise_priority", "Mon 05 Jan 18:00"),
            ("reassign", "Mon 05 Jan 20:00"),
            ("escalate", "Tue 06 Jan 00:00"),
            ("default", "Tue 06 Jan 08:00"),
        ]
        assert rehearsal.run("r").output == "no"
        assert (item.state, item.decision, item.decided_by) == ("decided", False, "policy:default")
        assert (item.priority, item.rules.group, item.tier, item.timer) == (100, "finance", 2, None)
        assert item.note == "nobody answered within 23 hours"


@pytest.mark.dear
@pytest.mark.parametrize(
    ("zone", "start", "holidays", "expected"),
    [
        (
            "Europe/Berlin",  # Friday before the clocks go forward, then Easter
            "2026-03-27T16:00",
            "DE",
            ["Mon 30 Mar 10:00", "Thu 02 Apr 10:00", "Thu 02 Apr 17:00", "Tue 07 Apr 12:00"],
        ),
        (
            "America/New_York",  # Friday before the clocks go back, then Veterans Day
            "2026-10-30T16:00",
            "US",
            ["Mon 02 Nov 10:00", "Thu 05 Nov 10:00", "Thu 05 Nov 17:00", "Fri 06 Nov 12:00"],
        ),
        (
            "America/New_York",
            "2026-11-06T16:00",
            "US",
            ["Mon 09 Nov 10:00", "Fri 13 Nov 10:00", "Fri 13 Nov 17:00", "Mon 16 Nov 12:00"],
        ),
    ],
)
async def test_four_policies_over_weekends_holidays_and_the_change_of_the_clocks(
    zone: str, start: str, holidays: str, expected: list[str]
) -> None:
    pytest.importorskip("holidays")
    chain: list[Any] = ["remind", Late("raise_priority", 24), Late("escalate", 7), Late("fail", 3)]
    hours = WorkingHours(zone, holidays=holidays)
    approve = asks(Escalation(due_hours=2, when_late=chain, working_hours=hours))
    clock = FakeClock(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)))
    async with Rehearsal(workflows=[approve], clock=clock) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(days=20)

        times = [when for fired, when in changes(rehearsal, zone) if fired != "ask"]
        assert times == expected
        assert only(rehearsal).state == "expired"
        assert "nobody answered within" in rehearsal.run("r").output


async def test_what_a_policy_answers_is_nobodys_word() -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("default", value=True)]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(hours=2)
        (step,) = rehearsal.steps("r")

        assert (step.status, step.output, step.decided_by, step.source) == ("done", True, "policy:default", None)
        assert rehearsal.run("r").output == "yes"
        found = summarize(rehearsal)
        assert (found.by_policy, found.by_person, found.runs) == (1, 0, 1)
        (change,) = [each for each in rehearsal.review_log(only(rehearsal).id) if each.action == "default"]
        assert (change.actor, change.decision) == ("policy:default", True)


async def test_whoever_has_an_item_goes_first_and_is_reminded_without_losing_it() -> None:
    chain: list[Any] = ["remind", "raise_priority", Late("default", value=False)]
    approve = asks(Escalation(due_hours=1, when_late=chain))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        for run in ("r1", "r2"):
            await rehearsal.start(approve, 100, id=run)
        await rehearsal.advance(minutes=59)
        first, second = [await rehearsal.take(each.id, by="ann") for each in rehearsal.reviews()]
        await rehearsal.advance(minutes=2)
        held = rehearsal.plain_review(first.id)
        assert (held.state, held.lease_owner, held.version) == ("leased", "ann", first.version)
        assert (held.late_step, held.priority) == (2, 100)
        assert await rehearsal.extend(first.id, by="ann")

        decided = await rehearsal.decide(first.id, True, by="ann", version=first.version, shown=first.digest)
        await rehearsal.advance(minutes=10)

        assert (decided.decided_by, rehearsal.run("r1").output) == ("person:ann", "yes")
        assert rehearsal.run("r2").output == "no"
        assert rehearsal.plain_review(second.id).decided_by == "policy:default"
        fired = [each.at for each in rehearsal.review_log(second.id) if each.action == "default"]
        assert fired == [second.lease_until], "it fires when the lease ends"


async def test_the_audit_log_of_what_was_late_is_whole() -> None:
    approve = asks(Escalation(due_hours=1, when_late=["remind", *CHAIN]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(minutes=59)
        assert await rehearsal.next_review(by="ann")
        await rehearsal.advance(days=2)
        findings: list[object] = []

        assert verify(rehearsal, found=findings.append).is_whole, findings
        assert only(rehearsal).late_step == 6


async def test_a_lease_that_is_extended_puts_the_default_off_again() -> None:
    approve = asks(Escalation(due_hours=1, when_late="fail"))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(minutes=58)
        taken = await rehearsal.next_review(by="ann")
        assert taken is not None
        for _ in range(4):
            await rehearsal.advance(minutes=4)
            assert await rehearsal.extend(taken.id, by="ann")
        assert only(rehearsal).state == "leased"
        await rehearsal.advance(minutes=5)

        assert rehearsal.run("r").output == "step 'ask': nobody answered within 1 hours"


async def test_an_answer_that_was_taken_back_leaves_the_policies_as_they_were() -> None:
    approve = asks(Escalation(due_hours=1, when_late=["remind", Late("fail", 1)]))
    clock = FakeClock()
    async with Rehearsal(workflows=[approve], clock=clock) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(minutes=61)
        item = only(rehearsal)
        await rehearsal.decide(item.id, True, by="ann", undo_seconds=60)
        await rehearsal.undo(item.id, by="ann")
        await rehearsal.release(item.id, by="ann")
        assert only(rehearsal).timer == item.timer
        await rehearsal.advance(hours=1)
        assert only(rehearsal).state == "expired"


async def test_an_undo_window_that_is_over_is_committed_by_the_worker() -> None:
    approve = asks(Escalation())
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.settle()
        pending = await rehearsal.decide(only(rehearsal).id, True, by="ann", undo_seconds=5.0)
        assert pending.state == "pending"
        await rehearsal.advance(seconds=4)
        assert rehearsal.run("r").status == "waiting"
        await rehearsal.advance(seconds=1)

        assert rehearsal.run("r").output == "yes"
        assert only(rehearsal).decided_by == "person:ann"


async def test_policies_that_were_due_while_nothing_ran_leave_those_after_them_their_hours(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    approve = asks(Escalation(due_hours=8, when_late=["remind", Late("escalate", 4), Late("fail", 24)]))
    clock = FakeClock()
    async with Orchestrator(store, workflows=[approve], clock=clock) as orchestrator:
        await orchestrator.start(approve, 100, id="r")
        await orchestrator.idle()
    clock.move_to(datetime(2026, 1, 8, 9, 0, tzinfo=UTC).timestamp())  # three days later

    async with Orchestrator(store, workflows=[approve], clock=clock) as orchestrator:
        await orchestrator.idle()
        assert changes(orchestrator) == [("ask", "Mon 05 Jan 09:00"), ("remind", "Thu 08 Jan 09:00")]
        for hours in (4, 24):
            clock.move_to(clock.now() + 3600.0 * hours)
            await orchestrator.settled()
        assert changes(orchestrator)[2:] == [("escalate", "Thu 08 Jan 13:00"), ("fail", "Fri 09 Jan 13:00")]
        assert orchestrator.run("r").output == "step 'ask': nobody answered within 100 hours"


async def test_a_clock_that_is_set_back_fires_nothing_twice_and_nothing_early() -> None:
    approve = asks(Escalation(due_hours=1, when_late=["remind", Late("fail", 1)]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        start = rehearsal.now()
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(minutes=61)
        rehearsal.clock.move_to(start)
        await rehearsal.settle()
        assert await rehearsal.fire_timers() == 0
        await rehearsal.advance(minutes=119)
        assert [each for each, _ in changes(rehearsal)] == ["ask", "remind"]
        await rehearsal.advance(minutes=2)
        assert [each for each, _ in changes(rehearsal)] == ["ask", "remind", "fail"]


async def test_a_client_fires_what_is_due_and_any_worker_does_whatever_it_executes(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    approve = asks(Escalation(due_hours=1, when_late=["remind", Late("escalate", 1)]))
    clock = FakeClock()
    async with Orchestrator(store, workflows=[approve], clock=clock) as orchestrator:
        await orchestrator.start(approve, 100, id="r")
        await orchestrator.idle()
    clock.move_to(clock.now() + 3600.0)

    async with Client(store, clock=clock) as client:
        assert [await client.fire_timers() for _ in range(2)] == [1, 0]
        assert only(client).late_step == 1
    async with Orchestrator(store, workflows=[], clock=clock) as other:
        clock.move_to(clock.now() + 3600.0)
        await other.settled()
        assert only(other).tier == 2


@action
async def sleeps() -> None:
    await asyncio.Event().wait()


@workflow(version=1)
async def slow(run: Run, _: int) -> None:
    await run.step(sleeps)


async def test_a_worker_without_a_free_place_fires_timers_all_the_same() -> None:
    approve, clock = asks(Escalation(due_hours=1, when_late="remind")), FakeClock()
    settings = Settings(concurrency=1, grace_seconds=0.0)
    store = "sqlite:///:memory:"
    async with Orchestrator(store, workflows=[approve, slow], clock=clock, settings=settings) as orchestrator:
        await orchestrator.start(approve, 100, id="r")
        await orchestrator.idle()
        await orchestrator.start(slow, 1, id="s")
        clock.move_to(clock.now() + 3600.0)
        await orchestrator.settled(patience_seconds=0.1)

        assert [each for each, _ in changes(orchestrator)] == ["ask", "remind"]


async def test_reassigned_to_a_person_it_is_for_nobody_else() -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("reassign", to="mia")]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(hours=1)

        assert await rehearsal.next_review(by="ann") is None
        taken = await rehearsal.next_review(by="mia")
        assert taken is not None
        assert (taken.assignee, taken.history[1].data) == ("mia", {"to": "mia"})


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("nobody", "nobody in this store is called so"),
        ("Ben", "nobody in this store is called so"),
        ("vic", "they may not answer it"),
        ("gone", "they may not answer it"),
        ("starter", "they may not answer it"),
        ("group:finance", "nobody in it may answer it"),
        ("group:empty", "nobody in it may answer it"),
    ],
)
async def test_what_would_be_given_to_nobody_who_may_answer_is_open_to_whoever_comes(to: str, why: str) -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("reassign", to=to)], not_self=True))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.people.add("root", roles={"*": "admin"})
        await rehearsal.people.add("ben", roles={"*": "reviewer"})
        await rehearsal.people.add("vic", roles={"*": "viewer"}, groups=("finance",))
        await rehearsal.people.add("starter", roles={"*": "senior"}, groups=("finance",))
        await rehearsal.people.add("gone", roles={"*": "reviewer"}, groups=("finance",))
        await rehearsal.people.disable("gone", by="root")
        await rehearsal.start(approve, 100, id="r", by="starter")
        await rehearsal.advance(hours=1)

        taken = await rehearsal.next_review(by="ben")
        assert taken is not None
        assert (taken.assignee, taken.priority, taken.rules.group) == (None, 100, None)
        assert why in (taken.note or "")
        assert [change.action for change in taken.history] == ["ask", "reassign", "take"]


async def test_a_late_question_goes_to_a_group_in_which_somebody_may_answer() -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("reassign", to="group:finance")]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.people.add("root", roles={"*": "admin"})
        await rehearsal.people.add("mia", roles={"*": "reviewer"}, groups=("finance",))
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.advance(hours=1)

        assert await rehearsal.next_review(by="root") is None
        taken = await rehearsal.next_review(by="mia")
        assert taken is not None
        assert taken.rules.group == "finance"


async def test_where_nobody_is_known_whoever_started_the_run_is_not_given_its_question() -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("reassign", to="mia")], not_self=True))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r", by="mia")
        await rehearsal.advance(hours=1)
        taken = await rehearsal.next_review(by="ann")
        assert taken is not None
        assert "a rule of the item forbids" in (taken.note or "")


class Bill(BaseModel):
    total: int


def reads(escalation: Escalation) -> Any:
    """Return a workflow with a doubtful bill, whose total must be above 10."""
    read = extract(
        "read",
        Bill,
        "Read it.",
        models=ScriptedModel(lambda _: Says(Bill(total=20), 0.5)),
        accept=confidence(at_least=0.9),
        guards=[satisfies("large", lambda bill: bill.total > 10, "it is small")],
        escalate=escalation,
    )

    @workflow(version=1)
    async def bill(run: Run, text: str) -> str:
        try:
            return str((await run.decide(read, text)).total)
        except WaitExpired:
            return "expired"

    return bill


async def test_a_default_of_an_ai_step_is_held_to_its_guards_and_the_chain_goes_on_when_it_fails() -> None:
    small = reads(Escalation(due_hours=1, when_late=[Late("default", value={"total": 5}), Late("fail", 2)]))
    async with Rehearsal(workflows=[small]) as rehearsal:
        await rehearsal.start(small, "a bill", id="r")
        await rehearsal.advance(hours=1)
        item = only(rehearsal)
        assert (item.state, item.priority, item.decided_by) == ("open", 100, None)
        assert "policy:default answered" in (item.note or "")
        assert "large" in (item.note or "")
        await rehearsal.advance(hours=2)
        assert rehearsal.run("r").output == "expired"

    large = reads(Escalation(due_hours=1, when_late=[Late("default", value={"total": 50})]))
    async with Rehearsal(workflows=[large]) as rehearsal:
        await rehearsal.start(large, "a bill", id="r")
        await rehearsal.advance(hours=1)
        assert rehearsal.run("r").output == "50"
        (label,) = rehearsal.judgements(JudgedQuery())
        assert label.decided_by == "policy:default"


@pytest.mark.parametrize("value", ["yes", None, 3, {"a": 1}])
async def test_a_default_that_does_not_fit_is_refused_when_it_is_asked(value: Any) -> None:
    approve = asks(Escalation(due_hours=1, when_late=[Late("default", value=value)]))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.settle()
        run = rehearsal.run("r")

        assert (run.status, rehearsal.reviews(ALL)) == ("failed", [])
        assert run.error is not None
        assert f"Late('default', value={value!r}) is no answer to this question" in run.error.message


async def test_a_judge_of_ones_own_is_held_to_it_as_well() -> None:
    class Coin:
        name = "coin"
        output_type = bool

        async def __call__(self, _: str) -> Accepted[bool] | Doubtful[bool]:
            late = Escalation(due_hours=1, when_late=[Late("default", value="heads")])
            return Doubtful(None, "rule", "on its edge", Judgement(confidence=Confidence(None, "none")), late)

    @workflow(version=1)
    async def toss(run: Run, text: str) -> bool:
        return await run.decide(Coin(), text)

    async with Rehearsal(workflows=[toss]) as rehearsal:
        await rehearsal.start(toss, "a coin", id="r")
        await rehearsal.settle()
        error = rehearsal.run("r").error
        assert error is not None
        assert "is no answer to this question" in error.message


def test_a_plan_comes_back_from_its_text() -> None:
    start = datetime(2026, 3, 27, 15, 0, tzinfo=UTC).timestamp()
    for hours in (None, WorkingHours("Europe/Berlin", holidays=["2026-04-03"], special={"12-24": ()})):
        due, plan = LatePlan.of(Escalation(due_hours=2, when_late=CHAIN, working_hours=hours), start)
        assert LatePlan.read(json.loads(plan.text() or "")) == plan
        assert (plan.timer(0), plan.timer(5)) == (due, None)
    assert LatePlan.of(Escalation(), start) == (None, LatePlan())
    assert LatePlan().text() is None


async def test_scripted_reviewers_answer_as_whom_an_item_is_given_to_and_as_many_as_it_asks() -> None:
    given = asks(Escalation(due_hours=1, when_late=[Late("reassign", to="mia")]))
    by_two = asks(Escalation(reviewers=2))
    late_ones = ScriptedReviewers(lambda item: LEAVE_OPEN if item.assignee is None else True)
    async with Rehearsal(workflows=[given], reviewers=late_ones) as rehearsal:
        assert await rehearsal.play(given, 100) == "yes"
        assert only(rehearsal).decided_by == "person:mia"
    async with Rehearsal(workflows=[by_two], reviewers=ScriptedReviewers(lambda _: True)) as rehearsal:
        assert await rehearsal.play(by_two, 100) == "yes"
        assert [each.by for each in only(rehearsal).answers] == ["scripted", "scripted 2"]


async def test_who_may_answer_is_kept_with_the_item() -> None:
    approve = asks(Escalation(two_of_group="finance", not_self=True, blind=False))
    async with Rehearsal(workflows=[approve]) as rehearsal:
        await rehearsal.start(approve, 100, id="r")
        await rehearsal.settle()
        rules = only(rehearsal).rules

        assert (rules.reviewers, rules.group, rules.not_self, rules.blind) == (2, "finance", True, False)
