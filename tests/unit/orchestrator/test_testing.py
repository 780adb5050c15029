"""The testing tools: time that jumps, reviewers by script, faults on purpose, crashes."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from handrail import Accepted, Doubtful, Escalation, Retry, Run, StepFailed, action, step_context, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import Misuse
from handrail_orchestrator.testing import LEAVE_OPEN, FakeClock, Faults, Rehearsal, ScriptedReviewers

Team = Literal["billing", "bugs"]

executed: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_executed() -> None:
    executed.clear()


@action
async def bump(n: int) -> int:
    context = step_context()
    executed.append(f"{context.idempotency_key}, attempt {context.attempt}")
    return n + 1


@action(retry=Retry(attempts=3, first_seconds=10, max_seconds=60))
async def stubborn(n: int) -> int:
    executed.append(f"attempt {step_context().attempt}")
    return n


@action(timeout_seconds=5)
async def hurried(n: int) -> int:
    return n


class Route:
    """A judge that is always in doubt."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        judgement = Judgement(confidence=Confidence(0.4, "local"), model="stub")
        suggestion: Team | None = None if text == "?" else "bugs"
        return Doubtful(suggestion, "low_confidence", "0.4 < 0.8", judgement, Escalation())


route = Route()


@workflow(version=1)
async def twice(run: Run, n: int) -> int:
    return await run.step(bump, await run.step(bump, n))


@workflow(version=1)
async def patient(run: Run, n: int) -> int:
    await run.sleep(timedelta(days=3))
    n = await run.step(bump, n)
    await run.sleep(timedelta(days=4))
    return n


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    team = await run.decide(route, text)
    sure = await run.ask("Sure?", bool, name="sure")
    return f"{team} {sure}"


@workflow(version=1)
async def persists(run: Run, n: int) -> int:
    return await run.step(stubborn, n)


@workflow(version=1)
async def hurries(run: Run, n: int) -> int:
    return await run.step(hurried, n)


@workflow(version=1)
async def listens(run: Run, n: int) -> int:
    return n + await run.event("more", int)


# -- time


async def test_days_pass_at_once_and_each_timer_rings_in_its_turn() -> None:
    async with Rehearsal(workflows=[patient]) as rehearsal:
        begun = rehearsal.clock.now()
        assert await rehearsal.play(patient, 1, id="a") == 2
        assert rehearsal.clock.now() - begun == timedelta(days=7).total_seconds()


async def test_time_advances_only_as_far_as_asked() -> None:
    async with Rehearsal(workflows=[patient]) as rehearsal:
        await rehearsal.start(patient, 1, id="a")
        await rehearsal.advance(days=2, hours=23)
        assert executed == []
        await rehearsal.advance(hours=1)
        assert len(executed) == 1
        assert rehearsal.run("a").status == "waiting"
        await rehearsal.advance(weeks=1)
        assert rehearsal.run("a").status == "completed"


async def test_time_cannot_be_advanced_backwards() -> None:
    async with Rehearsal(workflows=[patient]) as rehearsal:
        with pytest.raises(Misuse, match=r"clock\.move_to"):
            await rehearsal.advance(days=-1)


def test_a_fake_clock_rings_in_order_and_forgets_what_was_cancelled() -> None:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    rung: list[str] = []
    begun = clock.now()
    clock.call_at(begun + 20, lambda: rung.append("late"))
    clock.call_at(begun + 10, lambda: rung.append("early"))
    clock.call_at(begun + 15, lambda: rung.append("never")).cancel()
    assert clock.next_timer == begun + 10
    clock.move_to(begun + 30)
    assert rung == ["early", "late"]
    assert clock.next_timer is None


async def test_a_fake_clock_rings_for_what_is_due_already_though_nobody_moves_it() -> None:
    clock, rung = FakeClock(), asyncio.Event()
    clock.call_at(clock.now() - 60, lambda: pytest.fail("it was taken back")).cancel()
    clock.call_at(0.0, rung.set)
    await asyncio.wait_for(rung.wait(), 60)
    assert clock.next_timer is None


