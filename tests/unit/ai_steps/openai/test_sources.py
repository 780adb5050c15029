"""Where the strongest source of confidence fails, the next one is asked, and a number that says nothing is none."""

import math
from typing import Any

import pytest

from handrail_guards.confidence import Confidence
from tests.stub_server import Stub, completion, cut, error, reply, tokens
from tests.unit.ai_steps.openai.given import (
    B_TOKENS,
    GOOD,
    NO_LOGPROBS,
    RECEIPT,
    MakeModel,
    Receipt,
    answered,
    request_for,
    unanswered,
)


@pytest.mark.parametrize("logprobs", [None, []])
async def test_without_log_probabilities_the_samples_vote(
    stub: Stub, make_model: MakeModel, logprobs: list[Any] | None
) -> None:
    stub.play(
        reply(completion('{"label":"card"}', '{"label":"card"}', '{"label":"other"}'), when={"n": 3}),
        reply(completion('{"label":"C"}', logprobs=logprobs)),
    )
    model = make_model()
    first = answered(await model.answer(request_for()))
    assert first.value == "card"  # the answer without a number was not drawn, and has no vote
    assert first.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert "no log-probabilities" in first.attempts[0].notes[0]
    for _ in range(2):
        answered(await model.answer(request_for()))
    last = answered(await model.answer(request_for()))
    assert last.confidence.value == pytest.approx(2 / 3)
    assert "logprobs" not in stub.bodies()[-1]  # remembered: not asked for again


async def test_one_answer_without_log_probabilities_says_nothing_about_the_next(
    stub: Stub, make_model: MakeModel
) -> None:
    drawn = reply(completion(*['{"label":"B"}'] * 3), when={"n": 3})
    stub.play(drawn, reply(GOOD), *[reply(NO_LOGPROBS)] * 5, reply(GOOD))
    model = make_model()
    sources = [answered(await model.answer(request_for())).confidence.source for _ in range(7)]
    assert sources == ["logprob", *["vote"] * 5, "logprob"]


async def test_without_log_probabilities_or_votes_there_is_no_number(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NO_LOGPROBS))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence == Confidence.none("the server gave no log-probabilities")


async def test_with_one_sample_the_models_word_is_the_last_resort(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(NO_LOGPROBS), reply(completion('{"label":"card","confidence":0.6}')))
    model = make_model(samples=1)
    sources = [answered(await model.answer(request_for())).confidence.source for _ in range(4)]
    assert sources == [*["none"] * 3, "stated"]


async def test_log_probabilities_that_need_top_logprobs_get_it(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion(RECEIPT, logprobs=tokens(*cut(RECEIPT))), when={"top_logprobs": True}),
        reply(completion(RECEIPT)),
    )
    answer = answered(await make_model().answer(request_for(Receipt)))
    assert answer.confidence.source == "logprob"


async def test_log_probabilities_from_before_the_grammar_leave_other_mass(stub: Stub, make_model: MakeModel) -> None:
    entries = tokens('{"label":"', "B", '"}')
    entries[1] |= {"logprob": math.log(0.08), "top_logprobs": tokens(("The", {"The": 0.7}), ("A", {"A": 0.02}))}
    stub.play(reply(completion('{"label":"B"}', logprobs=entries)))
    answer = answered(await make_model().answer(request_for()))
    assert answer.confidence.value == pytest.approx(0.08)  # by its own value: the list does not have it
    assert answer.other_mass == pytest.approx(0.90)
    assert "90% of the probability was on no label" in answer.attempts[0].notes[0]


async def test_an_extra_closing_entry_with_an_empty_token_changes_nothing(stub: Stub, make_model: MakeModel) -> None:
    closing = {"token": "", "bytes": [], "logprob": -20.0, "top_logprobs": []}
    stub.play(reply(completion('{"label":"B"}', logprobs=[*B_TOKENS, closing])))
    assert answered(await make_model().answer(request_for())).confidence.value == pytest.approx(0.9)


async def test_log_probabilities_of_another_text_are_not_used(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"label":"B"}', logprobs=tokens("something else"))))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert answer.confidence.source == "none"
    assert "do not spell the answer" in answer.confidence.detail


