"""Examples chosen for each input: which, in what order, and what the prompt version says of them."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest

from handrail import RecordedModel, ScriptedModel, classify, confidence, draft
from handrail.ai_steps import AIStep, Example, InvalidTask, Prompt, SimilarExamples

Team = Literal["billing", "access"]

POOL: Sequence[tuple[str, Team]] = (
    ("I was charged twice for the March invoice", "billing"),
    ("My password does not work any more", "access"),
    ("The invoice shows the wrong amount", "billing"),
    ("I cannot log in to my account", "access"),
)


def step(examples: Any = (), **options: Any) -> AIStep[Team]:
    model = ScriptedModel(lambda _: "access")
    return classify(
        "route", Team, "Which team?", models=model, accept=confidence(at_least=0.5), examples=examples, **options
    )


async def asked(made: AIStep[Any], text: str) -> str:
    await made(text)
    model = made.models[0]
    assert isinstance(model, ScriptedModel)
    return model.requests[-1].system


async def test_each_call_shows_the_likest_examples_with_the_likest_last_behind_the_same_beginning() -> None:
    made = step(SimilarExamples(POOL, 2))
    money = await asked(made, "the amount on my invoice is wrong")
    login = await asked(made, "log in to the account fails with my password")
    assert money.index("March invoice") < money.index("wrong amount")
    assert "password" not in money
    assert "log in" in login
    assert "invoice" not in login
    beginning = step().task.prompt.system
    assert money.startswith(beginning)  # what servers keep in their caches is the same for every call
    assert login.startswith(beginning)
    assert await asked(made, "the amount on my invoice is wrong") == money
    assert len(POOL) == (await asked(step(SimilarExamples(POOL, 9)), "x")).count("<answer>")


def test_the_version_changes_with_all_that_decides_which_examples_are_shown() -> None:
    versions = [
        step(each).version
        for each in (
            (),
            POOL,
            SimilarExamples(POOL, 2),
            SimilarExamples(POOL, 3),
            SimilarExamples(POOL[1:], 2),
            SimilarExamples([*POOL[:3], (POOL[3][0], "billing")], 2),
        )
    ]
    assert len(set(versions)) == len(versions)
    same = SimilarExamples([Example(*each) for each in POOL], 2)
    assert step(same).version == versions[2]


async def test_a_step_is_reworded_part_by_part_and_keeps_the_rest() -> None:
    own = step(SimilarExamples(POOL, 2), labels={"access": "passwords"}, mask=["email"])
    told = await asked(own.reworded(instructions="Who should see this?"), "invoice")
    assert told.startswith("Who should see this?")
    assert "access: passwords" in told
    assert told.count("<answer>") == 2
    none = own.reworded(examples=())
    assert "<answer>" not in await asked(none, "invoice")
    assert none.reworded(examples=SimilarExamples(POOL, 2)).version == own.version
    assert own.reworded(prompt=Prompt(system="{{ examples }} {{ labels }}")).version != own.version
    assert own.reworded().version == own.version


async def test_examples_of_a_step_that_masks_show_no_personal_data() -> None:
    pool = [("Write to ann@example.org about the invoice", "Dear ann@example.org"), ("Call me", "We will")]
    seen = ScriptedModel(lambda _: "done")
    masked = draft("reply", str, "Answer.", models=seen, mask=["email"], examples=SimilarExamples(pool, 2))
    await masked("the invoice of ben@example.org")
    [request] = seen.requests
    assert "example.org" not in request.system
    assert request.system.count("[EMAIL_1]") >= 3  # in the example, in its answer, and where tokens are explained


async def test_recorded_answers_are_found_again_with_the_examples_that_were_chosen(tmp_path: Any) -> None:
    live = RecordedModel.record(tmp_path / "answers.jsonl", live=ScriptedModel(lambda _: "access", name="m"))
    made = step(SimilarExamples(POOL, 2))
    first = await made.using(live)("log in")
    assert await made.using(RecordedModel.replay(tmp_path / "answers.jsonl"))("log in") == first


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: SimilarExamples([]), "needs a pool"),
        (lambda: SimilarExamples("abc"), "needs a pool"),
        (lambda: SimilarExamples(POOL, 0), "1 or more"),
        (lambda: SimilarExamples(POOL, embedding=""), "give 'wordllama'"),
        (lambda: step(SimilarExamples(["abc"])), "SimilarExamples of one"),
        (lambda: step(SimilarExamples([*POOL, (POOL[0][0], "access")])), "two of the examples"),
        (lambda: step(SimilarExamples([("x", "nobody")])), "does not fit"),
        (lambda: step(SimilarExamples(POOL), prompt=Prompt(system="{{ instructions }}")), "shows no examples"),
    ],
)
def test_a_pool_that_cannot_work_is_refused_when_it_is_given(build: Any, says: str) -> None:
    with pytest.raises(InvalidTask, match=says):
        build()
