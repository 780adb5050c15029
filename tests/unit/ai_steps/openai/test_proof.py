"""Where a number comes from that says nothing, there is no number: codes, one-hot log-probabilities, votes, fields."""

import enum
import json
import math
import string
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from handrail import classify, each_field, extract
from handrail_ai_steps.models.openai.form import codes_for, crosses
from handrail_ai_steps.models.recorded import RecordedModel
from handrail_guards.acceptance import Always, Threshold
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Accepted, Doubtful
from tests.stub_server import Json, Stub, completion, cut, error, reply, tokens
from tests.unit.ai_steps.openai.given import RECEIPT, MakeModel, Receipt, answered, request_for, unanswered

# Codes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (["billing", "card"], "AB"),
        (["A", "B", "C"], "ABC"),  # each stands for itself
        (["O", "A", "B", "AB"], "1234"),
        (["b", "a"], "12"),
        (["Hepatitis B", "Hepatitis A"], "12"),
        (["plan (b)", "plan (a)"], "12"),
        (["\uff22", "\uff21"], "12"),  # in full width
        (["type C", "C++", "other"], "123"),
        (["B", "1"], ""),
        (["B 2", "A 1"], ""),
        (list("BCDEFGHIJA"), ""),
        ([f"label {index}" for index in range(21)], ""),
    ],
)
def test_no_code_is_another_labels_name_or_a_word_of_it(labels: list[str], codes: str) -> None:
    assert "".join(codes_for(labels)) == codes
    assert list(codes_for(labels).values()) == (labels if codes else [])


@given(st.lists(st.text(string.ascii_letters + string.digits + " -", max_size=4), min_size=1, max_size=25, unique=True))
def test_codes_never_cross_labels(labels: list[str]) -> None:
    codes = codes_for(labels)
    assert not crosses(codes)
    for code, label in codes.items():
        assert all(other == label or other.casefold() != code.casefold() for other in labels)


Blood = Literal["O", "A", "B", "AB"]


async def test_labels_that_are_letters_are_asked_for_by_number_and_read_as_they_are(
    stub: Stub, make_model: MakeModel
) -> None:
    by_name = tokens('{"label":"', ("A", {"A": 0.98, "B": 0.01}), '"}')
    stub.play(
        reply(completion('{"label":"A"}', logprobs=by_name)),
        reply(completion('{"label":"2"}', logprobs=tokens('{"label":"', ("2", {"2": 0.9, "3": 0.1}), '"}'))),
    )
    step = classify("blood", Blood, "Which group?", models=make_model(), accept=Threshold(0.8))
    for confidence in (0.9702, 0.9):  # by name, AB is ruled out by the closing quote
        outcome = await step("Blood group: A")
        assert isinstance(outcome, Accepted)
        assert outcome.value == "A"
        assert outcome.confidence.value == pytest.approx(confidence)
        assert outcome.judgement.prompt_version == f"{step.version}+digits"
    told = stub.bodies()[0]["messages"][0]["content"]
    assert "1 = O\n2 = A\n3 = B\n4 = AB" in told
    assert "not with the label itself" in told


async def test_labels_can_be_asked_for_by_name_and_their_probability_shared_among_them(
    stub: Stub, make_model: MakeModel
) -> None:
    entries = tokens('{"label":"', ("card", {"card": 0.48, "billing": 0.02, "The": 0.5}), '"}')
    stub.play(reply(completion('{"label":"card"}', logprobs=entries)))
    step = classify(
        "route", Literal["billing", "card"], "Who?", models=make_model(codes=False, among_labels=True), accept=Always()
    ).using(make_model(codes=False, among_labels=True))
    sure = classify("route", Literal["billing", "card"], "Who?", models=step.models, accept=Threshold(0.9))
    outcome = await sure("x")
    assert isinstance(outcome, Accepted)
    assert outcome.confidence.value == pytest.approx(0.96)
    assert outcome.confidence.detail == "probability of the label among 2 labels alone; 50% was on none"
    assert outcome.judgement.other_mass == pytest.approx(0.5)
    assert outcome.judgement.prompt_version == f"{sure.version}+names,among-labels"
    assert "card" in stub.bodies()[0]["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"]


