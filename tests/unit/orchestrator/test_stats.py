"""What the runs of a window come to, each number by its definition, from runs on the real engine."""

import json
from datetime import timedelta

import pytest

from handrail import Escalation, Run, workflow
from handrail.guards import Late
from handrail_orchestrator.statistics.funnel import Funnel
from handrail_orchestrator.testing import Rehearsal
from tests.contract import flows
from tests.contract.audited import unaudited

HOUR = 3_600.0


@workflow(version=1)
async def answered_for(run: Run, amount: int) -> bool:
    late = [Late("default", value=False)]
    return await run.ask(f"Pay {amount}?", bool, escalate=Escalation(queue="money", due_hours=1, when_late=late))


@workflow(version=1)
async def waited_for(run: Run, amount: int) -> bool:
    return await run.ask(f"Pay {amount}?", bool, escalate=Escalation(queue="money", due_hours=1))


async def played(engine: Rehearsal) -> None:
    """Let two runs be decided by rules, two by the model, one by ann after an hour, one fail, one wait."""
    for number in range(2):
        await engine.start(flows.add, number, id=f"add-{number}")
    for number in range(2):
        await engine.start(unaudited, f"sure {number}", id=f"sure-{number}")
    await engine.start(unaudited, "hm", id="hm")
    await engine.start(flows.fail, 1, id="broken")
    await engine.start(flows.approve, 5, id="open")
    await engine.idle()
    (item,) = [each for each in engine.reviews() if each.queue == "triage"]
    engine.clock.move_to(engine.clock.now() + HOUR)
    await engine.take(item.id, by="ann")
    engine.clock.move_to(engine.clock.now() + 60)
    await engine.decide(item.id, "billing", by="ann")
    await engine.idle()


async def test_the_funnel_says_what_became_of_every_run() -> None:
    async with Rehearsal(workflows=[flows.add, flows.fail, flows.approve, unaudited]) as engine:
        await played(engine)
        stats = engine.stats(timedelta(days=1))
        assert dict(stats.funnel.bars) == {
            "rules_decided": 2, "ai_accepted": 2, "reviewed": 1, "failed": 1, "cancelled": 0, "still_open": 1,
        }  # fmt: skip
        assert sum(count for _, count in stats.funnel.bars) == stats.funnel.started == 7
        assert (stats.exceptions.part, stats.exceptions.whole) == (2, 6)
        assert (stats.completion.part, stats.completion.whole) == (5, 6)
        assert stats.cycle.open_age.count == 1
        assert stats.cycle.open_age.oldest == HOUR + 60
        only = engine.stats("24h", workflow="unaudited")
        assert dict(only.funnel.bars)["ai_accepted"] == only.funnel.started - 1 == 2
        assert json.loads(json.dumps(stats.as_json()))["funnel"]["bars"][5] == {
            "name": "still_open", "runs": 1, "share": 1 / 7,
        }  # fmt: skip


async def test_a_person_s_hour_is_the_bottleneck_and_wait_and_work_are_told_apart() -> None:
    async with Rehearsal(workflows=[flows.add, flows.fail, flows.approve, unaudited]) as engine:
        await played(engine)
        stats = engine.stats()
        assert stats.bottleneck is not None
        assert (stats.bottleneck.workflow, stats.bottleneck.step) == ("unaudited", "route/review")
        assert stats.bottleneck.waits
        assert stats.bottleneck.share == pytest.approx(1.0)
        assert stats.human_wait == pytest.approx(1.0)
        (review,) = [each for each in stats.steps if each.step == "route/review"]
        assert review.kind == "human"
        assert review.wait.p50 == pytest.approx(HOUR, rel=stats.percentile_error)
        assert review.work.p50 == pytest.approx(60, rel=stats.percentile_error)
        assert review.wait.total == HOUR
        assert stats.questions.approval_delay.total == HOUR
        assert stats.questions.hands_on.total == 60
        assert (stats.changed[""].part, stats.changed[""].whole) == (1, 1)
        (broken,) = [each for each in stats.steps if each.step == "explode"]
        assert (broken.executed, broken.failed, broken.fail_rate) == (1, 1, 1.0)


async def test_a_hand_off_says_whether_its_receiver_decided_and_how() -> None:
    async with Rehearsal(workflows=[unaudited]) as engine:
        for name in ("plain", "kept", "passed on", "waits"):
            await engine.start(unaudited, "hm", id=name)
        await engine.idle()
        items = {item.run_id: item for item in engine.reviews()}
        suggested = items["plain"].suggestion
        for name, givers in {"kept": ["ann"], "passed on": ["ann", "ben"], "waits": ["ann"]}.items():
            for giver, receiver in zip(givers, ("ben", "cy"), strict=False):
                await engine.assign(items[name].id, by=giver, to=receiver)
        for name, answer, by in (
            ("plain", suggested, "cy"), ("kept", suggested, "ben"), ("passed on", "billing", "cy"),
        ):  # fmt: skip
            await engine.take(items[name].id, by=by)
            await engine.decide(items[name].id, answer, by=by)
        await engine.idle()
        stats = engine.stats("24h")
        handed = stats.questions.hand_offs
        assert suggested != "billing"
        assert (handed.items, handed.decided, handed.accepted) == (3, 2, 1)
        assert (handed.suggested, handed.changed) == (2, 1)
        assert stats.questions.touches == (1 + 2 + 3) / 3
        assert (stats.changed[""].part, stats.changed[""].whole) == (1, 3)
        assert [(each.part, each.whole) for each in stats.changed_by_confidence if each.whole] == [(1, 3)]
        assert stats.questions.rework.part == 0


async def test_who_says_nothing_counts_in_the_approval_delay_and_due_times_are_kept_missed_or_past() -> None:
    async with Rehearsal(workflows=[answered_for, waited_for]) as engine:
        await engine.start(answered_for, 1, id="silent")
        for name in ("in time", "late", "open"):
            await engine.start(waited_for, 1, id=name)
        await engine.idle()
        items = {item.run_id: item.id for item in engine.reviews()}
        engine.clock.move_to(engine.clock.now() + HOUR / 2)
        for name in ("in time", "late"):
            await engine.take(items[name], by="ann")
        await engine.decide(items["in time"], True, by="ann")
        await engine.idle()
        engine.clock.move_to(engine.clock.now() + HOUR)
        await engine.idle()
        await engine.take(items["late"], by="ann")
        await engine.decide(items["late"], True, by="ann")
        await engine.idle()
        found = engine.stats("24h").questions
        assert (found.asked, found.decided, found.by_policy) == (4, 3, 1)
        assert (found.approval_delay.count, found.approval_delay.total) == (3, HOUR / 2 + HOUR / 2 + 1.5 * HOUR)
        due = found.promises
        assert (due.first_met, due.first_late, due.met, due.late, due.open_late) == (2, 0, 1, 2, 1)


def test_a_funnel_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="add up to 2, not to the 3"):
        Funnel(started=3, by_rule=1, failed=1)
    with pytest.raises(ValueError, match="add up"):
        Funnel(started=0, by_rule=1, failed=-1)
