"""What is given to a step is looked at when the step is built, so that no doubtful run dies of it later."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import JsonValue

from handrail import (
    Doubtful,
    Escalation,
    OpenAIModel,
    Orchestrator,
    RecordedModel,
    Run,
    Says,
    ScriptedModel,
    classify,
    confidence,
    draft,
    each_field,
    extract,
    max_length,
    workflow,
)
from handrail.ai_steps import Limits, Prompt, judge
from handrail_ai_steps.errors import AIStepError, InvalidTask, ModelNotReady, UnknownModel
from handrail_ai_steps.prices import Price
from handrail_guards.errors import InvalidConfidence, InvalidGuard
from tests.unit.ai_steps.teams import SURE, Team, route

BUILDERS = pytest.mark.parametrize("build", [classify, extract, draft], ids=["classify", "extract", "draft"])


def built(build: Callable[..., Any], **options: Any) -> Any:
    output_type: Any = list[str] if build is extract else Team if build is classify else str
    given = {"name": "step", "instructions": "Say.", "models": ScriptedModel([]), "accept": SURE, **options}
    return build(given.pop("name"), output_type, given.pop("instructions"), **given)


@BUILDERS
@pytest.mark.parametrize(
    ("option", "wrong", "write"),
    [
        ("escalate", "triage", "Escalation"),
        ("escalate", None, "Escalation"),
        ("escalate", Escalation, "Escalation"),
        ("escalate", 3, "Escalation"),
        ("limits", {"seconds": 3}, "Limits"),
        ("limits", None, "Limits"),
        ("keep_source", "no", "True or False"),
        ("keep_source", 0, "True or False"),
        ("prompt", [], "Prompt"),
        ("prompt", "Say {{ input }}", "Prompt"),
        ("prompt", Prompt(system=3), "Prompt"),  # type: ignore[arg-type]
        ("examples", "x.jsonl", "pairs"),
        ("examples", ["ab"], "pairs"),
        ("examples", [("a", "b", "c")], "pairs"),
        ("examples", 3, "pairs"),
        ("mask", "email", "list of kinds"),
        ("mask", 3, "list of kinds"),
        ("mask", None, "list of kinds"),
    ],
)
def test_an_option_of_another_type_is_refused_with_what_to_write(
    build: Callable[..., Any], option: str, wrong: object, write: str
) -> None:
    with pytest.raises(InvalidTask, match=rf"step 'step': {option} is .*; give .*{write}"):
        built(build, **{option: wrong})


@BUILDERS
@pytest.mark.parametrize("wrong", [max_length(3), None, "no_secrets", {"max": 3}])
def test_guards_are_a_list(build: Callable[..., Any], wrong: object) -> None:
    with pytest.raises(InvalidGuard, match=r"step 'step': guards is .*; give a list"):
        built(build, guards=wrong)


@BUILDERS
@pytest.mark.parametrize("wrong", [3, None, "", " ", "a/b#2", " a ", "a\nb", "a[0]", "{a}", b"a"])
def test_a_name_that_records_could_mistake_is_refused(build: Callable[..., Any], wrong: object) -> None:
    with pytest.raises(InvalidTask, match="name"):
        built(build, name=wrong)


@BUILDERS
@pytest.mark.parametrize("wrong", [None, 3, "", " ", ["Say."]])
def test_instructions_are_text(build: Callable[..., Any], wrong: object) -> None:
    with pytest.raises(InvalidTask, match="needs instructions"):
        built(build, instructions=wrong)


@pytest.mark.parametrize("wrong", [["cards"], {"cards": 3}, {3: "cards"}, "cards", {"cards": None}])
def test_meanings_of_labels_are_texts_by_label(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match=r"step 'step': labels .*; give"):
        built(classify, labels=wrong)


@pytest.mark.parametrize("wrong", [["a", "b"], {"a": 1}, {"a", "b"}, Literal[["a"]]])
def test_a_list_of_labels_is_no_output_type(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match=r"(cannot be a JSON Schema|no closed set).*use a? ?Literal"):
        classify("route", wrong, "Which?", models=ScriptedModel([]), accept=SURE)


@pytest.mark.parametrize("name", ["seconds", "seconds_each", "seconds_waiting", "tokens", "money", "reasks"])
@pytest.mark.parametrize("wrong", [True, False, "3", [], float("nan"), -1])
def test_a_limit_is_a_number(name: str, wrong: Any) -> None:
    with pytest.raises(InvalidTask, match=rf"Limits\({name}=.*give"):
        Limits(**{name: wrong})


@pytest.mark.parametrize("wrong", ["each", ["total"], 3, {3: 0.9}, {"total": True}, {"total": "0.9"}])
def test_fields_have_a_number_each(wrong: Any) -> None:
    with pytest.raises(InvalidGuard, match=r"each_field\(fields=.*give"):
        each_field(at_least=0.9, fields=wrong)


@pytest.mark.parametrize("wrong", [3, "", " ", None])
def test_a_model_has_a_name(wrong: Any) -> None:
    class Theirs(ScriptedModel):
        @property
        def name(self) -> str:
            return wrong  # type: ignore[no-any-return]

    with pytest.raises(UnknownModel, match=r"the name of .* is .*; give text"):
        route(Theirs([]))
    with pytest.raises(ModelNotReady, match=r"ScriptedModel\(name="):
        ScriptedModel([], name=wrong)
    with pytest.raises(ModelNotReady, match="an OpenAI model needs a name"):
        OpenAIModel(wrong, api_key="none")


@pytest.mark.parametrize(
    "wrong", [{"max_concurrent": True}, {"samples": True}, {"reasks": False}, {"per_minute": "9"}, {"codes": "no"}]
)
def test_a_setting_of_a_server_is_of_its_type(wrong: dict[str, Any]) -> None:
    [name] = wrong

    with pytest.raises(ModelNotReady, match=rf"{name} is .*; give"):
        OpenAIModel("gpt-5-mini", api_key="none", **wrong)


@pytest.mark.parametrize("wrong", [True, "1", None, float("nan"), -1])
def test_a_price_is_a_number(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match="the input price is"):
        Price(wrong, 1)


@pytest.mark.parametrize("wrong", [True, "0.9", 2])
def test_a_script_is_as_sure_as_a_number_says(wrong: Any) -> None:
    with pytest.raises(InvalidConfidence):
        ScriptedModel([], confidence=wrong)


@pytest.mark.parametrize("wrong", [True, "3", 0, 1.5, None])
async def test_a_batch_has_a_whole_number_of_calls_at_a_time(wrong: Any) -> None:
    with pytest.raises(AIStepError, match=r"concurrency is .*; give a whole number"):
        await route(ScriptedModel([])).map(["a"], concurrency=wrong)


@pytest.mark.parametrize("wrong", [3, None, ""])
def test_a_judge_has_a_rule(wrong: Any) -> None:
    with pytest.raises(InvalidTask, match="needs a rule"):
        judge(wrong, model=ScriptedModel([]))


@pytest.mark.parametrize("digits", [4300, 4301, 6000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_nobody_can_read_back_does_not_fit(digits: int, sign: int) -> None:
    number: Any = sign * 10 ** (digits - 1)
    model = ScriptedModel([Says({"a": [number]}, 0.9)])
    step = extract("facts", dict[str, JsonValue], "Say.", models=model, accept=confidence(at_least=0.5))

    outcome = step.sync("a text")

    if digits == 4300:
        assert not isinstance(outcome, Doubtful)
    else:
        assert isinstance(outcome, Doubtful)
        assert "more than 4,300 digits" in outcome.reason
        assert outcome.suggestion is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"base_url": 3}, "base_url is 3; give an address"),
        ({"api_key": 3}, "api_key is a int; give text"),
        ({"prices": 3}, "prices is 3; give a PriceTable"),
        ({"prices": {"m": 3}}, "prices is .*; give a PriceTable"),
        ({"confidence": []}, "confidence is .*; give one of"),
    ],
)
def test_what_a_server_is_reached_by_is_of_its_type(wrong: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"api_key": "none", **wrong}

    with pytest.raises(ModelNotReady, match=told):
        OpenAIModel("m", **given)


def test_a_script_is_a_list_a_mapping_or_a_function() -> None:
    script: Any = 3

    with pytest.raises(ModelNotReady, match="give answers in a list, a mapping or a function"):
        ScriptedModel(script)


def test_a_recording_has_a_path_and_a_model(tmp_path: Path) -> None:
    text: Any = str(tmp_path / "answers.jsonl")
    no_model: Any = "openai:m"

    with pytest.raises(ModelNotReady, match="give a Path"):
        RecordedModel.replay(text)
    with pytest.raises(ModelNotReady, match="give a Path"):
        RecordedModel.record(text, live=ScriptedModel([]))
    with pytest.raises(ModelNotReady, match="give the model to ask"):
        RecordedModel.record(tmp_path / "answers.jsonl", live=no_model)


async def test_a_person_is_asked_about_an_answer_that_nobody_can_read_back(tmp_path: Path) -> None:
    answer = {"a": 10**6000}
    facts = extract(
        "facts",
        dict[str, JsonValue],
        "Say.",
        models=ScriptedModel(lambda _: Says(answer, 0.3)),
        accept=confidence(at_least=0.8),
    )

    @workflow(version=1)
    async def reading(run: Run, text: str) -> dict[str, JsonValue]:
        return await run.decide(facts, text)

    async with Orchestrator(f"sqlite:///{tmp_path / 'runs.db'}", workflows=[reading]) as orchestrator:
        handle = await orchestrator.start(reading, "a text", id="R1")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        assert "4,300 digits" in item.reason
        await orchestrator.decide(item.id, {"a": 1}, by="ann")
        assert await handle.result() == {"a": 1}