@pytest.mark.parametrize(
    ("spread", "confidence", "said"),
    [
        # a token that begins two of them
        ({"card": 0.5, "billing": 0.3, "The": 0.2}, 0.3 / 0.8, "20% was on none, 50% may be on labels"),
        # none of theirs is among those that the server lists: each may have as much as the last of these
        ({"billing": 0.3, "The": 0.5, "An": 0.03}, 0.3 / 0.36, "64% was on none, 6% may be on labels"),
        ({"billing": 0.3}, 0.3, "0% was on none, 70% may be on labels"),
    ],
)
async def test_labels_that_a_server_does_not_tell_apart_take_their_part_of_what_is_shared_among_labels(
    spread: dict[str, float], confidence: float, said: str, stub: Stub, make_model: MakeModel
) -> None:
    entries = tokens('{"label":"', ("billing", spread), '"}')
    stub.play(reply(completion('{"label":"billing"}', logprobs=entries)))
    labels = Literal["billing", "card lost", "card stolen"]
    model = make_model(codes=False, among_labels=True)
    outcome = await classify("route", labels, "Who?", models=model, accept=Threshold(0.9))("x")
    assert isinstance(outcome, Doubtful)
    assert outcome.judgement.confidence.value == pytest.approx(confidence)
    assert said in str(outcome.judgement.confidence.detail)


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize(
    ("output_type", "given", "value"),
    [
        (Literal[1, 2, 3], "3", 3),
        (Literal[1, 2, 3], '"3"', 3),
        (bool, "true", True),
        (Literal["a", "b"] | None, "null", None),
        (Literal["shipping", "billing"], '"Shipping"', "shipping"),
        (Literal["shipping", "billing"], '" shipping "', "shipping"),
    ],
)
async def test_a_label_is_read_however_json_spells_it(
    stub: Stub, make_model: MakeModel, output_type: Any, given: str, value: Any
) -> None:
    stub.play(reply(completion(f'{{"label":{given}}}')))
    answer = answered(await make_model(confidence="none").answer(request_for(output_type)))
    assert answer.value is value or answer.value == value
    assert len(stub.bodies()) == 1


@pytest.mark.parametrize(
    ("output_type", "given"),
    [
        (Literal[1, 2], "true"),
        (Literal[1, 2], "1.0"),
        (Literal[1, 2], '"01"'),
        (Literal["none", "some"], "null"),
        (Literal["Us", "us"], '"US"'),
        (Literal["a", "b"], '["a"]'),
        (Level, "1"),
    ],
)
async def test_a_label_that_could_be_another_is_sent_back(
    stub: Stub, make_model: MakeModel, output_type: Any, given: str
) -> None:
    stub.play(reply(completion(f'{{"label":{given}}}')))
    assert (
        unanswered(await make_model(confidence="none", reasks=0).answer(request_for(output_type))).result == "invalid"
    )


# Log-probabilities from after the choice -----------------------------------------------------------------------------


def certain(entries: list[Json], other: float | None, *, only_chosen: bool = False) -> list[Json]:
    """Return tokens as a server tells them whose distribution is from after a temperature of 0."""
    made = []
    for entry in entries:
        own = {**entry, "logprob": 0.0}
        listed = [{**own, "top_logprobs": None}]
        if other is not None:
            listed += [{"token": each, "bytes": list(each.encode()), "logprob": other} for each in ("A", "x", ",")]
        made.append({**own, "top_logprobs": listed if other is not None or only_chosen else []})
    return made


@pytest.mark.parametrize("other", [-9999.0, -100.0, -math.inf, None])
@pytest.mark.parametrize("only_chosen", [True, False])
async def test_numbers_from_after_the_choice_are_no_confidence(
    stub: Stub, make_model: MakeModel, other: float | None, *, only_chosen: bool
) -> None:
    label = certain(tokens('{"label":"', "B", '"}'), other, only_chosen=only_chosen)
    record = certain(tokens(*cut(RECEIPT)), other, only_chosen=only_chosen)
    text = certain(tokens("Dear ", "Ann"), other, only_chosen=only_chosen)
    stub.play(
        *(
            reply(json.dumps(completion(said, logprobs=each)))  # -Infinity is what such servers send
            for said, each in (('{"label":"B"}', label), (RECEIPT, record), ("Dear Ann", text))
        )
    )
    for output_type in (Literal["billing", "card", "other"], Receipt, str):
        answer = answered(await make_model(confidence="logprob").answer(request_for(output_type)))
        assert answer.confidence.value is None
        assert "every token is certain" in answer.confidence.detail
        assert not answer.fields