@pytest.mark.parametrize("message", ["top_logprobs must be at most 5", "logprobs is not supported with this model"])
async def test_rejected_log_probabilities_are_asked_for_less_or_not_at_all(
    stub: Stub, make_model: MakeModel, message: str
) -> None:
    refused = {"top_logprobs": 20} if "5" in message else {"logprobs": True}
    stub.play(
        reply(error(message, param="top_logprobs" if "5" in message else "logprobs"), status=400, when=refused),
        reply(completion(*['{"label":"card"}'] * 3), when={"n": 3}),
        reply(GOOD if "5" in message else NO_LOGPROBS),
    )
    answer = answered(await make_model().answer(request_for()))
    assert answer.value == "card"
    assert answer.confidence.source == ("logprob" if "5" in message else "vote")


async def test_reasoning_models_are_not_asked_for_log_probabilities(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(*['{"label":"card"}'] * 3, model="gpt-5-mini")))
    answer = answered(await make_model("gpt-5-mini").answer(request_for()))
    assert answer.confidence.source == "vote"
    assert not {"logprobs", "temperature"} & set(stub.bodies()[0])


@pytest.mark.parametrize("at_once", [1, 2])
async def test_samples_that_n_did_not_bring_are_asked_for_one_by_one(
    stub: Stub, make_model: MakeModel, at_once: int
) -> None:
    stub.play(
        reply(completion(*['{"label":"card"}'] * at_once), when={"n": 4}),
        reply(completion('{"label":"other"}')),
    )
    answer = answered(await make_model(confidence="vote", samples=4).answer(request_for()))
    assert len(stub.bodies()) == 1 + 4 - at_once
    assert answer.confidence.value == pytest.approx(0.75 if at_once == 1 else 0.5)
    assert f"asked for 4 answers at once, got {at_once}" in answer.attempts[0].notes


async def test_a_rejected_n_becomes_separate_requests(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("Only n=1 is supported", param="n"), status=400, when={"n": 3}),
        reply(completion('{"label":"card"}')),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == 1.0
    assert "n" not in stub.bodies()[-1]


async def test_samples_that_are_refused_agree_with_nobody_and_are_told(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card"}'), when={"n": 3}),
        reply(completion('{"label":"card"}')),
        reply(completion(None, refusal="no")),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert any("1 of 3 samples failed" in note for attempt in answer.attempts for note in attempt.notes)


async def test_samples_that_fail_agree_with_nobody(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card"}'), when={"n": 3}),
        reply(completion('{"label":"card"}')),
        reply(error("no money left", code="insufficient_quota"), status=429),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert any("1 of 3 samples failed" in note for attempt in answer.attempts for note in attempt.notes)


async def test_a_single_sample_that_came_back_is_no_agreement(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(completion('{"label":"card"}'), when={"n": 2}),
        reply(completion(None, refusal="no")),
    )
    answer = answered(await make_model(confidence="vote", samples=2).answer(request_for()))
    assert (answer.value, answer.confidence.source) == ("card", "none")


async def test_when_no_sample_comes_back_the_reason_is_the_first_ones(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("n must be 1", param="n"), status=400, when={"n": 3}),
        reply(completion(None, refusal="I will not")),
    )
    outcome = unanswered(await make_model(confidence="vote").answer(request_for()))
    assert "I will not" in outcome.reason


@pytest.mark.dear
async def test_a_sample_that_does_not_come_loses_none_of_those_that_did(stub: Stub, make_model: MakeModel) -> None:
    there = reply(completion('{"label":"card"}'))
    stub.play(there, there, reply(completion('{"label":"card"}'), delay=30))
    answer = answered(await make_model(confidence="vote", seed=1).answer(request_for(seconds=0.5)))
    assert (answer.value, answer.confidence.source) == ("card", "none")
    assert "the time was over" in answer.confidence.detail
    assert [attempt.result for attempt in answer.attempts] == ["answered", "answered", "timed_out"]


@pytest.mark.parametrize(
    "said",
    [
        {"detail": "Invalid n value (currently only n = 1 is supported)"},
        error("only 1 <= n <= 2 is allowed"),
        error("Invalid value for n: 3"),
    ],
)
async def test_a_server_that_takes_no_n_is_understood_in_its_own_words(
    stub: Stub, make_model: MakeModel, said: Any
) -> None:
    """ragas #1072, optillm #83: DeepSeek's words, and others'."""
    stub.play(reply(said, status=400, when={"n": True}), reply(completion('{"label":"card"}')))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(1.0, "vote", "3 of 3 samples agree")


async def test_votes_within_a_budget_are_asked_for_one_after_the_other(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("n must be 1", param="n"), status=400, when={"n": 3}),
        reply(completion('{"label":"card"}'), delay=0.02),
    )
    answer = answered(await make_model(confidence="vote").answer(request_for(max_tokens=5000)))
    assert answer.confidence.value == 1.0
    assert stub.most_at_once() == 1
