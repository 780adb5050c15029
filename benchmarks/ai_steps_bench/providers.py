"""The adapter to any provider beside instructor alone: the same question, the same answer, CPU of this process."""

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import instructor
from pydantic import BaseModel

from bench.figure import TIMES, Figure, at_most, median_figure, ratios
from handrail_ai_steps.model import Answer, ModelRequest
from handrail_ai_steps.models.instructor.model import InstructorModel
from handrail_ai_steps.models.scripted import ScriptedModel

MOST_TIMES_INSTRUCTOR = 1.2


async def figures(
    url: str, seen: Callable[[], list[Any]], question: ModelRequest, shape: type[BaseModel], count: int, rounds: int
) -> list[Figure]:
    """Measure the adapter against a server that answers ``question``; ``seen`` returns what reached it."""
    model = InstructorModel(
        "ollama/stub-1", base_url=url, api_key="none", answers_by="json", confidence="none", samples=1
    )  # fmt: skip
    alone = instructor.from_provider(
        "ollama/stub-1", base_url=url, async_client=True, mode=instructor.Mode.JSON
    )  # fmt: skip
    answer = await model.answer(question)
    if not isinstance(answer, Answer):
        raise SystemExit(f"the adapter does not do its work, so its time says nothing: {answer}")
    messages = seen()[-1]["messages"]

    async def by_itself() -> None:
        await alone.chat.completions.create(messages=messages, response_model=shape, max_retries=0)

    async def adapted() -> None:
        await model.answer(question)

    taken: dict[str, list[float]] = {"instructor": [], "adapter": []}
    for turn in range(rounds + 1):
        for name, call in (("instructor", by_itself), ("adapter", adapted)):
            spent = await _spent(call, count)
            if turn:  # the first warms up
                taken[name].append(spent)
    await model.aclose()
    return [
        median_figure(
            "any provider",
            "the adapter ÷ instructor alone, a call",
            ratios(taken["adapter"], taken["instructor"]),
            TIMES,
            bar=at_most(MOST_TIMES_INSTRUCTOR),
            note=f"{statistics.median(taken['adapter']) * 1e3:.3f} ms CPU",
        )
    ]


async def _spent(call: Callable[[], Awaitable[None]], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        await call()
    return (time.process_time() - started) / count


async def asked(step: Any, text: str) -> ModelRequest:
    """Return what a step asks a model about a text."""
    seen = ScriptedModel(lambda _: None)
    await step.using(seen)(text)
    return seen.requests[0]
