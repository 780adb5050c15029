import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from handrail import RecordedModel, Says, ScriptedModel, classify, draft, extract
from handrail.ai_steps import Answer, ModelRequest, NoAnswer, Prompt
from handrail_ai_steps.errors import InvalidRecording, ModelNotReady, RecordingMissing
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Accepted, Doubtful
from tests.unit.ai_steps.guard_kinds import refuses
from tests.unit.ai_steps.teams import SURE, Team, route


class Receipt(BaseModel):
    company: str
    total: float


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings" / "route.jsonl"


async def record(path: Path, *lines: Any, text: str = "x", **parts: Any) -> ScriptedModel:
    live = ScriptedModel(lines, name="live")
    await route(RecordedModel.record(path, live=live), **parts)(text)
    return live


async def test_replay_is_the_outcome_that_was_recorded(path: Path) -> None:
    said = Says("cards", Confidence(0.91, "logprob", "joint"), None, {"fraud": 0.05}, 0.04, 120, 3, 0.002)
    live = ScriptedModel([said], name="live")
    recorded = await route(RecordedModel.record(path, live=live))("x")

    replayed = await route(f"recorded:{path}")("x")

    assert replayed == recorded
    assert replayed.judgement.attempts[0].money == 0.002


async def test_each_input_is_asked_once(path: Path) -> None:
    live = ScriptedModel(["cards", "fraud"], name="live")
    step = route(RecordedModel.record(path, live=live))

    for text in ["a", "a", "b", "a"]:
        await step(text)

    assert [request.text for request in live.requests] == ["a", "b"]
    assert len(path.read_text().splitlines()) == 2


async def test_offline_miss_is_an_error_that_names_step_and_input(path: Path) -> None:
    await record(path, "cards")

    with pytest.raises(RecordingMissing, match="step 'route' and input 'never asked'") as caught:
        await route(f"recorded:{path}")("never asked")

    assert (caught.value.task, caught.value.text) == ("route", "never asked")


async def test_changed_prompt_is_a_miss_that_says_so(path: Path) -> None:
    await record(path, "cards")

    with pytest.raises(RecordingMissing, match="recorded with another prompt version"):
        await route(f"recorded:{path}", prompt=Prompt(system="{{ instructions }} Now!"))("x")


async def test_changed_schema_is_a_miss(path: Path) -> None:
    await record(path, "cards")
    wider = classify("route", Team | None, "Which team owns this ticket?", models=f"recorded:{path}", accept=SURE)

    with pytest.raises(RecordingMissing):
        await wider("x")


async def test_reasked_answers_replay_in_turn(path: Path) -> None:
    guards = [refuses(lambda value: value == "cards", on_fail="reask")]
    await record(path, "cards", "fraud", guards=guards)

    outcome = await route(f"recorded:{path}", guards=guards)("x")

    assert isinstance(outcome, Accepted)
    assert outcome.value == "fraud"
    assert len(outcome.judgement.attempts) == 2


async def test_refusal_is_recorded_and_an_outage_is_not(path: Path) -> None:
    live = ScriptedModel([NoAnswer(result="refused", reason="no"), ConnectionError("down")], name="live")
    step = route(RecordedModel.record(path, live=live))
    await step("a")
    await step("b")

    refused = await route(f"recorded:{path}")("a")

    assert isinstance(refused, Doubtful)
    assert (refused.code, refused.reason) == ("refused", "no")
    with pytest.raises(RecordingMissing):
        await route(f"recorded:{path}")("b")


async def test_records_and_texts_replay_as_their_types(path: Path) -> None:
    live = ScriptedModel([Receipt(company="Ä", total=1.5), 'He said "hi"\n'], name="live")
    model = RecordedModel.record(path, live=live)
    read = extract("read", Receipt, "Read it.", models=model, accept=SURE)
    reply = draft("reply", str, "Answer.", models=model)
    await read("receipt")
    await reply("ticket")

    offline = f"recorded:{path}"
    pieces: list[str] = []
    receipt = await read.using(offline)("receipt")
    text = await reply.using(offline).stream("ticket", on_text=pieces.append)

    assert isinstance(receipt, Accepted)
    assert receipt.value == Receipt(company="Ä", total=1.5)
    assert isinstance(text, Accepted)
    assert text.value == "".join(pieces) == 'He said "hi"\n'


async def test_recording_keeps_neither_input_nor_prompt(path: Path) -> None:
    await record(path, "cards", text="my card number is 4711", labels={"cards": "the secret meaning"})

    written = path.read_text()

    assert "card number" not in written
    assert "secret meaning" not in written


