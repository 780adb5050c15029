"""The decisions endpoint: used where the server has it, probed once, and never a reason to fail."""

import asyncio
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from handrail_ai_steps.model import Rejection
from handrail_guards.outcome import Alternative
from tests.stub_server import Stub, completion, decision, error, reply, tokens
from tests.unit.ai_steps.openai.given import MakeModel, Receipt, answered, request_for, unanswered

AT_DECISIONS = {"path": "/decisions"}
CHAT = completion('{"label":"B"}', logprobs=tokens('{"label":"', ("B", {"B": 0.9}), '"}'))


def choice(name: str = "route", **probabilities: float) -> dict[str, Any]:
    best = max(probabilities, key=lambda option: probabilities[option])
    return {
        "type": "choice",
        "name": name,
        "choice": best,
        "confidence": probabilities[best],
        "probabilities": [{"value": option, "probability": each} for option, each in probabilities.items()],
    }


async def test_a_choice_has_a_probability_for_every_option(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(decision(choice(card=0.8, billing=0.15, other=0.01)), when=AT_DECISIONS))
    answer = answered(await make_model().answer(request_for()))
    assert answer.value == "card"
    assert (answer.confidence.value, answer.confidence.source) == (0.8, "decision")
    assert answer.alternatives == (
        Alternative(value="billing", confidence=0.15),
        Alternative(value="other", confidence=0.01),
    )
    assert answer.other_mass == pytest.approx(0.04)
    assert answer.model == "stub-decider"
    assert (answer.attempts[0].input_tokens, answer.attempts[0].output_tokens) == (50, 0)
    (body,) = stub.bodies("/decisions")
    assert body == {
        "model": "stub-1",
        "input": "my card was stolen",
        "questions": [
            {
                "type": "choice",
                "name": "route",
                "instructions": "Which team owns this ticket?",
                "choices": [{"value": "billing"}, {"value": "card"}, {"value": "other"}],
            }
        ],
    }
    assert not stub.bodies("/chat/completions")


@pytest.mark.parametrize(("probability", "confidence"), [(0.9, 0.9), (0.3, 0.7)])
async def test_yes_or_no_is_asked_as_a_predicate(
    stub: Stub,
    make_model: MakeModel,
    probability: float,
    confidence: float,
) -> None:
    answer = {"type": "predicate", "name": "route", "probability": probability}
    stub.play(reply(decision(answer), when=AT_DECISIONS))
    got = answered(await make_model().answer(request_for(bool)))
    assert got.value is (probability > 0.5)
    assert got.confidence.value == pytest.approx(confidence)
    assert stub.bodies("/decisions")[0]["questions"][0]["type"] == "predicate"


class Assessment(BaseModel):
    """A form made of closed questions."""

    urgent: bool = Field(description="Does the customer need an answer today?")
    tone: Literal["angry", "calm"]
    severity: Annotated[int, Field(ge=1, le=3)]


async def test_a_form_of_closed_fields_is_asked_as_typed_questions(stub: Stub, make_model: MakeModel) -> None:
    levels = [{"label": str(level), "value": level, "probability": p} for level, p in ((1, 0.1), (2, 0.6), (3, 0.3))]
    stub.play(
        reply(
            decision(
                {"type": "predicate", "name": "urgent", "probability": 0.95},
                choice("tone", angry=0.7, calm=0.3),
                {"type": "score", "name": "severity", "score": 2.2, "confidence": 0.6, "probabilities": levels},
            ),
            when=AT_DECISIONS,
        )
    )
    answer = answered(await make_model().answer(request_for(Assessment)))
    assert answer.value == Assessment(urgent=True, tone="angry", severity=2)
    assert {path: each.value for path, each in answer.fields.items()} == {"urgent": 0.95, "tone": 0.7, "severity": 0.6}
    assert answer.confidence.value == 0.6
    asked = stub.bodies("/decisions")[0]["questions"]
    assert [each["type"] for each in asked] == ["predicate", "choice", "score"]
    assert "answer today" in asked[0]["instructions"]
    assert asked[2]["levels"] == [{"label": "1"}, {"label": "2"}, {"label": "3"}]


async def test_a_declined_question_is_a_refusal(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(decision({"type": "refusal", "name": "route"}), when=AT_DECISIONS), reply(CHAT))
    outcome = unanswered(await make_model().answer(request_for()))
    assert outcome.result == "refused"
    assert "declined to decide: route" in outcome.reason
    assert [attempt.result for attempt in outcome.attempts] == ["refused"]


async def test_a_server_without_the_endpoint_is_probed_once(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(CHAT, delay=0.02))
    model = make_model()
    answers = await asyncio.gather(*(model.answer(request_for()) for _ in range(5)))
    assert {answered(each).confidence.source for each in answers} == {"logprob"}
    assert len(stub.requests("/decisions")) == 1


@pytest.mark.parametrize(
    "played",
    [
        reply(error("this model does not support decisions"), status=400, when=AT_DECISIONS),
        reply("<html>hello</html>", when=AT_DECISIONS),
        reply({"answers": []}, when=AT_DECISIONS),
        reply({"answers": [{"type": "choice"}]}, when=AT_DECISIONS),
        reply(decision(choice(elsewhere=1.0)), when=AT_DECISIONS),
        reply(decision(choice(card=1.7)), when=AT_DECISIONS),
        reply(decision({"type": "predicate", "name": "route", "probability": 0.5}), when=AT_DECISIONS),
        reply(["not", "an", "object"], when=AT_DECISIONS, trap="drop_midway"),
    ],
)
async def test_an_endpoint_that_is_something_else_leaves_the_chat(
    stub: Stub, make_model: MakeModel, played: dict[str, Any]
) -> None:
    stub.play(played, reply(CHAT))
    answer = answered(await make_model().answer(request_for()))
    assert (answer.value, answer.confidence.source) == ("card", "logprob")


async def test_an_outage_of_the_endpoint_is_recorded_and_says_nothing_about_it(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(reply(error("busy"), status=503, when=AT_DECISIONS), reply(CHAT))
    model = make_model()
    answer = answered(await model.answer(request_for()))
    assert [attempt.result for attempt in answer.attempts] == ["failed", "answered"]
    assert "decisions endpoint" in answer.attempts[0].notes[0]
    answered(await model.answer(request_for()))
    assert len(stub.requests("/decisions")) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"output_type": Receipt},
        {"rejections": (Rejection(answer="card", reason="no"),)},
        {"wants_confidence": False},
    ],
)
async def test_what_the_endpoint_cannot_take_is_not_sent_there(
    stub: Stub, make_model: MakeModel, changes: dict[str, Any]
) -> None:
    text = '{"company":"A","total":1.0}' if "output_type" in changes else '{"label":"card"}'
    stub.play(reply(completion(text)))
    answered(await make_model(samples=1).answer(request_for(**changes)))
    assert not stub.requests("/decisions")


async def test_a_chosen_source_of_confidence_is_not_replaced(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(CHAT))
    answered(await make_model(confidence="logprob").answer(request_for()))
    assert not stub.requests("/decisions")


async def test_the_budget_is_checked_before_a_decision_too(stub: Stub, make_model: MakeModel) -> None:
    assert unanswered(await make_model().answer(request_for(max_tokens=30))).result == "over_budget"
    assert not stub.requests()
