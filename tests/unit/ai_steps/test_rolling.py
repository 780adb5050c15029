"""What a step says of its rollout: a mark that changes with what is let loose, and a challenger of the same kind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest

from handrail import Auditing, ScriptedModel, classify, confidence, max_length
from handrail.ai_steps import AIStep
from handrail.guards import forbids, shadow, share

Team = Literal["cards", "loans"]
STEP: AIStep[Team] = classify(
    "route",
    Team,
    "Which team?",
    models=[ScriptedModel(lambda _: "cards")],
    accept=confidence(at_least=0.8),
    rollout=shadow,
)


def other(**changes: Any) -> AIStep[Any]:
    options: dict[str, Any] = {"models": [ScriptedModel(lambda _: "cards")], "accept": confidence(at_least=0.8)}
    return classify("route", Team, **({"instructions": "Which team?"} | options | changes))


@pytest.mark.parametrize(
    "changed",
    [
        other(instructions="Which team, please?"),
        other(models=[ScriptedModel(lambda _: "cards", name="another")]),
        other(accept=confidence(at_least=0.5)),
        other(guards=[max_length(10)]),
        other(guards=[forbids("refund")]),
    ],
)
def test_the_mark_changes_with_what_is_let_loose(changed: AIStep[Any]) -> None:
    assert changed.rollout_subject != STEP.rollout_subject


def test_the_mark_stays_with_what_is_not() -> None:
    same = other(rollout=share(0.5), audit=Auditing(0.1), challenger=ScriptedModel(lambda _: "loans"))
    assert same.rollout_subject == STEP.rollout_subject == other().rollout_subject


async def test_a_bare_call_knows_no_rollout() -> None:
    outcome = await STEP("my card is gone")
    assert (outcome.kind, outcome.judgement.rolled_out) == ("accepted", None)


def test_a_challenger_given_as_models_asks_the_same_question_and_challenges_nobody_itself() -> None:
    step = other(challenger=[ScriptedModel(lambda _: "loans", name="new")], audit=Auditing(0.1), rollout=shadow)
    assert step.challenger is not None
    assert [model.name for model in step.challenger.models] == ["new"]
    assert (step.challenger.version, step.challenger.accept) == (step.version, step.accept)
    assert (step.challenger.audit, step.challenger.rollout, step.challenger.challenger) == (None, None, None)


def test_a_challenger_may_be_another_step() -> None:
    assert other(challenger=STEP).challenger is STEP


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: other(rollout=0.1), r"rollout is 0.1; give shadow, share\(0.1\) or only"),
        (lambda: other(challenger=[]), "a step needs a model"),
        (lambda: other(challenger=replace(STEP, task=_yes_or_no().task)), "what cannot be the same cannot be compared"),
    ],
)
def test_what_cannot_be_rolled_out_or_compared_is_refused(build: Callable[[], Any], told: str) -> None:
    with pytest.raises(Exception, match=told):
        build()


def _yes_or_no() -> AIStep[Any]:
    return classify("route", bool, "Is it?", models=[ScriptedModel([True])], accept=confidence(at_least=0.8))
