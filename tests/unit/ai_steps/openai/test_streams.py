"""Streams of servers that leave out, break off or refuse."""

from typing import Any

import pytest

from tests.stub_server import Stub, chunks, completion, error, reply
from tests.unit.ai_steps.openai.given import MakeModel, answered, request_for, unanswered


async def test_a_stream_without_usage_has_unknown_tokens(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("Dear ", "customer")))
    answer = answered(await make_model().answer(request_for(str, on_text=lambda _: None)))
    assert answer.attempts[0].output_tokens is None
    assert answer.value == "Dear customer"


async def test_a_try_tells_the_time_to_the_first_piece_where_it_is_streamed(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Hello"), when={"stream": None}))
    stub.play(reply(chunks("Dear ", "customer")))
    model = make_model()
    whole = answered(await model.answer(request_for(str, wants_confidence=False)))
    pieces = answered(await model.answer(request_for(str, on_text=lambda _: None, wants_confidence=False)))
    assert whole.attempts[0].first_chunk_seconds is None
    first = pieces.attempts[0].first_chunk_seconds
    assert first is not None
    assert 0 < first <= pieces.attempts[0].seconds


async def test_whoever_looks_on_is_told_the_time_from_each_piece_to_the_next(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Hello"), when={"stream": None}))
    stub.play(reply(chunks("Dear ", "customer", ", thanks")))
    told: list[float] = []
    request = request_for(str, on_text=lambda _: None, on_chunk=told.append, wants_confidence=False)
    answer = answered(await make_model().answer(request))
    assert len(told) >= 2
    assert min(told) >= 0.0
    assert sum(told) <= answer.attempts[0].seconds


async def test_rejected_stream_options_are_left_out(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("unknown field stream_options"), status=400, when={"stream_options": True}), reply(chunks("Dear"))
    )
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear"


async def test_a_stream_that_breaks_is_not_started_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("Hello"), when={"stream": None}))
    stub.play(reply(chunks("Dear ", "customer", ", thank"), trap="drop_midway"))
    heard: list[str] = []
    model = make_model()
    await model.answer(request_for(str))
    outcome = unanswered(await model.answer(request_for(str, on_text=heard.append)))
    assert outcome.result == "failed"
    assert "broke after 13 characters" in outcome.reason
    assert "".join(heard) == "Dear customer"
    assert len(stub.bodies()) == 2


async def test_a_stream_that_just_ends_is_not_taken_for_whole(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("Dear cust", finish=None)))
    assert unanswered(await make_model().answer(request_for(str, on_text=lambda _: None))).result == "truncated"


@pytest.mark.dear
async def test_a_stream_refused_before_its_first_piece_is_tried_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("busy"), status=503), reply(chunks("Dear")))
    assert answered(await make_model().answer(request_for(str, on_text=lambda _: None))).value == "Dear"


async def test_an_error_in_the_callback_is_a_reason(stub: Stub, make_model: MakeModel) -> None:
    def broken(_: str) -> None:
        raise ValueError("cannot show it")

    stub.play(reply(chunks("Dear")))
    outcome = unanswered(await make_model().answer(request_for(str, on_text=broken)))
    assert outcome.result == "failed"
    assert "cannot show it" in outcome.reason


async def test_a_server_that_sends_no_stream_is_told_so_and_nothing_was_cut_off(
    stub: Stub, make_model: MakeModel
) -> None:
    whole: list[Any] = [completion("Dear Ann."), []]
    for body in whole:
        stub.reset()
        stub.play(reply(body))
        outcome = unanswered(await make_model().answer(request_for(str, json_schema=None, labels=(), on_text=print)))
        assert (outcome.result, len(stub.bodies())) == ("failed", 1)
        assert outcome.reason == "the server answered 200 and sent no stream; ask it without one"
