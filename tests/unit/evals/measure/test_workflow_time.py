"""Simulated time: waits take none of ours, and work none of the clock's."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handrail import Escalation, Limit, Retry, Run, ScriptedModel, action, workflow
from handrail.orchestrator import WaitExpired
from handrail_ai_steps.model import ModelRequest
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import LEAVE_OPEN, Reviewers, Simulation
from tests.unit.evals.measure.workflow_cases import (
    HOUR,
    Offer,
    Ticket,
    negotiation,
    observed,
    routing,
    steps,
    sure,
    truthful,
)


async def test_rework_sleep_and_retries_take_no_time_and_are_all_recorded() -> None:
    calls: list[str] = []
    reviewers = Reviewers(lambda item, _case: "80" in item.title, minutes=1, delay_minutes=59)
    (seen,) = await observed(workflow_target(negotiation(calls), reviewers=reviewers), Case("n", Offer(price=100), 80))

    assert seen.flow is not None
    assert (seen.output, seen.human_minutes) == (80, 3.0)
    assert [step.name for step in seen.flow.steps] == [
        "approve", "sleep", "approve#2", "sleep#2", "approve#3", "send"
    ]  # fmt: skip
    assert seen.flow.approval_seconds == (HOUR, HOUR, HOUR)
    waited = seen.flow.cycle_seconds - (2 * 24 + 3) * HOUR
    assert 0.0 < waited <= 120.0  # two delays of up to a minute between the attempts
    assert calls == ["n/send 80"] * 3


@pytest.mark.parametrize("late", [0.5, 1.5])
async def test_a_question_that_nobody_answers_in_time_expires(late: float) -> None:
    triage = routing(ScriptedModel(sure), due_hours=1, when_late="fail")
    target = workflow_target(triage, reviewers=truthful(delay_minutes=late * 60))
    (seen,) = await observed(target, Case("a", Ticket(text="?"), "billing"))

    assert seen.flow is not None
    if late < 1:
        assert (seen.output, seen.flow.ending) == ("billing", "completed")
        return
    assert (seen.flow.ending, seen.flow.cycle_seconds) == ("failed", HOUR)
    assert (seen.answered, seen.accepted, seen.doubt) == (False, False, "failed")
    assert "WaitExpired" in seen.reason
    assert seen.human_minutes == 0.0
    assert (steps(seen)["route/review"].decided_by, steps(seen)["route/review"].output) == ("policy", None)
    assert "nobody answered within 1 hours" in steps(seen)["route/review"].error


async def test_an_answer_that_comes_after_the_run_went_on_is_nobodys_work() -> None:
    @workflow(version=1)
    async def patient(run: Run) -> str:
        try:
            await run.ask("Well?", bool, escalate=Escalation(due_hours=1, when_late="fail"))
        except WaitExpired:
            await run.sleep(timedelta(days=1))
        return "went on"

    reviewers = Reviewers(lambda _item, _case: True, minutes=5, delay_minutes=120)
    (seen,) = await observed(workflow_target(patient, reviewers=reviewers), Case("a", None, "went on"))

    assert seen.flow is not None
    assert (seen.output, seen.accepted, seen.doubt, seen.human_minutes) == ("went on", False, "asked", 0.0)
    assert (seen.flow.cycle_seconds, seen.flow.questions) == (25 * HOUR, 0)


async def test_an_answer_at_the_very_due_time_still_counts() -> None:
    triage = routing(ScriptedModel(sure), due_hours=1, when_late="fail")
    target = workflow_target(triage, reviewers=truthful(delay_minutes=58, minutes=2))
    (seen,) = await observed(target, Case("a", Ticket(text="?"), "billing"))

    assert (seen.output, seen.human_minutes) == ("billing", 2.0)


async def test_what_is_left_open_ends_waiting_at_its_question() -> None:
    @workflow(version=1)
    async def asks(run: Run) -> bool:
        await run.sleep(timedelta(hours=2))
        return await run.ask("Well?", bool)

    reviewers = Reviewers(lambda _item, _case: LEAVE_OPEN, minutes=1, delay_minutes=1)
    (seen,) = await observed(workflow_target(asks, reviewers=reviewers), Case("a", None, True))

    assert seen.flow is not None
    assert (seen.flow.ending, seen.flow.cycle_seconds, seen.human_minutes) == ("waiting", 2 * HOUR, 0.0)
    assert (seen.answered, seen.doubt) == (False, "asked")


async def test_an_event_that_nobody_sends_leaves_the_run_waiting() -> None:
    @workflow(version=1)
    async def paid(run: Run) -> int:
        return await run.event("paid", int)

    (seen,) = await observed(workflow_target(paid), Case("a", None, 1))

    assert seen.flow is not None
    assert (seen.flow.ending, seen.doubt, seen.reason) == ("waiting", "waiting", "waits for event:paid")


async def test_a_run_that_never_ends_is_left_at_the_horizon() -> None:
    @workflow(version=1)
    async def forever(run: Run) -> int:
        while True:
            await run.sleep(timedelta(days=1))

    target = workflow_target(forever, simulation=Simulation(horizon=timedelta(days=20)))
    (seen,) = await observed(target, Case("a", None, 1))

    assert seen.flow is not None
    assert (seen.flow.ending, len(seen.flow.steps)) == ("waiting", 20)
    assert seen.reason == "waits for sleep#20"


async def test_a_step_that_is_between_attempts_at_the_horizon_is_left_there() -> None:
    @action(retry=Retry(attempts=9, first_seconds=1e6, max_seconds=1e6))
    async def broken() -> None:
        raise ConnectionError("away")

    @workflow(version=1)
    async def stubborn(run: Run) -> None:
        await run.step(broken)

    target = workflow_target(stubborn, simulation=Simulation(horizon=timedelta(microseconds=1)))
    first, second = await observed(target, Case("a", None), Case("b", None))

    assert first.flow is not None
    assert (first.flow.ending, first.doubt, first.reason) == ("waiting", "waiting", "it is still at work")
    assert second.flow == first.flow


@pytest.mark.dear
async def test_every_case_begins_at_the_same_moment_whatever_came_before() -> None:
    @workflow(version=1)
    async def when(run: Run) -> datetime:
        begun = await run.now()
        await run.sleep(timedelta(days=3))
        await run.ask("Go on?", bool)
        return begun

    reviewers = Reviewers(lambda _item, _case: True, minutes=1, delay_minutes=1)
    cases = [Case(name, None, None) for name in "abcdef"]
    one = await observed(workflow_target(when, reviewers=reviewers), *cases)
    together = await observed(workflow_target(when, reviewers=reviewers), *cases, at_once=3)
    in_june = Simulation(start=datetime(2027, 6, 1, tzinfo=UTC))
    later = await observed(workflow_target(when, simulation=in_june), cases[0])

    assert {seen.output for seen in (*one, *together)} == {Simulation().start}
    assert {seen.flow.cycle_seconds for seen in (*one, *together) if seen.flow} == {3 * 24 * HOUR + 120.0}
    assert later[0].flow is not None
    assert later[0].flow.cycle_seconds == 3 * 24 * HOUR


async def test_limits_space_the_steps_of_a_run_in_simulated_time() -> None:
    @action(limit="slow")
    async def call(number: int) -> int:
        return number

    @workflow(version=1)
    async def calls(run: Run) -> tuple[int, ...]:
        return await run.all(*[run.step(call, number) for number in range(4)])

    target = workflow_target(calls, simulation=Simulation(limits={"slow": Limit(per_second=0.1)}))
    first, second = await observed(target, Case("a", None, None), Case("b", None, None))

    assert first.flow is not None
    assert first.flow.cycle_seconds == 30.0
    assert second.flow is not None
    assert second.flow.cycle_seconds == 30.0


class Slow(ScriptedModel):
    """Takes real time, longer than a lane takes to look whether it waits for its clock."""

    at_once = 0
    most_at_once = 0

    async def answer(self, request: ModelRequest) -> Any:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.15)
        self.at_once -= 1
        return await super().answer(request)


@pytest.mark.dear
async def test_a_time_limit_does_not_cut_real_work_short() -> None:
    @action(timeout_seconds=1.0, deadline_seconds=2.0)
    async def fetch(text: str) -> str:
        await asyncio.sleep(0.15)
        return text

    @action(timeout_seconds=1.0)
    def read(text: str) -> str:
        time.sleep(0.15)
        return text

    triage = routing(Slow(sure))

    @workflow(version=1, deadline_seconds=5.0)
    async def limited(run: Run, ticket: Ticket) -> str:
        fetched, done = await run.all(run.step(fetch, ticket.text), run.step(read, ticket.text))
        return await run.child(triage, Ticket(text=fetched + done))

    (seen,) = await observed(workflow_target(limited), Case("a", Ticket(text="sure"), "access"))

    assert (seen.output, seen.accepted) == ("access", True)
    assert seen.flow is not None
    assert seen.flow.cycle_seconds == 0.0


async def test_a_deadline_between_attempts_passes_on_the_simulated_clock() -> None:
    @action(retry=Retry(attempts=50, first_seconds=1000, max_seconds=1000), deadline_seconds=3600)
    async def broken(text: str) -> str:
        raise ConnectionError(text)

    @workflow(version=1)
    async def limited(run: Run, ticket: Ticket) -> str:
        return await run.step(broken, ticket.text)

    (seen,) = await observed(workflow_target(limited), Case("a", Ticket(text="x"), "x"))

    assert (seen.doubt, "took longer than 3600 s" in seen.reason) == ("failed", True)
    assert seen.flow is not None
    assert seen.flow.cycle_seconds == HOUR


@pytest.mark.dear
async def test_cases_side_by_side_share_no_clock_and_wait_together() -> None:
    model = Slow(sure)
    cases = [Case(f"c{number}", Ticket(text="?"), "billing") for number in range(10)]
    seen = await observed(workflow_target(routing(model), reviewers=truthful()), *cases, at_once=10)

    assert {each.output for each in seen} == {"billing"}
    assert {each.flow.cycle_seconds for each in seen if each.flow} == {32 * 60.0}
    assert model.most_at_once == 10
