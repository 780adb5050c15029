import asyncio
import time

import pytest

from handrail import Says, ScriptedModel
from handrail.ai_steps import Answer, Limits, ModelRequest, NoAnswer, agreement
from handrail_ai_steps.errors import ModelNotReady
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.guard_kinds import refuses
from tests.unit.ai_steps.teams import route


class Slow:
    """A model that answers too late, or never."""

    name = "slow"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        await asyncio.sleep(3600)
        raise AssertionError(request)


async def test_first_accepted_answer_wins_and_every_tier_is_on_the_record() -> None:
    cheap = ScriptedModel([Says("cards", 0.4, input_tokens=10, money=0.0)], name="cheap")
    strong = ScriptedModel([Says("fraud", 0.95, input_tokens=900, output_tokens=5, money=0.02)], name="strong")
    unused = ScriptedModel([], name="unused")

    outcome = await route(cheap, strong, unused)("odd payment")

    assert isinstance(outcome, Accepted)
    assert (outcome.value, outcome.judgement.model) == ("fraud", "strong")
    assert [(each.model, each.money) for each in outcome.judgement.attempts] == [("cheap", 0.0), ("strong", 0.02)]
    assert unused.requests == []


async def test_surest_answer_is_suggested_when_none_is_accepted() -> None:
    first = ScriptedModel([Says("cards", 0.7)], name="first")
    second = ScriptedModel([Says("fraud", 0.3)], name="second")

    outcome = await route(first, second)("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.suggestion, outcome.judgement.model, outcome.code) == ("cards", "first", "low_confidence")
    assert outcome.reason == "first: confidence 0.70 < 0.8; second: confidence 0.30 < 0.8"
    assert len(outcome.judgement.attempts) == 2


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("refused", "refused"),
        ("truncated", "truncated"),
        ("timed_out", "timed_out"),
        ("over_budget", "over_budget"),
        ("invalid", "invalid"),
        ("failed", "unavailable"),
    ],
)
async def test_no_answer_is_doubtful_without_a_suggestion_and_with_the_reason(result: str, code: str) -> None:
    nothing = NoAnswer(result=result, reason="it was not to be")  # type: ignore[arg-type]

    outcome = await route(ScriptedModel([nothing]))("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.suggestion, outcome.code, outcome.reason) == (None, code, "it was not to be")
    assert outcome.judgement.attempts[0].result == result


async def test_outage_of_the_last_tier_keeps_the_suggestion_of_the_first() -> None:
    cheap = ScriptedModel([Says("cards", 0.4)], name="cheap")
    broken = ScriptedModel([ConnectionError("refused by the server")], name="broken")

    outcome = await route(cheap, broken)("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.suggestion, outcome.code) == ("cards", "low_confidence")
    assert "broken: the model broken raised ConnectionError: refused by the server" in outcome.reason
    assert [each.result for each in outcome.judgement.attempts] == ["answered", "failed"]


async def test_deadline_holds_for_a_model_that_ignores_it() -> None:
    outcome = await route(Slow(), limits=Limits(seconds=0.05))("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.code, outcome.suggestion) == ("timed_out", None)
    assert outcome.judgement.attempts[0].result == "timed_out"


@pytest.mark.dear
async def test_a_model_that_hangs_leaves_its_successor_time() -> None:
    second = ScriptedModel(["cards"])

    outcome = await route(Slow(), second, limits=Limits(seconds=4.0))("x")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "cards"
    assert [each.result for each in outcome.judgement.attempts] == ["timed_out", "answered"]
    assert outcome.judgement.attempts[0].notes == ("no answer within 2 seconds, its share of 4",)


async def test_the_share_of_each_model_can_be_given() -> None:
    second = ScriptedModel(["cards"])

    outcome = await route(Slow(), second, limits=Limits(seconds=30.0, seconds_each=0.5))("x")

    assert isinstance(outcome, Accepted)
    assert second.requests[0].seconds <= 0.5


async def test_no_model_is_asked_after_the_deadline() -> None:
    late = ScriptedModel(["cards"])

    outcome = await route(Slow(), late, limits=Limits(seconds=0.05, seconds_each=9.0))("x")

    assert isinstance(outcome, Doubtful)
    assert outcome.code == "timed_out"
    assert late.requests == []


async def test_cancelling_a_call_is_not_an_outage() -> None:
    waiting = asyncio.create_task(route(Slow())("x"))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_budget_is_shared_and_checked_before_each_call() -> None:
    first = ScriptedModel([Says("cards", 0.4, input_tokens=80, output_tokens=20, money=0.01)], name="first")
    second = ScriptedModel(["cards"], name="second")

    by_tokens = await route(first, second, limits=Limits(tokens=100))("x")

    assert isinstance(by_tokens, Doubtful)
    assert by_tokens.suggestion == "cards"
    assert "budget of 100 tokens is used up (100 spent)" in by_tokens.reason
    assert second.requests == []
    assert first.requests[0].max_tokens == 100


async def test_unpriced_answer_ends_a_money_budget_that_could_not_be_kept() -> None:
    first = ScriptedModel([Says("cards", 0.4, money=None)], name="first")  # type: ignore[arg-type]
    second = ScriptedModel(["cards"], name="second")

    outcome = await route(first, second, limits=Limits(money=0.5))("x")

    assert isinstance(outcome, Doubtful)
    assert "the price of first is unknown" in outcome.reason
    assert second.requests == []


async def test_fallback_guard_leads_to_the_next_model() -> None:
    no_cards = refuses(lambda value: value == "cards", on_fail="fallback")
    second = ScriptedModel(["fraud"])

    outcome = await route(ScriptedModel(["cards"]), second, guards=[no_cards])("x")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "fraud"


async def test_answer_that_does_not_fit_is_caught_whatever_the_model_claims() -> None:
    class Liar:
        name = "liar"

        async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
            said = await ScriptedModel(["cards"]).answer(request)
            assert isinstance(said, Answer)
            return Answer(value="sales", raw="sales", confidence=said.confidence, model="liar")

    outcome = await route(Liar())("x")

    assert isinstance(outcome, Doubtful)
    assert (outcome.code, outcome.suggestion) == ("invalid", None)
    assert outcome.judgement.attempts[0].result == "invalid"


async def test_script_that_forgot_an_answer_fails_the_test_instead_of_escalating() -> None:
    with pytest.raises(ModelNotReady, match="has run out"):
        await route(ScriptedModel([]))("x")


async def test_guard_that_asks_a_model_after_the_deadline_does_not_let_pass() -> None:
    class Late(ScriptedModel):
        async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
            said = await super().answer(request)
            time.sleep(0.03)  # noqa: ASYNC251 -- a model that blocks the loop past the deadline
            return said

    outcome = await route(
        Late(["cards"]), guards=[agreement(ScriptedModel([], name="second"))], limits=Limits(seconds=0.02)
    )("x")

    assert isinstance(outcome, Doubtful)
    assert "no answer within 0.02 seconds" in outcome.reason
