"""What every engine must do; a new one adds its factory to ``tests.contract.engines``."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from handrail import StepFailed
from handrail.orchestrator import ReviewError, RunConflict, UnknownRun, WrongState
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.testing import FakeClock
from tests.contract import flows


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 -- what is waited for has no event
            await asyncio.sleep(0.005)


async def test_a_run_executes_its_steps_in_order_and_returns_the_result(engine: Engine) -> None:
    handle = await engine.start(flows.add, 1, id="a")
    assert await handle.result() == 8
    assert flows.calls == ["a/bump", "a/bump#2", "a/bump#3", "a/double"]
    assert [(step.name, step.status, step.output) for step in engine.steps("a")] == [
        ("bump", "done", 2),
        ("bump#2", "done", 3),
        ("bump#3", "done", 4),
        ("double", "done", 8),
    ]


async def test_every_step_leaves_a_record_with_times_and_input(engine: Engine) -> None:
    await (await engine.start(flows.add, 1, id="a")).result()
    for step in engine.steps("a"):
        assert step.queued is not None
        assert step.started is not None
        assert step.ended is not None
        assert step.queued <= step.started <= step.ended
        assert step.input is not None
    assert engine.steps("a")[-1].decided_by == "rule"


async def test_starting_an_id_again_with_the_same_input_is_the_same_run(engine: Engine) -> None:
    first = await engine.start(flows.add, 1, id="a")
    again = await engine.start(flows.add, 1, id="a")
    assert (first.new, again.new) == (True, False)
    assert await again.result() == await first.result() == 8
    assert len(flows.calls) == 4


async def test_starting_an_id_with_another_input_or_workflow_is_refused(engine: Engine) -> None:
    await (await engine.start(flows.add, 1, id="a")).result()
    with pytest.raises(RunConflict, match="another input"):
        await engine.start(flows.add, 2, id="a")
    with pytest.raises(RunConflict, match="workflow 'add'"):
        await engine.start(flows.approve, 1, id="a")


@pytest.mark.slow
async def test_several_thousand_starts_are_all_or_none(engine: Engine, request: pytest.FixtureRequest) -> None:
    many = 300 if request.node.callspec.params["engine"] == "temporal" else 3000  # each goes through its server
    await engine.start(flows.add, 5, id=f"n-{many - 1}")
    with pytest.raises(RunConflict):
        await engine.start_many(flows.add, [(f"n-{n}", 1) for n in range(many)])
    with pytest.raises(UnknownRun):
        engine.run("n-0")
    handles = await engine.start_many(flows.add, [(f"m-{n}", n) for n in range(many)])
    await engine.idle()
    assert [await handle.result() for handle in handles[::100]] == [2 * (n + 3) for n in range(0, many, 100)]


async def test_the_same_id_twice_in_one_call_is_refused(engine: Engine) -> None:
    with pytest.raises(RunConflict, match="given 2 times in one call"):
        await engine.start_many(flows.add, [("a", 1), ("a", 1)])


async def test_an_accepted_value_needs_no_person(engine: Engine) -> None:
    assert await (await engine.start(flows.judge, "sure thing", id="a")).result() == "billing!"
    assert not engine.reviews()
    (step,) = engine.steps("a")
    assert (step.kind, step.decided_by, step.confidence, step.source) == ("ai", "model:stub", 0.9, "local")


async def test_a_doubtful_value_waits_for_a_person_who_decides(engine: Engine) -> None:
    handle = await engine.start(flows.judge, "hm", id="a")
    await engine.idle()
    assert engine.run("a").status == "waiting"
    (item,) = engine.reviews()
    assert (item.queue, item.kind, item.suggestion, item.confidence) == ("triage", "decide", "bugs", 0.4)
    decided = await engine.decide(item.id, "billing", by="ann")
    assert decided.state == "decided"
    assert await handle.result() == "billing!"
    assert engine.steps("a")[-1].decided_by == "person:ann"
    assert flows.calls == ["a/route"]


async def test_an_answer_that_does_not_fit_is_refused_and_the_item_stays_open(engine: Engine) -> None:
    await engine.start(flows.judge, "hm", id="a")
    await engine.idle()
    (item,) = engine.reviews()
    with pytest.raises(ReviewError, match="sales"):
        await engine.decide(item.id, "sales", by="ann")
    assert engine.reviews()[0].state == "open"


async def test_an_item_is_decided_once(engine: Engine) -> None:
    await engine.start(flows.approve, 10, id="a")
    await engine.idle()
    (item,) = engine.reviews()
    results = await asyncio.gather(
        engine.decide(item.id, True, by="ann"), engine.decide(item.id, False, by="ben"), return_exceptions=True
    )
    assert sorted(isinstance(result, ReviewError) for result in results) == [False, True]


async def test_steps_before_a_wait_are_not_executed_again(engine: Engine) -> None:
    handle = await engine.start(flows.approve, 10, id="a")
    await engine.idle()
    await engine.decide(engine.reviews()[0].id, True, by="ann")
    assert await handle.result() == "paid"
    assert flows.calls == ["a/bump"]


async def test_several_questions_are_open_at_once_and_answered_in_any_order(engine: Engine) -> None:
    handle = await engine.start(flows.two_questions, 1, id="a")
    await engine.idle()
    by_title = {item.title: item.id for item in engine.reviews()}
    assert set(by_title) == {"First?", "Second?"}
    await engine.decide(by_title["Second?"], 20, by="ann")
    await engine.idle()
    assert engine.run("a").status == "waiting"
    await engine.decide(by_title["First?"], 10, by="ben")
    assert await handle.result() == [10, 2, 20]
    assert len(flows.calls) == 1


async def test_a_question_nobody_answers_in_time_fails_or_becomes_urgent(slow_engine: Engine, clock: FakeClock) -> None:
    failing = await slow_engine.start(flows.approve_in_time, 1, id="a")
    await slow_engine.start(flows.approve_urgently, 1, id="b")
    await slow_engine.idle()
    clock.move_to(clock.now() + 2 * 3600 + 1)
    await slow_engine.idle()
    assert await failing.result() == "nobody came"
    (item,) = slow_engine.reviews()
    assert (item.run_id, item.priority, item.state) == ("b", 100, "open")


async def test_events_are_taken_in_order_and_may_come_early(engine: Engine) -> None:
    handle = await engine.start(flows.paid, 3, id="a")
    assert await engine.send("a", "payment", 1)
    assert await engine.send("a", "payment", 2, event_id="second")
    assert not await engine.send("a", "payment", 2, event_id="second")
    await engine.send("a", "refund", 9)
    await engine.idle()
    await engine.send("a", "payment", 3)
    assert await handle.result() == [1, 2, 3]


async def test_an_event_for_an_unknown_or_ended_run_is_refused(engine: Engine) -> None:
    with pytest.raises(UnknownRun):
        await engine.send("nobody", "payment", 1)
    await (await engine.start(flows.add, 1, id="a")).result()
    with pytest.raises(WrongState, match="ended"):
        await engine.send("a", "payment", 1)


async def test_an_event_that_does_not_come_expires(slow_engine: Engine, clock: FakeClock) -> None:
    handle = await slow_engine.start(flows.paid_soon, None, id="a")
    await slow_engine.idle()
    clock.move_to(clock.now() + 31 * 86400)
    assert await handle.result() == "late: event:payment"


async def test_a_sleep_of_days_takes_days_on_the_clock_and_no_longer_after_replays(
    slow_engine: Engine, clock: FakeClock
) -> None:
    handle = await slow_engine.start(flows.nap, 3 * 86400.0, id="a")
    await slow_engine.idle()
    assert slow_engine.run("a").status == "waiting"
    clock.move_to(clock.now() + 2 * 86400)
    await slow_engine.idle()
    assert slow_engine.run("a").status == "waiting"
    clock.move_to(clock.now() + 86400)
    before, after = await handle.result()
    assert (after - before).total_seconds() == 3 * 86400


async def test_a_run_sleeps_until_a_moment_that_names_its_time_zone(slow_engine: Engine, clock: FakeClock) -> None:
    wanted = datetime.fromtimestamp(clock.now(), UTC) + timedelta(days=10)
    handle = await slow_engine.start(flows.until_then, wanted, id="a")
    await slow_engine.idle()
    clock.move_to(clock.now() + 9 * 86400)
    await slow_engine.idle()
    assert slow_engine.run("a").status == "waiting"
    clock.move_to(clock.now() + 86400)
    assert await handle.result() == wanted
    vague = await slow_engine.start(flows.until_then, datetime(2026, 3, 1), id="b")  # noqa: DTZ001 -- that is the point
    with pytest.raises(StepFailed, match="no time zone"):
        await vague.result()


async def test_chance_is_drawn_once(engine: Engine) -> None:
    handle = await engine.start(flows.chance, 3, id="a")
    await engine.idle()
    drawn = [float(step.output or "nan") for step in engine.steps("a") if step.kind == "chance"]
    await engine.decide(engine.reviews()[0].id, True, by="ann")
    result = await handle.result()
    assert result[:3] == drawn
    assert len(set(result)) == 4


async def test_a_parent_gets_its_childs_result(engine: Engine) -> None:
    assert await (await engine.start(flows.parent, 1, id="a")).result() == 800
    assert engine.run("a/add").status == "completed"


async def test_a_parent_sees_its_childs_failure(engine: Engine) -> None:
    assert await (await engine.start(flows.doomed_parent, 1, id="a")).result() == "child failed: StepFailed"


async def test_cancelling_a_parent_cancels_its_child_and_closes_its_questions(engine: Engine) -> None:
    await engine.start(flows.patient_parent, 1, id="a")
    await until(lambda: bool(engine.reviews()))
    await engine.idle()
    assert await engine.cancel("a") == "cancelled"
    assert engine.run("a/approve").status == "cancelled"
    assert not engine.reviews()


async def test_a_failed_run_keeps_its_history_and_goes_on_from_the_failing_step(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await engine.start(flows.fail, 1, id="a")
    with pytest.raises(StepFailed, match="boom 2"):
        await handle.result()
    assert [step.status for step in engine.steps("a")] == ["done", "failed"]

    async def repaired(message: str) -> int:
        return len(message)

    mended = flows.explode.named("explode")
    object.__setattr__(mended, "function", repaired)
    monkeypatch.setattr(flows, "explode", mended)
    await engine.retry("a")
    await engine.idle()
    assert engine.run("a").output == 6
    assert flows.calls.count("a/bump") == 1


async def test_only_a_run_that_did_not_complete_can_be_retried(engine: Engine) -> None:
    await (await engine.start(flows.add, 1, id="a")).result()
    with pytest.raises(WrongState, match="completed"):
        await engine.retry("a")
    with pytest.raises(UnknownRun):
        await engine.retry("nobody")


async def test_a_fork_repeats_a_run_from_a_step_on(engine: Engine) -> None:
    await (await engine.start(flows.add, 1, id="a")).result()
    flows.calls.clear()
    assert await engine.fork("a", step="bump#3", id="b") == "b"
    await engine.idle()
    assert flows.calls == ["b/bump#3", "b/double"]
    assert engine.run("b").output == 8
    with pytest.raises(WrongState, match="no step"):
        await engine.fork("a", step="nowhere")


async def test_a_failure_that_was_caught_is_raised_again_on_replay(engine: Engine) -> None:
    handle = await engine.start(flows.survive, 1, id="a")
    await engine.idle()
    (item,) = engine.reviews()
    assert item.title == "ValueError: boom. What now?"
    await engine.decide(item.id, "carry on", by="ann")
    assert await handle.result() == "carry on 2"
    assert flows.calls == ["a/explode", "a/bump"]


@pytest.mark.parametrize(
    ("which", "value", "decided_by"), [("fallback", -3, "policy:fallback"), ("default", 7, "policy:default")]
)
async def test_a_step_that_fails_for_good_falls_back(engine: Engine, which: str, value: int, decided_by: str) -> None:
    assert await (await engine.start(flows.policies, which, id="a")).result() == value
    assert engine.steps("a")[0].decided_by == decided_by


async def test_a_step_that_fails_for_good_can_be_repaired_by_a_person(engine: Engine) -> None:
    handle = await engine.start(flows.policies, "review", id="a")
    await engine.idle()
    (item,) = engine.reviews()
    assert item.kind == "repair"
    await engine.decide(item.id, 33, by="ann")
    assert await handle.result() == 33


async def test_attempts_are_repeated_and_counted(engine: Engine) -> None:
    flows.flaky_failures = 2
    assert await (await engine.start(flows.policies, "retry", id="a")).result() == 3
    assert engine.steps("a")[0].attempt == 3


async def test_attempts_end(engine: Engine) -> None:
    flows.flaky_failures = 9
    with pytest.raises(StepFailed, match="not yet"):
        await (await engine.start(flows.policies, "retry", id="a")).result()
    assert flows.flaky_failures == 6


async def test_a_body_that_takes_too_long_is_stopped(engine: Engine) -> None:
    with pytest.raises(StepFailed, match=r"longer than 0\.05 s"):
        await (await engine.start(flows.policies, "timeout", id="a")).result()


async def test_cancelling_reaches_the_step_that_is_being_executed(engine: Engine) -> None:
    flows.begun.clear()
    handle = await engine.start(flows.long, 1, id="a")
    await until(lambda: flows.begun == ["endless"])
    assert await engine.cancel("a") == "running"
    with pytest.raises(StepFailed) as failed:
        await handle.result()
    assert failed.value.error_type == "RunCancelled"
    assert flows.stopped == ["endless"]
    assert engine.run("a").status == "cancelled"


async def test_a_run_past_its_deadline_is_stopped_while_it_works(slow_engine: Engine, clock: FakeClock) -> None:
    flows.begun.clear()
    flows.stopped.clear()
    handle = await slow_engine.start(flows.hurried, 1, id="a")
    await until(lambda: flows.begun == ["endless"])
    clock.move_to(clock.now() + 61)
    with pytest.raises(StepFailed) as failed:
        await handle.result()
    assert failed.value.error_type == "DeadlineExceeded"
    assert flows.stopped == ["endless"]


async def test_a_run_past_its_deadline_fails_while_it_waits(slow_engine: Engine, clock: FakeClock) -> None:
    handle = await slow_engine.start(flows.waits_too_long, 1, id="a")
    await slow_engine.idle()
    clock.move_to(clock.now() + 3601)
    with pytest.raises(StepFailed) as failed:
        await handle.result()
    assert failed.value.error_type == "DeadlineExceeded"
    assert not slow_engine.reviews()


@pytest.mark.dear
async def test_a_long_step_is_visible_while_it_runs(engine: Engine) -> None:
    await engine.start(flows.long, 1, id="a")
    await until(lambda: any(step.status == "started" for step in engine.steps("a")))
    (step,) = engine.steps("a")
    assert (step.name, step.ended, engine.run("a").status) == ("endless", None, "running")
    await engine.cancel("a")


async def test_unknown_runs_are_named(engine: Engine) -> None:
    for reach in (engine.cancel("x"), engine.fork("x")):
        with pytest.raises(UnknownRun, match="'x'"):
            await reach
    with pytest.raises(UnknownRun):
        engine.run("x")
