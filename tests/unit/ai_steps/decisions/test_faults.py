"""Each fault that servers of decision models are known for: the same answer as without it, or a doubt that says why."""

from typing import Any, Literal

import pytest
from jevcompat.mock import FAULTS

from handrail import classify, extract
from handrail.ai_steps import DecisionModel
from handrail_guards.acceptance import Always
from tests.unit.ai_steps.decisions.given import TEXT, Assessment, Flawed, Severity, accepted, doubtful, form, label

NO_ROUTE = "the server answered 404: No route /v1/systemone"
BOTH: dict[str, str] = {
    "wrong-route": NO_ROUTE,
    "xssi-200": "no JSON object",
    "reject-jev-latest": "Model not served: jev-latest",
    "choice-sum": "which is no distribution",
    "choice-second": "it chose",
}
"""What spoils every question, and the reason."""
FORM: dict[str, str] = {
    "first-question-only": "it answers 1 of 3 questions; together=False asks each by itself",
    "cap-5-levels": "most_options= and most_levels= say how much of a question this server takes",
    "boolean-type": "it answered with a 'boolean'",
    "noul-range": "is no probability",
    "legend-1-based": "its legend counts the levels as 1",
    "score-keys-1-based": "none of the options",
    "score-sum": "come to 0.8 together",
}
"""What spoils a yes or no, a level, or several questions at once."""
LEAKS = {"id-leaks", "batch-leaks", "order-leaks"}
"""What makes one question's answer depend on something else than the question."""


async def asked(url: str, **settings: Any) -> tuple[Any, Any]:
    model = DecisionModel("systemone:jev-latest", base_url=url, **settings)
    try:
        return await label(model), await form(model)
    finally:
        await model.aclose()


@pytest.fixture(scope="module")
def sound() -> list[Any]:
    return []


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_fault_changes_no_answer_or_is_named(fault: str, flawed: Flawed, sound: list[Any]) -> None:
    sound += () if sound else await asked(flawed())
    outcomes = await asked(flawed(fault))

    for outcome, right, spoilt in zip(outcomes, sound, (BOTH, BOTH | FORM), strict=True):
        if fault in spoilt:
            assert spoilt[fault] in doubtful(outcome).reason
        elif fault not in LEAKS:
            assert accepted(outcome).value == accepted(right).value
            assert outcome.confidence == right.confidence
            assert outcome.judgement.fields == right.judgement.fields
        else:
            assert 0 < (accepted(outcome).confidence.value or 0) < 1


@pytest.mark.parametrize(
    ("fault", "key", "reason"),
    [
        ("auth-x-api-key", "k-right-0123", "check the key (TYPESAFE_API_KEY or api_key=)"),
        ("auth-plain", None, "check the key"),
        ("auth-invalid-403-text", "k-wrong-0123", "bad key"),
        ("text-errors", "k-wrong-0123", "Cannot authenticate"),
    ],
)
async def test_refused_key_is_said_and_not_shown(fault: str, key: str | None, reason: str, flawed: Flawed) -> None:
    url = flawed(fault, key="k-right-0123")
    model = DecisionModel("systemone:jev-latest", base_url=url, api_key=key)
    outcome = doubtful(await label(model))
    await model.aclose()

    assert outcome.code == "unavailable"
    assert reason in outcome.reason
    assert key is None or key not in str(outcome)


@pytest.mark.parametrize("fault", ["validation-400", "error-flat", "errors.shape"])
async def test_refused_model_is_named(fault: str, flawed: Flawed) -> None:
    faults = frozenset({fault} & FAULTS.keys())
    url = flawed(*faults)
    model = DecisionModel("systemone:nobody", base_url=url)
    outcome = doubtful(await label(model))
    await model.aclose()

    assert "Unknown model: nobody" in outcome.reason


async def test_server_that_takes_fewer_levels_is_asked_for_a_choice(flawed: Flawed) -> None:
    _, outcome = await asked(flawed("cap-5-levels"), most_levels=5)

    assert isinstance(accepted(outcome).value, Assessment)


@pytest.mark.parametrize("fault", ["first-question-only", "batch-leaks", "order-leaks"])
async def test_questions_asked_apart_know_nothing_of_each_other(fault: str, flawed: Flawed) -> None:
    _, outcome = await asked(flawed(fault), together=False)

    assert isinstance(accepted(outcome).value, Assessment)
    assert outcome.judgement.prompt_version.endswith("+apart")
    assert len(outcome.judgement.attempts) == 3


async def test_name_of_a_step_changes_no_answer(flawed: Flawed) -> None:
    url = flawed("id-leaks")
    model = DecisionModel("systemone:jev-latest", base_url=url)
    steps = [classify(name, bool, "Is it urgent?", models=model, accept=Always()) for name in ("is_urgent", "renamed")]
    first, second = [accepted(await step(TEXT)) for step in steps]
    await model.aclose()

    assert (first.value, first.confidence) == (second.value, second.confidence)


async def test_more_options_than_a_server_takes_are_asked_in_two_rounds(flawed: Flawed) -> None:
    queue: Any = Literal[tuple(f"queue {number}" for number in range(70))]
    url = flawed("cap-64")
    outcomes: list[Any] = []
    for most in (255, 64, 9):
        model = DecisionModel("systemone:jev-latest", base_url=url, most_options=most)
        outcomes.append(await classify("route", queue, "Which queue?", models=model, accept=Always())(TEXT))
        await model.aclose()

    assert "at most 64 items" in doubtful(outcomes[0]).reason
    for outcome, most in zip(outcomes[1:], (64, 9), strict=True):
        judged = accepted(outcome).judgement
        others = sum(each.confidence for each in judged.alternatives)
        assert judged.prompt_version.endswith(f"+split{most}")
        assert judged.confidence.value is not None
        assert judged.confidence.value + others + (judged.other_mass or 0) == pytest.approx(1)
        assert len(judged.alternatives) == 69
        assert len(judged.attempts) == 2


async def test_busy_server_is_asked_again(flawed: Flawed) -> None:
    url = flawed(busy_every=2)
    model = DecisionModel("systemone:jev-latest", base_url=url)
    outcomes = [await label(model) for _ in range(2)]
    await model.aclose()

    assert accepted(outcomes[0]).value == accepted(outcomes[1]).value
    assert [each.result for each in outcomes[1].judgement.attempts] == ["failed", "answered"]


async def test_drawn_levels_are_no_confidence_unless_they_are_trusted(flawed: Flawed) -> None:
    url = flawed(sampled=True)
    outcomes = []
    for trusted in (False, True):
        model = DecisionModel("systemone:jev-latest", base_url=url, trust_certainty=trusted)
        step = extract("weigh", Severity, "How severe is it?", models=model, accept=Always())
        outcomes.append(await step(TEXT))
        await model.aclose()

    assert accepted(outcomes[0]).confidence.value is None
    assert "what was drawn" in outcomes[0].confidence.detail
    assert accepted(outcomes[1]).confidence.value == 1.0
    assert outcomes[1].judgement.prompt_version.endswith("+certain")
