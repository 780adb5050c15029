"""Limits by name: how many bodies at once, and how many in a second, whatever the clock does."""

import asyncio
from collections.abc import Callable

import pytest

from handrail import Accepted, Limit, Orchestrator, Run, Says, ScriptedModel, StepFailed, action, draft, workflow
from handrail.guards import Always
from handrail.orchestrator import InvalidWorkflow, Limited
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Judgement
from handrail_orchestrator import limits as limits_module
from handrail_orchestrator.embedded.library import Library
from handrail_orchestrator.judge import LimitedJudge
from handrail_orchestrator.limits import Limiter, Limiters
from handrail_orchestrator.testing import FakeClock

at_once: list[int] = [0]
"""How many bodies were executed at once, after each began or ended."""


@action(limit="crm")
async def slow(n: int) -> int:
    at_once.append(at_once[-1] + 1)
    await asyncio.sleep(0.01)
    at_once.append(at_once[-1] - 1)
    return n


@action(limit="crm")
async def other(n: int) -> int:
    return await slow(n)


@workflow(version=1)
async def ask_twice(run: Run, n: int) -> int:
    return sum(await run.all(run.step(slow, n), run.step(other, n)))


async def test_steps_that_share_a_limit_are_never_more_at_once() -> None:
    at_once[:] = [0]
    limits = {"crm": Limit(concurrent=3)}
    async with Orchestrator("sqlite:///:memory:", workflows=[ask_twice], limits=limits) as orchestrator:
        await orchestrator.start_many(ask_twice, [(None, n) for n in range(10)])
        await orchestrator.idle()
        assert orchestrator.counts() == {("ask_twice", 1, "completed"): 10}
    assert max(at_once) == 3
    assert at_once[-1] == 0


async def test_a_limit_that_was_not_given_fails_the_step_with_what_to_give() -> None:
    limits = {"mail": Limit(concurrent=1)}
    async with Orchestrator("sqlite:///:memory:", workflows=[ask_twice], limits=limits) as orchestrator:
        handle = await orchestrator.start(ask_twice, 1)
        with pytest.raises(StepFailed, match=r"asks for limit 'crm'; this orchestrator has: mail"):
            await handle.result()


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"concurrent": 0},
        {"per_second": 0.0},
        {"concurrent": 1, "per_second": -1.0},
        {"concurrent": float("nan")},
        {"concurrent": 1.5},
        {"per_second": float("nan")},
        {"per_second": float("inf")},
    ],
)
def test_a_limit_needs_numbers_above_zero(numbers: dict[str, float]) -> None:
    with pytest.raises(InvalidWorkflow, match="Limit"):
        Limit(**numbers)  # type: ignore[arg-type]  # whatever somebody writes


