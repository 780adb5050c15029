"""What a rollout costs a judgement, and what a challenger beside it costs the run that does not wait for it.

Both kinds of runs have turns on one engine, a slice of each again and again. Whoever rolls something out must look, in
each run, how far it is let loose now: so what stands beside such runs are plain ones and as many looks at the store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal

from bench.figure import Figure, at_most
from bench.pairs import Pairs, async_in_turn
from engine_bench.slices import in_slices
from handrail import Orchestrator, Run, Says, ScriptedModel, Workflow, classify, confidence, workflow
from handrail.ai_steps import AIStep, Answer, ModelRequest, NoAnswer
from handrail.guards import share
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.rollouts import RolloutKey
from operations_bench.amount import Bench

PART = "a step that is rolled out"
SLICES, RUNS_A_SLICE, ALONE = 6, 200, 15
"""Slices for each of the rounds, runs in each, and runs that are executed alone."""
SLOW_SECONDS = 0.5
"""What the slow challenger takes to answer."""

Animal = Literal["cat", "dog"]


class Slow:
    """A challenger that takes its time."""

    name = "slow"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Give no answer, late."""
        del request
        await asyncio.sleep(SLOW_SECONDS)
        return NoAnswer(result="refused", reason="too late to matter")


def step(**more: Any) -> AIStep[Animal]:
    """Return the step that is measured, let loose in every run."""
    model = ScriptedModel(lambda _: Says("cat", confidence=0.95), name="champion")
    return classify("which", Animal, "Which?", models=model, accept=confidence(at_least=0.8), **more)


SIDES: Mapping[str, AIStep[Animal]] = {
    "in every run": step(),
    "rolled out by share": step(rollout=share(1.0)),
    "challenged by a slow model": step(challenger=Slow()),
}


def rollout_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Measure runs of one judgement, each kind in turn beside those of the step that is let loose in every run."""
    slices = SLICES * bench.amount.rollout_rounds
    plain, shared, challenged = SIDES
    spent, _ = asyncio.run(_in_turn(folder / "shared.db", shared, slices))
    yield spent.figure(PART, f"CPU: {shared} ÷ {plain}, slice by slice")
    looked, _ = asyncio.run(_in_turn(folder / "looked.db", shared, slices, looks=True))
    yield looked.figure(PART, f"CPU: {shared} ÷ {plain} and a look at the store for each", at_most(1.33, 1.1))
    beside, alone = asyncio.run(_in_turn(folder / "challenged.db", challenged, slices))
    yield beside.figure(PART, f"CPU: {challenged} ÷ {plain}, slice by slice")
    note = f"the challenger answers after {1000 * SLOW_SECONDS:.0f} ms"
    yield alone.figure(PART, f"one run beside a slow challenger ÷ {plain}", at_most(3.0, 1.5), note=note)


async def _in_turn(file: Path, name: str, slices: int, *, looks: bool = False) -> tuple[Pairs, Pairs]:
    """Return the processor time of a run among many, and how long one alone takes, beside runs of the plain step."""
    sides = [_flow(each, SIDES[each]) for each in (name, next(iter(SIDES)))]

    address = f"sqlite:///{file}"
    async with Orchestrator(address, workflows=sides, durability="process") as orchestrator:
        store, key = open_store(address), RolloutKey(sides[0].name, "which")

        async def some(flow: Workflow[str, str], numbers: range) -> None:
            for handle in await orchestrator.start_many(flow, [(f"run-{number}", "x") for number in numbers]):
                await handle.result()
                if looks and flow is sides[1]:
                    store.rollout(key)

        ours, floor = (partial(some, flow) for flow in sides)
        spent = await in_slices(ours, floor, slices, RUNS_A_SLICE)
        numbers = count(10_000_000)  # beyond those above
        alone = await async_in_turn(partial(_one, ours, numbers), partial(_one, floor, numbers), ALONE)
        store.close()
        return spent, alone


async def _one(run: Callable[[range], Awaitable[None]], numbers: Iterator[int]) -> None:
    number = next(numbers)
    await run(range(number, number + 1))


def _flow(name: str, judged: AIStep[Animal]) -> Workflow[str, str]:
    @workflow(version=1, name=name.replace(" ", "_"))
    async def flow(run: Run, text: str) -> str:
        return await run.decide(judged, text)

    return flow