async def test_a_server_that_tells_such_numbers_is_asked_for_a_vote(stub: Stub, make_model: MakeModel) -> None:
    drawn = completion('{"label":"card"}', '{"label":"B"}', '{"label":"other"}')
    label = certain(tokens('{"label":"', "B", '"}'), -9999.0)
    stub.play(reply(drawn, when={"n": 3}), reply(completion('{"label":"B"}', logprobs=label)))
    answer = answered(await make_model().answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert any("every token is certain" in note for note in answer.attempts[0].notes)


@pytest.mark.parametrize("change", [{"logprob": -1e-3}, {"top_logprobs": tokens("B", ("A", {"A": 1e-9}))}])
async def test_one_token_of_a_real_distribution_makes_the_numbers_real(
    stub: Stub, make_model: MakeModel, change: Json
) -> None:
    label = certain(tokens('{"label":"', "B", '"}'), -9999.0)
    label[1] |= change
    stub.play(reply(completion('{"label":"B"}', logprobs=label)))
    answer = answered(await make_model().answer(request_for()))
    assert answer.confidence.source == "logprob"
    assert answer.confidence.value == pytest.approx(1.0, abs=0.011)  # of two numbers that differ, the lower counts


@pytest.mark.parametrize(
    "spoilt",
    [
        {"bytes": 10**12},
        {"bytes": [400]},
        {"bytes": "B", "token": 3},
        {"logprob": "sure"},
        {"logprob": None},
        {"top_logprobs": 3},
        {"top_logprobs": {"B": 1}},
        {"top_logprobs": [None, 3, {"token": None}, {"token": "A", "logprob": math.nan}]},
    ],
)
async def test_malformed_entries_end_in_a_value(stub: Stub, make_model: MakeModel, spoilt: Json) -> None:
    label = tokens('{"label":"', ("B", {"B": 0.9, "A": 0.1}), '"}')
    label[1] |= spoilt
    stub.play(reply(json.dumps(completion('{"label":"B"}', logprobs=label))))
    answer = answered(await make_model(confidence="logprob").answer(request_for()))
    assert answer.confidence.value is None or answer.confidence.value <= 0.91


# Votes ---------------------------------------------------------------------------------------------------------------

CARD = '{"label":"card"}'


async def test_samples_are_drawn_and_each_with_a_seed_of_its_own(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(error("n must be 1", param="n"), status=400, when={"n": 3}), reply(completion(CARD)))
    step = classify("route", Literal["card", "other"], "Who?", models=make_model(confidence="vote"), accept=Always())
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == 1.0
    alone = [body for body in stub.bodies() if "n" not in body]
    assert {body["temperature"] for body in stub.bodies()} == {1}
    assert len({body["seed"] for body in alone}) == len(alone) == 3
    assert "seed" not in stub.bodies()[0]
    outcome = await step.using(make_model(confidence="vote"))("x")
    assert outcome.judgement.prompt_version == step.version  # nobody looked at the confidence: there was no vote
    sure = classify("route", Literal["card", "other"], "Who?", models=step.models, accept=Threshold(0.9))
    assert (await sure("x")).judgement.prompt_version == f"{sure.version}+sampled"


async def test_a_server_that_takes_no_seed_is_asked_without(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(error("n must be 1", param="n"), status=400, when={"n": 3}),
        reply(error("Extra inputs are not permitted: seed", param="seed"), status=422, when={"seed": True}),
        reply(completion(CARD)),
    )
    assert answered(await make_model(confidence="vote").answer(request_for())).confidence.value == 1.0


async def test_long_samples_that_are_the_same_to_the_byte_are_noted(stub: Stub, make_model: MakeModel) -> None:
    text = json.dumps({"company": "A" * 120, "total": 1.0})
    stub.play(reply(completion(text, text, text)), reply(completion(RECEIPT, RECEIPT, RECEIPT)))
    model = make_model(confidence="vote")
    noted = answered(await model.answer(request_for(Receipt))).attempts[0].notes
    assert any("all 3 samples are the same to the byte" in note for note in noted)
    assert not answered(await model.answer(request_for(Receipt))).attempts[0].notes


@pytest.mark.parametrize("wrong", ["I think card", '{"label":"nobody"}', "", '{"label":"card","label":"other"}'])
async def test_a_misfit_among_samples_costs_no_new_round(stub: Stub, make_model: MakeModel, wrong: str) -> None:
    stub.play(reply(completion(wrong, CARD, CARD)))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert len(stub.bodies()) == 1


async def test_samples_none_of_which_fits_are_sent_back(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("x", "y", "z")), reply(completion(CARD, CARD, CARD)))
    answer = answered(await make_model(confidence="vote").answer(request_for()))
    assert answer.confidence.value == 1.0
    assert [attempt.result for attempt in answer.attempts] == ["invalid", "answered"]
    told = stub.bodies()[1]["messages"][-2:]
    assert [message["role"] for message in told] == ["assistant", "user"]
    assert told[0]["content"] == "x"
    assert told[1]["content"].startswith("This answer does not fit: the answer is no JSON object")


