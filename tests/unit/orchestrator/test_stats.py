"""What the runs of a window come to, each number by its definition, from runs on the real engine."""

import json
from datetime import timedelta

import pytest

from handrail_orchestrator.statistics.funnel import Funnel
from handrail_orchestrator.testing import Rehearsal
from tests.contract import flows
from tests.contract.audited import unaudited

HOUR = 3_600.0


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


def test_a_funnel_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="add up to 2, not to the 3"):
        Funnel(started=3, by_rule=1, failed=1)
    with pytest.raises(ValueError, match="add up"):
        Funnel(started=0, by_rule=1, failed=-1)