class Starts:
    """Bodies behind a limiter on a fake clock: when each began."""

    def __init__(self, limit: Limit) -> None:
        self.clock = FakeClock()
        self.begun: list[float] = []
        self._zero = self.clock.now()
        self._limiter = Limiter(limit, self.clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def add(self, count: int) -> None:
        self._tasks += [asyncio.create_task(self._body()) for _ in range(count)]
        await _turn()

    async def _body(self) -> None:
        async with self._limiter:
            self.begun.append(self.clock.now() - self._zero)

    async def pass_time(self, seconds: float, step: float = 0.05) -> None:
        for _ in range(round(seconds / step)):
            self.clock.move_to(self.clock.now() + step)
            await _turn()

    async def cancel_last(self) -> None:
        self._tasks.pop().cancel()
        await _turn()

    async def end(self) -> None:
        await asyncio.gather(*self._tasks)


async def _turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_bodies_begin_evenly_spaced() -> None:
    starts = Starts(Limit(per_second=2))
    await starts.add(4)
    assert len(starts.begun) == 1
    await starts.pass_time(1.6)
    assert starts.begun == pytest.approx([0, 0.5, 1, 1.5], abs=0.06)
    await starts.end()


async def test_after_a_pause_nothing_is_made_up_for() -> None:
    starts = Starts(Limit(per_second=2))
    await starts.add(1)
    await starts.pass_time(10)
    await starts.add(3)
    assert len(starts.begun) == 2
    await starts.pass_time(1.1)
    assert starts.begun[1:] == pytest.approx([10, 10.5, 11], abs=0.06)
    await starts.end()


async def test_a_clock_set_back_delays_nobody_for_longer_than_their_turn() -> None:
    starts = Starts(Limit(per_second=2))
    await starts.add(2)
    await starts.pass_time(1)
    starts.clock.move_to(starts.clock.now() - 3600)
    begun_before = len(starts.begun)
    await starts.add(2)
    await starts.pass_time(1.1)
    assert len(starts.begun) == begun_before + 2
    await starts.end()


async def test_a_body_that_is_given_up_while_it_waits_leaves_its_place() -> None:
    starts = Starts(Limit(concurrent=1, per_second=2))
    await starts.add(2)
    await starts.cancel_last()
    await starts.add(1)
    await starts.pass_time(1.1)
    assert len(starts.begun) == 2
    await starts.end()


inside: dict[str, list[int]] = {}


@action(limit=Limited("crm", key=lambda customer, _n: customer))
async def of_customer(customer: str, _n: int) -> int:
    counts = inside.setdefault(customer, [0])
    counts.append(counts[-1] + 1)
    await asyncio.sleep(0.005)
    counts.append(counts[-1] - 1)
    return _n


@workflow(version=1)
async def for_two(run: Run, n: int) -> int:
    return await run.step(of_customer, "ab"[n % 2], n)


@pytest.mark.parametrize("shared", [False, True])
async def test_each_key_has_a_limit_of_its_own(*, shared: bool) -> None:
    inside.clear()
    limits = {"crm": Limit(concurrent=2, shared=shared)}
    async with Orchestrator("sqlite:///:memory:", workflows=[for_two], limits=limits) as orchestrator:
        await orchestrator.start_many(for_two, [(None, n) for n in range(16)])
        await orchestrator.idle()
        assert orchestrator.counts() == {("for_two", 1, "completed"): 16}
    assert {customer: (max(counts), counts[-1]) for customer, counts in inside.items()} == {"a": (2, 0), "b": (2, 0)}


async def key_later(n: int) -> str:
    return str(n)


@pytest.mark.parametrize("key", [key_later, lambda _: object(), lambda n: (each for each in [n]), lambda _: [].append])
async def test_a_key_that_no_text_tells_apart_is_refused(key: Callable[[int], object]) -> None:
    @action(limit=Limited("crm", key=key))
    async def asks(n: int) -> int:
        return n

    @workflow(version=1)
    async def flow(run: Run, n: int) -> int:
        return await run.step(asks, n)

    limits = {"crm": Limit(concurrent=1)}
    async with Orchestrator("sqlite:///:memory:", workflows=[flow], limits=limits) as orchestrator:
        with pytest.raises(StepFailed, match="differs from call to call"):
            await (await orchestrator.start(flow, 1)).result()


class Judge:
    name = "judge"
    output_type = bool
    limit = "gpu"

    async def __call__(self, n: int) -> Accepted[bool]:
        at_once.append(at_once[-1] + 1)
        await asyncio.sleep(0.005)
        at_once.append(at_once[-1] - 1)
        return Accepted(value=n > 0, judgement=Judgement(confidence=Confidence(1.0, "rule")))


@workflow(version=1)
async def judged(run: Run, n: int) -> bool:
    return await run.decide(Judge(), n)


async def test_a_judge_passes_the_limit_that_it_names() -> None:
    at_once[:] = [0]
    limits = {"gpu": Limit(concurrent=2, shared=True)}
    async with Orchestrator("sqlite:///:memory:", workflows=[judged], limits=limits) as orchestrator:
        await orchestrator.start_many(judged, [(None, n) for n in range(8)])
        await orchestrator.idle()
        assert orchestrator.counts() == {("judged", 1, "completed"): 8}
    assert (max(at_once), at_once[-1]) == (2, 0)


async def test_limiters_of_keys_that_nobody_needs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "MOST_KEYS", 10)
    limiters = Limiters({"crm": Limit(concurrent=1)}, FakeClock())
    by_number = Limited("crm", key=lambda n: n)
    busy = limiters.of(by_number, (0,), {}, step="s")
    async with busy:
        for n in range(1, 100):
            async with limiters.of(by_number, (n,), {}, step="s"):
                pass
        assert limiters.of(by_number, (0,), {}, step="s") is busy
    assert len(limiters._limiters) <= 11  # noqa: SLF001 -- what must not grow


@pytest.mark.parametrize(("name", "key"), [("", str), ("crm", 3)])
def test_a_limit_by_key_needs_a_name_and_a_function(name: str, key: object) -> None:
    with pytest.raises(InvalidWorkflow, match="give a limit's name, and a function"):
        Limited(name, key=key)  # type: ignore[arg-type]  # whatever somebody writes


def test_an_ai_step_names_a_limit_that_its_runs_pass() -> None:
    route = draft("reply", str, "Write.", models=ScriptedModel(lambda _: Says("Hi")), accept=Always(), limit="gpu")
    assert isinstance(route, LimitedJudge)
    assert Library().judge(route).step.policy.limit == "gpu"
    with pytest.raises(InvalidTask, match="limit is 3; give the name of a limit"):
        draft("reply", str, "Write.", models=ScriptedModel(lambda _: Says("Hi")), accept=Always(), limit=3)  # type: ignore[arg-type]
