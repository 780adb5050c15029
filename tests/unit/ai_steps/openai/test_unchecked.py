"""What has arrived of an answer is shown as it comes, is never a value, and ends in the outcome."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from handrail import Accepted, Doubtful, Says, ScriptedModel, classify, draft, each_field, extract, grounded
from handrail.ai_steps import Unchecked
from handrail.guards import Always, Never
from handrail_ai_steps.arriving import ArrivedData, arrived
from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.model import ModelRequest, NoAnswer
from handrail_ai_steps.partial_types import read_partly
from tests.stub_server import Stub, chunks, completion, cut, error, reply, tokens
from tests.unit.ai_steps.openai.given import MakeModel


class Line(BaseModel):
    text: str
    price: Decimal


class Receipt(BaseModel):
    shop: str
    total: Decimal = Field(alias="Total")
    count: int
    state: Literal["paid", "paid late"]
    on: date
    lines: list[Line] = []


TEXT = (
    '{"shop": "ACME Ltd", "Total": "1250.75", "count": 1234, "state": "paid late", "on": "2026-11-29",'
    ' "lines": [{"text": "a \\"b\\" \\u00e9", "price": 8.2}, {"text": "c", "price": 3}]}'
)
WHOLE = Receipt.model_validate_json(TEXT)


def seen_of(text: str, kind: Any = Receipt) -> list[Any]:
    """Return what is to be seen of a text after each of its characters."""
    data = (arrived(text[:end]) for end in range(1, len(text) + 1))
    return [read_partly(kind, each) for each in data if each is not None]


def is_beginning(part: Any, whole: Any) -> bool:
    """Return whether a part says nothing else than the whole does."""
    if isinstance(part, dict):
        fields = whole if isinstance(whole, dict) else vars(whole)
        return all(is_beginning(value, fields[name]) for name, value in part.items())
    if isinstance(part, list):
        return len(part) <= len(whole) and all(map(is_beginning, part, whole))
    if isinstance(part, str) and part != "paid":
        return isinstance(whole, str) and whole.startswith(part)
    return bool(type(part) is type(whole) and part == whole)


def test_no_number_label_or_date_is_seen_before_it_is_whole() -> None:
    seen = [each for each in seen_of(TEXT) if each is not None]
    assert all(is_beginning(each, WHOLE) for each in seen)
    assert {each["shop"] for each in seen if "shop" in each} >= {"A", "ACME", "ACME Ltd"}
    for name, value in (("total", WHOLE.total), ("count", 1234), ("state", "paid late"), ("on", WHOLE.on)):
        assert {each[name] for each in seen if name in each} == {value}
    assert seen[-1]["lines"][1] == {"text": "c", "price": Decimal(3)}


@dataclass
class Plain:
    name: str
    size: int


class Tree(BaseModel):
    name: str
    below: "list[Tree]" = []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


@pytest.mark.dear
@settings(max_examples=30, deadline=None)
@given(data=st.dictionaries(st.text(max_size=3), JSON, max_size=4), ascii_only=st.booleans())
def test_whatever_arrives_is_a_beginning_of_what_comes(data: dict[str, Any], *, ascii_only: bool) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only)
    for end in range(1, len(text) + 1):
        found = arrived(text[:end])
        assert found is None or found.is_open or _is_part(found.data, data)


def _is_part(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _is_part(value, whole[name]) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(_is_part, part, whole))
    return bool(part == whole or part == json.dumps(whole))  # a long number is a text, with all of its digits


def test_a_long_number_has_all_of_its_digits() -> None:
    long = '{"price": 12345678901234567.89, "text": "no. 12345678901234567.89 \\"a\\" b'
    assert seen_of(long, Line)[-1] == {
        "price": Decimal("12345678901234567.89"),
        "text": 'no. 12345678901234567.89 "a" b',
    }


def test_other_kinds_of_records_arrive_too() -> None:
    assert seen_of('{"name": "x", "size": 12}', Plain)[-1] == {"name": "x", "size": 12}
    assert seen_of('{"name": "x", "below": [{"name": "y"}]}', Tree)[-1]["below"] == [{"name": "y"}]
    assert seen_of('{"a": {"name": "x"}}', dict[str, Plain])[-1] == {"a": {"name": "x"}}
    assert read_partly(list[Line], arrived('[{"text": "a", "price": 1}, {"text": "b')) == [  # type: ignore[arg-type]
        {"text": "a", "price": Decimal(1)},
        {"text": "b"},
    ]


def read(model: Any, **options: Any) -> Any:
    return extract("read", Line, "Read it.", models=model, **{"accept": Always(), **options})


async def all_of(step: Any, *values: Any) -> tuple[list[Any], Any]:
    *pieces, last = [each async for each in step.partial(*values)]
    assert all(isinstance(each, Unchecked) for each in pieces)
    assert isinstance(last, Accepted | Doubtful)
    return [each.so_far for each in pieces], last


async def test_pieces_come_before_the_outcome_and_are_no_values() -> None:
    model = ScriptedModel([{"text": "a long text", "price": "8.20"}])
    pieces, outcome = await all_of(read(model), "a long text 8.20")
    assert outcome.value == Line(text="a long text", price=Decimal("8.20"))
    assert len(pieces) > 2
    assert not any(hasattr(Unchecked({}), name) for name in ("value", "suggestion", "judgement", "confidence"))


@pytest.mark.parametrize("options", [{"guards": [grounded()]}, {"accept": Never()}, {"accept": each_field(at_least=1)}])
async def test_what_was_shown_may_still_be_doubtful(options: Any) -> None:
    said = Says({"text": "invented", "price": "1"}, fields={"text": 0.5, "price": 0.5})
    pieces, outcome = await all_of(read(ScriptedModel([said]), **options), "nothing")
    assert pieces
    assert isinstance(outcome, Doubtful)


async def test_another_answer_begins_anew_and_the_last_word_is_the_outcome() -> None:
    script = [{"text": "wrong answer", "price": "1"}, {"text": "right", "price": "2"}]
    guards = [grounded(fields="text", on_fail="reask")]
    pieces, outcome = await all_of(read(ScriptedModel(script), guards=guards), "right")
    assert isinstance(outcome, Accepted)
    texts = [each.get("text") for each in pieces]
    assert texts.index("wrong answer") < texts.index("right")


async def test_a_model_that_shows_nothing_still_ends_in_an_outcome() -> None:
    pieces, outcome = await all_of(read(ScriptedModel([NoAnswer(result="refused", reason="no")])), "x")
    assert (pieces, outcome.code) == ([], "refused")
    with pytest.raises(TypeError):
        [each async for each in read(ScriptedModel([])).partial(object())]


def test_a_text_and_a_label_are_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="stream"):
        draft("d", str, "Write.", models=ScriptedModel([])).partial("x")
    with pytest.raises(InvalidInput, match="await"):
        classify("c", bool, "Is it?", models=ScriptedModel([]), accept=Always()).partial("x")


class Slow:
    name = "slow"

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    async def answer(self, request: ModelRequest) -> Any:
        try:
            assert request.on_data is not None
            data = arrived('{"text": "begun')
            assert data is not None
            request.on_data(data)
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


async def test_leaving_early_stops_the_model() -> None:
    slow = Slow()
    async with aclosing(read(slow).partial("x")) as pieces:
        async for piece in pieces:
            assert piece.so_far == {"text": "begun"}
            break
    assert slow.stopped.is_set()


class Rubbish(ScriptedModel):
    async def answer(self, request: ModelRequest) -> Any:
        assert request.on_data is not None
        for each in ("rubbish", ArrivedData(object()), ArrivedData([1], is_open=True)):
            request.on_data(each)  # type: ignore[arg-type]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return await super().answer(request)


async def test_whatever_a_model_shows_the_outcome_is_its_answer() -> None:
    pieces, outcome = await all_of(read(Rubbish([{"text": "a", "price": "1"}])), "x")
    assert isinstance(outcome, Accepted)
    assert all(set(each) <= {"text", "price"} for each in pieces)


async def test_personal_data_comes_back_in_the_pieces() -> None:
    model = ScriptedModel([{"text": "to [EMAIL_1] now", "price": "1"}])
    pieces, outcome = await all_of(read(model, mask=["email"]), "write ann@example.org")
    assert outcome.value.text == "to ann@example.org now"
    assert any("ann@example.org" in each["text"] for each in pieces)


# From a server -----------------------------------------------------------------------------------------------------

ANSWER = '{"text": "a long text", "price": "8.20"}'


def streamed(*pieces: str) -> Any:
    return reply(chunks(*pieces, usage={"prompt_tokens": 100, "completion_tokens": 10}), delay=0.02)


@pytest.mark.dear
async def test_a_server_streams_it_and_is_paid_once(stub: Stub, make_model: MakeModel) -> None:
    stub.play(streamed("<think>{}</think>", *(ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5))))
    pieces, outcome = await all_of(read(make_model(confidence="none")), "x")
    assert isinstance(outcome, Accepted)
    assert outcome.value == Line(text="a long text", price=Decimal("8.20"))
    assert len(pieces) > 2
    [attempt] = outcome.judgement.attempts
    assert (attempt.input_tokens, attempt.output_tokens) == (100, 10)
    [sent] = stub.bodies()
    assert sent["stream"] is True


@pytest.mark.dear
async def test_a_stream_that_breaks_or_does_not_fit_is_asked_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(chunks('{"text": "gone', finish=None), trap="drop_midway"),
        streamed('{"text": "no price"}'),
        streamed(ANSWER[:20], ANSWER[20:]),
    )
    _, outcome = await all_of(read(make_model(confidence="none")), "x")
    assert isinstance(outcome, Accepted)
    assert outcome.value.text == "a long text"
    assert [each.result for each in outcome.judgement.attempts] == ["failed", "invalid", "answered"]


async def test_a_server_that_does_not_stream_is_asked_for_the_whole(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("streaming is not supported"), status=400), reply(completion(ANSWER)))
    pieces, outcome = await all_of(read(make_model(confidence="none")), "x")
    assert pieces == []
    assert isinstance(outcome, Accepted)
    assert ["stream" in each for each in stub.bodies()] == [True, False]


@pytest.mark.dear
async def test_the_models_own_word_is_no_part_of_what_is_shown(stub: Stub, make_model: MakeModel) -> None:
    whole = f'{{"answer": {ANSWER}, "confidence": 0.9}}'
    stub.play(streamed(*(whole[at : at + 6] for at in range(0, len(whole), 6))))
    pieces, outcome = await all_of(read(make_model(confidence="stated"), accept=each_field(at_least=0.5)), "x")
    assert all(set(each) <= {"text", "price"} for each in pieces)
    assert len(pieces) > 2
    assert outcome.judgement.confidence.source == "stated"


async def test_what_is_not_streamed_is_the_same_as_before(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(ANSWER, logprobs=tokens(*cut(ANSWER)))))
    outcome = await read(make_model())("x")
    assert isinstance(outcome, Accepted)
    assert "stream" not in stub.bodies()[0]
