"""Data of a user that has the engine's own key, ``$exact``: shown, decided and handed on as what it is."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, confidence, extract, rule, workflow
from handrail.orchestrator import ReviewQuery

Data = dict[str, JsonValue]

LOOKS_MARKED: list[Data] = [
    {"$exact": [5, 6, 7]},
    {"$exact": ["int", 3]},
    {"$exact": ["Charge", {"amount": "1.5"}]},
    {"$exact": {"$exact": ["str", "a"]}},
]


@rule
def same(given: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return given


@workflow(version=1)
async def passing(run: Run, given: dict[str, JsonValue]) -> dict[str, JsonValue]:
    await run.event("more", dict[str, JsonValue])
    return await run.step(same, given)


def reading(answer: Data) -> Any:
    model = ScriptedModel(lambda _: Says(answer, 0.1))
    step: Any = extract(
        "read", dict[str, JsonValue], "Read it.", models=model, accept=confidence(at_least=0.8), guards=()
    )

    @workflow(version=1)
    async def read(run: Run, text: str) -> str:
        return repr(await run.decide(step, text))

    return read


@pytest.mark.parametrize("given", LOOKS_MARKED, ids=str)
async def test_inputs_results_and_events_are_shown_as_the_code_sees_them(tmp_path: Path, given: Data) -> None:
    async with Orchestrator(f"sqlite:///{tmp_path / 's.db'}", workflows=[passing]) as orchestrator:
        handle = await orchestrator.start(passing, given, id="one")
        await orchestrator.send("one", "more", given)
        assert await handle.result() == given
        assert not (await orchestrator.start(passing, given, id="one")).new

        (run,) = orchestrator.runs()
        event, step = orchestrator.steps("one")
        assert (run.input, run.output) == (given, given)
        assert (event.output, step.input, step.output) == (given, {"given": given}, given)


@pytest.mark.parametrize("suggested", LOOKS_MARKED, ids=str)
async def test_deciding_what_is_shown_decides_it(tmp_path: Path, suggested: Data) -> None:
    read = reading(suggested)
    async with Orchestrator(f"sqlite:///{tmp_path / 's.db'}", workflows=[read]) as orchestrator:
        handle = await orchestrator.start(read, "a text", id="one")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert item.suggestion == suggested
        decided = await orchestrator.decide(item.id, item.suggestion, by="ann")
        assert await handle.result() == repr(suggested)

        assert decided.decision == suggested
        assert orchestrator.review(item.id).history[-1].decision == suggested
        assert orchestrator.review(item.id).history[-1].as_json()["data"]["decision"] == suggested


@pytest.mark.parametrize("answer", LOOKS_MARKED, ids=str)
async def test_an_answer_of_a_person_and_a_context_are_plain_data(tmp_path: Path, answer: Data) -> None:
    @workflow(version=1)
    async def asking(run: Run, text: str) -> str:
        return repr(await run.ask(text, dict[str, JsonValue | bytes], context=answer))

    store = f"sqlite:///{tmp_path / 's.db'}"
    async with Orchestrator(store, workflows=[asking]) as orchestrator:
        handle = await orchestrator.start(asking, "which?", id="one")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert item.context == answer
        await orchestrator.decide(item.id, answer, by="ann")
        assert await handle.result() == repr(answer)

    async with Client(store) as client:
        (item,) = client.reviews(ReviewQuery(states=("decided",)))
        assert item.decision == answer