def test_a_fake_clock_needs_a_time_zone() -> None:
    with pytest.raises(Misuse, match="no time zone"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001 -- the mistake under test


# -- reviewers


async def test_reviewers_answer_by_script() -> None:
    reviewers = ScriptedReviewers(lambda item: "billing" if item.kind == "decide" else True, name="ann")
    async with Rehearsal(workflows=[triage], reviewers=reviewers) as rehearsal:
        assert await rehearsal.play(triage, "hm", id="a") == "billing True"
        assert {step.decided_by for step in rehearsal.steps("a") if step.kind == "human"} == {"person:ann"}


async def test_reviewers_answer_by_the_steps_name() -> None:
    reviewers = ScriptedReviewers.by_step({"route": "billing", "sure": False})
    async with Rehearsal(workflows=[triage], reviewers=reviewers) as rehearsal:
        assert await rehearsal.play(triage, "hm") == "billing False"


async def test_accepting_reviewers_take_suggestions_and_leave_the_rest_open() -> None:
    async with Rehearsal(workflows=[triage], reviewers=ScriptedReviewers.accepting()) as rehearsal:
        await rehearsal.start(triage, "hm", id="a")
        await rehearsal.start(triage, "?", id="b")
        await rehearsal.settle()
        assert await rehearsal.answer() == 1
        await rehearsal.settle()
        assert [(item.run_id, item.step) for item in rehearsal.reviews()] == [("b", "route/review"), ("a", "sure")]
        assert await rehearsal.answer() == 0


async def test_a_play_that_nobody_can_end_says_what_it_waits_for() -> None:
    reviewers = ScriptedReviewers(lambda item: "bugs" if item.kind == "decide" else LEAVE_OPEN)
    async with Rehearsal(workflows=[triage, listens], reviewers=reviewers) as rehearsal:
        with pytest.raises(Misuse, match="run 'a' waits for sure"):
            await rehearsal.play(triage, "hm", id="a")
        with pytest.raises(Misuse, match=r"waits for event:more.*send the event"):
            await rehearsal.play(listens, 1, id="b")


# -- faults


async def test_a_step_fails_as_often_as_it_was_told_to() -> None:
    faults = Faults().fail("stubborn", times=2)
    async with Rehearsal(workflows=[persists], faults=faults) as rehearsal:
        assert await rehearsal.play(persists, 7, id="a") == 7
        assert rehearsal.steps("a")[0].attempt == 3
    assert executed == ["attempt 3"]
    assert faults.left == []


async def test_a_fault_can_be_any_error_and_hits_the_call_it_names() -> None:
    faults = Faults().fail("bump#2", error=ConnectionError("down"))
    async with Rehearsal(workflows=[twice], faults=faults) as rehearsal:
        with pytest.raises(StepFailed) as failed:
            await rehearsal.play(twice, 1, id="a")
    assert (failed.value.error_type, failed.value.message) == (
        "StepFailed",
        "step 'bump#2' failed with ConnectionError: down",
    )
    assert executed == ["a/bump, attempt 1"]


async def test_a_step_that_begins_late_runs_into_its_time_limit() -> None:
    async with Rehearsal(workflows=[hurries], faults=Faults().slow("hurried", seconds=4)) as rehearsal:
        begun = rehearsal.clock.now()
        assert await rehearsal.play(hurries, 1) == 1
        assert rehearsal.clock.now() - begun == 4
    async with Rehearsal(workflows=[hurries], faults=Faults().slow("hurried", seconds=6)) as rehearsal:
        with pytest.raises(StepFailed, match="longer than 5 s"):
            await rehearsal.play(hurries, 1)


async def test_a_crash_loses_only_what_was_not_recorded() -> None:
    faults = Faults().crash("bump#2")
    async with Rehearsal(workflows=[twice], faults=faults) as rehearsal:
        assert await rehearsal.play(twice, 1, id="a") == 3
        assert rehearsal.run("a").crashes == 1
    assert executed == ["a/bump, attempt 1", "a/bump#2, attempt 1"]


async def test_a_run_that_crashes_three_times_at_one_step_is_set_aside(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    faults = Faults().crash("bump#2", times=3)
    async with Rehearsal(workflows=[twice], faults=faults) as rehearsal:
        await rehearsal.start(twice, 1, id="poison")
        await rehearsal.settle()
        row = rehearsal.run("poison")
        assert row.status == "set_aside"
        assert "died 3 times" in str(row.error)
        await rehearsal.retry("poison")
        await rehearsal.settle()
        assert rehearsal.run("poison").output == 3
    assert executed.count("poison/bump, attempt 1") == 1


async def test_a_run_that_is_being_started_in_a_crash_is_not_lost() -> None:
    async with Rehearsal(workflows=[twice]) as rehearsal:
        await rehearsal.start(twice, 1, id="first")
        starting = [asyncio.create_task(rehearsal.start(twice, n, id=f"r{n}")) for n in range(5)]
        await asyncio.sleep(0)
        rehearsal.crash()
        handles = await asyncio.gather(*starting)
        await rehearsal.settle()
        assert [await handle.result() for handle in handles] == [2, 3, 4, 5, 6]
        assert rehearsal.counts() == {("twice", 1, "completed"): 6}


async def test_being_struck_off_is_noticed_once_however_often_it_is_told() -> None:
    async with Rehearsal(workflows=[twice]) as rehearsal:
        rehearsal.crash()
        (worker,) = rehearsal.workers()
        assert await rehearsal.play(twice, 1) == 3
        assert rehearsal.workers() == [worker]


async def test_a_fault_that_never_happened_is_left() -> None:
    faults = Faults().fail("bump", times=1).crash("nowhere", times=2)
    async with Rehearsal(workflows=[twice], faults=faults) as rehearsal:
        with pytest.raises(StepFailed):
            await rehearsal.play(twice, 1)
    assert faults.left == ["nowhere"]


def test_a_fault_must_happen_at_least_once() -> None:
    with pytest.raises(Misuse, match="times=0"):
        Faults().fail("bump", times=0)
