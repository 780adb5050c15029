import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from handrail import Says, ScriptedModel
from handrail.ai_steps import Failed, ModelRequest
from handrail_ai_steps.errors import AIStepError, InvalidInput
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.teams import route


def sure_of_cards(request: ModelRequest) -> Any:
    return Says("cards", 0.9 if "card" in request.text else 0.1)


async def test_every_item_has_its_outcome_in_order_whatever_the_others_do() -> None:
    items: list[Any] = ["card one", object(), "other", "card two"]

    outcomes = await route(ScriptedModel(sure_of_cards)).map(items)

    assert [type(outcome) for outcome in outcomes] == [Accepted, Failed, Doubtful, Accepted]
    assert isinstance(outcomes[1], Failed)
    assert isinstance(outcomes[1].error, InvalidInput)
    assert [o.judgement.source for o in outcomes if not isinstance(o, Failed)] == ["card one", "other", "card two"]


async def test_no_more_than_so_many_run_at_a_time() -> None:
    running = most = 0

    class Busy(ScriptedModel):
        async def answer(self, request: ModelRequest) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1
            return await super().answer(request)

    outcomes = await route(Busy(sure_of_cards)).map([f"card {n}" for n in range(40)], concurrency=7)

    assert len(outcomes) == 40
    assert most == 7


async def test_tuples_are_the_values_of_one_call() -> None:
    model = ScriptedModel(sure_of_cards)

    await route(model).map([("card", "gold")])

    assert model.requests[0].text == "<input-1>\ncard\n</input-1>\n<input-2>\ngold\n</input-2>"


async def test_items_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[str]:
        for number in range(100):
            taken.append(number)
            yield "card"

    class Never:
        name = "never"

        async def answer(self, _: ModelRequest) -> Any:
            await asyncio.sleep(3600)

    waiting = asyncio.create_task(route(Never()).map(items(), concurrency=3))
    while len(taken) < 3:  # noqa: ASYNC110 -- what is waited for has no event
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(taken) == 3


async def test_no_items_are_no_outcomes() -> None:
    assert await route(ScriptedModel([])).map([]) == []


async def test_concurrency_below_one_is_refused() -> None:
    with pytest.raises(AIStepError, match="1 or more"):
        await route(ScriptedModel([])).map(["x"], concurrency=0)


async def test_progress_is_shown_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    outcomes = await route(ScriptedModel(sure_of_cards)).map(["card"] * 3, progress=True)

    assert len(outcomes) == 3
    shown = capsys.readouterr()
    assert ("route" in shown.err, shown.out) == (True, "")  # what a command prints may be piped on
