import enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from handrail import Says, ScriptedModel, classify
from handrail_ai_steps.errors import InvalidTask
from handrail_guards.acceptance import Always, Never
from handrail_guards.confidence import Confidence
from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.teams import SURE, Team, route


class Tone(enum.Enum):
    CALM = "calm"
    ANGRY = "angry"


class Triage(BaseModel):
    team: Team
    urgent: bool


async def test_sure_answer_is_accepted_with_its_judgement() -> None:
    step = route(ScriptedModel([Says("cards", 0.9, alternatives={"fraud": 0.07}, other_mass=0.03)]))

    outcome = await step("my card was stolen")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "cards"
    judgement = outcome.judgement
    assert (judgement.task, judgement.model, judgement.prompt_version) == ("route", "scripted", step.version)
    assert judgement.confidence.value == 0.9
    assert [(each.value, each.confidence) for each in judgement.alternatives] == [("fraud", 0.07)]
    assert judgement.other_mass == 0.03
    assert judgement.source == "my card was stolen"
    assert [attempt.result for attempt in judgement.attempts] == ["answered"]


async def test_unsure_answer_is_doubtful_with_a_suggestion_and_carries_the_escalation() -> None:
    escalation = Escalation(queue="triage", due_hours=4)

    outcome = await route(ScriptedModel([Says("cards", 0.5)]), escalate=escalation)("?")

    assert outcome == Doubtful("cards", "low_confidence", "confidence 0.50 < 0.8", outcome.judgement, escalation)


async def test_missing_confidence_always_escalates() -> None:
    outcome = await route(ScriptedModel([Says("cards", None)]))("?")

    assert isinstance(outcome, Doubtful)
    assert (outcome.code, outcome.suggestion) == ("no_confidence", "cards")
    assert outcome.confidence == Confidence.none("the script gives none")


async def test_enum_answers_are_members() -> None:
    step = classify("tone", Tone, "Which tone?", models=ScriptedModel(["angry"]), accept=SURE)

    outcome = await step("!!!")

    assert isinstance(outcome, Accepted)
    assert outcome.value is Tone.ANGRY


async def test_several_labels_at_once_are_a_model() -> None:
    model = ScriptedModel([{"team": "fraud", "urgent": True}])

    outcome = await classify("triage", Triage, "Triage it.", models=model, accept=SURE)("help")

    assert isinstance(outcome, Accepted)
    assert outcome.value == Triage(team="fraud", urgent=True)
    assert model.requests[0].labels == ()


async def test_optional_label_can_be_none_and_is_still_an_answer() -> None:
    step = classify("maybe", Literal["a"] | None, "Which, if any?", models=ScriptedModel(["none"]), accept=SURE)

    outcome = await step("x")

    assert isinstance(outcome, Accepted)
    assert outcome.value is None


async def test_confidence_is_asked_for_only_where_the_rule_looks_at_it() -> None:
    model = ScriptedModel(lambda _: "cards")

    await route(model)("x")
    await route(model, accept=Always())("x")
    never = await route(model, accept=Never())("x")

    assert [request.wants_confidence for request in model.requests] == [True, False, False]
    assert isinstance(never, Doubtful)
    assert never.code == "rule"


async def test_input_can_be_kept_out_of_the_outcome() -> None:
    outcome = await route(ScriptedModel(["cards"]), keep_source=False)("secret")

    assert outcome.judgement.source == ""
    assert "secret" not in repr(outcome)


async def test_labels_and_their_meanings_reach_the_model() -> None:
    model = ScriptedModel(["cards"])

    await route(model, labels={"fraud": "someone else paid"}, examples=[("where is my card", "cards")])("x")

    request = model.requests[0]
    assert request.labels == ("billing", "cards", "fraud")
    assert request.json_schema is not None
    assert "- fraud: someone else paid" in request.system
    assert "where is my card" in request.system
    assert request.text == "x"


def test_output_type_that_is_no_closed_set_fails_when_built() -> None:
    with pytest.raises(InvalidTask, match="no closed set"):
        classify("route", int, "Which?", models=ScriptedModel([]), accept=SURE)


def test_output_type_without_a_schema_fails_when_built() -> None:
    class Opaque:
        pass

    with pytest.raises(InvalidTask, match="cannot be a JSON Schema"):
        classify("route", Opaque, "Which?", models=ScriptedModel([]), accept=SURE)


def test_a_literal_of_nothing_fails_when_built() -> None:
    nothing: Any = Literal[()]
    with pytest.raises(InvalidTask, match="cannot be empty"):
        classify("route", nothing, "Which?", models=ScriptedModel([]), accept=SURE)


def test_threshold_outside_zero_to_one_fails_when_built() -> None:
    with pytest.raises(InvalidGuard, match="0 to 1"):
        route(ScriptedModel([]), accept=type(SURE)(1.5))


@pytest.mark.parametrize("rule", [0.8, None, Always])
def test_accept_that_is_no_rule_fails_when_built(rule: object) -> None:
    with pytest.raises(InvalidTask, match="at_least"):
        route(ScriptedModel([]), accept=rule)


def test_meaning_of_an_unknown_label_fails_when_built() -> None:
    with pytest.raises(InvalidTask, match="'card'"):
        route(ScriptedModel([]), labels={"card": "a plastic thing"})


def test_example_with_an_answer_that_does_not_fit_fails_when_built() -> None:
    with pytest.raises(InvalidTask, match="the example 'money back'"):
        route(ScriptedModel([]), examples=[("money back", "refunds")])


@pytest.mark.parametrize(("name", "instructions"), [("", "Which?"), ("route", "  ")])
def test_name_and_instructions_are_needed(name: str, instructions: str) -> None:
    with pytest.raises(InvalidTask, match="needs"):
        classify(name, Team, instructions, models=ScriptedModel([]), accept=SURE)