async def test_recording_of_several_models_must_be_told_whose(path: Path) -> None:
    for name in ("one", "two"):
        live = ScriptedModel(["cards" if name == "one" else "fraud"], name=name)
        await route(RecordedModel.record(path, live=live))("x")

    with pytest.raises(ModelNotReady, match=r"recorded:.*#one"):
        route(f"recorded:{path}")
    with pytest.raises(ModelNotReady, match="'three'"):
        route(f"recorded:{path}#three")
    outcome = await route(f"recorded:{path}#two")("x")
    assert isinstance(outcome, Accepted)
    assert outcome.value == "fraud"


async def test_torn_last_line_is_recorded_again(path: Path) -> None:
    await record(path, "cards", text="a")
    await record(path, "fraud", text="b")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])

    live = await record(path, "billing", text="b")
    outcomes = [await route(f"recorded:{path}")(text) for text in ("a", "b")]

    assert len(live.requests) == 1
    assert [o.value for o in outcomes if isinstance(o, Accepted)] == ["cards", "billing"]


async def test_two_that_record_at_once_lose_nothing_of_each_other(path: Path) -> None:
    await record(path, "cards", text="a")
    whole = path.read_bytes()
    for torn in (whole + whole[:50], whole.removesuffix(b"\n")):
        path.write_bytes(torn)
        steps = [route(RecordedModel.record(path, live=ScriptedModel(["fraud"] * 2, name="live"))) for _ in range(2)]
        for step, texts in zip(steps, (("b", "c"), ("d",)), strict=True):
            for text in texts:
                await step(text)

        outcomes = [await route(f"recorded:{path}")(text) for text in "abcd"]

        assert [o.value for o in outcomes if isinstance(o, Accepted)] == ["cards", "fraud", "fraud", "fraud"]


async def test_same_question_at_once_is_asked_once_and_replays_as_it_was_answered(path: Path) -> None:
    class Slow:
        name = "live"
        asked = 0

        async def answer(self, _: ModelRequest, /) -> Answer:
            self.asked += 1
            said = ("cards", "fraud")[self.asked - 1]
            await asyncio.sleep(0)
            return Answer(value=said, raw=said, confidence=Confidence(0.9, "stated"), model="live")

    live = Slow()
    step = route(RecordedModel.record(path, live=live))

    outcomes = list(await asyncio.gather(step("x"), step("x")))
    replayed = await route(f"recorded:{path}")("x")

    assert live.asked == 1
    assert outcomes == [replayed, replayed]


@pytest.mark.parametrize(
    "edited",
    [
        {"value": "cars"},
        {"confidence": {"value": 1.5, "source": "stated", "detail": ""}},
        {"attempts": None},
        {"attempts": [{"model": "live", "result": "answered", "notes": [], "money": -1}]},
        None,
        "cards",
    ],
)
async def test_edited_answer_is_named_by_its_line_and_blames_no_model(path: Path, edited: Any) -> None:
    await record(path, "fraud", text="a")
    await record(path, "cards", text="b")
    first, second = map(json.loads, path.read_text().splitlines())
    second["answer"] = {**second["answer"], **edited} if isinstance(edited, dict) else edited
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    step = route(f"recorded:{path}")

    assert isinstance(await step("a"), Accepted)
    with pytest.raises(InvalidRecording, match=r"route.jsonl, line 2 holds no answer"):
        await step("b")


async def test_another_file_is_refused_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir(parents=True)
    for text in ("notes without an end", '{"text": "a ticket"}'):
        path.write_text(text)

        with pytest.raises(InvalidRecording, match="line 1 is no recorded answer"):
            RecordedModel.record(path, live=ScriptedModel(["cards"]))

        assert path.read_text() == text


async def test_answer_that_cannot_be_recorded_is_in_doubt_and_paid_for(path: Path) -> None:
    live = ScriptedModel([Says("cards", 0.9, money=0.25)], name="live")
    step = route(RecordedModel.record(path, live=live))
    path.parent.write_text("a file where the folder would be")

    outcome = await step("x")

    assert isinstance(outcome, Doubtful)
    assert outcome.reason.startswith(f"the answer could not be recorded in {path} (")
    assert [each.money for each in outcome.judgement.attempts] == [0.25]


async def test_unreadable_line_is_named_by_number(path: Path) -> None:
    await record(path, "cards")
    path.write_text(path.read_text() + "not json\n" + path.read_text())

    with pytest.raises(InvalidRecording, match="line 2"):
        route(f"recorded:{path}")


async def test_empty_recording_fails_when_built(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("")

    with pytest.raises(ModelNotReady, match="is empty"):
        route(f"recorded:{path}")


async def test_recording_is_only_appended_to(path: Path) -> None:
    await record(path, "cards", text="a")
    before = path.read_bytes()
    await record(path, "fraud", text="b")

    assert path.read_bytes().startswith(before)
    assert all(json.loads(line) for line in path.read_text().splitlines())
