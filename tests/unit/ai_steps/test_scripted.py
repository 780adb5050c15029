import pytest

from handrail import ScriptedModel
from handrail_ai_steps.errors import ModelNotReady
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.teams import route


async def test_script_can_be_a_mapping_by_input() -> None:
    step = route(ScriptedModel({"where is my card": "cards", "who paid": "fraud"}))

    outcome = await step("who paid")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "fraud"
    with pytest.raises(ModelNotReady, match="'unheard of'"):
        await step("unheard of")


async def test_script_can_be_a_function_of_the_request() -> None:
    step = route(ScriptedModel(lambda request: "cards" if "card" in request.text else "billing"))

    outcome = await step("my card")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "cards"


async def test_confidence_of_the_script_holds_for_plain_answers() -> None:
    outcome = await route(ScriptedModel(["cards"], confidence=0.3))("x")

    assert outcome.confidence.value == 0.3


async def test_answer_that_does_not_fit_ends_as_invalid() -> None:
    outcome = await route(ScriptedModel(["sales"]))("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.code, outcome.suggestion) == ("invalid", None)