@pytest.mark.slow
@pytest.mark.parametrize(
    "then",
    [
        reply(error("no"), status=400),
        reply(completion(None, refusal="I will not")),
        reply(completion("nonsense", "nonsense", "nonsense")),
        reply(completion(CARD), delay=30.0),
    ],
)
async def test_a_valid_answer_whose_vote_fails_stays_as_a_suggestion(
    stub: Stub, make_model: MakeModel, then: Json
) -> None:
    stub.play(reply(completion('{"label":"B"}'), when={"logprobs": True}), then)
    model = make_model()
    await model.ready()
    step = classify("route", Literal["billing", "card"], "Who?", models=model, accept=Threshold(0.5))
    answer = answered(await model.answer(request_for(seconds=5.0 if then["delay"] else 120.0)))
    assert (answer.value, answer.confidence.source) == ("card", "none")
    assert "the samples for a vote did not come" in answer.confidence.detail
    assert len(answer.attempts) > 1
    if not then["delay"]:
        outcome = await step("x")
        assert isinstance(outcome, Doubtful)
        assert (outcome.suggestion, outcome.code) == ("card", "no_confidence")


# Fields --------------------------------------------------------------------------------------------------------------


class Part(BaseModel):
    name: str
    tag: str | None = None


class Letter(BaseModel):
    shop: str
    total: float | None = Field(None, alias="Total Amount")
    parts: list[Part] = []
    main: Part | None = None
    own: SkipJsonSchema[int] = 3


async def read(stub: Stub, make_model: MakeModel, text: str, output_type: Any = Letter) -> Any:
    stub.play(reply(completion(text, logprobs=tokens(*cut(text, 1), probability=0.999))))
    step = extract("read", output_type, "Read.", models=make_model(), accept=each_field(at_least=0.9))
    return await step("x")


class Note(BaseModel):
    tag: str | None = None


class Loose(BaseModel):
    note: Note = Note()
    more: list[Note] = []
    any: dict[str, int] = {}


@pytest.mark.parametrize(
    ("text", "unsure"),
    [
        ("{}", [""]),
        ('{"note":{},"more":[],"any":{}}', ["note"]),
        ('{"note":{"tag":null},"more":[{ }],"any":{}}', ["more.0"]),
        ('{"note":{"tag":null},"more":[],"any":{}}', []),
    ],
)
async def test_an_empty_object_says_nothing_of_the_fields_of_its_record(
    stub: Stub, make_model: MakeModel, text: str, unsure: list[str]
) -> None:
    outcome = await read(stub, make_model, text, Loose)
    assert [path for path, sure in outcome.judgement.fields.items() if sure.value is None] == unsure
    assert isinstance(outcome, Doubtful if unsure else Accepted)


