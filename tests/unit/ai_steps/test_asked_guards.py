import pytest
from pydantic import BaseModel

from handrail import Says, ScriptedModel, draft, extract
from handrail.ai_steps import Limits, NoAnswer, agreement, judge
from handrail_ai_steps.errors import InvalidTask, UnknownModel
from handrail_guards.errors import InvalidGuard
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.teams import SURE, route


class Receipt(BaseModel):
    company: str
    total: float


async def test_agreement_of_a_second_model_lets_pass_and_counts_in_the_record() -> None:
    second = ScriptedModel([Says("cards", money=0.01)], name="second")

    outcome = await route(ScriptedModel(["cards"]), guards=[agreement(second)])("x")

    assert isinstance(outcome, Accepted)
    assert [attempt.model for attempt in outcome.judgement.attempts] == ["scripted", "second"]
    assert outcome.judgement.verdicts[0].guard == "agreement"


async def test_disagreement_goes_to_a_person_with_both_answers() -> None:
    outcome = await route(ScriptedModel(["cards"]), guards=[agreement(ScriptedModel(["fraud"], name="second"))])("x")

    assert isinstance(outcome, Doubtful)
    assert outcome.suggestion == "cards"
    assert outcome.reason == "agreement: a second answer says 'fraud', not 'cards'"


async def test_agreement_can_be_asked_for_some_fields_only() -> None:
    first = ScriptedModel(lambda _: Receipt(company="ACME  ltd", total=3.0))
    second = ScriptedModel(lambda _: Receipt(company="Acme Ltd", total=4.0))

    company = await extract(
        "read", Receipt, "Read.", models=first, accept=SURE, guards=[agreement(second, fields="company")]
    )("x")
    both = await extract(
        "read", Receipt, "Read.", models=first, accept=SURE, guards=[agreement(second, fields=["company", "total"])]
    )("x")

    assert isinstance(company, Accepted)
    assert isinstance(both, Doubtful)
    assert both.reason == "agreement: total: a second answer says 4.0, not 3.0"


async def test_second_model_without_an_answer_does_not_agree() -> None:
    silent = ScriptedModel([NoAnswer(result="failed", reason="down")], name="second")

    outcome = await route(ScriptedModel(["cards"]), guards=[agreement(silent)])("x")

    assert isinstance(outcome, Doubtful)
    assert "second gave none: down" in outcome.reason


async def test_paid_guard_is_not_asked_about_a_value_already_in_doubt() -> None:
    second = ScriptedModel([], name="second")

    outcome = await route(ScriptedModel([Says("cards", 0.1)]), guards=[agreement(second)])("x")

    assert isinstance(outcome, Doubtful)
    assert second.requests == []


async def test_paid_guard_stays_within_the_budget() -> None:
    second = ScriptedModel(["cards"], name="second")
    first = ScriptedModel([Says("cards", input_tokens=100)])

    outcome = await route(first, guards=[agreement(second)], limits=Limits(tokens=100))("x")

    assert isinstance(outcome, Doubtful)
    assert "budget of 100 tokens is used up" in outcome.reason
    assert second.requests == []


async def test_judge_sends_an_answer_back_with_its_reason() -> None:
    writer = ScriptedModel(["You get a refund.", "We will look into it."])
    ruling = ScriptedModel(
        lambda request: {"keeps_rule": "refund" not in request.text, "reason": "Do not promise a refund."},
        name="strict",
    )
    guards = [judge("It promises no refund.", model=ruling, on_fail="reask")]

    outcome = await draft("reply", str, "Answer.", models=writer, guards=guards)("where is my money")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "We will look into it."
    assert writer.requests[1].rejections[0].reason == "Do not promise a refund."
    asked = ruling.requests[0]
    assert asked.task == "reply/judge"
    assert "It promises no refund." in asked.system
    assert asked.text == "<input>\nwhere is my money\n</input>\n<answer>\nYou get a refund.\n</answer>"


async def test_judge_without_a_ruling_lets_nothing_pass() -> None:
    broken = ScriptedModel([TimeoutError("gone")], name="strict")

    outcome = await draft(
        "reply", str, "Answer.", models=ScriptedModel(["Hi."]), guards=[judge("It is polite.", model=broken)]
    )("x")

    assert isinstance(outcome, Doubtful)
    assert "strict gave no ruling" in outcome.reason


async def test_judge_keeps_a_streamed_text_back_until_it_has_ruled() -> None:
    pieces: list[str] = []
    kind = ScriptedModel([{"keeps_rule": True, "reason": ""}])
    text = "One. Two. Three. Four."
    step = draft("reply", str, "Answer.", models=ScriptedModel([text]), guards=[judge("Polite.", model=kind)])

    await step.stream("x", on_text=pieces.append)

    assert pieces == [text]


def test_asked_guards_that_cannot_work_fail_when_built() -> None:
    with pytest.raises(InvalidTask, match="needs a rule"):
        judge(" ", model=ScriptedModel([]))
    with pytest.raises(UnknownModel):
        judge("Polite.", model="gpt-5")
    with pytest.raises(UnknownModel):
        agreement("gpt-5")
    with pytest.raises(InvalidGuard, match="field path"):
        agreement(ScriptedModel([]), fields="a..b")
