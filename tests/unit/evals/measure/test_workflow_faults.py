"""What goes wrong in a run is a result; what goes wrong in measuring it is an error; neither leaves anything behind."""

import asyncio
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Accepted, Doubtful, Run, ScriptedModel, action, step_context, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import ReviewError
from handrail_ai_steps.errors import ModelNotReady, RecordingMissing
from handrail_evals.errors import InvalidCase, InvalidSuite
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers, Simulation, Truth
from tests.unit.evals.measure.workflow_cases import Offer, Ticket, negotiation, observed, routing, steps, sure


async def test_a_failed_run_is_a_result_and_names_the_step() -> None:
    @action
    def book(text: str) -> str:
        raise ValueError(f"no account for {text}")

    @workflow(version=1)
    async def booking(run: Run, ticket: Ticket) -> str:
        return await run.step(book, ticket.text)

    (seen,) = await observed(workflow_target(booking), Case("a", Ticket(text="x"), "x"))

    assert seen.flow is not None
    assert (seen.flow.ending, seen.answered, seen.accepted, seen.doubt) == ("failed", False, False, "failed")
    assert "no account for x" in seen.reason
    assert steps(seen)["book"].error == "ValueError: no account for x"
    assert steps(seen)["book"].output is None


async def test_doubles_stand_in_for_actions_and_keep_their_policy() -> None:
    real: list[str] = []
    doubled: list[int] = []

    def send(price: int) -> None:
        doubled.append(price)
        if len(doubled) < 2:
            raise ConnectionError("once")

    reviewers = Reviewers(lambda _item, _case: True, minutes=1, delay_minutes=1)
    target = workflow_target(negotiation(real), reviewers=reviewers, actions={"send": send})
    (seen,) = await observed(target, Case("n", Offer(price=70), 70))

    assert (seen.output, real, doubled) == (70, [], [70, 70])


async def test_an_action_without_a_double_is_not_executed() -> None:
    real: list[str] = []
    reviewers = Reviewers(lambda _item, _case: True, minutes=1, delay_minutes=1)
    target = workflow_target(negotiation(real), reviewers=reviewers, actions={})

    with pytest.raises(InvalidSuite, match="action 'send' has no double"):
        await observed(target, Case("n", Offer(price=70), 70))
    assert real == []


async def test_a_recording_without_the_answer_is_an_error_and_no_failed_run(tmp_path: Path) -> None:
    recording = tmp_path / "route.jsonl"
    live = workflow_target(routing(ScriptedModel(sure)))
    known = Case("a", Ticket(text="sure"), "access")
    await observed(live.from_recording(recording, record=True), known)

    silent = workflow_target(routing(ScriptedModel([]))).from_recording(recording, record=False)
    (seen,) = await observed(silent, known)
    assert (seen.output, seen.accepted, seen.confidence) == ("access", True, 0.9)
    with pytest.raises(RecordingMissing, match="step 'route' and input 'other'"):
        await observed(silent, Case("b", Ticket(text="other"), "access"))


async def test_a_model_without_an_answer_to_give_is_an_error_and_no_failed_run(tmp_path: Path) -> None:
    case = Case("a", Ticket(text="?"), "access")

    with pytest.raises(ModelNotReady, match="script"):
        await observed(workflow_target(routing(ScriptedModel([]))), case)
    with pytest.raises(ModelNotReady, match="no recording"):
        await observed(
            workflow_target(routing(ScriptedModel([]))).from_recording(tmp_path / "none.jsonl", record=False), case
        )


class Coin:
    """A judge that is no AI step, as tests write them."""

    name = "coin"
    kind: Literal["ai"] = "ai"
    output_type: Any = bool

    async def __call__(self, text: str) -> Accepted[bool] | Doubtful[bool]:
        return Accepted(text == "heads", Judgement(confidence=Confidence(1.0, "rule")))


async def test_a_judge_without_models_is_not_replaced_by_a_recording(tmp_path: Path) -> None:
    coin = Coin()

    @workflow(version=1)
    async def toss(run: Run, text: str) -> bool:
        return await run.decide(coin, text)

    target = workflow_target(toss).from_recording(tmp_path / "none.jsonl", record=False)
    (seen,) = await observed(target, Case("a", "heads", expected=True))

    assert (seen.output, seen.source) == (True, "rule")


async def test_a_script_that_does_not_know_names_the_case_and_the_step() -> None:
    target = workflow_target(routing(ScriptedModel(sure)), reviewers=Reviewers(Truth(), minutes=1, delay_minutes=1))

    with pytest.raises(InvalidCase, match=r"c.jsonl, line 2, case 'a': it does not say what is right for step 'route'"):
        await observed(target, Case("a", Ticket(text="?"), "billing", where="c.jsonl, line 2"))


async def test_an_answer_that_does_not_fit_names_the_case() -> None:
    reviewers = Reviewers(lambda _item, _case: "legal", minutes=1, delay_minutes=1)

    with pytest.raises(ReviewError, match=r"case 'a', step 'route/review': .*legal"):
        await observed(workflow_target(routing(ScriptedModel(sure)), reviewers=reviewers), Case("a", Ticket(text="?")))


@pytest.mark.slow
async def test_a_run_that_is_asked_again_and_again_is_an_error_that_says_so() -> None:
    reviewers = Reviewers(lambda _item, _case: False, minutes=0, delay_minutes=0)
    target = workflow_target(negotiation([]), reviewers=reviewers, simulation=Simulation(horizon=timedelta(days=9000)))

    with pytest.raises(InvalidCase, match=r"case 'n': its run waited 500 times and goes on"):
        await observed(target, Case("n", Offer(price=100)))


async def test_a_case_that_is_cancelled_stops_its_work_and_leaves_no_task() -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    others = set(threading.enumerate())

    @action
    async def endless() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    @workflow(version=1)
    async def hangs(run: Run) -> None:
        await run.step(endless)

    async with workflow_target(hangs).opened(2) as observe:
        observing = asyncio.ensure_future(observe(Case("a", None)))
        await begun.wait()
        observing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await observing
        assert stopped.is_set()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    for thread in set(threading.enumerate()) - others:
        if thread.name.startswith("handrail-"):
            thread.join(60)  # it has said that it ends
            assert not thread.is_alive(), thread.name


async def test_a_thread_whose_case_is_cancelled_is_asked_to_stop() -> None:
    begun, seen = threading.Event(), threading.Event()

    @action
    def polls() -> None:
        context = step_context()
        begun.set()
        while not context.cancelled:
            time.sleep(0.005)
        seen.set()

    @workflow(version=1)
    async def hangs(run: Run) -> None:
        await run.step(polls)

    async with workflow_target(hangs).opened(1) as observe:
        observing = asyncio.ensure_future(observe(Case("a", None)))
        assert await asyncio.to_thread(begun.wait, 60)
        observing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await observing

    assert await asyncio.to_thread(seen.wait, 60)