LEFT_OUT = [
    ('{"shop":"A"}', ["total", "parts", "main"]),
    ('{"shop":"{}","Total Amount":null,"parts":[],"main":null}', []),
    ('{"shop":"A","Total Amount":1,"parts":[{"name":"x"}],"main":null}', ["parts.0.tag"]),
    ('{"shop":"{A","Total Amount":1,"parts":[{"name":"x","tag":null}],"main":{"name":"y"}}', ["main.tag"]),
]


@pytest.mark.parametrize(("text", "left_out"), LEFT_OUT)
async def test_a_field_that_the_answer_left_out_is_never_accepted(
    stub: Stub, make_model: MakeModel, text: str, left_out: list[str]
) -> None:
    outcome = await read(stub, make_model, text)
    fields = outcome.judgement.fields
    assert [path for path, sure in fields.items() if sure.value is None] == left_out
    if left_out:
        assert isinstance(outcome, Doubtful)
        assert (outcome.code, outcome.reason) == (
            "no_confidence",
            f"{left_out[0]}: no confidence: the answer left it out",
        )
    else:
        assert isinstance(outcome, Accepted)


@pytest.mark.parametrize(("text", "left_out"), LEFT_OUT)
async def test_a_field_that_all_samples_left_out_is_never_accepted(
    stub: Stub, make_model: MakeModel, text: str, left_out: list[str]
) -> None:
    stub.play(reply(completion(text, text, text)))
    step = extract("read", Letter, "Read.", models=make_model(confidence="vote"), accept=each_field(at_least=0.9))
    outcome = await step("x")
    assert [path for path, sure in outcome.judgement.fields.items() if sure.value is None] == left_out
    assert isinstance(outcome, Doubtful if left_out else Accepted)


async def test_where_all_samples_are_an_empty_object_nothing_is_sure(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion("{}", "{}", "{}")))
    step = extract("read", Loose, "Read.", models=make_model(confidence="vote"), accept=each_field(at_least=0.9))
    assert isinstance(await step("x"), Doubtful)


class Basket(BaseModel):
    names: list[str] = []
    counts: dict[str, int] = {}
    nested: list[list[int]] = []


@pytest.mark.parametrize(
    ("text", "closing", "path"),
    [
        ('{"names":["a"', '],"counts":{},"nested":[]}', "names.#"),
        ('{"names":["a"', '\n],"counts":{},"nested":[]}', "names.#"),
        ('{"names":', '[],"counts":{},"nested":[]}', "names"),
        ('{"names":[],"counts":{"a":1', '},"nested":[]}', "counts.#"),
        ('{"names":[],"counts":', '{},"nested":[]}', "counts"),
        ('{"names":[],"counts":{},"nested":[[1', "]]}", "nested.0.#"),
    ],
)
async def test_where_a_list_or_map_ends_has_a_confidence(
    stub: Stub, make_model: MakeModel, text: str, closing: str, path: str
) -> None:
    said = [*tokens(*cut(text, 1), probability=0.999), *tokens((closing[0], {closing[0]: 0.05, ",": 0.95}))]
    said += tokens(*cut(closing[1:], 1), probability=0.999)
    stub.play(reply(completion(text + closing, logprobs=said)))
    step = extract("read", Basket, "Read.", models=make_model(), accept=each_field(at_least=0.9))
    outcome = await step("x")
    assert isinstance(outcome, Doubtful)
    assert outcome.reason.startswith(f"{path}: confidence 0.05 < 0.9")
    assert outcome.confidence.value == pytest.approx(0.05, abs=1e-3)


async def test_a_recorded_answer_keeps_how_it_was_asked_and_an_old_one_is_held_to_the_same(
    stub: Stub, make_model: MakeModel, tmp_path: Any
) -> None:
    path = tmp_path / "answers.jsonl"
    stub.play(reply(completion(CARD, CARD, CARD)))
    live = RecordedModel.record(path, live=make_model(confidence="vote"))
    step = classify("route", Literal["card", "other"], "Who?", models=live, accept=Threshold(0.9))
    first = await step("x")
    again = await step.using(RecordedModel.replay(path))("x")
    assert first.judgement.prompt_version == again.judgement.prompt_version == f"{step.version}+sampled"
    line = json.loads(path.read_text())
    del line["answer"]["asked_as"]
    path.write_text(json.dumps(line) + "\n")
    assert (await step.using(RecordedModel.replay(path))("x")).judgement.prompt_version == step.version


