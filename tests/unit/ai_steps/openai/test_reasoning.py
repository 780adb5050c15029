"""What a model thinks aloud reaches nobody: not as a value, not in a stream, however it is spelled or cut."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handrail import draft
from handrail_ai_steps.models.openai.candidates import find_objects
from handrail_ai_steps.models.openai.reasoning import Spoken, spoken
from handrail_guards.outcome import Accepted, Doubtful
from tests.stub_server import Stub, chunks, completion, reply, tokens
from tests.unit.ai_steps.openai.given import MakeModel, answered, request_for, unanswered

SECRET = "They are angry. I could lie. "
SPELLINGS = [
    ("<think>", "</think>"),
    ("<THINK>", "</Think>"),
    ("< think >", "</ think >"),
    ('<think time="3">', "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<analysis>", "</analysis>"),
    ("<seed:think>", "</seed:think>"),
    ("<|think|>", "<|/think|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<internal_monologue>", "</internal_monologue>"),
    ("<start_working_out>", "<end_working_out>"),
    ("<|think_start|>", "<|think_end|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>\n<|begin_of_solution|>"),
    ("[BEGIN_THINK]", "[END_THINK]"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<think>a <think>b</think>", "</think>"),
]


@pytest.mark.parametrize(("opening", "closing"), SPELLINGS)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_reasoning_of_any_spelling_is_left_out_wherever_it_is_cut(opening: str, closing: str, size: int) -> None:
    text = f"{opening}{SECRET}{closing}\n\nDear <b>Ann</b>, 3 < 4 [sic]."
    stream = Spoken()
    heard = [stream.push(text[start : start + size]) for start in range(0, len(text), size)]
    heard.append(stream.finish())
    assert "".join(heard) == stream.text == spoken(text).text == "Dear <b>Ann</b>, 3 < 4 [sic]."
    assert stream.dropped
    assert not stream.leaked
    assert not stream.unclosed


@pytest.mark.parametrize(("opening", "closing"), SPELLINGS)
def test_an_object_inside_reasoning_is_no_answer(opening: str, closing: str) -> None:
    found = find_objects(f'{opening}Is it {{"label":"A"}}? No.{closing}\n{{"label":"B"}}')
    assert [each.text for each in found.objects] == ['{"label":"B"}']
    assert find_objects(f'{opening}Maybe {{"label":"A"}}, or').unclosed


def test_a_tag_inside_a_json_text_is_a_part_of_that() -> None:
    text = '{"note":"the tag <think> and </think>","label":"B"}'
    assert [each.text for each in find_objects(f"So: {text}").objects] == [text]


PIECES = st.sampled_from(
    [part for pair in SPELLINGS for part in pair]
    + [SECRET, "Dear Ann. ", "<", ">", "<b>", "[", "]", "|", "◁", "</", "<th", "ink>", "\n", "<|end|>", "é", "😀"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.lists(st.integers(1, 9), max_size=60))
@example("<think>a</think>b", [3, 4, 1])
@example("\n</think>", [1, 1])
@example("\n", [1])
def test_a_stream_says_what_the_whole_text_says(text: str, sizes: list[int]) -> None:
    stream, position, heard = Spoken(), 0, ""
    for size in sizes:
        heard += stream.push(text[position : position + size])
        position += size
    heard += stream.push(text[position:])
    heard += stream.finish()
    whole = spoken(text)
    assert stream.text == whole.text
    assert (stream.unclosed, stream.dropped) == (whole.unclosed, whole.dropped)
    if not (stream.leaked or stream.unclosed):
        assert heard == whole.text
    held = Spoken(hold=True)
    assert not "".join(held.push(each) for each in text)
    assert held.finish() == ("" if whole.unclosed else whole.text)


# Through the model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "closing"), SPELLINGS[:1] + SPELLINGS[-3:])
async def test_a_draft_holds_no_reasoning_and_says_that_there_was_some(
    stub: Stub, make_model: MakeModel, opening: str, closing: str
) -> None:
    stub.play(reply(completion(f"{opening}{SECRET}{closing}\nDear Ann.")))
    answer = answered(await make_model().answer(request_for(str)))
    assert answer.value == answer.raw == "Dear Ann."
    assert "the answer held its reasoning, which was left out" in answer.attempts[0].notes


@pytest.mark.parametrize("text", ["<think>The customer is angry. I could", "<think>a<think>b</think> Dear Ann."])
async def test_reasoning_that_does_not_end_is_a_truncated_answer(stub: Stub, make_model: MakeModel, text: str) -> None:
    stub.play(reply(completion(text)))
    for request in (request_for(str), request_for(wants_confidence=False)):
        outcome = unanswered(await make_model().answer(request))
        assert outcome.result == "truncated"
        assert "in the middle of its reasoning" in outcome.reason
    assert len(stub.bodies()) == 2  # not asked again: it would think as long


async def test_a_draft_that_is_nothing_but_reasoning_is_no_answer(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(completion(f"<think>{SECRET}</think>\n ")))
    assert unanswered(await make_model().answer(request_for(str))).result == "invalid"


async def test_parts_that_hold_reasoning_are_not_a_part_of_the_text(stub: Stub, make_model: MakeModel) -> None:
    body = completion("")
    body["choices"][0]["message"]["content"] = [
        {"type": "thinking", "thinking": SECRET, "text": SECRET},
        {"type": "reasoning", "text": SECRET},
        {"type": "text", "text": "Dear Ann."},
    ]
    stub.play(reply(body))
    assert answered(await make_model().answer(request_for(str))).value == "Dear Ann."


async def test_the_confidence_is_that_of_the_answer_and_not_of_the_same_words_in_the_reasoning(
    stub: Stub, make_model: MakeModel
) -> None:
    said = tokens('{"label":"', ("B", {"B": 0.6, "A": 0.4}), '"}')
    thought = tokens('<think>{"label":"', ("B", {"B": 0.99}), '"}', "</think>")
    later = tokens("<think>", '{"label":"', ("B", {"B": 0.98}), '"}', "</think>")
    text = '<think>{"label":"B"}</think>{"label":"B"}<think>{"label":"B"}</think>'
    stub.play(reply(completion(text, logprobs=[*thought, *said, *later])))
    assert answered(await make_model().answer(request_for())).confidence.value == pytest.approx(0.6)


async def stream(step_model: Any) -> tuple[Accepted[str] | Doubtful[str], str]:
    heard: list[str] = []
    outcome = await draft("reply", str, "Answer.", models=step_model).stream("x", on_text=heard.append)
    return outcome, "".join(heard)


@pytest.mark.parametrize(("opening", "closing"), SPELLINGS)
async def test_no_reasoning_is_streamed(stub: Stub, make_model: MakeModel, opening: str, closing: str) -> None:
    text = f"{opening}{SECRET}{closing}Dear Ann. All is well. Bye."
    stub.play(
        reply(completion("Hello."), when={"stream": None}),
        reply(chunks(*(text[start : start + 3] for start in range(0, len(text), 3)))),
    )
    model = make_model()
    for _ in range(2):
        outcome, heard = await stream(model)
        assert isinstance(outcome, Accepted)
        assert outcome.value == heard == "Dear Ann. All is well. Bye."
        await model.answer(request_for(str))  # from now on pieces are handed on as they come


async def test_reasoning_without_an_opening_tag_is_not_streamed_either(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("They are angry. ", "I could lie. ", "Hm. ", "</think>", "Dear Ann. ", "Bye. ", "Ed")))
    model = make_model()
    for _ in range(2):
        outcome, heard = await stream(model)
        assert isinstance(outcome, Accepted)
        assert outcome.value == heard == "Dear Ann. Bye. Ed"


async def test_a_server_that_never_showed_it_cannot_have_its_reasoning_accepted(
    stub: Stub, make_model: MakeModel
) -> None:
    stub.play(
        reply(completion("Hello."), when={"stream": None}),
        reply(chunks("They are angry. ", "I could lie. ", "</think>", "Dear Ann.")),
    )
    model = make_model()
    await model.answer(request_for(str))
    outcome, _ = await stream(model)
    assert isinstance(outcome, Doubtful)
    assert "turned out to be reasoning" in outcome.reason
    outcome, heard = await stream(model)  # and from then on nothing is handed on early
    assert isinstance(outcome, Accepted)
    assert outcome.value == heard == "Dear Ann."


async def test_a_character_cut_between_two_pieces_is_whole_again(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(chunks("Dear \ud83d", "\ude00", " Ann")), reply(chunks("Dear \ud83d", " Ann")))
    model = make_model()
    outcome, heard = await stream(model)
    assert isinstance(outcome, Accepted)
    assert outcome.value == heard == "Dear 😀 Ann"
    outcome, _ = await stream(model)
    assert isinstance(outcome, Doubtful)
    assert "half of a character" in outcome.reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "a": 2}', 'the key "a" is there twice; give it once'),
        ('{"a": 1e999}', "a number is too large"),
        ('{"a": 1e-999}', "a number is too close to zero"),
        (f'{{"a": {"9" * 5000}}}', "a number has too many digits"),
    ],
)
def test_json_that_the_standard_does_not_have_is_broken_in_words_that_a_model_can_act_on(text: str, why: str) -> None:
    found = find_objects(text)

    assert (found.objects, found.broken) == ([], why)
