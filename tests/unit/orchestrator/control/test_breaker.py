"""A system that is down: runs that need it wait, one tries, and when it is back all go on."""

from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Retry, Run, StepFailed, action, workflow
from handrail.orchestrator import Breaker, InvalidWorkflow
from handrail.testing import FakeClock
from tests.unit.orchestrator.control.flows import until

calls: list[str] = []
answers: list[BaseException | None] = [None]
"""What the system does: the last entry for all calls to come."""


class NoSuchCustomerError(Exception):
    """What a 404 is made into."""


def ask_crm(name: str) -> str:
    calls.append(name)
    if (error := answers[-1]) is not None:
        raise error
    return name


@action(system="crm")
async def once(name: str) -> str:
    return ask_crm(name)


@action(system="crm", retry=Retry(attempts=2, first_seconds=0.001, max_seconds=0.001), deadline_seconds=60)
async def twice(name: str) -> str:
    return ask_crm(name)


@workflow(version=1)
async def plain(run: Run, name: str) -> str:
    return await run.step(once, name)


@workflow(version=1, deadline_seconds=100)
async def patient(run: Run, name: str) -> str:
    return await run.step(twice, name)


@pytest.fixture(autouse=True)
def _anew() -> None:
    calls.clear()
    answers[:] = [None]


async def moved(orchestrator: Orchestrator, clock: FakeClock, seconds: float) -> None:
    """Let so much time pass, and all that comes of it happen."""
    await orchestrator.settled()
    clock.move_to(clock.now() + seconds)
    await orchestrator.settled()


DOWN = ConnectionRefusedError("nobody there")


async def test_runs_wait_instead_of_failing_and_go_on_when_one_of_them_gets_through() -> None:
    clock = FakeClock()
    systems = {"crm": Breaker(failures=3, probe_after_seconds=30, release_per_second=1)}
    async with Orchestrator("sqlite:///:memory:", workflows=[plain], systems=systems, clock=clock) as orchestrator:
        answers.append(DOWN)
        failed = [await orchestrator.start(plain, f"f{n}") for n in range(2)]
        for each in failed:
            with pytest.raises(StepFailed, match="nobody there"):
                await each.result()
        held = [await orchestrator.start(plain, f"h{n}") for n in range(5)]
        await orchestrator.settled()
        assert calls == ["f0", "f1", "h0"]
        (down,) = orchestrator.health().down
        assert str(down) == "system crm is down (3 times ConnectionRefusedError in a row): 5 runs wait"
        (wait,) = orchestrator.waits([orchestrator.run(held[1].id).key])
        assert (wait.step, wait.system) == ("once", "crm")
        await moved(orchestrator, clock, 30)
        await orchestrator.settled()
        assert calls == ["f0", "f1", "h0", "h0"]  # one tries, for all
        answers.append(None)
        await moved(orchestrator, clock, 30)
        await orchestrator.settled()
        assert calls[4:] == ["h1", "h2"]  # another one tries than before
        assert orchestrator.down() == []
        await moved(orchestrator, clock, 1)
        await orchestrator.settled()
        assert calls[6:] == ["h3"]
        await moved(orchestrator, clock, 10)
        assert [await each.result() for each in held] == [f"h{n}" for n in range(5)]
        assert sorted(calls[4:]) == ["h0", "h1", "h2", "h3", "h4"]  # each once
        steps = [orchestrator.steps(each.id) for each in held]
        assert {step.status for (step,) in steps} == {"done"}


async def test_what_waits_uses_up_neither_its_tries_nor_its_deadlines() -> None:
    clock = FakeClock()
    systems = {"crm": Breaker(failures=2, probe_after_seconds=500)}
    async with Orchestrator("sqlite:///:memory:", workflows=[patient], systems=systems, clock=clock) as orchestrator:
        answers.append(DOWN)
        handle = await orchestrator.start(patient, "a")
        await moved(orchestrator, clock, 1)
        assert len(calls) == 2  # the first try has failed; the second found out that the system is down
        for _ in range(3):
            await moved(orchestrator, clock, 501)
        assert len(calls) == 5
        answers.append(None)
        await moved(orchestrator, clock, 501)
        assert await handle.result() == "a"
        (step,) = orchestrator.steps(handle.id)
        assert (step.attempt, step.status) == (6, "done")


async def test_a_failure_after_the_wait_is_counted_with_those_before_it() -> None:
    clock = FakeClock()
    systems = {"crm": Breaker(failures=2, probe_after_seconds=500, but=(NoSuchCustomerError,))}
    async with Orchestrator("sqlite:///:memory:", workflows=[patient], systems=systems, clock=clock) as orchestrator:
        answers.append(DOWN)
        handle = await orchestrator.start(patient, "a")
        await moved(orchestrator, clock, 1)
        answers.append(NoSuchCustomerError("404"))
        await moved(orchestrator, clock, 501)
        with pytest.raises(StepFailed, match="404"):  # two tries: the first, and this one
            await handle.result()
        assert (len(calls), orchestrator.down()) == (3, [])


async def test_what_the_system_refuses_is_an_answer() -> None:
    breaker = Breaker(failures=2, but=(NoSuchCustomerError,))
    async with Orchestrator("sqlite:///:memory:", workflows=[plain], systems={"crm": breaker}) as orchestrator:
        for error in (DOWN, NoSuchCustomerError("404"), DOWN, NoSuchCustomerError("404"), NoSuchCustomerError("404")):
            answers.append(error)
            with pytest.raises(StepFailed):
                await (await orchestrator.start(plain, "a")).result()
        assert orchestrator.down() == []


async def test_an_answer_between_two_failures_counts_in_whatever_process_it_comes(tmp_path: Path) -> None:
    store, systems = f"sqlite:///{tmp_path}/runs.db", {"crm": Breaker(failures=2)}
    async with (
        Orchestrator(store, workflows=[plain], systems=systems) as one,
        Orchestrator(store, workflows=[plain], systems=systems) as two,
    ):
        answers.append(DOWN)
        with pytest.raises(StepFailed):
            await (await one.start(plain, "a")).result()
        await two.engine.worker.look()
        answers.append(None)
        assert await (await two.start(plain, "b")).result() == "b"
        answers.append(DOWN)
        with pytest.raises(StepFailed):
            await (await one.start(plain, "c")).result()
        assert one.down() == []
        held = await two.start(plain, "d")
        await until(lambda: bool(one.down()))
        answers.append(None)
        async with Client(store) as client:
            assert await client.probe("crm", by="ann")
        assert await held.result() == "d"
        assert not await one.probe("crm")


async def test_a_system_without_a_breaker_fails_the_step_with_what_to_give() -> None:
    async with Orchestrator("sqlite:///:memory:", workflows=[plain], systems={"erp": Breaker()}) as orchestrator:
        handle = await orchestrator.start(plain, "a")
        answers.append(DOWN)
        with pytest.raises(StepFailed, match=r"needs system 'crm'; this orchestrator has: erp"):
            await handle.result()


@pytest.mark.parametrize(
    "given",
    [
        {"failures": 0}, {"failures": True}, {"failures": 1.5}, {"probe_after_seconds": 0},
        {"probe_after_seconds": float("inf")}, {"release_per_second": -1}, {"on": OSError}, {"but": ("OSError",)},
    ],
)  # fmt: skip
def test_a_breaker_needs_numbers_above_zero_and_exceptions(given: dict[str, object]) -> None:
    with pytest.raises(InvalidWorkflow, match="Breaker"):
        Breaker(**given)  # type: ignore[arg-type]  # whatever somebody writes