# Numbers -------------------------------------------------------------------------------------------------------------


class Money(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    total: Decimal = Field(validation_alias=AliasChoices("total", "Total Amount"))
    share: float = 0.5
    note: str = ""
    paid: bool = False


@pytest.mark.parametrize("text", ["12345678901234567.89", '"12345678901234567.89"', "0.1", "1e2", "-0.10", "5"])
@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_decimal_keeps_every_digit(stub: Stub, make_model: MakeModel, text: str, *, wrapped: bool) -> None:
    answer = f'{{"answer": [{{"total": {text}, "share": 0.1}}]}}' if wrapped else f'{{"total":{text}}}'
    stub.play(reply(completion(answer)))
    output_type = list[Money] if wrapped else Money
    value = answered(await make_model(confidence="none").answer(request_for(output_type))).value
    assert (value[0] if wrapped else value).total == Decimal(text.strip('"'))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        '{"total":1,"share":NaN}',
        '{"total":1,"share":-Infinity}',
        '{"total":1,"share":1e999}',
        '{"total":1,"share":1e-999}',
        '{"total":1,"share":"NaN"}',
        '{"total":1,"share":"inf"}',
        '{"total":NaN}',
        '{"total":"Infinity"}',
        '{"total":1,"total":2}',
        '{"total":1,"Total Amount":2}',
        '{"Total Amount":1,"total":1.5}',
        '{"total":1,"paid":1}',
        '{"total":1,"paid":"yes"}',
        '{"total":1,"extra":{"a":1,"a":2}}',
        '{"total":1,"note":NaN}',
        '{"total":1,"note":"\\ud83d"}',
        '{"total":1,"extra":[NaN]}',
    ],
)
@pytest.mark.parametrize("mode", ["plain", "wrapped", "stated", "fenced"])
async def test_what_is_no_json_or_no_finite_number_is_sent_back(
    stub: Stub, make_model: MakeModel, text: str, mode: str
) -> None:
    shown = {"wrapped": f'{{"answer":[{text}]}}', "stated": f'{{"answer":{text},"confidence":1}}'}.get(mode, text)
    stub.play(reply(completion(f"```json\n{shown}\n```" if mode == "fenced" else shown)))
    model = make_model(confidence="stated" if mode == "stated" else "none", reasks=0)
    output_type = list[Money] if mode == "wrapped" else Money
    assert unanswered(await model.answer(request_for(output_type))).result == "invalid"


async def test_a_number_that_is_written_as_a_text_is_noted(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion('{"total":"1.50","share":"0.25","paid":"false"}')))
    answer = answered(await make_model(confidence="none").answer(request_for(Money)))
    assert answer.value == Money(total=Decimal("1.50"), share=0.25)
    assert "written as a text: share, paid" in answer.attempts[-1].notes


async def test_a_tuple_of_several_types_is_asked_for_in_its_order(stub: Stub, make_model: MakeModel) -> None:
    class Pair(BaseModel):
        pair: tuple[int, str]
        price: Decimal

    stub.play(reply(completion('{"pair":[1,"x"],"price":"1.50"}')))
    value = answered(await make_model(confidence="none").answer(request_for(Pair))).value
    assert value == Pair(pair=(1, "x"), price=Decimal("1.50"))
    sent = stub.bodies()[0]["response_format"]["json_schema"]
    assert sent["strict"] is False
    assert [each["type"] for each in sent["schema"]["properties"]["pair"]["prefixItems"]] == ["integer", "string"]
    assert sent["schema"]["properties"]["price"]["anyOf"][1]["pattern"] == r"^-?[0-9]{1,20}(\.[0-9]{1,10})?$"


async def test_half_a_character_in_the_input_is_shown_as_such(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(CARD)))
    step = classify("route", Literal["card", "other"], "Who?", models=make_model(), accept=Always())
    outcome = await step("broken \udcb0 text \ud83d\ude00")
    assert isinstance(outcome, Accepted)
    assert outcome.judgement.source == "broken \ufffd text 😀"
    assert stub.bodies()[0]["messages"][1]["content"] == "broken \ufffd text 😀"
