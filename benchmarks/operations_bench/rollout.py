"""What a rollout costs a judgement, and what a challenger beside it costs the run that does not wait for it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Literal

from bench.figure import TIMES, Figure, at_most, best_figure, median_figure
from handrail import Orchestrator, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.ai_steps import AIStep, Answer, ModelRequest, NoAnswer
from handrail.guards import share
from operations_bench.amount import Bench

PART = "a step that is rolled out"
WARM_UP, ALONE = 200, 10
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
    """Measure runs of one judgement, each side in turn."""
    runs = bench.amount.rollout_runs
    spent: dict[str, list[float]] = {name: [] for name in SIDES}
    delays: dict[str, list[float]] = {name: [] for name in SIDES}
    for number in range(bench.amount.rollout_rounds):
        for name, judged in SIDES.items():
            used, alone = asyncio.run(_measured(folder / f"{number}-{name.replace(' ', '-')}.db", judged, runs))
            spent[name].append(1000 * used / runs)
            delays[name].append(alone)
    plain, shared, challenged = SIDES
    for name in SIDES:
        yield median_figure(PART, f"CPU of a run, {name}", spent[name], "ms")
    dearer = min(spent[shared]) / min(spent[plain])
    yield Figure(PART, f"CPU: {shared} ÷ {plain}, the best rounds", dearer, TIMES, at_most(1.33, 1.1))
    waits = [1000 * each for each in delays[challenged]]
    note = f"the challenger answers after {1000 * SLOW_SECONDS:.0f} ms"
    yield best_figure(PART, "one run beside a slow challenger", waits, "ms", bar=at_most(100.0), note=note)


async def _measured(file: Path, judged: AIStep[Animal], runs: int) -> tuple[float, float]:
    """Return the processor seconds of many runs together, and the seconds of one alone, the median of some."""

    @workflow(version=1, name="which")
    async def flow(run: Run, text: str) -> str:
        return await run.decide(judged, text)

    async with Orchestrator(f"sqlite:///{file}", workflows=[flow], durability="process") as orchestrator:

        async def go(name: str, count: int) -> float:
            began = time.perf_counter()
            for handle in await orchestrator.start_many(flow, [(f"{name}-{n}", "x") for n in range(count)]):
                await handle.result()
            return time.perf_counter() - began

        await go("warm", WARM_UP)
        alone = median([await go(f"alone-{number}", 1) for number in range(ALONE)])
        began = time.process_time()
        await go("run", runs)
        return time.process_time() - began, alone
